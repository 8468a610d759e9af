"""The short-time spectrum of a sound of any length, and what is seen in one look at it.

Frames come in blocks: a song is one, whose spectrum is kept; hours are many, read twice where
something depends on the whole. Arrays are frames x bins or frames x columns, float32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import fft

from sklearn_mgc.features.filters import (
    Peaks,
    chroma_bands,
    dct_bands,
    hann_window,
    mel_filters,
    octave_bands,
    tuning_from_peaks,
)
from sklearn_mgc.features.remembered import remembered
from sklearn_mgc.features.sound import Sound

# Part of every cache key: a change of the numbers must change it, too.
KERNEL_VERSION = 6

N_MELS = 128  # bands below the MFCCs
CHUNK_SECONDS = 10.0  # of the frames of a long sound that are in memory at a time

TINY = np.finfo(np.float32).tiny
_Filters = tuple[np.ndarray, np.ndarray, np.ndarray]
_FRAMES_AT_ONCE = 64  # their spectrum stays in the cache of one core


class FrameParams(NamedTuple):
    """How a sound is cut into frames: ``n_fft`` samples each, every ``hop_length`` samples."""

    sample_rate: float
    n_fft: int
    hop_length: int
    pad_mode: str


class Whole(NamedTuple):
    """What depends on all frames: the tuning, and the loudest mel band in dB."""

    tuning: float
    loudest: np.float32


@lru_cache(maxsize=1)
def fastest_rfft() -> Callable:
    """MKL's real FFT where it is installed, else scipy's."""
    try:
        from mkl_fft import rfft
    except ImportError:
        return fft.rfft
    return rfft


def power_to_db(power: np.ndarray, *, ref: float, top_db: float | None) -> np.ndarray:
    """Decibels relative to ``ref``, at most ``top_db`` below the loudest value."""
    db = np.log(np.maximum(power, np.float32(1e-10)))  # unlike log10, vectorized by numpy
    db *= np.float32(10 / np.log(10))
    db -= np.float32(10 * np.log10(max(ref, 1e-10)))
    if top_db is not None:
        np.maximum(db, db.max() - np.float32(top_db), out=db)
    return db


class Block:
    """Consecutive frames of a sound.

    Frame t begins at ``t * hop_length`` in ``padded``, and at ``first`` (negative at the beginning
    of the sound) in ``y``, which is the same without what was added at the ends.
    """

    def __init__(self, padded: np.ndarray, y: np.ndarray, first: int, params: FrameParams):
        from sklearn_mgc.features import kernels

        self.kernels = kernels
        self.padded = padded
        self.y = y
        self.first = first
        self.params = params
        self.n_bins = params.n_fft // 2 + 1
        self.hertz = params.sample_rate / params.n_fft  # per bin
        self.n_frames = 1 + (len(padded) - params.n_fft) // params.hop_length
        self.mel_before: np.ndarray | None = None  # of the last frame before the block
        self.whole = Whole(0.0, np.float32(0))

    def power_rows(self, power: np.ndarray | None = None) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (rows, their power spectrum), written into ``power`` or one reused array."""
        rfft = fastest_rfft()
        n_fft, hop = self.params.n_fft, self.params.hop_length
        window = hann_window(n_fft)
        windowed = np.empty((_FRAMES_AT_ONCE, n_fft), dtype=np.float32)
        scratch = np.empty((_FRAMES_AT_ONCE, self.n_bins), dtype=np.float32)
        for start in range(0, self.n_frames, _FRAMES_AT_ONCE):
            rows = slice(start, min(start + _FRAMES_AT_ONCE, self.n_frames))
            n_rows = rows.stop - start
            self.kernels.window_rows(self.padded[start * hop :], hop, window, windowed[:n_rows])
            spectrum = rfft(windowed[:n_rows], axis=1)
            block = scratch[:n_rows] if power is None else power[rows]
            self.kernels.power_rows(spectrum.view(np.float32), block)
            yield rows, block

    @remembered
    def seen(self) -> dict[str, np.ndarray]:
        """Everything that one look at each frame can give."""
        n = self.n_frames
        power = np.empty((n, self.n_bins), dtype=np.float32)
        shape = np.empty((3, n), dtype=np.float32)
        mel = np.empty((n, N_MELS), dtype=np.float32)
        rate, n_fft = self.params.sample_rate, self.params.n_fft
        filters = mel_filters(rate, n_fft, N_MELS, 0.0, None)
        # piptrack's band, where a pitch may lie
        low = max(int(np.ceil(150.0 / self.hertz)), 1)
        high = min(int(np.ceil(min(4000.0, rate / 2) / self.hertz)), self.n_bins - 1)
        # Two neighbours are never both peaks, unless they are equal.
        position = np.empty(n * max(high - low, 0), dtype=np.float64)
        height = np.empty(len(position), dtype=np.float32)
        n_peaks = 0
        sums = np.empty(-(-self.n_bins // self.kernels.CHUNK), dtype=np.float32)
        magnitude = np.empty(self.n_bins, dtype=np.float32)
        hertz = np.float32(self.hertz)
        for rows, block in self.power_rows(power):
            self.kernels.shape_rows(block, hertz, TINY, magnitude, sums, shape[:, rows])
            self.kernels.band_rows(block, *filters, mel[rows])
            loudest = block.max(axis=1)
            n_peaks = self.kernels.peak_rows(block, loudest, low, high, position, height, n_peaks)
        return {
            "power": power,
            "shape": shape,
            "mel": mel,
            "frequency": (position[:n_peaks] * self.hertz).astype(np.float32),
            "height": height[:n_peaks],
        }

    def mel(self, n_mels: int, fmin: float, fmax: float | None, step: int = 1) -> np.ndarray:
        """Mel power of every ``step``-th frame; a spectrum that is not there is not kept."""
        filters = mel_filters(self.params.sample_rate, self.params.n_fft, n_mels, fmin, fmax)
        if "seen" not in self.__dict__:
            mel = np.empty((self.n_frames, n_mels), dtype=np.float32)
            for rows, power in self.power_rows():
                self.kernels.band_rows(power, *filters, mel[rows])
            return mel[::step]
        if (n_mels, fmin, fmax) == (N_MELS, 0.0, None):
            return self.seen["mel"][::step]
        return self._bands(self.seen["power"][::step], filters)

    def _bands(self, rows: np.ndarray, filters: _Filters) -> np.ndarray:
        """A filterbank's bands of rows that are in memory."""
        out = np.empty((len(rows), len(filters[1])), dtype=np.float32)
        self.kernels.band_rows(np.ascontiguousarray(rows), *filters, out)
        return out

    @remembered
    def chroma(self) -> np.ndarray:
        """Energy of the twelve pitch classes, each frame's maximum at 1."""
        filters = chroma_bands(self.params.sample_rate, self.params.n_fft, self.whole.tuning)
        raw = self._bands(self.seen["power"], filters)
        peak = raw.max(axis=1, keepdims=True)
        return raw / np.where(peak < TINY, 1, peak)

    @remembered
    def log_mel(self) -> np.ndarray:
        """Mel bands in dB, at most 80 dB below the loudest of the sound."""
        return self._decibel(self.seen["mel"])

    def _decibel(self, mel: np.ndarray) -> np.ndarray:
        db = power_to_db(mel, ref=1.0, top_db=None)
        return np.maximum(db, self.whole.loudest - np.float32(80), out=db)

    def mfcc(self, n_mfcc: int) -> np.ndarray:
        """Cepstral coefficients."""
        return self._bands(self.log_mel, dct_bands(N_MELS, n_mfcc))

    def rises(self) -> np.ndarray:
        """Mean rise of the mel bands from each frame to the next; 0 for a sound's first."""
        before = self.log_mel[:1] if self.mel_before is None else self._decibel(self.mel_before)
        rise = self.log_mel - np.concatenate([before, self.log_mel[:-1]])
        return np.maximum(rise, 0, out=rise).mean(axis=1, keepdims=True)

    def zero_crossings(self) -> np.ndarray:
        """Share of samples at which the sign changes; a sound's ends are padded by repetition."""
        n_fft, hop = self.params.n_fft, self.params.hop_length
        changes = np.empty(self.n_frames, dtype=np.int32)
        self.kernels.crossing_rows(self.y, self.first, hop, n_fft, changes)
        return (changes / np.float32(n_fft))[:, None]

    def rms(self) -> np.ndarray:
        """Root mean square of the samples."""
        n_fft, hop = self.params.n_fft, self.params.hop_length
        frames = np.lib.stride_tricks.sliding_window_view(self.padded, n_fft)[::hop]
        mean_square = [
            np.square(frames[t : t + 32]).mean(axis=1) for t in range(0, len(frames), 32)
        ]
        return np.sqrt(np.concatenate(mean_square))[:, None]

    def flatness(self) -> np.ndarray:
        """Geometric over arithmetic mean of the power."""
        power = np.maximum(self.seen["power"], np.float32(1e-10))
        return (np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1))[:, None]

    def contrast_parts(self) -> np.ndarray:
        """Peaks and valleys of seven octave bands, frames x 14."""
        low, high, count = octave_bands(self.params.sample_rate, self.params.n_fft)
        parts = np.empty((self.n_frames, 2 * len(low)), dtype=np.float32)
        kept = np.empty(count.max(), dtype=np.float32)
        self.kernels.contrast_rows(self.seen["power"], low, high, count, kept, parts)
        return parts


class Spectrum:
    """The frames of a sound, in blocks."""

    def __init__(self, sound: Sound, params: FrameParams):
        self.params = params
        self._sound = sound if sound.is_long else None
        if not sound.is_long:
            y = sound.waveform()
            half = params.n_fft // 2
            padded = np.ascontiguousarray(np.pad(y, half, mode=params.pad_mode))  # type: ignore[call-overload]
            self._only = Block(padded, y, -half, params)

    def blocks(self, whole: Whole | None = None) -> Iterator[Block]:
        """The frames from the beginning; a short sound is one block, always the same."""
        mel_before = None
        for block in _long_blocks(self._sound, self.params) if self._sound else [self._only]:
            block.mel_before = mel_before
            if whole is not None:
                block.whole = whole
            yield block
            seen = block.__dict__.get("seen")
            mel_before = None if seen is None else seen["mel"][-1:].copy()

    @remembered
    def whole(self) -> Whole:
        """Tuning and loudest mel band, from a first look at all frames."""
        loudest, peaks = 0.0, Peaks()
        tuning = None
        for block in self.blocks():
            loudest = max(loudest, float(block.seen["mel"].max()))
            frequency, height = block.seen["frequency"], block.seen["height"]
            if self._sound is None:
                tuning = tuning_from_peaks(frequency, height)
            else:
                peaks.add(frequency, height)
        decibel = power_to_db(np.array([loudest], dtype=np.float32), ref=1.0, top_db=None)
        return Whole(peaks.tuning() if tuning is None else tuning, decibel[0])


def spectrum_of(sound: Sound, params: FrameParams) -> Spectrum:
    """The spectrum of a sound, which remembers it unless it is long."""
    if sound.is_long:
        return Spectrum(sound, params)
    if params not in sound.memo:
        sound.memo[params] = Spectrum(sound, params)
    return sound.memo[params]


def mel_spectrogram(
    sound: Sound,
    params: FrameParams,
    *,
    n_mels: int,
    fmin: float,
    fmax: float | None,
    n_frames: int | None = None,
) -> tuple[np.ndarray, float]:
    """Mel power of the first frames (None: all), and the loudest value, also beyond them.

    A spectrum that the sound has already, with these frames among its own, is used.
    """
    known, step = _finer_spectrum(sound, params)
    spectrum = spectrum_of(sound, params) if known is None else known
    parts: list[np.ndarray] = []
    found, peak = 0, 0.0
    for block in spectrum.blocks():
        mel = block.mel(n_mels, fmin, fmax, step)
        peak = max(peak, float(mel.max()))
        if n_frames is None or found < n_frames:
            parts.append(mel if n_frames is None else mel[: n_frames - found])
            found += len(parts[-1])
    return (parts[0] if len(parts) == 1 else np.concatenate(parts)), peak


def _finer_spectrum(sound: Sound, params: FrameParams) -> tuple[Spectrum | None, int]:
    """A spectrum that the sound has, and every how manieth of its frames are those asked for."""
    for known, spectrum in sound.memo.items():
        if isinstance(known, FrameParams):
            step, between = divmod(params.hop_length, known.hop_length)
            if not between and known == params._replace(hop_length=known.hop_length):
                return spectrum, step
    return None, 1


def _long_blocks(sound: Sound, params: FrameParams) -> Iterator[Block]:
    """Stretches of a long sound that hold whole frames."""
    n_fft, hop = params.n_fft, params.hop_length
    size = max(int(CHUNK_SECONDS * params.sample_rate), 2 * n_fft, 2 * hop)
    tail, skip, start = np.empty(0, dtype=np.float32), 0, n_fft // 2
    for block, last in sized_blocks(sound, size):
        y = np.concatenate([tail, block])[skip:]
        ends = (start, n_fft // 2 if last else 0)
        padded = np.pad(y, ends, mode=params.pad_mode) if any(ends) else y  # type: ignore[call-overload]
        n_frames = (len(padded) - n_fft) // hop + 1
        yield Block(padded[: (n_frames - 1) * hop + n_fft], y, -start, params)
        used = n_frames * hop - start
        tail, skip, start = y[used:].copy(), max(used - len(y), 0), 0


def sized_blocks(sound: Sound, size: int) -> Iterator[tuple[np.ndarray, bool]]:
    """Blocks of ``size`` samples, and whether each is the last, which has up to twice as many."""
    waiting: list[np.ndarray] = []
    n_waiting = 0
    for block in sound.blocks():
        waiting.append(block)
        n_waiting += len(block)
        if n_waiting >= 2 * size:
            y = np.concatenate(waiting)
            starts = range(0, n_waiting - 2 * size + 1, size)
            for start in starts:
                yield y[start : start + size], False
            waiting = [y[starts[-1] + size :].copy()]
            n_waiting = len(waiting[0])
    yield np.concatenate(waiting), True
