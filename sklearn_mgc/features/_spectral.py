"""One STFT per clip, every descriptor from it, at librosa's values.

All arrays are frames x bins or frames x columns, float32. The formulas are those
of librosa 0.11; each descriptor has the name of its function there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property, lru_cache

import numpy as np
from scipy import fft

from sklearn_mgc.features import _reference
from sklearn_mgc.features._filters import chroma_filters, hann_window, mel_bank

# Part of every recipe: a change of the numbers below must change it too.
KERNEL_VERSION = 5

BACKENDS = ("fused", "librosa")
PAD_MODES = ("constant", "edge", "reflect")


def _standardized_moment(values: np.ndarray, order: int, axis: int) -> np.ndarray:
    """Mean of z-scores to a power; 0 for values without spread, which have no shape."""
    deviation = values - values.mean(axis=axis, keepdims=True)
    spread = np.sqrt((deviation**2).mean(axis=axis))
    constant = spread <= 1e-6 * np.abs(values).max(axis=axis)
    moment = (deviation**order).mean(axis=axis) / np.where(constant, 1, spread) ** order
    return np.where(constant, 0, moment)


STATISTICS: dict[str, Callable] = {
    "mean": np.mean,
    "std": np.std,
    "var": np.var,
    "min": np.min,
    "max": np.max,
    "median": np.median,
    "skew": lambda values, axis: _standardized_moment(values, 3, axis),
    "kurtosis": lambda values, axis: _standardized_moment(values, 4, axis),
}
N_MELS = 128  # bands below the MFCCs

TUNINGS = np.linspace(-0.5, 0.5, 101)  # in semitones
_TINY = np.finfo(np.float32).tiny
_LARGE = 1_000_000  # values of a descriptor; 30 s of MFCCs are 26,000
_FRAMES_PER_BLOCK = 32  # a block's spectrum stays in the cache of one core


@lru_cache(maxsize=8)
def mel_filters(
    sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mel filterbank without its zeros: weights, each band's first bin, each band's start."""
    bank = mel_bank(sample_rate, n_fft, n_mels, fmin, fmax)
    runs = [np.flatnonzero(band) for band in bank]
    # The triangles have no holes; narrow ones may be empty.
    weights = [band[run].astype(np.float32) for band, run in zip(bank, runs, strict=True)]
    first = np.array([run[0] if len(run) else 0 for run in runs], dtype=np.int64)
    start = np.cumsum([0, *map(len, runs)], dtype=np.int64)
    return np.concatenate(weights), first, start


@lru_cache(maxsize=8)
def contrast_bands(sample_rate: int, n_fft: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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


@lru_cache(maxsize=1)
def _rfft() -> Callable:
    """The fastest real FFT there is: MKL's where it is installed, else scipy's."""
    try:
        from mkl_fft import rfft
    except ImportError:
        return fft.rfft
    return rfft


@lru_cache(maxsize=8)
def _dct_matrix(n_mels: int, n_mfcc: int) -> np.ndarray:
    return fft.dct(np.eye(n_mels), axis=1, norm="ortho")[:, :n_mfcc].astype(np.float32)


def power_to_db(power: np.ndarray, *, ref: float, top_db: float | None) -> np.ndarray:
    """Decibels relative to ``ref``, at most ``top_db`` below the loudest value."""
    db = np.log(np.maximum(power, np.float32(1e-10)))  # unlike log10, vectorized by numpy
    db *= np.float32(10 / np.log(10))
    db -= np.float32(10 * np.log10(max(ref, 1e-10)))
    if top_db is not None:
        np.maximum(db, db.max() - np.float32(top_db), out=db)
    return db


def contrast_from_parts(parts: np.ndarray) -> np.ndarray:
    """Peaks over valleys in dB, each at most 80 dB below the clip's loudest."""
    peak, valley = (power_to_db(part, ref=1.0, top_db=80.0) for part in np.hsplit(parts, 2))
    return peak - valley


def tuning_from_peaks(frequency: np.ndarray, height: np.ndarray) -> float:
    """Deviation from A440 in fractions of a semitone, as `librosa.estimate_tuning`."""
    if not len(frequency):
        return 0.0
    bins = tuning_bins(frequency[height >= np.median(height)])
    return float(TUNINGS[np.argmax(np.bincount(bins, minlength=100))])


def tuning_bins(frequency: np.ndarray) -> np.ndarray:
    """Deviations from A440 in hundredths of a semitone, 0 for half a semitone below."""
    residual = np.mod(12 * np.log2(frequency / np.float32(440.0 / 16)), np.float32(1))
    residual[residual >= 0.5] -= 1
    return (np.searchsorted(TUNINGS, residual, side="right") - 1).astype(np.uint8)


class Spectrum:
    """The short-time spectrum of one waveform, and what is computed from it when asked for.

    Parameters
    ----------
    y : float32 array of shape (n_samples,)
    sample_rate, n_fft, hop_length : int
    pad_mode : str
        How half a frame is added at both ends; "none" adds nothing.
    n_mfcc : int
    """

    def __init__(self, y, *, sample_rate, n_fft, hop_length, pad_mode, n_mfcc=20):
        from sklearn_mgc.features import _fused

        self.fused = _fused
        self.y = y
        self.sample_rate = sample_rate
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.pad_mode = pad_mode
        self.n_mfcc = n_mfcc
        self.n_bins = n_fft // 2 + 1
        self.hertz = sample_rate / n_fft  # per bin
        # Frame t is n_fft samples from t * hop_length on.
        padded = y if pad_mode == "none" else np.pad(y, n_fft // 2, mode=pad_mode)
        self.padded = np.ascontiguousarray(padded)
        self.n_frames = 1 + (len(padded) - n_fft) // hop_length

    def power_blocks(self, power: np.ndarray | None = None):
        """Yield (rows, their power spectrum), written into ``power`` or one reused block."""
        rfft = _rfft()
        window = hann_window(self.n_fft)
        windowed = np.empty((_FRAMES_PER_BLOCK, self.n_fft), dtype=np.float32)
        scratch = np.empty((_FRAMES_PER_BLOCK, self.n_bins), dtype=np.float32)
        for start in range(0, self.n_frames, _FRAMES_PER_BLOCK):
            rows = slice(start, min(start + _FRAMES_PER_BLOCK, self.n_frames))
            n_rows = rows.stop - start
            samples = self.padded[start * self.hop_length :]
            self.fused.window_rows(samples, self.hop_length, window, windowed[:n_rows])
            spectrum = rfft(windowed[:n_rows], axis=1)
            block = scratch[:n_rows] if power is None else power[rows]
            self.fused.power_rows(spectrum.view(np.float32), block)
            yield rows, block

    def mel(self, n_mels: int, fmin: float, fmax: float | None) -> np.ndarray:
        """Mel power spectrogram, frames x bands, without keeping the spectrum."""
        filters = mel_filters(self.sample_rate, self.n_fft, n_mels, fmin, fmax)
        mel = np.empty((self.n_frames, n_mels), dtype=np.float32)
        for rows, block in self.power_blocks():
            self.fused.band_rows(block, *filters, mel[rows])
        return mel

    @cached_property
    def _pass(self) -> dict[str, np.ndarray]:
        """Everything that one look at each block of frames can give."""
        power = np.empty((self.n_frames, self.n_bins), dtype=np.float32)
        shape = np.empty((3, self.n_frames), dtype=np.float32)
        mel = np.empty((self.n_frames, N_MELS), dtype=np.float32)
        filters = mel_filters(self.sample_rate, self.n_fft, N_MELS, 0.0, None)
        # piptrack's band, where a pitch may lie
        low = max(int(np.ceil(150.0 / self.hertz)), 1)
        high = min(int(np.ceil(min(4000.0, self.sample_rate / 2) / self.hertz)), self.n_bins - 1)
        # Two neighbours are never both peaks, unless they are equal.
        position = np.empty(self.n_frames * max(high - low, 0), dtype=np.float64)
        height = np.empty(len(position), dtype=np.float32)
        n_peaks = 0
        for rows, block in self.power_blocks(power):
            self.fused.shape_rows(block, np.float32(self.hertz), _TINY, *shape[:, rows])
            self.fused.band_rows(block, *filters, mel[rows])
            loudest = block.max(axis=1)
            n_peaks = self.fused.peak_rows(block, loudest, low, high, position, height, n_peaks)
        return {
            "power": power,
            "shape": shape,
            "mel": mel,
            "frequency": (position[:n_peaks] * self.hertz).astype(np.float32),
            "height": height[:n_peaks],
        }

    @property
    def chroma_stft(self) -> np.ndarray:
        """All pitch classes of all frames in one column, as the paper averages them."""
        return self.chroma.reshape(-1, 1)

    @cached_property
    def tuning(self) -> float:
        return tuning_from_peaks(self._pass["frequency"], self._pass["height"])

    @cached_property
    def chroma(self) -> np.ndarray:
        """Energy of the twelve pitch classes, each frame's maximum at 1."""
        raw = self._pass["power"] @ chroma_filters(self.sample_rate, self.n_fft, self.tuning)
        peak = raw.max(axis=1, keepdims=True)
        return raw / np.where(peak < _TINY, 1, peak)

    @property
    def spectral_centroid(self) -> np.ndarray:
        return self._pass["shape"][0][:, None]

    @property
    def spectral_bandwidth(self) -> np.ndarray:
        return self._pass["shape"][1][:, None]

    @property
    def spectral_rolloff(self) -> np.ndarray:
        return self._pass["shape"][2][:, None]

    @property
    def zero_crossing_rate(self) -> np.ndarray:
        """Share of samples of a frame at which the sign changes; ends are padded by repetition."""
        return self._sign_changes(-(self.n_fft // 2))

    def _sign_changes(self, first: int) -> np.ndarray:
        """The same for frames of which the first begins at sample ``first``."""
        starts = np.arange(self.n_frames) * self.hop_length + first
        ends = starts + self.n_fft - 1
        edges = np.unique(np.r_[starts, ends])  # between two of them each sample is read once
        counts = np.zeros(len(edges) - 1, dtype=np.int64)
        self.fused.count_sign_changes(self.y, edges, counts)
        running = np.r_[0, np.cumsum(counts)]
        changes = running[np.searchsorted(edges, ends)] - running[np.searchsorted(edges, starts)]
        return (changes / np.float32(self.n_fft))[:, None]

    @cached_property
    def _log_mel(self) -> np.ndarray:
        return power_to_db(self._pass["mel"], ref=1.0, top_db=80.0)

    @cached_property
    def mfcc(self) -> np.ndarray:
        return self._log_mel @ _dct_matrix(N_MELS, self.n_mfcc)

    @property
    def mfcc_delta(self) -> np.ndarray:
        return _reference.delta(self.mfcc, 1)

    @property
    def mfcc_delta2(self) -> np.ndarray:
        return _reference.delta(self.mfcc, 2)

    @property
    def tonnetz(self) -> np.ndarray:
        """Tonal centroids of `chroma`."""
        from librosa.feature import tonnetz

        return tonnetz(chroma=self.chroma.T).T

    @property
    def rms(self) -> np.ndarray:
        mean_square = np.empty(self.n_frames, dtype=np.float32)
        self.fused.mean_square_rows(self.padded, self.hop_length, self.n_fft, mean_square)
        return np.sqrt(mean_square)[:, None]

    @property
    def spectral_flatness(self) -> np.ndarray:
        """Geometric over arithmetic mean of the power."""
        power = np.maximum(self._pass["power"], np.float32(1e-10))
        return (np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1))[:, None]

    @property
    def contrast_parts(self) -> np.ndarray:
        """Peaks and valleys of seven octave bands, frames x 14."""
        bands = contrast_bands(self.sample_rate, self.n_fft)
        valley = np.empty((self.n_frames, 7), dtype=np.float32)
        peak = np.empty_like(valley)
        self.fused.contrast_rows(self._pass["power"], *bands, valley, peak)
        return np.hstack([peak, valley])

    @property
    def spectral_contrast(self) -> np.ndarray:
        """Peaks over valleys in dB in seven octave bands."""
        return contrast_from_parts(self.contrast_parts)

    @cached_property
    def onset_strength(self) -> np.ndarray:
        from librosa.onset import onset_strength

        frames = {"n_fft": self.n_fft, "hop_length": self.hop_length}
        return onset_strength(S=self._log_mel.T, sr=self.sample_rate, **frames)[:, None]

    @property
    def tempo(self) -> np.ndarray:
        return _reference.tempo(self.onset_strength[:, 0], self.sample_rate, self.hop_length)

    @cached_property
    def _parts(self) -> tuple[np.ndarray, np.ndarray]:
        stft = {"n_fft": self.n_fft, "hop_length": self.hop_length, "pad_mode": self.pad_mode}
        return _reference.harmonic_percussive(self.y, **stft)

    @property
    def harmony(self) -> np.ndarray:
        """Samples of the harmonic part."""
        return self._parts[0].T

    @property
    def perceptr(self) -> np.ndarray:
        """Samples of the percussive part."""
        return self._parts[1].T


def describe(y: np.ndarray, names: tuple[str, ...], **params) -> dict[str, np.ndarray]:
    """The named descriptors of one waveform, each frames x columns; see `Spectrum`."""
    spectrum = Spectrum(y, **params)
    return {name: getattr(spectrum, name) for name in names}


def mel_spectrogram(
    y: np.ndarray, *, n_mels: int, fmin: float, fmax: float | None, **params
) -> np.ndarray:
    """Mel power spectrogram of one waveform, frames x bands; see `Spectrum`."""
    return Spectrum(y, **params).mel(n_mels, fmin, fmax)


def summarize(values: np.ndarray, statistics: tuple[str, ...]) -> np.ndarray:
    """Statistics over the frames of frames x columns; those of a column stand together."""
    if values.size > _LARGE and statistics == ("mean",):  # no second copy of hours
        return values.mean(axis=0, dtype=np.float64)
    if values.size > _LARGE and values.shape[1] > 1:
        columns = np.hsplit(values, values.shape[1])
        return np.concatenate([summarize(column, statistics) for column in columns])
    values = values.astype(np.float64)
    return np.stack([STATISTICS[name](values, axis=0) for name in statistics], axis=1).ravel()


def check_frames(n_fft: int, hop_length: int) -> None:
    """Raise a ValueError unless frames have an even length of 64 or more, and a step."""
    for name, value, low in (("n_fft", n_fft, 64), ("hop_length", hop_length, 1)):
        if not isinstance(value, (int, np.integer)) or value < low or (low > 1 and value % 2):
            even = "an even integer" if low > 1 else "an integer"
            raise ValueError(f"{name} must be {even} >= {low}, got {value!r}")


def check_choice(parameter: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise a ValueError that names the parameter and its choices."""
    if value not in choices:
        raise ValueError(f"{parameter} must be one of {', '.join(choices)}; got {value!r}")


def check_device(device: object, backend: str) -> None:
    """Raise a ValueError unless the name of the device is known, and its kernel asked for."""
    if not isinstance(device, str) or not re.fullmatch(r"cpu|auto|cuda(:\d+)?", device):
        raise ValueError(f"device must be 'cpu', 'cuda', 'cuda:N' or 'auto'; got {device!r}")
    if device != "cpu" and backend != "fused":
        raise ValueError(f"device={device!r} needs backend='fused', got {backend!r}")
