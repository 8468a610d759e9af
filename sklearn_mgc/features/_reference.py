"""The same descriptors by librosa's own functions: what the kernel is checked against."""

from __future__ import annotations

import numpy as np


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
    """As `_spectral.describe`: plain librosa calls for each name."""
    from librosa import feature, onset

    stft: dict = {"n_fft": n_fft, "hop_length": hop_length, "pad_mode": pad_mode}
    frames: dict = {"frame_length": n_fft, "hop_length": hop_length}
    padded: dict = {**frames, "pad_mode": pad_mode}

    def chroma():
        return feature.chroma_stft(y=y, sr=sample_rate, **stft)

    def mfcc():
        return feature.mfcc(y=y, sr=sample_rate, n_mfcc=n_mfcc, **stft)

    def onsets():
        return onset.onset_strength(y=y, sr=sample_rate, **stft)

    calls = {
        "chroma_stft": lambda: chroma().reshape(1, -1),
        "chroma": chroma,
        "tonnetz": lambda: feature.tonnetz(chroma=chroma()),
        "mfcc": mfcc,
        "mfcc_delta": lambda: delta(mfcc().T, 1).T,
        "mfcc_delta2": lambda: delta(mfcc().T, 2).T,
        "spectral_flatness": lambda: feature.spectral_flatness(y=y, **stft),
        "zero_crossing_rate": lambda: feature.zero_crossing_rate(y, **frames),
        "rms": lambda: feature.rms(y=y, **padded),
        "onset_strength": lambda: onsets()[None],
        "tempo": lambda: tempo(onsets(), sample_rate, hop_length),
        "harmony": lambda: harmonic_percussive(y, **stft)[0],
        "perceptr": lambda: harmonic_percussive(y, **stft)[1],
    }
    spectral = {"sr": sample_rate, **stft}
    return {
        name: (calls[name]() if name in calls else getattr(feature, name)(y=y, **spectral)).T
        for name in names
    }


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
    """As `_spectral.mel_spectrogram`, by librosa."""
    from librosa.feature import melspectrogram

    mel = melspectrogram(
        y=y,
        sr=sample_rate,
        n_fft=n_fft,
        hop_length=hop_length,
        pad_mode=pad_mode,  # type: ignore[arg-type]
        n_mels=n_mels,
        fmin=fmin,
        fmax=fmax,
    )
    return mel.T


def delta(values: np.ndarray, order: int) -> np.ndarray:
    """Local slope of frames x columns over nine frames; fewer are extended at the ends."""
    from librosa.feature import delta

    mode = "interp" if len(values) >= 9 else "nearest"
    return delta(values, order=order, axis=0, mode=mode)


def tempo(onset_strength: np.ndarray, sample_rate: int, hop_length: int) -> np.ndarray:
    """Beats a minute, (1, 1)."""
    from librosa.feature import tempo

    return tempo(onset_envelope=onset_strength, sr=sample_rate, hop_length=hop_length)[:, None]


def harmonic_percussive(y: np.ndarray, **stft) -> tuple[np.ndarray, np.ndarray]:
    """The samples of the harmonic and of the percussive part, each (1, n_samples)."""
    from librosa.effects import hpss

    harmonic, percussive = hpss(y, **stft)
    return harmonic[None], percussive[None]
