from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from sklearn_mgc.audio import load_audio
from sklearn_mgc.features import MelScaler, MelSpectrogram


def librosa_mel(y: np.ndarray, n_frames: int = 640) -> np.ndarray:
    import librosa

    mel = librosa.feature.melspectrogram(y=y, sr=22050, n_fft=2048, hop_length=1024, n_mels=128)
    return librosa.power_to_db(mel, ref=np.max).T[:n_frames]


def test_input_forms_order_workers_pickle_clone(battery):
    battery(MelSpectrogram(n_frames=40))


def test_sklearn_checks_without_input(input_free_checks):
    assert input_free_checks(MelSpectrogram()) == 9


def test_longer_clips_are_cut_and_keep_the_peak_of_the_whole_clip(clips):
    loud_end = clips[0].copy()
    loud_end[-4096:] *= 300
    for clip in (*clips, loud_end):
        found = MelSpectrogram(n_frames=30).transform([clip])
        assert found.shape == (1, 30, 128) and found.dtype == np.float32
        assert_allclose(found[0], librosa_mel(clip, 30), atol=1e-3)
    assert found.max() < -5


def test_shorter_clips_are_padded_with_the_floor(clips):
    found = MelSpectrogram(top_db=70.0).transform(clips[:1])[0]
    length = 1 + len(clips[0]) // 1024
    assert_allclose(found[:length], np.maximum(librosa_mel(clips[0]), -70), atol=1e-3)
    assert_array_equal(found[length:], np.full((640 - length, 128), -70, dtype=np.float32))


@pytest.mark.realdata
def test_equals_librosa_on_real_music(shared_data):
    paths = sorted(shared_data.glob("emotify30/*/*.mp3"))[::60]
    assert len(paths) >= 5
    found = MelSpectrogram().transform(paths)
    assert found.shape == (len(paths), 640, 128)
    for row, path in zip(found, paths, strict=True):
        assert_allclose(row, librosa_mel(load_audio(path)), atol=1e-3)


@pytest.mark.parametrize(
    "params",
    [
        {"n_mels": 40, "fmin": 50.0, "fmax": 8000.0},
        {"n_fft": 1024, "hop_length": 300, "pad_mode": "reflect"},
        {"n_segments": 2},
    ],
)
def test_options_equal_the_librosa_backend(clips, params):
    found = MelSpectrogram(n_frames=50, **params).transform(clips)
    expected = MelSpectrogram(n_frames=50, **params, backend="librosa").transform(clips)
    # 80 dB below the peak the FFT's own float32 rounding is a few thousandths of a decibel
    assert_allclose(found, expected, atol=5e-3)
    loud = expected > -70
    assert_allclose(found[loud], expected[loud], atol=1e-3)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_mels": 0}, "n_mels"),
        ({"n_frames": 1.5}, "n_frames"),
        ({"top_db": None}, "top_db"),
        ({"fmin": 9000.0, "fmax": 8000.0}, "fmin"),
        ({"fmax": 20000.0}, "fmax"),
    ],
)
def test_bad_parameters_are_named(params, message):
    with pytest.raises(ValueError, match=message):
        MelSpectrogram(**params).fit()


@pytest.mark.parametrize("with_mean", [True, False])
def test_scaler_passes_sklearn_checks_on_plain_tables(with_mean):
    scaler = MelScaler(with_mean=with_mean)
    name = "check_sample_weight_equivalence_on_sparse_data"
    wrong = {name: "scikit-learn 1.6 checks it whatever the tags say"} if with_mean else {}
    results = check_estimator(scaler, on_skip=None, expected_failed_checks=wrong)
    assert len(results) >= 40


@pytest.mark.parametrize("shape", [(6, 20, 5), (6, 3, 20, 5)])
def test_scaler_standardizes_each_band(shape):
    X = np.random.default_rng(0).normal([-60, -40, -20, -10, 0], [1, 5, 10, 20, 0], size=shape)
    X = X.astype(np.float32)
    scaler = MelScaler().fit(X)
    Z = scaler.transform(X)
    assert Z.dtype == np.float32 and Z.shape == shape and scaler.n_features_in_ == 5
    frames = Z.reshape(-1, 5)
    assert_allclose(frames.mean(axis=0), 0, atol=1e-5)
    assert_allclose(frames.std(axis=0), [1, 1, 1, 1, 0], atol=1e-5)
    assert_allclose(frames, StandardScaler().fit_transform(X.reshape(-1, 5)), atol=1e-5)
    assert_allclose(scaler.inverse_transform(Z), X, atol=1e-3)
    assert_array_equal(clone(scaler).fit(X).transform(X), Z)
    with pytest.raises(ValueError, match="4 features"):
        scaler.transform(X[..., :4])


def test_scaler_weights_clips():
    X = np.random.default_rng(0).normal(size=(4, 7, 3))
    twice = MelScaler().fit(X, sample_weight=[1, 2, 0, 1])
    assert_allclose(twice.mean_, MelScaler().fit(X[[0, 1, 1, 3]]).mean_)


def test_scaler_learns_from_the_training_clips_alone(clips):
    pipeline = make_pipeline(MelSpectrogram(n_frames=20), MelScaler()).fit(clips[:2])
    apart = MelScaler().fit(MelSpectrogram(n_frames=20).transform(clips[:2]))
    expected = apart.transform(MelSpectrogram(n_frames=20).transform(clips[2:]))
    assert_array_equal(pipeline.transform(clips[2:]), expected)
