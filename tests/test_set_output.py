"""Every estimator, under every output that scikit-learn can be set to give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import (
    CNN2DClassifier,
    CRNNClassifier,
    DNNClassifier,
    HandcraftedFeatures,
    MelScaler,
    MelSpectrogram,
    ParallelCRNNClassifier,
    PretrainedEmbedding,
    RegularizedDiscriminantAnalysis,
    RelativeVariances,
    SegmentVotingClassifier,
)
from sklearn_mgc.classifiers import TemperatureScaledClassifier
from sklearn_mgc.discovery import all_estimators
from sklearn_mgc.evaluation import cross_validate, leakage_report

FRAMES = {"default": np.ndarray, "pandas": pd.DataFrame, "polars": pl.DataFrame}
BRIEF = {"max_epochs": 1, "random_state": 0, "device": "cpu"}
RNG = np.random.default_rng(0)
TABLE = RNG.normal(size=(24, 6))
SEGMENTS = RNG.normal(size=(24, 2, 6))
MELS = RNG.normal(size=(24, 16, 8)).astype(np.float32)
CLIPS = RNG.normal(0, 0.1, size=(24, 11025)).astype(np.float32)
Y = np.array(["jazz", "rock"])[np.arange(24) % 2]


class Embedding(PretrainedEmbedding):
    """Needs no weights."""

    def check_params(self):
        pass

    def warm_up(self):
        pass

    def extract_sound(self, sound):
        return np.resize(sound.waveform(), self.output_shape())


def dense():
    return DNNClassifier((4,), **BRIEF)


def logistic():
    return make_pipeline(StandardScaler(), LogisticRegression())


CLASSIFIERS: dict[str, tuple[Callable, np.ndarray]] = {
    "DNNClassifier": (dense, TABLE),
    "CNN2DClassifier": (lambda: CNN2DClassifier((2, 2, 2), **BRIEF), MELS),
    "CRNNClassifier": (lambda: CRNNClassifier((2, 2, 2), **BRIEF), MELS),
    "ParallelCRNNClassifier": (lambda: ParallelCRNNClassifier((2,) * 5, **BRIEF), MELS),
    "RegularizedDiscriminantAnalysis": (RegularizedDiscriminantAnalysis, TABLE),
    "SegmentVotingClassifier": (lambda: SegmentVotingClassifier(logistic()), SEGMENTS),
    "TemperatureScaledClassifier": (lambda: TemperatureScaledClassifier(logistic()), TABLE),
}
# The last says whether rows are columns with names, which a frame can have.
TRANSFORMERS: dict[str, tuple[Callable, np.ndarray, bool]] = {
    "HandcraftedFeatures": (HandcraftedFeatures, CLIPS, True),
    "HandcraftedFeatures, segments": (lambda: HandcraftedFeatures(n_segments=2), CLIPS, False),
    "MelSpectrogram": (lambda: MelSpectrogram(n_frames=10), CLIPS, False),
    "MelScaler": (MelScaler, MELS, False),
    "PretrainedEmbedding": (Embedding, CLIPS, True),
    "RelativeVariances": (lambda: RelativeVariances(list("abcdef")), TABLE, True),
}


def test_every_estimator_is_here():
    assert {name for name, _ in all_estimators("classifier")} == set(CLASSIFIERS)
    tested = {name.partition(",")[0] for name in TRANSFORMERS}
    assert {name for name, _ in all_estimators("transformer")} == tested
    assert len(all_estimators()) == len(CLASSIFIERS) + len(tested)
    with pytest.raises(ValueError, match="kind must be one of classifier, transformer"):
        all_estimators("regressor")


def alike(act) -> dict[str, Any]:
    """What it gives by each output, which must be the same numbers."""
    found = {}
    for output in FRAMES:
        with config_context(transform_output=output):
            found[output] = act()
    for given in found.values():
        # Columns of a frame lie in memory in another order, and sums are rounded otherwise.
        np.testing.assert_allclose(np.asarray(given), found["default"], rtol=1e-4, atol=1e-6)
    return found


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers(name):
    make, X = CLASSIFIERS[name]
    scaler = StandardScaler() if X.ndim == 2 else MelScaler()
    others = [("ours", make()), ("again", make_pipeline(scaler, make()))]
    for model in (make(), make_pipeline(scaler, make()), VotingClassifier(others, voting="soft")):
        alike(lambda model=model: model.fit(X, Y).predict_proba(X))


@pytest.mark.parametrize("name", sorted(CLASSIFIERS.keys() - {"SegmentVotingClassifier"}))
def test_classifiers_of_segments(name):
    make, X = CLASSIFIERS[name]
    segments = np.stack([X, X[::-1]], axis=1)
    inner = make_pipeline(StandardScaler() if X.ndim == 2 else MelScaler(), make())
    alike(lambda: SegmentVotingClassifier(inner).fit(segments, Y).predict_proba(segments))


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_transformers(name):
    make, X, has_columns = TRANSFORMERS[name]
    found = alike(lambda: make().fit_transform(X))
    for output, given in found.items():
        assert isinstance(given, FRAMES[output] if has_columns else np.ndarray)
    if has_columns:
        names = list(make().fit(X).get_feature_names_out())
        if name != "RelativeVariances":  # which names columns as it is given them
            assert list(found["pandas"].columns) == list(found["polars"].columns) == names


def test_from_sound_to_genre():
    columns = make_pipeline(HandcraftedFeatures(), StandardScaler(), dense())
    images = make_pipeline(MelSpectrogram(n_frames=10), MelScaler(), CRNNClassifier(**BRIEF))
    inner = make_pipeline(StandardScaler(), dense())
    cut = make_pipeline(HandcraftedFeatures(n_segments=2), SegmentVotingClassifier(inner))
    for model in (columns, images, cut):
        alike(lambda model=model: model.fit(CLIPS, Y).predict_proba(CLIPS))


def test_evaluation():
    model = make_pipeline(StandardScaler(), RegularizedDiscriminantAnalysis())
    alike(lambda: cross_validate(model, TABLE, Y, cv=2).predictions()[["p(jazz)", "p(rock)"]])
    copied = np.concatenate([TABLE, TABLE[:1] + 1e-9])  # near-duplicates are found by distance
    alike(lambda: [leakage_report(copied, np.append(Y, Y[0])).has_leak])
