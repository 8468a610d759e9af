"""One STFT per clip, every descriptor from it, at librosa's values.

All arrays are frames x bins, float32. The formulas are librosa's (0.11); see each
function's counterpart there: ``stft``, ``feature.spectral_centroid`` and so on.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import fft

# Part of every recipe: a change of the numbers below must change it too.
KERNEL_VERSION = 1

BACKENDS = ("fused", "librosa")
PAD_MODES = ("constant", "edge", "reflect")
STATISTICS = {
    "mean": np.mean,
    "std": np.std,
    "min": np.min,
    "max": np.max,
    "median": np.median,
}

_TINY = np.finfo(np.float32).tiny
_FRAMES_PER_BLOCK = 64  # a block's spectrum stays in the cache of one core


@lru_cache(maxsize=8)
def mel_filters(sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float | None):
    """Mel filterbank, bins x bands."""
    from librosa.filters import mel

    bank = mel(sr=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
    return np.ascontiguousarray(bank.T, dtype=np.float32)


@lru_cache(maxsize=128)  # one per tuning, of which there are a hundred
def chroma_filters(sample_rate: int, n_fft: int, tuning: float) -> np.ndarray:
    """Chroma filterbank, bins x 12."""
    from librosa.filters import chroma

    bank = chroma(sr=sample_rate, n_fft=n_fft, tuning=tuning)
    return np.ascontiguousarray(bank.T, dtype=np.float32)


@lru_cache(maxsize=8)
def _window(n_fft: int) -> np.ndarray:
    from scipy.signal import get_window

    return get_window("hann", n_fft, fftbins=True).astype(np.float32)


def frame_signal(y: np.ndarray, length: int, hop_length: int, pad_mode: str) -> np.ndarray:
    """Centred frames of a signal, as a read-only view (n_frames, length)."""
    padded = np.pad(y, length // 2, mode=pad_mode)  # type: ignore[call-overload]
    return np.lib.stride_tricks.sliding_window_view(padded, length)[::hop_length]


def power_spectrogram(y: np.ndarray, n_fft: int, hop_length: int, pad_mode: str) -> np.ndarray:
    """Squared magnitude of the STFT with a Hann window, frames x bins."""
    frames = frame_signal(y, n_fft, hop_length, pad_mode)
    power = np.empty((len(frames), n_fft // 2 + 1), dtype=np.float32)
    window = _window(n_fft)
    for start in range(0, len(frames), _FRAMES_PER_BLOCK):
        spectrum = fft.rfft(frames[start : start + _FRAMES_PER_BLOCK] * window, axis=1)
        block = power[start : start + _FRAMES_PER_BLOCK]
        np.multiply(spectrum.real, spectrum.real, out=block)
        block += spectrum.imag * spectrum.imag
    return power


def power_to_db(power: np.ndarray, *, ref: float, top_db: float | None) -> np.ndarray:
    """Decibels relative to ``ref``, at most ``top_db`` below the loudest value."""
    db = 10 * np.log10(np.maximum(power, np.float32(1e-10)))
    db -= np.float32(10 * np.log10(max(ref, 1e-10)))
    if top_db is not None:
        np.maximum(db, db.max() - np.float32(top_db), out=db)
    return db


def estimate_tuning(power: np.ndarray, sample_rate: int, n_fft: int) -> float:
    """Deviation from A440 in fractions of a semitone, by spectral peaks (``piptrack``).

    Only the band from 150 to 4000 Hz is looked at, and the parabola is fitted only
    at peaks: the same numbers as librosa's, which fits it everywhere.
    """
    frequencies = np.arange(power.shape[1]) * sample_rate / n_fft
    low = max(int(np.searchsorted(frequencies, 150.0)), 1)
    high = min(int(np.searchsorted(frequencies, min(4000.0, sample_rate / 2))), power.shape[1] - 1)
    threshold = np.float32(0.1) * power.max(axis=1, keepdims=True)
    band = power[:, low:high]
    # Gated neighbours, as librosa compares S * (S > threshold).
    loud = band > threshold
    above = power[:, low + 1 : high + 1]
    below = power[:, low - 1 : high - 1]
    peaks = (
        loud & ((band > below) | (below <= threshold)) & ((band >= above) | (above <= threshold))
    )
    row, column = np.nonzero(peaks)
    if not len(row):
        return 0.0
    column += low
    left, middle, right = (power[row, column + shift] for shift in (-1, 0, 1))
    a = right + left - 2 * middle
    b = (right - left) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = np.where(np.abs(b) >= np.abs(a), np.float32(0), -b / a)
    pitch = (column + shift) * sample_rate / n_fft
    magnitude = middle + 0.5 * b * shift
    pitch = pitch[(magnitude >= np.median(magnitude)) & (pitch > 0)]
    residual = np.mod(12 * np.log2(pitch / (440.0 / 16)), 1.0)
    residual[residual >= 0.5] -= 1.0
    counts, edges = np.histogram(residual, np.linspace(-0.5, 0.5, 101))
    return float(edges[np.argmax(counts)])


def chroma(power: np.ndarray, sample_rate: int, n_fft: int) -> np.ndarray:
    """Energy of the twelve pitch classes, frames x 12, each frame's maximum at 1."""
    tuning = estimate_tuning(power, sample_rate, n_fft)
    raw = power @ chroma_filters(sample_rate, n_fft, tuning)
    peak = raw.max(axis=1, keepdims=True)
    return raw / np.where(peak < _TINY, 1, peak)


def spectral_moments(magnitude: np.ndarray, sample_rate: int, n_fft: int):
    """Centroid and bandwidth in Hz, each (n_frames,)."""
    frequencies = (np.arange(magnitude.shape[1]) * sample_rate / n_fft).astype(np.float32)
    total = magnitude.sum(axis=1)
    total = np.where(total < _TINY, 1, total)
    centroid = magnitude @ frequencies / total
    # About the centroid: the difference of raw moments would cancel.
    deviation = frequencies[None, :] - centroid[:, None]
    deviation *= deviation
    bandwidth = np.sqrt(np.einsum("ij,ij->i", magnitude, deviation) / total)
    return centroid, bandwidth


def spectral_rolloff(
    magnitude: np.ndarray, sample_rate: int, n_fft: int, roll_percent: float = 0.85
) -> np.ndarray:
    """Frequency in Hz below which 85 % of a frame's magnitude lies, (n_frames,)."""
    running = np.cumsum(magnitude, axis=1)
    reached = running >= np.float32(roll_percent) * running[:, -1:]
    return reached.argmax(axis=1) * (sample_rate / n_fft)


def zero_crossing_rate(y: np.ndarray, frame_length: int, hop_length: int) -> np.ndarray:
    """Share of samples at which the sign changes, (n_frames,)."""
    negative = np.signbit(np.where(np.abs(y) <= 1e-10, np.float32(0), y))
    # Crossings are counted once, frames then are differences of a running sum.
    padded = np.pad(negative, frame_length // 2, mode="edge")
    crossings = np.concatenate([[0], np.cumsum(padded[1:] != padded[:-1])])
    starts = np.arange(0, len(padded) - frame_length + 1, hop_length)
    return (crossings[starts + frame_length - 1] - crossings[starts]) / frame_length


def mfcc(power: np.ndarray, sample_rate: int, n_fft: int, n_mfcc: int) -> np.ndarray:
    """Mel-frequency cepstral coefficients, frames x n_mfcc."""
    mel = power @ mel_filters(sample_rate, n_fft, 128, 0.0, None)
    log_mel = power_to_db(mel, ref=1.0, top_db=80.0)
    return fft.dct(log_mel, axis=1, type=2, norm="ortho")[:, :n_mfcc]


def mel_spectrogram(
    y: np.ndarray,
    *,
    sample_rate: int,
    n_fft: int,
    hop_length: int,
    pad_mode: str,
    n_mels: int,
    fmin: float,
    fmax: float | None,
) -> np.ndarray:
    """Mel power spectrogram of one waveform, frames x bands."""
    power = power_spectrogram(y, n_fft, hop_length, pad_mode)
    return power @ mel_filters(sample_rate, n_fft, n_mels, fmin, fmax)


def describe(
    y: np.ndarray,
    names: tuple[str, ...],
    *,
    sample_rate: int,
    n_fft: int,
    hop_length: int,
    pad_mode: str,
    n_mfcc: int,
) -> dict[str, np.ndarray]:
    """The named descriptors of one waveform, each frames x columns."""
    power = power_spectrogram(y, n_fft, hop_length, pad_mode)
    magnitude = np.sqrt(power)
    found: dict[str, np.ndarray] = {}
    if "chroma_stft" in names:
        found["chroma_stft"] = chroma(power, sample_rate, n_fft)
    if not {"spectral_centroid", "spectral_bandwidth"}.isdisjoint(names):
        centroid, bandwidth = spectral_moments(magnitude, sample_rate, n_fft)
        found["spectral_centroid"] = centroid[:, None]
        found["spectral_bandwidth"] = bandwidth[:, None]
    if "spectral_rolloff" in names:
        found["spectral_rolloff"] = spectral_rolloff(magnitude, sample_rate, n_fft)[:, None]
    if "zero_crossing_rate" in names:
        found["zero_crossing_rate"] = zero_crossing_rate(y, n_fft, hop_length)[:, None]
    if "mfcc" in names:
        found["mfcc"] = mfcc(power, sample_rate, n_fft, n_mfcc)
    return {name: found[name] for name in names}


def summarize(values: np.ndarray, statistics: tuple[str, ...]) -> np.ndarray:
    """Statistics over the frames of frames x columns; those of a column stand together."""
    values = values.astype(np.float64)
    return np.stack([STATISTICS[name](values, axis=0) for name in statistics], axis=1).ravel()


def check_choice(parameter: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise a ValueError that names the parameter and its choices."""
    if value not in choices:
        raise ValueError(f"{parameter} must be one of {', '.join(choices)}; got {value!r}")
