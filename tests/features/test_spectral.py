"""The kernel against a plain float64 computation and against librosa."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.fft import dct

from sklearn_mgc.features import Sound
from sklearn_mgc.features.descriptors import Settings, describe
from sklearn_mgc.features.filters import chroma_filters, mel_bank
from sklearn_mgc.features.spectrum import FrameParams, mel_spectrogram, spectrum_of

RATE, N_FFT, HOP = 22050, 2048, 512
N = 22050


def time() -> np.ndarray:
    return np.arange(N) / RATE


DEGENERATE = {
    "silence": np.zeros(N),
    "constant": np.full(N, 0.5),
    "tone": np.sin(2 * np.pi * 1000 * time()),
    "impulse": np.eye(1, N, N // 2)[0],
    "square": np.sign(np.sin(2 * np.pi * 100 * time() + 0.1)),
    "faint noise": 1e-6 * np.random.default_rng(0).standard_normal(N),
    "half silent": np.random.default_rng(1).standard_normal(N) * (time() < 0.5),
}


def exact(y: np.ndarray) -> dict[str, np.ndarray]:
    """Definitions written out in float64."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(y, N_FFT // 2), N_FFT)[::HOP]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    magnitude = np.abs(np.fft.rfft(frames * window, axis=1))
    frequency = np.fft.rfftfreq(N_FFT, 1 / RATE)
    total = magnitude.sum(axis=1)
    norm = np.where(total < np.finfo(np.float32).tiny, 1, total)
    centroid = magnitude @ frequency / norm
    variance = (magnitude * (frequency - centroid[:, None]) ** 2).sum(axis=1) / norm
    running = magnitude.cumsum(axis=1)
    edges = np.pad(y, N_FFT // 2, mode="edge")
    negative = np.lib.stride_tricks.sliding_window_view(edges < -1e-10, N_FFT)[::HOP]
    return {
        "total": total,
        "spectral_centroid": centroid,
        "spectral_bandwidth": np.sqrt(variance),
        "spectral_rolloff": frequency[(running >= 0.85 * running[:, -1:]).argmax(axis=1)],
        "zero_crossing_rate": (negative[:, 1:] != negative[:, :-1]).sum(axis=1) / N_FFT,
    }


def exact_bands(y: np.ndarray, tuning: float) -> dict[str, np.ndarray]:
    """What filterbanks make of the spectrum, in float64."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(y, N_FFT // 2), N_FFT)[::HOP]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    mel = power @ mel_bank(RATE, N_FFT, 128, 0.0, None).T.astype(np.float64)
    db = 10 * np.log10(np.maximum(mel, 1e-10))
    db = np.maximum(db, db.max() - 80)
    chroma = power @ chroma_filters(RATE, N_FFT, tuning).astype(np.float64)
    peak = chroma.max(axis=1, keepdims=True)
    return {
        "mel": mel,
        "mfcc": dct(db, axis=1, norm="ortho")[:, :20],
        "chroma": chroma / np.where(peak < np.finfo(np.float32).tiny, 1, peak),
        "rms": np.sqrt((frames**2).mean(axis=1))[:, None],
    }


FRAMES = FrameParams(RATE, N_FFT, HOP, "constant")
NAMES = (
    "chroma", "chroma_stft", "mfcc", "rms", "spectral_centroid", "spectral_bandwidth",
    "spectral_rolloff", "zero_crossing_rate",
)  # fmt: skip


def sound_of(y: np.ndarray) -> Sound:
    return Sound.of(y.astype(np.float32), "y", RATE)


def found_in(y: np.ndarray) -> dict[str, np.ndarray]:
    return describe(sound_of(y), NAMES, Settings(FRAMES))


def tuning_of(y: np.ndarray) -> float:
    return spectrum_of(sound_of(y), FRAMES).whole.tuning


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_signals(name):
    """Where most bins are empty, their float32 rounding is all that is left of the truth.

    The noise floor, 1e-7 of the peak in each of 1025 bins, moves centroid and bandwidth
    of a pure tone or a constant by some per cent: librosa's float32 result as much as ours.
    """
    signal = DEGENERATE[name].astype(np.float32)
    found, expected = found_in(signal), exact(signal.astype(np.float64))
    heard = expected["total"] > 1e-3 * expected["total"].max()
    loose = name in ("constant", "tone", "half silent")
    for feature in ("spectral_centroid", "spectral_bandwidth"):
        values = found[feature][:, 0]
        assert np.isfinite(values).all()
        assert_allclose(
            values[heard],
            expected[feature][heard],
            rtol=0.03 if loose else 1e-3,
            atol=15 if loose else 0.05,
        )
    rolloff = found["spectral_rolloff"][heard, 0]
    assert_allclose(rolloff, expected["spectral_rolloff"][heard], atol=1.01 * RATE / N_FFT)
    assert_allclose(found["zero_crossing_rate"][:, 0], expected["zero_crossing_rate"], atol=1e-7)
    for values in (found["chroma_stft"], found["mfcc"]):
        assert np.isfinite(values).all()
    assert found["chroma_stft"].min() >= 0 and found["chroma_stft"].max() <= 1.000001


@given(
    seed=st.integers(0, 2**32 - 1),
    n_samples=st.integers(2, 6000),
    scale=st.floats(1e-3, 1.0),
    color=st.floats(0.0, 0.99),
)
@settings(max_examples=40, deadline=None)
def test_any_noise_of_any_length_equals_the_definition(seed, n_samples, scale, color):
    rng = np.random.default_rng(seed)
    y = scale * rng.standard_normal(n_samples)
    for i in range(1, n_samples):
        y[i] += color * y[i - 1]
    y = y.astype(np.float32)
    found, expected = found_in(y), exact(y.astype(np.float64))
    for feature in ("spectral_centroid", "spectral_bandwidth"):
        assert_allclose(found[feature][:, 0], expected[feature], rtol=1e-3)
    rolloff = found["spectral_rolloff"][:, 0]
    assert_allclose(rolloff, expected["spectral_rolloff"], atol=1.01 * RATE / N_FFT)
    assert_allclose(found["zero_crossing_rate"][:, 0], expected["zero_crossing_rate"], atol=1e-7)


def assert_bands_equal(y: np.ndarray) -> None:
    """Mel power to the FFT's rounding, 1e-6 of a frame's loudest bin in amplitude; the rest
    of each descriptor's own scale. What is quieter than that has no true float32 value.
    """
    found = found_in(y)
    mel, _ = mel_spectrogram(sound_of(y), FRAMES, n_mels=128, fmin=0.0, fmax=None)
    expected = exact_bands(y.astype(np.float64), tuning_of(y))
    loudest = expected["mel"].max(axis=1, keepdims=True)
    error = np.abs(mel - expected["mel"])
    assert (error <= 2e-5 * expected["mel"] + 1e-9 * loudest).all()
    assert_allclose(found["rms"], expected["rms"], rtol=1e-5, atol=1e-12)
    assert_allclose(found["mfcc"], expected["mfcc"], rtol=1e-4, atol=0.02)
    heard = expected["mel"].max(axis=1) > 1e-6 * expected["mel"].max()
    assert_allclose(found["chroma"][heard], expected["chroma"][heard], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", DEGENERATE)
def test_bands_of_degenerate_signals(name):
    assert_bands_equal(DEGENERATE[name].astype(np.float32))


@given(
    seed=st.integers(0, 2**32 - 1),
    n_samples=st.integers(2, 6000),
    scale=st.floats(1e-3, 1.0),
    cents=st.floats(0, 4800),
)
@settings(max_examples=30, deadline=None)
def test_bands_of_any_noisy_tone_of_any_length(seed, n_samples, scale, cents):
    tone = np.sin(2 * np.pi * 110 * 2 ** (cents / 1200) * np.arange(n_samples) / RATE)
    noise = np.random.default_rng(seed).standard_normal(n_samples)
    assert_bands_equal((scale * (tone + 0.1 * noise)).astype(np.float32))


@pytest.mark.parametrize("cents", [-40, -13, 0, 20, 45])
def test_tuning_equals_librosa(cents):
    import librosa

    pitches = 220 * 2 ** ((np.array([0, 4, 7, 12, 19]) + cents / 100) / 12)
    y = np.sin(2 * np.pi * pitches[:, None] * time()).sum(axis=0).astype(np.float32)
    y += 0.001 * np.random.default_rng(0).standard_normal(N).astype(np.float32)
    power = np.abs(librosa.stft(y)) ** 2
    expected = librosa.estimate_tuning(S=power, sr=RATE)
    assert tuning_of(y) == pytest.approx(expected)


def test_no_peaks_give_the_standard_tuning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tuning_of(np.zeros(N)) == 0.0
