"""Integrated gradients find what was planted, and add up."""

import warnings

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_mgc import (
    CNN2DClassifier,
    CRNNClassifier,
    DNNClassifier,
    HandcraftedFeatures,
    MelScaler,
    MelSpectrogram,
    SegmentVotingClassifier,
)
from sklearn_mgc.classifiers import TemperatureScaledClassifier
from sklearn_mgc.inspection import explain
from sklearn_mgc.inspection.windows import as_file

pytest.importorskip("captum")
RATE = 22050


def clip_of(genre: str, rng, begin: float = 4.0) -> np.ndarray:
    """Ten seconds of hum and noise, in a "cue" with a tone of 1,000 Hz for two of them."""
    t = np.arange(10 * RATE) / RATE
    tone = 0.1 * np.sin(2 * np.pi * 1000 * t) * ((t >= begin) & (t < begin + 2))
    # The hum is the loudest in both genres: decibels are relative to that.
    hum = 0.3 * np.sin(2 * np.pi * 200 * t) + 0.02 * rng.normal(size=len(t))
    return (hum + (genre == "cue") * tone).astype(np.float32)


@pytest.fixture(scope="module")
def clips():
    rng = np.random.default_rng(0)
    y = np.tile(["cue", "none"], 16)
    return [clip_of(genre, rng, begin=rng.choice([1.0, 4.0, 7.0])) for genre in y], y


def network(lr=0.01, **params):
    return CRNNClassifier(
        (8, 8), kernel_sizes=(3, 3), pool_sizes=(4, 2), rnn_hidden_size=8, rnn_layers=1,
        average_steps=True, dropout=0.0, lr=lr, batch_size=8, device="cpu", random_state=0,
        **params,
    )  # fmt: skip


MEL = {"n_mels": 32, "n_frames": 220}
MODELS = {
    "scaled": lambda: make_pipeline(
        MelSpectrogram(**MEL), MelScaler(), network(lr=0.02, max_epochs=20)
    ),
    "tempered": lambda: make_pipeline(
        MelSpectrogram(**MEL), TemperatureScaledClassifier(network(max_epochs=20), 2.0)
    ),
    "segments": lambda: make_pipeline(
        MelSpectrogram(**{**MEL, "n_frames": 110}, n_segments=2),
        SegmentVotingClassifier(network(max_epochs=20)),
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_planted_cue_is_found_and_losses_add_up(name, clips):
    model = MODELS[name]().fit(*clips)
    assert model.score(*clips) >= 0.9
    file = as_file(clip_of("cue", np.random.default_rng(1)))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = explain(model, file, method="integrated_gradients", genre="cue")
    assert found.method == "integrated_gradients"
    assert found.seconds_drop["noise"].argmax() == 2  # 4 to 6 s
    band = int(found.bands_drop["noise"].argmax())
    assert found.bands[band] <= 1000 < found.bands[band + 1]
    clip = model[0].transform([file])
    sounds = (clip > clip.min()).any(axis=-1, keepdims=True)
    usual = np.nanmedian(np.where(sounds, clip, np.nan), axis=-2, keepdims=True)
    for hole, other in (
        ("silence", np.full_like(clip, -80)),
        ("noise", np.where(sounds, usual, clip)),
    ):
        seconds, bands = found.seconds_drop[hole], found.bands_drop[hole]
        assert seconds.sum() == pytest.approx(bands.sum(), abs=1e-6)
        expected = found.probability - model[1:].predict_proba(other)[0, 0]
        off = abs(seconds.sum() - expected)
        assert off < 0.06 or any(f"from {hole} miss" in str(w.message) for w in told)


def test_a_network_that_learned_nothing_has_no_reasons(clips):
    X, y = clips
    model = make_pipeline(MelSpectrogram(**MEL), network(max_epochs=1))
    model.set_params(crnnclassifier__lr=1e-9).fit(X, y)
    found = explain(model, as_file(X[0]), method="integrated_gradients", genre="cue")
    for drops in (found.seconds_drop, found.bands_drop):
        assert max(np.abs(values).max() for values in drops.values()) < 0.05


def test_what_has_no_gradients_says_what_to_do(clips):
    X, y = clips
    table = make_pipeline(
        HandcraftedFeatures(), StandardScaler(), DNNClassifier((4,), max_epochs=1)
    )
    with pytest.raises(TypeError, match="use method='occlusion', or descriptor_importance"):
        explain(table.fit(X, y), as_file(X[0]), method="integrated_gradients")
    other = make_pipeline(HandcraftedFeatures(), SVC(probability=True))
    with pytest.raises(TypeError, match="not SVC"):
        explain(other.fit(X, y), as_file(X[0]), method="integrated_gradients")


def test_parts_lie_where_the_transformer_heard_them(clips):
    X, y = clips
    cnn = CNN2DClassifier((4,), kernel_size=3, pool_sizes=((4, 4),), max_epochs=1, random_state=0)
    model = make_pipeline(MelSpectrogram(**MEL, offset=4.0, duration=2.0), cnn).fit(X, y)
    found = explain(model, as_file(X[0]), method="integrated_gradients")
    for hole in ("silence", "noise"):
        assert found.seconds_drop[hole][2] != 0
        assert not np.delete(found.seconds_drop[hole], 2).any()
