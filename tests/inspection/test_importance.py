"""Permutation importance finds the descriptor that decides, and none where none does."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import HandcraftedFeatures, SegmentVotingClassifier
from sklearn_mgc.display import ImportanceDisplay
from sklearn_mgc.features.descriptors import DESCRIPTORS
from sklearn_mgc.inspection import descriptor_importance

RATE = 22050
MODEL = make_pipeline(StandardScaler(), LogisticRegression())


@pytest.fixture(scope="module")
def clips():
    """Noise, in one genre at half the level: a thing that of these descriptors rms alone hears."""
    rng = np.random.default_rng(0)
    y = np.tile(["loud", "soft"], 30)
    level = np.where(y == "loud", 0.2, 0.1)
    return [a * rng.normal(size=RATE).astype(np.float32) for a in level], y, np.arange(60) // 3


HEARD = ("spectral_centroid", "zero_crossing_rate", "rms", "chroma")


def test_the_planted_descriptor_is_found_and_sound_is_read_once(clips, monkeypatch):
    X, y, artists = clips
    read = []
    transform = HandcraftedFeatures.transform

    def spy(self, X):
        read.append(len(X))
        return transform(self, X)

    monkeypatch.setattr(HandcraftedFeatures, "transform", spy)
    model = make_pipeline(HandcraftedFeatures(HEARD), MODEL)
    found = descriptor_importance(model, X, y, groups=artists, cv=4)
    assert read == [60]
    frame = found.to_frame()
    assert frame["descriptor"][0] == "rms" and frame["drop"][0] > 0.3
    assert frame["drop"][1:].max() < 0.05
    assert dict(zip(found.descriptors, found.n_columns, strict=True))["chroma"] == 12
    assert found.scores == pytest.approx(np.ones(4)) and found.drops.shape == (4, 4)
    assert repr(found).startswith("<DescriptorImportance: accuracy 1.000 in 4 folds, loses most")
    labels = [label.get_text() for label in found.plot().ax_.get_yticklabels()]
    assert labels[0] == "rms" and "chroma (12 columns)" in labels
    assert isinstance(ImportanceDisplay.from_estimator(model, X, y, cv=2), ImportanceDisplay)


def test_genres_at_random_have_no_reasons():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(600, 4)), rng.permutation(np.repeat(["a", "b"], 300))
    found = descriptor_importance(MODEL, X, y, feature_names=list(HEARD))
    assert np.abs(found.drops.mean(axis=1)).max() < 0.05 and found.scores.mean() < 0.6


@pytest.mark.parametrize("form", ["frame", "polars", "union", "segments"])
def test_every_form_of_descriptors(form, clips):
    X, y, _ = clips
    model = MODEL
    if form in ("frame", "polars"):
        output = "pandas" if form == "frame" else "polars"
        X = HandcraftedFeatures(HEARD).set_output(transform=output).fit_transform(X)
    elif form == "union":
        model = make_pipeline(
            make_union(HandcraftedFeatures(HEARD[:2]), HandcraftedFeatures(HEARD[2:])), MODEL
        )
    else:
        model = make_pipeline(
            HandcraftedFeatures(HEARD, n_segments=2), SegmentVotingClassifier(MODEL)
        )
    found = descriptor_importance(model, X, y, cv=2, n_repeats=3)
    assert found.descriptors == list(HEARD) and found.drops.mean(axis=1).argmax() == 2


def test_every_descriptor_is_one_group():
    features = HandcraftedFeatures(tuple(DESCRIPTORS), statistics=("mean", "std"))
    names = features.column_names()
    X = np.random.default_rng(0).normal(size=(20, len(names)))
    y = np.tile(["a", "b"], 10)
    found = descriptor_importance(MODEL, X, y, cv=2, n_repeats=1, feature_names=names)
    assert found.descriptors == list(DESCRIPTORS)


def test_wrong_use(clips):
    _, y, artists = clips
    table = np.zeros((60, 3))
    with pytest.raises(ValueError, match="columns of X have no names"):
        descriptor_importance(MODEL, table, y)
    with pytest.raises(ValueError, match="n_repeats must be at least 1"):
        descriptor_importance(MODEL, table, y, n_repeats=0)
    folds = [(np.arange(31), np.arange(31, 60))]
    with pytest.raises(ValueError, match="are by artists who are in the training clips too"):
        descriptor_importance(
            MODEL, table, y, groups=artists, cv=folds, feature_names=["a", "b", "c"]
        )
