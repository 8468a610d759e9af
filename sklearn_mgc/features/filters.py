"""Window, filterbanks and tuning, at librosa's values.

Written out because librosa takes a second to import, which is half of the time
that the first clip of a process would take.
"""

from __future__ import annotations

import warnings
from functools import lru_cache

import numpy as np
from scipy import fft

# The mel scale of Slaney's Auditory Toolbox: linear up to 1 kHz, then logarithmic.
_HERTZ_PER_MEL = 200.0 / 3
_LOG_FROM_HERTZ = 1000.0
_LOG_FROM_MEL = _LOG_FROM_HERTZ / _HERTZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0


def _to_mel(hertz: float) -> float:
    if hertz < _LOG_FROM_HERTZ:
        return hertz / _HERTZ_PER_MEL
    return _LOG_FROM_MEL + np.log(hertz / _LOG_FROM_HERTZ) / _LOG_STEP


def _to_hertz(mel: np.ndarray) -> np.ndarray:
    above = _LOG_FROM_HERTZ * np.exp(_LOG_STEP * (mel - _LOG_FROM_MEL))
    return np.where(mel >= _LOG_FROM_MEL, above, _HERTZ_PER_MEL * mel)


def mel_bank(
    sample_rate: float, n_fft: int, n_mels: int, fmin: float, fmax: float | None
) -> np.ndarray:
    """Triangles of equal area on the mel scale, bands x bins, as `librosa.filters.mel`."""
    fmax = sample_rate / 2 if fmax is None else fmax
    corners = _to_hertz(np.linspace(_to_mel(fmin), _to_mel(fmax), n_mels + 2))
    widths = np.diff(corners)
    distance = corners[:, None] - np.arange(n_fft // 2 + 1) * sample_rate / n_fft
    rise = -distance[:-2] / widths[:-1, None]
    fall = distance[2:] / widths[1:, None]
    bank = np.maximum(0, np.minimum(rise, fall)).astype(np.float32)
    bank *= (2.0 / (corners[2:] - corners[:-2]))[:, None]
    empty = int((~bank.any(axis=1)).sum())
    if empty:
        warnings.warn(
            f"{empty} of {n_mels} mel bands are so narrow that they hold no bin of the "
            f"spectrum and are always empty: lower n_mels, or raise n_fft={n_fft}",
            UserWarning,
            stacklevel=2,
        )
    return bank


@lru_cache(maxsize=128)  # one per tuning, of which there are a hundred
def chroma_filters(sample_rate: int, n_fft: int, tuning: float) -> np.ndarray:
    """Weights of the twelve pitch classes, bins x 12, as `librosa.filters.chroma`."""
    n_bins = n_fft // 2 + 1
    a440 = 440.0 * 2.0 ** (tuning / 12)
    frequency = np.linspace(0, sample_rate, n_fft, endpoint=False)[1 : n_bins + 1]
    pitch = 12 * np.log2(frequency / (a440 / 16))
    pitch = np.concatenate([[pitch[0] - 18], pitch])  # bin 0: an octave and a half lower
    width = np.maximum(np.diff(pitch), 1.0)
    pitch = pitch[:n_bins]
    distance = np.remainder(np.subtract.outer(np.arange(12.0), pitch) * -1 + 126, 12) - 6
    weights = np.exp(-0.5 * (2 * distance / width) ** 2)
    weights /= np.sqrt((weights**2).sum(axis=0))
    # Loudest in the fifth octave, and less towards both ends.
    weights *= np.exp(-0.5 * ((pitch / 12 - 5.0) / 2) ** 2)
    return np.ascontiguousarray(np.roll(weights, -3, axis=0).T, dtype=np.float32)


@lru_cache(maxsize=8)
def hann_window(n_fft: int) -> np.ndarray:
    """The periodic Hann window, float32."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)


def _sparse(bank: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A filterbank, bands x bins, without its zeros: weights, first bins, starts of the bands."""
    runs = [np.flatnonzero(band) for band in bank]
    # From the first weight to the last; narrow bands may be empty.
    ends = [(run[0], run[-1] + 1) if len(run) else (0, 0) for run in runs]
    weights = [band[low:high] for band, (low, high) in zip(bank, ends, strict=True)]
    first = np.array([low for low, _ in ends], dtype=np.int64)
    start = np.cumsum([0, *map(len, weights)], dtype=np.int64)
    return np.concatenate(weights).astype(np.float32), first, start


@lru_cache(maxsize=8)
def mel_filters(
    sample_rate: float, n_fft: int, n_mels: int, fmin: float, fmax: float | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The mel filterbank, as `kernels.band_rows` reads it."""
    return _sparse(mel_bank(sample_rate, n_fft, n_mels, fmin, fmax))


@lru_cache(maxsize=128)
def chroma_bands(
    sample_rate: float, n_fft: int, tuning: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The weights of the pitch classes, as `kernels.band_rows` reads them."""
    return _sparse(chroma_filters(sample_rate, n_fft, tuning).T)


@lru_cache(maxsize=8)
def dct_bands(n_mels: int, n_mfcc: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The orthonormal cosine transform of mel bands, as `kernels.band_rows` reads it."""
    return _sparse(fft.dct(np.eye(n_mels), axis=1, norm="ortho")[:, :n_mfcc].T)


@lru_cache(maxsize=8)
def octave_bands(sample_rate: float, n_fft: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First bin, end, and number of extreme bins of the octave bands from 200 Hz up."""
    frequency = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
    edges = np.concatenate([[0.0], 200.0 * 2.0 ** np.arange(7)])
    low = np.searchsorted(frequency, edges[:-1])
    high = np.searchsorted(frequency, edges[1:], side="right")
    low[1:] -= 1  # a band begins with the last bin of the one below
    high[-1] = len(frequency)
    count = np.maximum(np.rint(0.02 * (high - low)), 1).astype(np.int64)
    high[:-1] -= 1
    return low, high, count


TUNINGS = np.linspace(-0.5, 0.5, 101)  # in semitones
_SHIFT = 16  # of the bits of a float32: heights within 0.8 % are one


def tuning_from_peaks(frequency: np.ndarray, height: np.ndarray) -> float:
    """Deviation that most peaks above the median height have, in semitones."""
    if not len(frequency):
        return 0.0
    bins = _deviations(frequency[height >= np.median(height)])
    return float(TUNINGS[np.argmax(np.bincount(bins, minlength=100))])


def _deviations(frequency: np.ndarray) -> np.ndarray:
    """Deviations from A440 in hundredths of a semitone, 0 for half a semitone below."""
    residual = np.mod(12 * np.log2(frequency / np.float32(440.0 / 16)), np.float32(1))
    residual[residual >= 0.5] -= 1
    return (np.searchsorted(TUNINGS, residual, side="right") - 1).astype(np.uint8)


class Peaks:
    """Spectral peaks of hours, counted by height and by deviation; noise has millions."""

    def __init__(self) -> None:
        self._counts: np.ndarray | None = None

    def add(self, frequency: np.ndarray, height: np.ndarray) -> None:
        """Count peaks."""
        if self._counts is None:
            self._counts = np.zeros((1 << (31 - _SHIFT), 100), dtype=np.int32)
        # The bits of positive floats are ordered as the floats are.
        bits = height.view(np.int32) >> _SHIFT
        np.add.at(self._counts, (bits, _deviations(frequency)), 1)

    def tuning(self) -> float:
        """As `tuning_from_peaks`, of all peaks."""
        counts = self._counts
        if counts is None or not counts.any():
            return 0.0
        above = counts.sum(axis=1)[::-1].cumsum()[::-1]
        median = np.flatnonzero(above >= above[0] / 2)[-1]
        higher = counts[median + 1 :].sum(axis=0)
        share = (above[0] / 2 - higher.sum()) / counts[median].sum()
        return float(TUNINGS[np.argmax(higher + share * counts[median])])
