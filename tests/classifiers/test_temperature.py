"""Temperature scaling: the least log-loss, the same genres, artists apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_mgc.classifiers import (
    DNNClassifier,
    TemperatureScaledClassifier,
    fit_temperature,
)
from sklearn_mgc.evaluation import (
    calibrate,
    confidence_for,
    coverage_curve,
    cross_validate,
    reliability,
)


@parametrize_with_checks([TemperatureScaledClassifier(LogisticRegression(), 2.0)])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def clips():
    """Overlapping genres by artists who differ: what makes classifiers too sure."""
    rng = np.random.default_rng(0)
    artists = np.repeat(np.arange(60), 4)
    genre = artists % 3
    X = rng.normal(size=(240, 30)) + rng.normal(size=(60, 30))[artists]
    X[:, 0] += genre
    return X, np.array(["jazz", "pop", "rock"])[genre], artists


def test_the_temperature_has_the_least_loss():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, size=500)
    logits = 6 * (np.eye(3)[y] + rng.normal(size=(500, 3)))
    temperature = fit_temperature(logits, y, np.arange(3))

    def loss(t):
        e = np.exp(logits / t - (logits / t).max(axis=1, keepdims=True))
        return log_loss(y, e / e.sum(axis=1, keepdims=True))

    assert temperature > 1
    assert loss(temperature) <= min(loss(t) for t in np.geomspace(0.1, 30, 60)) + 1e-4


def test_genres_stay_and_confidence_falls(clips):
    X, y, _ = clips
    plain = make_pipeline(StandardScaler(), LinearDiscriminantAnalysis()).fit(X, y)
    scaled = TemperatureScaledClassifier(plain, 3.0).fit(X, y)
    assert (scaled.predict(X) == plain.predict(X)).all()
    assert (scaled.predict_proba(X).argmax(1) == plain.predict_proba(X).argmax(1)).all()
    assert scaled.predict_proba(X).max() < plain.predict_proba(X).max()


@pytest.mark.parametrize("model", [LinearDiscriminantAnalysis(), SVC(C=3)])
def test_calibration_by_folds_lowers_the_loss(clips, model):
    X, y, artists = clips
    result = cross_validate(model, X, y, groups=artists)
    temperature, scaled = calibrate(result)
    assert scaled.interval("accuracy")[0] == pytest.approx(result.score)
    np.testing.assert_allclose(scaled.probabilities.sum(axis=1), 1)
    assert scaled.interval("log_loss")[0] < np.log(3)  # guessing
    if isinstance(model, LinearDiscriminantAnalysis):
        assert temperature > 1  # it was too sure
        raw = log_loss(y[result.sample], result.probabilities)
        assert scaled.interval("log_loss")[0] < raw
    bins = reliability(scaled)
    assert sum(row["n"] for row in bins) == len(y)
    assert [row["confidence"] for row in bins] == sorted(row["confidence"] for row in bins)


def test_folds_of_probabilities_and_of_decisions_calibrate_as_if_all_were_probabilities(clips):
    X, y, artists = clips
    result = cross_validate(LinearDiscriminantAnalysis(), X, y, groups=artists)
    temperature, scaled = calibrate(result)
    mixed = result.probabilities.copy()
    some = result.fold == 0
    mixed[some] = np.log(mixed[some])  # what a decision_function would give
    of_mixed = calibrate(replace(result, probabilities=mixed))
    assert of_mixed[0] == pytest.approx(temperature, rel=1e-4)
    np.testing.assert_allclose(of_mixed[1].probabilities, scaled.probabilities, atol=1e-4)


def test_the_interval_of_the_calibration_error_is_one_of_a_share(clips):
    X, y, artists = clips
    _, scaled = calibrate(cross_validate(LinearDiscriminantAnalysis(), X, y, groups=artists))
    error, low, high = scaled.interval("calibration_error")
    assert 0 <= low < error < high < 0.5
    # It is what the table of reliability says.
    gaps = [r["n"] * abs(r["confidence"] - r["accuracy"]) for r in reliability(scaled)]
    assert error == pytest.approx(sum(gaps) / len(y), abs=0.02)


def test_coverage_and_its_threshold(clips):
    X, y, artists = clips
    _, scaled = calibrate(cross_validate(LinearDiscriminantAnalysis(), X, y, groups=artists))
    threshold, coverage, accuracy = coverage_curve(scaled)
    assert coverage[0] == 1 and accuracy[0] == pytest.approx(scaled.score)
    assert (np.diff(threshold) >= 0).all() and (np.diff(coverage) < 0).all()
    wanted = float(scaled.score) + 0.05
    least = confidence_for(scaled, wanted)
    answered = scaled.probabilities.max(axis=1) >= least
    assert scaled.right[answered].mean() >= wanted
    assert confidence_for(scaled, 1.01) == np.inf


def test_artists_reach_a_network_that_stops_early(clips):
    X, y, artists = clips
    network = DNNClassifier((8,), max_epochs=3, early_stopping=True, random_state=0)
    model = TemperatureScaledClassifier(make_pipeline(StandardScaler(), network))
    assert model.fit(X, y, groups=artists).predict_proba(X[:2]).shape == (2, 3)


def test_wrong_use(clips):
    X, y, _ = clips
    with pytest.raises(ValueError, match="temperature"):
        TemperatureScaledClassifier(SVC(), temperature=0).fit(X, y)
    half = np.arange(240) % 2 == 0
    result = cross_validate(SVC(), X, y, cv=[(np.flatnonzero(half), np.flatnonzero(~half))])
    with pytest.raises(ValueError, match="two folds"):
        calibrate(result)
