"""What all audio transformers share: inputs, workers, segments, failures, progress."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import BaseEstimator, TransformerMixin

from sklearn_mgc.audio import (
    AUDIO_VERSION,
    AudioError,
    CorruptAudioError,
    SilentAudioError,
    TooShortError,
    stream_audio,
)
from sklearn_mgc.features import _long
from sklearn_mgc.features._fingerprint import Stamp, digest_of, stamp_of
from sklearn_mgc.features._long import Stream, split
from sklearn_mgc.features._store import FeatureStore
from sklearn_mgc.features._workers import one_thread, run


class Outcome(NamedTuple):
    """What became of one clip."""

    position: int
    result: np.ndarray | AudioError
    stamp: Stamp | None = None
    digest: bytes | None = None
    new_values: np.ndarray | None = None


class AudioTransformer(TransformerMixin, BaseEstimator):
    """Base class of transformers from audio (paths or waveforms) to arrays.

    A subclass says what one clip gives: ``_output_shape()``, ``_extract(y)`` and,
    where it has more parameters, ``_check_params()``. A clip's features depend on that
    clip alone, so nothing is learned in ``fit`` and nothing can leak between clips.
    """

    _dtype = "float32"  # of what is returned and stored

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.requires_fit = False
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, X=None, y=None):
        """Check the parameters; nothing is learned.

        Parameters
        ----------
        X : sequence of paths or waveforms, default=None
            Not read.
        y : array-like, default=None
            Not read.

        Returns
        -------
        self
            The transformer.

        Raises
        ------
        ValueError
            If a parameter is out of range.
        """
        self._check_shared_params()
        self._check_params()
        return self

    def transform(self, X) -> np.ndarray:
        """Compute the features of every clip.

        Parameters
        ----------
        X : sequence of n_clips paths, or of waveforms
            Paths: a list, tuple, array, ``(n, 1)`` column or pandas Series of str or
            path-like. Waveforms at ``sample_rate``: an array (n_clips, n_samples), or a
            list of 1-D arrays.

        Returns
        -------
        ndarray of shape (n_clips, ...) or (n_clips, n_segments, ...), dtype float32
            One row per clip, in the order of X.

        Raises
        ------
        AudioError
            For a clip that cannot be used, with ``on_error="raise"``; the error
            names the file.
        TypeError
            If X is no sequence of paths or waveforms.
        """
        self.fit()
        clips = as_clips(X)
        with self._rows(clips) as rows:
            self._fill(rows, clips)
        self._warn_of_failures(len(clips))
        return self._finished(rows, clips)

    def _row_shape(self) -> tuple[int, ...]:
        segments = () if self.n_segments is None else (self.n_segments,)
        return (*segments, *self._output_shape())

    @contextmanager
    def _rows(self, clips: list) -> Iterator[Any]:
        """Where the rows of the clips are written."""
        yield np.empty((len(clips), *self._row_shape()), dtype=self._dtype)

    def _finished(self, rows, clips: list) -> np.ndarray:
        """The rows, as `transform` returns them."""
        return rows

    def _fill(self, rows, clips: list) -> None:
        self.failed_: list[dict[str, Any]] = []
        with self._progress(len(clips)) as progress, one_thread():
            for i, result in self._results(clips):
                if isinstance(result, AudioError):
                    rows[i] = np.nan
                    self.failed_.append(
                        {
                            "index": i,
                            "path": result.path,
                            "error": type(result).__name__,
                            "message": str(result),
                        }
                    )
                else:
                    rows[i] = result
                progress()
        self.failed_.sort(key=lambda row: row["index"])

    def _warn_of_failures(self, n_clips: int) -> None:
        if self.failed_:
            warnings.warn(
                f"{len(self.failed_)} of {n_clips} clips could not be used and are rows of "
                f"NaN; failed_ lists them, the first is: {self.failed_[0]['message']}",
                UserWarning,
                stacklevel=3,
            )

    def _results(self, clips: list) -> Iterator[tuple[int, np.ndarray | AudioError]]:
        """Features or error of every clip, with its position, in any order."""
        if self.cache is None:
            uncached = ((i, clip, None, None, None) for i, clip in enumerate(clips))
            for outcome in self._compute(uncached, len(clips)):
                yield outcome.position, outcome.result
            return
        given = isinstance(self.cache, FeatureStore)
        store = self.cache if given else FeatureStore(self.cache)
        recipe = self._full_recipe()
        try:
            digests: dict[int, bytes] = {}
            done = np.zeros(len(clips), dtype=bool)
            for i, digest, values in store.find(recipe, [stamp_of(clip) for clip in clips]):
                digests[i] = digest
                if values is not None:
                    done[i] = True
                    yield i, values
            todo = np.flatnonzero(~done).tolist()
            usable = store if store.usable else None
            tasks = ((i, clips[i], digests.get(i), usable, recipe) for i in todo)
            with store.writer(recipe) as write:
                for outcome in self._compute(tasks, len(todo)):
                    if outcome.digest is not None:
                        write(outcome.stamp, outcome.digest, outcome.new_values)
                    yield outcome.position, outcome.result
        finally:
            if not given:
                store.close()

    def _compute(self, tasks: Iterable[tuple], n_tasks: int) -> Iterator[Outcome]:
        """Run `_one` on the clips that are in no store."""
        if n_tasks > 1 and effective_n_jobs(self.n_jobs) > 1:
            self._warm_up()
        # Threads: decoding, resampling and the fused kernel release the GIL, and a thread
        # costs no second import of everything.
        prefer = "threads" if self.backend == "fused" else "processes"
        return run(self._one, tasks, n_jobs=self.n_jobs, prefer=prefer)

    def _one(self, i: int, clip, digest, store, recipe) -> Outcome:
        """Features of one clip, or its error where errors are recorded."""
        stamp = None
        try:
            with one_thread():
                if store is not None:
                    stamp = stamp_of(clip)
                    digest = digest or digest_of(clip)
                    values = store.get(recipe, digest)
                    if values is not None:  # known under another name
                        return Outcome(i, values, stamp, digest)
                values = self._segments(clip, i)
                if store is not None and stamp_of(clip) != stamp:
                    digest = None  # it changed while it was read
                return Outcome(i, values, stamp, digest, values)
        except AudioError as error:
            if self.on_error == "raise":
                raise
            return Outcome(i, error)

    def _full_recipe(self) -> dict[str, Any]:
        """Everything that determines a row: the key of the cache."""
        return {
            **self._recipe(),
            "audio": AUDIO_VERSION,
            "librosa": version("librosa"),
            "offset": self.offset,
            "duration": self.duration,
            "n_segments": self.n_segments,
            "shape": self._row_shape(),
            "dtype": self._dtype,
        }

    @contextmanager
    def _progress(self, n_clips: int) -> Iterator[Callable[[], object]]:
        if not self.verbose:
            yield lambda: None
            return
        from tqdm import tqdm

        # Reading from a cache says nothing of the time that computing takes: a short
        # memory for the estimate.
        with tqdm(
            total=n_clips, desc=type(self).__name__, unit="clip", smoothing=0.1, mininterval=0.2
        ) as bar:
            yield bar.update

    def _segments(self, clip, i: int) -> np.ndarray:
        name, wave = self._wave(clip, i)
        parts, shortest = split(wave, self.n_segments or 1, self._limit())
        if shortest < self.n_fft:
            raise TooShortError(
                name,
                f"has {shortest} samples at {self.sample_rate} Hz"
                + (f" in each of {self.n_segments} segments" if self.n_segments else ""),
                f"a frame needs n_fft={self.n_fft}: leave the clip out, or lower "
                + ("n_segments" if self.n_segments else "n_fft"),
            )
        silent = isinstance(wave, np.ndarray) and not wave.any()
        if not silent:
            with np.errstate(all="ignore"):  # what overflows is found below
                found = np.stack([self._extract(part) for part in parts]).astype(self._dtype)
            silent = isinstance(wave, Stream) and not wave.heard
        if silent:
            raise SilentAudioError(name, "is silent: every sample is zero", "leave it out")
        if not np.isfinite(found).all():
            raise CorruptAudioError(
                name, "has samples too large for its features to be finite", "normalize it"
            )
        return found.reshape(self._row_shape())

    def _wave(self, clip, i: int) -> tuple[str, np.ndarray | Stream]:
        """Name and waveform of a clip; a long file's waveform is never in memory as a whole."""
        if isinstance(clip, np.ndarray):
            name = f"waveform {i}"
            start = int(self.offset * self.sample_rate)
            stop = None if self.duration is None else start + int(self.duration * self.sample_rate)
            y = clip[start:stop]
            if not np.isfinite(y).all():
                raise CorruptAudioError(name, "holds NaN or infinite samples", "clean it first")
            return name, y
        params = {
            "sample_rate": self.sample_rate, "offset": self.offset, "duration": self.duration,
        }  # fmt: skip
        blocks = stream_audio(clip, **params, block_duration=_long.LONG_SECONDS)
        begin = next(blocks)
        rest = next(blocks, None)
        if rest is None:
            return str(clip), begin
        if self._limit() == np.inf:
            return str(clip), np.concatenate([begin, rest, *blocks])
        del blocks, begin, rest
        step = _long.CHUNK_SECONDS
        return str(clip), Stream(lambda: stream_audio(clip, **params, block_duration=step))

    def _limit(self) -> float:
        """Samples above which a clip is described a part at a time."""
        return _long.LONG_SECONDS * self.sample_rate if self.backend == "fused" else np.inf

    def _check_shared_params(self) -> None:
        for name in ("sample_rate", "n_fft", "hop_length"):
            _check_number(name, getattr(self, name), 1)
        _check_number("offset", self.offset, 0)
        if self.duration is not None:
            _check_number("duration", self.duration, 1e-3)
        if self.n_segments is not None:
            _check_number("n_segments", self.n_segments, 1)
        if not (self.cache is None or isinstance(self.cache, (str, os.PathLike, FeatureStore))):
            raise ValueError(f"cache must be a folder or a FeatureStore, got {self.cache!r}")
        if self.on_error not in ("raise", "nan"):
            raise ValueError(f"on_error must be 'raise' or 'nan', got {self.on_error!r}")

    def _check_params(self) -> None:
        """Check the subclass's own parameters."""

    def _warm_up(self) -> None:
        """Load and compile once in the parent what the workers need."""


def _check_number(name: str, value, low: float) -> None:
    if not isinstance(value, Real) or isinstance(value, bool) or not low <= float(value) < np.inf:
        raise ValueError(f"{name} must be a number >= {low}, got {value!r}")


def as_clips(X) -> list:
    """Normalize any accepted X to a list of str paths and 1-D float32 waveforms."""
    if isinstance(X, (str, bytes, os.PathLike)):
        raise TypeError(
            f"X is a single path ({os.fsdecode(X)!r}); pass a sequence of paths, for example [path]"
        )
    if hasattr(X, "iloc") and getattr(X, "ndim", 1) == 2:  # a one-column frame
        X = X.to_numpy(dtype=object)
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "fiu":
        return [row.astype(np.float32, copy=False) for row in X]
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.shape[1] == 1:
        X = X[:, 0]
    if getattr(X, "ndim", 1) != 1:
        raise TypeError(
            f"X has shape {X.shape}; expected paths (n,) or (n, 1), or waveforms (n, n_samples)"
        )
    try:
        clips = [_as_clip(item, i) for i, item in enumerate(X)]
    except TypeError as error:
        if "not iterable" in str(error):
            raise TypeError(f"X must be a sequence of paths or waveforms, got {X!r}") from None
        raise
    if not clips:
        raise ValueError("X is empty: no clips to transform")
    return clips


def _as_clip(item, i: int):
    if isinstance(item, (str, Path)) or hasattr(item, "__fspath__"):
        return os.fspath(item)
    if isinstance(item, bytes):
        return os.fsdecode(item)
    wave = np.asarray(item)
    if wave.ndim == 1 and wave.dtype.kind in "fiu" and wave.size:
        return wave.astype(np.float32, copy=False)
    raise TypeError(
        f"item {i} of X is neither a path nor a 1-D waveform: {type(item).__name__}"
        + (f" of shape {wave.shape}" if wave.ndim else f" {item!r}")
    )
