"""Recordings of any length are described a part at a time, at the values of the whole."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_mgc import AudioError, HandcraftedFeatures, MelSpectrogram
from sklearn_mgc.datasets import make_music
from sklearn_mgc.features import Sound, descriptors, sound, spectrum
from sklearn_mgc.features.descriptors import Settings, describe, separated
from sklearn_mgc.features.spectrum import FrameParams, sized_blocks, spectrum_of
from sklearn_mgc.features.summary import Moments, summarize

RATE = 22050
NAMES = (
    "chroma_stft", "spectral_centroid", "spectral_bandwidth", "spectral_rolloff",
    "zero_crossing_rate", "mfcc", "chroma", "tonnetz", "mfcc_delta", "mfcc_delta2",
    "spectral_contrast", "spectral_flatness", "rms", "onset_strength", "tempo",
)  # fmt: skip


@pytest.fixture(scope="module")
def wave():
    """20 s of three genres, the first very soft: the loudest part decides what is cut."""
    clips = make_music(n_tracks=3, genres=("jazz", "rock", "classical"), duration=7.0,
                       random_state=0).data  # fmt: skip
    clips[0] = clips[0] * np.float32(1e-3)
    return np.concatenate(clips)[: 20 * RATE + 123]


def shorten(monkeypatch, seconds):
    monkeypatch.setattr(sound, "LONG_SECONDS", seconds)
    monkeypatch.setattr(sound, "BLOCK_SECONDS", seconds / 3)
    monkeypatch.setattr(spectrum, "CHUNK_SECONDS", seconds / 2)
    monkeypatch.setattr(descriptors, "_PART_SECONDS", seconds / 2)


@pytest.fixture
def short_chunks(monkeypatch):
    """What is longer than two seconds is long, and read by the second."""
    shorten(monkeypatch, 2.0)


def stream(y, size=7001):
    blocks = [y[i : i + size] for i in range(0, len(y), size)]
    return Sound("long", RATE, lambda: blocks, is_long=True)


def whole(y):
    return Sound("short", RATE, lambda: [y])


def settings_of(n_fft=2048, hop_length=512, pad_mode="constant"):
    return Settings(FrameParams(RATE, n_fft, hop_length, pad_mode), n_mfcc=13)


@pytest.mark.parametrize(
    ("pad_mode", "n_fft", "hop_length"),
    [
        ("constant", 2048, 512), ("constant", 512, 700), ("reflect", 1024, 1024),
        ("reflect", 2048, 333), ("edge", 2048, 512), ("edge", 512, 700),
    ],
)  # fmt: skip
def test_every_descriptor_of_every_frame(wave, short_chunks, pad_mode, n_fft, hop_length):
    settings = settings_of(n_fft, hop_length, pad_mode)
    found = describe(stream(wave), NAMES, settings)
    expected = describe(whole(wave), NAMES, settings)
    assert list(found) == list(expected)
    for name in NAMES:
        assert found[name].shape == expected[name].shape, name
        assert_allclose(found[name], expected[name], rtol=1e-4, atol=1e-3, err_msg=name)
    assert_array_equal(found["zero_crossing_rate"], expected["zero_crossing_rate"])


@pytest.mark.parametrize("size", [1, 100_000, 10**9])
def test_blocks_of_any_size(wave, short_chunks, size):
    y = wave[: 3 * RATE] if size == 1 else wave
    blocks = list(sized_blocks(stream(y, size), RATE))
    assert_array_equal(np.concatenate([block for block, _ in blocks]), y)
    assert max(len(block) for block, _ in blocks) < 2 * RATE
    assert [last for _, last in blocks] == [False] * (len(blocks) - 1) + [True]


def test_tuning_is_that_of_the_whole_clip(short_chunks):
    """The first half is a quarter tone too high, the second, longer one is in tune."""
    t = np.arange(8 * RATE) / RATE
    high, right = (np.sin(2 * np.pi * 440 * 2 ** (c / 12) * t).astype(np.float32) for c in (0.3, 0))
    y = np.concatenate([high[: 3 * RATE], right])
    frames = settings_of().frames
    tuning = spectrum_of(stream(y), frames).whole.tuning
    assert tuning == spectrum_of(whole(y), frames).whole.tuning
    assert abs(tuning) < 0.05


@pytest.mark.parametrize(("n_fft", "hop_length"), [(2048, 512), (1024, 1024), (512, 200)])
def test_samples_of_harmonic_and_percussive_sound(wave, short_chunks, n_fft, hop_length):
    settings = settings_of(n_fft, hop_length)
    y = wave[3 * RATE : 13 * RATE + 77]
    statistics = ("mean", "std", "var", "min", "max", "skew", "kurtosis")
    names = ("harmony", "perceptr")
    found = {name: Moments() for name in names}
    for part in separated(stream(y), names, settings):
        for name in names:
            found[name].add(part[name])
    (expected,) = separated(whole(y), names, settings)
    for name in names:
        assert found[name].n == len(y)
        values = summarize(expected[name][:, None], statistics)
        assert_allclose(found[name].summarize(statistics), values, rtol=1e-3, atol=1e-6)


def test_moments_of_a_constant():
    moments = Moments()
    for _ in range(2):
        moments.add(np.full(5, 0.25, dtype=np.float32))
    names = ("mean", "std", "min", "max", "skew", "kurtosis")
    assert moments.summarize(names).tolist() == [0.25, 0, 0.25, 0.25, 0, 0]


FEATURES = [
    HandcraftedFeatures(["harmony", "perceptr"], statistics=("median",)),
    HandcraftedFeatures("rich"),
    HandcraftedFeatures(n_segments=3, statistics=("median", "std")),
    HandcraftedFeatures(n_segments=40),
    HandcraftedFeatures("kaggle"),
    MelSpectrogram(n_frames=100),
    MelSpectrogram(n_segments=4, n_frames=300, pad_mode="reflect"),
]


@pytest.mark.parametrize(
    ("transformer", "given"),
    [*[(t, "file") for t in FEATURES], (FEATURES[2], "waveform")],
)
def test_transformers(wave, tmp_path, transformer, given, monkeypatch):
    path = tmp_path / "a.flac"
    soundfile.write(path, wave[3 * RATE : 13 * RATE + 123], RATE)  # soft, and loud
    clip = path if given == "file" else soundfile.read(path, dtype="float32")[0]
    expected = transformer.transform([clip])
    shorten(monkeypatch, 2.0)
    found = transformer.transform([clip])
    assert_allclose(found, expected, rtol=1e-3, atol=2e-3)


def test_resampled_stereo_mp3(wave, tmp_path, monkeypatch):
    path = tmp_path / "a.mp3"
    soundfile.write(path, np.stack([wave, wave[::-1]], axis=1), 44100)
    expected = HandcraftedFeatures().transform([path])
    shorten(monkeypatch, 2.0)
    assert_allclose(HandcraftedFeatures().transform([path]), expected, rtol=1e-3, atol=2e-3)


def test_offset_and_duration(wave, tmp_path, short_chunks):
    path = tmp_path / "a.wav"
    soundfile.write(path, wave, RATE, subtype="FLOAT")
    features = HandcraftedFeatures(offset=3.0, duration=9.0)
    expected = HandcraftedFeatures().transform([wave[3 * RATE : 12 * RATE]])
    assert_allclose(features.transform([path]), expected, rtol=1e-4, atol=1e-3)


def test_no_large_array_is_asked_for(tmp_path, monkeypatch):
    """A file of ten minutes, described in less memory than its waveform takes."""
    import tracemalloc

    rng = np.random.default_rng(0)
    path = tmp_path / "a.wav"
    with soundfile.SoundFile(path, "w", 8000, 1) as file:
        for _ in range(20):
            file.write(rng.uniform(-0.5, 0.5, 30 * 8000).astype(np.float32))
    waveform = 20 * 30 * 8000 * 4
    shorten(monkeypatch, 5.0)
    for features in (
        HandcraftedFeatures(["chroma", "spectral_centroid", "mfcc"], sample_rate=8000),
        MelSpectrogram(sample_rate=8000),
    ):
        features.transform([rng.uniform(-0.5, 0.5, 8000)])  # what is made once
        tracemalloc.start()
        features.transform([path])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < waveform, type(features).__name__


def test_silence_and_damage(wave, tmp_path, short_chunks):
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(10 * RATE, dtype=np.float32), RATE)
    broken = wave.copy()
    broken[-100] = np.inf
    for clip in (silent, np.zeros(10 * RATE, dtype=np.float32)):
        with pytest.raises(AudioError, match="is silent"):
            HandcraftedFeatures().transform([clip])
    with pytest.raises(AudioError, match="NaN or infinite"):
        MelSpectrogram().transform([broken])
    path = tmp_path / "broken.wav"
    soundfile.write(path, broken, RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match="NaN or infinite"):
        HandcraftedFeatures().transform([path])
    with pytest.raises(AudioError, match="in each of 500 segments"):
        HandcraftedFeatures(n_segments=500).transform([wave])


def test_the_reference_sees_the_whole_clip(wave, tmp_path, short_chunks):
    path = tmp_path / "a.wav"
    soundfile.write(path, wave[: 5 * RATE], RATE)
    found = MelSpectrogram(backend="librosa").transform([path])
    assert_allclose(MelSpectrogram().transform([path]), found, atol=1e-2)
