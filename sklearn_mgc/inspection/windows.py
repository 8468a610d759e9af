"""Parts of a recording as small files in memory: what any pipeline on paths can read.

A waveform would have to be at the sample rate of every transformer of the pipeline, and two of
them may disagree. A file in memory tells its own rate.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np

from sklearn_mgc._optional import require
from sklearn_mgc.audio import AudioError, stream_audio

_SAMPLE_RATE = 22050
"""What windows are cut at, in Hz: above the rate of every backbone."""


def as_file(y: np.ndarray, sample_rate: int = _SAMPLE_RATE) -> bytes:
    """Write a waveform as a WAV file in memory, 32-bit float.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc.inspection.windows import as_file
    >>> as_file(np.zeros(10))[:4]
    b'RIFF'
    """
    soundfile = require("soundfile", what="sound files")
    file = io.BytesIO()
    soundfile.write(file, y.astype(np.float32), sample_rate, format="WAV", subtype="FLOAT")
    return file.getvalue()


def windows_of(
    source, window: float, hop: float, *, sample_rate: int = _SAMPLE_RATE
) -> Iterator[tuple[float, np.ndarray]]:
    """Cut a recording into overlapping windows, of which a few are in memory at a time.

    The last window ends where the recording ends; a shorter recording is one window.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc.inspection.windows import as_file, windows_of
    >>> song = as_file(np.ones(22050 * 7))
    >>> [(start, len(y) / 22050) for start, y in windows_of(song, 4.0, 2.0)]
    [(0.0, 4.0), (2.0, 4.0), (3.0, 4.0)]
    """
    size, step = round(window * sample_rate), max(1, round(hop * sample_rate))
    held, start, due = np.zeros(0, np.float32), 0, 0  # `held` begins at sample `start`
    for block in stream_audio(source, sample_rate=sample_rate, block_duration=max(window, 30.0)):
        held = np.concatenate([held, block])
        while start + len(held) >= due + size:
            yield due / sample_rate, held[due - start : due - start + size]
            due += step
        # What a last window, which ends with the recording, may still need.
        kept = max(0, min(due - start, len(held) - size))
        held, start = held[kept:], start + kept
    end = start + len(held)
    if end > due - step + size or due == 0:
        last = held[-size:]
        yield (end - len(last)) / sample_rate, last


def probabilities_of(estimator, windows: list[np.ndarray]) -> np.ndarray:
    """Probabilities of windows at 22,050 Hz; NaN for those without a usable sound."""
    files = [as_file(y) for y in windows]
    try:
        return np.asarray(estimator.predict_proba(files))
    except AudioError:
        if len(files) == 1:
            return np.full((1, len(estimator.classes_)), np.nan)
    return np.vstack([probabilities_of(estimator, [y]) for y in windows])


def probabilities_of_whole(estimator, y: np.ndarray, name: str) -> np.ndarray:
    """Ask a fitted pipeline about a recording that must have a usable sound."""
    try:
        return np.asarray(estimator.predict_proba([as_file(y)]))[0]
    except AudioError as error:
        raise type(error)(name, error.problem, error.remedy) from None
