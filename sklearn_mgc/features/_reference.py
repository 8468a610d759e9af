"""The same descriptors by librosa's own functions: what the kernel is checked against."""

from __future__ import annotations

import numpy as np


def describe(
    y: np.ndarray,
    names: tuple[str, ...],
    *,
    sample_rate: float,
    n_fft: int,
    hop_length: int,
    pad_mode: str,
    n_mfcc: int,
) -> dict[str, np.ndarray]:
    """As `_spectral.describe`: one plain librosa call for each name."""
    from librosa import feature

    frames: dict = {"n_fft": n_fft, "hop_length": hop_length, "pad_mode": pad_mode}
    options: dict[str, dict] = {
        "mfcc": {"sr": sample_rate, "n_mfcc": n_mfcc, **frames},
        "zero_crossing_rate": {"frame_length": n_fft, "hop_length": hop_length},
    }
    return {
        name: getattr(feature, name)(y=y, **options.get(name, {"sr": sample_rate, **frames})).T
        for name in names
    }


def mel_spectrogram(
    y: np.ndarray,
    *,
    sample_rate: float,
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
