"""The page and the JSON endpoints over a fitted pipeline."""

from __future__ import annotations

import asyncio
import base64
import errno
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from tempfile import TemporaryFile
from typing import Any, BinaryIO

import numpy as np

from sklearn_mgc import __version__
from sklearn_mgc._optional import require
from sklearn_mgc.audio import AudioError, load_audio
from sklearn_mgc.features import MelSpectrogram
from sklearn_mgc.inspection import explain, genre_timeline
from sklearn_mgc.inspection.windows import as_file

_SAMPLE_RATE = 22050
_MOST_WAITING = 20  # uploads of the largest size
# No outside host: scripts, styles and pictures come from the page itself.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src 'self' data:; media-src 'self' blob:; connect-src 'self'"
)


def create_app(
    pipeline,
    *,
    max_bytes: int = 100_000_000,
    max_seconds: float = 900.0,
    max_at_once: int = 2,
    window: float = 30.0,
    min_confidence: float = 0.0,
):
    """Make a web application that tells the genre of what is sent to it.

    Sound is the body of a request, whatever its format; its content decides. Until it is looked
    at it waits in a file without a name, which is gone with the answer or with the process.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted on paths, with ``predict_proba``.
    max_bytes : int, default=100_000_000
        Size of an upload.
    max_seconds : float, default=900.0
        Length of an upload; a longer one is refused.
    max_at_once : int, default=2
        Uploads that are looked at side by side; others wait, on the drive and not in memory,
        until what waits is as much as twenty of the largest: then one is asked to come again.
    window : float, default=30.0
        Longer recordings are asked about in windows of this many seconds.
    min_confidence : float, default=0.0
        Probability below which the answer is "not sure".

    Returns
    -------
    fastapi.FastAPI
        ``GET /`` is the page, ``GET /health`` says what the model knows, ``POST /predict``,
        ``POST /timeline`` and ``POST /explain`` take sound; ``GET /docs`` is not served,
        because it would load scripts from outside, but ``GET /openapi.json`` is.

    Raises
    ------
    ImportError
        If fastapi is not installed.
    AttributeError
        If the pipeline gives no probabilities.

    Examples
    --------
    >>> from sklearn_mgc.web import create_app
    >>> create_app("a string")
    Traceback (most recent call last):
    ...
    AttributeError: str gives no probabilities: serve a fitted classifier with predict_proba
    """
    if not hasattr(pipeline, "predict_proba"):
        raise AttributeError(
            f"{type(pipeline).__name__} gives no probabilities: serve a fitted classifier with "
            "predict_proba"
        )
    fastapi = require("fastapi", extra="web", what="the page and its endpoints")
    answers = Answers(pipeline, window, min_confidence)
    app = fastapi.FastAPI(title="sklearn_mgc", version=__version__, docs_url=None, redoc_url=None)
    turn = asyncio.Semaphore(max_at_once)
    waiting = _WaitingRoom(max_bytes)
    page = files("sklearn_mgc.web").joinpath("page.html").read_text(encoding="utf-8")

    @app.get("/", include_in_schema=False)
    async def front():
        return fastapi.Response(
            page, media_type="text/html", headers={"Content-Security-Policy": _POLICY}
        )

    @app.get("/health")
    async def health() -> dict[str, Any]:
        return {"status": "ok", "version": __version__, "genres": answers.genres}

    def route(path: str, answer: Callable[[np.ndarray], dict], summary: str) -> None:
        body = {"content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}}}

        async def handle(request):
            try:
                async with waiting.received(request) as sound, turn:
                    y = await asyncio.to_thread(_decoded, sound, max_seconds)
                    return await asyncio.to_thread(answer, y)
            except _RefusedError as refused:
                return _problem(fastapi, refused.status, "RefusedError", str(refused))
            except AudioError as error:
                return _problem(fastapi, 422, type(error).__name__, error.problem)

        # Not written as an annotation, because fastapi is imported late.
        handle.__annotations__["request"] = fastapi.Request
        app.post(path, summary=summary, openapi_extra={"requestBody": body})(handle)

    route("/predict", answers.predict, "The genre of a recording")
    route("/timeline", answers.timeline, "Genre over time")
    route("/explain", answers.explain, "Which seconds and bands decided, with the spectrogram")
    return app


class Answers:
    """What the endpoints say of a waveform, as JSON."""

    def __init__(self, pipeline, window: float, min_confidence: float):
        self._pipeline = pipeline
        self._window = window
        self._min_confidence = min_confidence
        self.genres = [str(genre) for genre in pipeline.classes_]

    def _ranked(self, probabilities) -> dict[str, Any]:
        order = np.argsort(-probabilities, kind="stable")
        sure = bool(probabilities[order[0]] >= self._min_confidence)
        return {
            "genre": self.genres[order[0]] if sure else None,
            "sure": sure,
            "probabilities": {self.genres[i]: round(float(probabilities[i]), 4) for i in order},
        }

    def predict(self, y: np.ndarray) -> dict[str, Any]:
        """Rank the genres of the whole recording."""
        seconds = len(y) / _SAMPLE_RATE
        if seconds > 1.5 * self._window:
            probabilities = self._timeline(y, self._window / 2).overall
        else:
            probabilities = self._pipeline.predict_proba([as_file(y)])[0]
        return {**self._ranked(probabilities), "seconds": round(seconds, 2)}

    def timeline(self, y: np.ndarray) -> dict[str, Any]:
        """Rank the genres along the recording."""
        seconds = len(y) / _SAMPLE_RATE
        # A dozen windows of a short clip, and one every five seconds of a long one.
        window = min(self._window, max(3.0, seconds / 4))
        timeline = self._timeline(y, min(5.0, max(0.5, (seconds - window) / 12)), window)
        silent = np.isnan(timeline.probabilities[:, 0])
        return {
            "genres": self.genres,
            "start": timeline.start.round(3).tolist(),
            "end": timeline.end.round(3).tolist(),
            "probabilities": [
                None if quiet else row
                for row, quiet in zip(timeline.probabilities.round(4).tolist(), silent, strict=True)
            ],
            "sections": timeline.sections(),
        }

    def explain(self, y: np.ndarray) -> dict[str, Any]:
        """Say what decided in the first window."""
        y = y[: int(self._window * _SAMPLE_RATE)]
        found = explain(self._pipeline, as_file(y), part=max(1.0, len(y) / _SAMPLE_RATE / 15))
        return {
            "genre": found.genre,
            "probability": round(found.probability, 4),
            "seconds": found.seconds.round(3).tolist(),
            "bands": found.bands.round(1).tolist(),
            "seconds_drop": _rounded(found.seconds_drop),
            "bands_drop": _rounded(found.bands_drop),
            "spectrogram": _picture(y),
        }

    def _timeline(self, y: np.ndarray, hop: float, window: float | None = None):
        window = self._window if window is None else window
        return genre_timeline(self._pipeline, as_file(y), window=window, hop=hop)


class _RefusedError(Exception):
    """An upload that is too large, too long or not whole, with its HTTP status."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


class _WaitingRoom:
    """Uploads on the drive, in files that have no name and so outlive no process."""

    def __init__(self, max_bytes: int):
        self._max_bytes = max_bytes
        self._free = _MOST_WAITING * max_bytes

    @asynccontextmanager
    async def received(self, request) -> AsyncIterator[BinaryIO]:
        """The body, as long as it is whole and not too large; nothing is read beyond that."""
        # Without a buffer, which would fail a second time when it is closed.
        with TemporaryFile(buffering=0) as file:
            try:
                await self._fill(file, request)
                yield file
            finally:
                self._free += file.tell()

    async def _fill(self, file, request) -> None:
        from starlette.requests import ClientDisconnect

        try:
            async for part in request.stream():
                if file.tell() + len(part) > self._max_bytes:
                    raise _RefusedError(413, f"larger than {self._max_bytes / 1e6:.0f} MB")
                if len(part) > self._free:
                    raise _RefusedError(503, "too many uploads are waiting; try again later")
                written = file.write(part)
                self._free -= written
                if written < len(part):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except ClientDisconnect:
            raise _RefusedError(400, "the upload broke off") from None
        except OSError as error:
            raise _RefusedError(507, f"cannot be kept here: {error.strerror}") from None
        if not file.tell():
            raise _RefusedError(422, "empty: send the sound as the body of the request")


def _decoded(sound: BinaryIO, max_seconds: float) -> np.ndarray:
    y = load_audio(sound, sample_rate=_SAMPLE_RATE, duration=max_seconds + 1)
    if len(y) > max_seconds * _SAMPLE_RATE:
        raise _RefusedError(413, f"longer than {max_seconds:.0f} s")
    return y


def _problem(fastapi, status: int, kind: str, message: str):
    return fastapi.responses.JSONResponse({"error": kind, "message": message}, status)


def _rounded(drops: dict[str, np.ndarray]) -> dict[str, list]:
    return {hole: np.nan_to_num(values).round(4).tolist() for hole, values in drops.items()}


def _picture(y: np.ndarray) -> dict[str, Any]:
    """The mel-spectrogram as bytes from 0 to 255, frames by bands."""
    n_frames = max(1, len(y) // 1024)
    decibels = MelSpectrogram(64, n_frames=n_frames).transform([y])[0]
    levels = np.clip((decibels + 80) / 80 * 255, 0, 255).astype(np.uint8)
    return {
        "frames": n_frames,
        "bands": 64,
        "levels": base64.b64encode(levels.tobytes()).decode("ascii"),
    }
