"""Segments vote on their track, and no split parts them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.utils.estimator_checks import check_estimator

from sklearn_mgc import (
    CRNNClassifier,
    DNNClassifier,
    HandcraftedFeatures,
    MelSpectrogram,
    SegmentVotingClassifier,
)
from sklearn_mgc.classifiers import validation_split
from sklearn_mgc.datasets import make_music


@pytest.fixture(scope="module")
def tracks():
    """60 tracks of 3 segments, alike within a track."""
    rng = np.random.default_rng(0)
    y = np.array(["jazz", "pop", "rock"])[np.arange(60) % 3]
    own = (
        rng.normal(size=(60, 1, 6))
        + 1.2 * (y[:, None] == ["jazz", "pop", "rock"]).repeat(2, 1)[:, None]
    )
    return own + 0.1 * rng.normal(size=(60, 3, 6)), y


def test_check_estimator():
    estimator = SegmentVotingClassifier(LogisticRegression())
    results = check_estimator(estimator, on_fail=None)
    failed = [r["check_name"] for r in results if r["status"] == "failed"]
    assert failed == []
    assert sum(r["status"] == "passed" for r in results) >= 40


def test_soft_voting_is_the_mean_over_segments(tracks):
    X, y = tracks
    model = SegmentVotingClassifier(LogisticRegression()).fit(X, y)
    plain = LogisticRegression().fit(X.reshape(-1, 6), y.repeat(3))
    of_segments = plain.predict_proba(X.reshape(-1, 6)).reshape(60, 3, 3)
    np.testing.assert_allclose(model.predict_proba_segments(X), of_segments)
    np.testing.assert_allclose(model.predict_proba(X), of_segments.mean(axis=1))
    assert (model.predict(X) == model.classes_[of_segments.mean(axis=1).argmax(axis=1)]).all()
    assert model.predict_proba(X[:, :1]).shape == (60, 3)  # fewer segments than in fit


def test_hard_voting_counts_and_probabilities_settle_ties():
    X = np.array([[[0.0], [0.0]], [[1.0], [1.0]]] * 5)
    y = np.array(["a", "b"] * 5)
    model = SegmentVotingClassifier(LogisticRegression(), voting="hard").fit(X, y)
    tie = np.array([[[0.4], [5.0]], [[-4.0], [0.6]]])
    np.testing.assert_array_equal(model.predict_proba(tie), [[0.5, 0.5], [0.5, 0.5]])
    assert model.predict(tie).tolist() == ["b", "a"]
    without = SegmentVotingClassifier(LinearSVC(), voting="hard").fit(X, y)
    assert without.predict(X).tolist() == y.tolist()


def test_soft_voting_needs_probabilities(tracks):
    with pytest.raises(AttributeError, match="LinearSVC gives no probabilities: use voting"):
        SegmentVotingClassifier(LinearSVC()).fit(*tracks)


def test_no_split_of_tracks_parts_segments():
    # Genres are drawn by lot: only a leak can beat chance.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 1, 8)) + 0.05 * rng.normal(size=(200, 3, 8))
    y = rng.choice(["a", "b"], 200)
    segments, labels = X.reshape(-1, 8), y.repeat(3)
    train, test = train_test_split(np.arange(600), random_state=0)
    naive = KNeighborsClassifier(1).fit(segments[train], labels[train])
    assert naive.score(segments[test], labels[test]) > 0.9
    model = SegmentVotingClassifier(KNeighborsClassifier(1))
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    assert model.fit(X_train, y_train).score(X_test, y_test) < 0.65


def test_early_stopping_holds_out_whole_tracks(tracks, monkeypatch):
    X, y = tracks
    X = X.copy()
    X[..., 0] = np.arange(60)[:, None]  # the first descriptor names the track
    seen: list[tuple[np.ndarray, np.ndarray]] = []

    def spy(encoded, groups, fraction, seed):
        train, held_out = split(encoded, groups, fraction, seed)
        seen.append((X.reshape(-1, 6)[train, 0], X.reshape(-1, 6)[held_out, 0]))
        return train, held_out

    split = validation_split.split_groups
    monkeypatch.setattr(validation_split, "split_groups", spy)
    network = DNNClassifier((8,), early_stopping=True, max_epochs=2, random_state=0)
    SegmentVotingClassifier(network).fit(X, y)
    artists = np.arange(60) // 6
    SegmentVotingClassifier(network).fit(X, y, groups=artists)
    (train, held_out), (train_a, held_out_a) = seen
    assert len(held_out) and not set(train) & set(held_out)
    assert not set(train_a // 6) & set(held_out_a // 6)


def test_segments_with_nan_do_not_count(tracks):
    X, y = tracks
    X = X.copy()
    X[:30, 2, 4] = np.nan
    model = SegmentVotingClassifier(LogisticRegression()).fit(X, y)
    votes = model.predict_proba_segments(X)
    assert np.isnan(votes[:30, 2]).all() and np.isfinite(votes[30:]).all()
    np.testing.assert_allclose(model.predict_proba(X)[0], votes[0, :2].mean(axis=0))
    X[7] = np.nan
    with pytest.raises(ValueError, match="1 tracks have NaN in all segments, the first is row 7"):
        model.fit(X, y)


def test_weights_and_groups_reach_the_classifier(tracks):
    X, y = tracks
    weight = np.where(y == "jazz", 1e-9, 1.0)
    model = SegmentVotingClassifier(make_pipeline(StandardScaler(), LogisticRegression()))
    assert "jazz" not in model.fit(X, y, sample_weight=weight).predict(X)
    with pytest.raises(TypeError, match="KNeighborsClassifier takes no sample_weight"):
        SegmentVotingClassifier(KNeighborsClassifier()).fit(X, y, sample_weight=weight)
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=GroupKFold(3))
    assert SegmentVotingClassifier(search).fit(X, y).score(X, y) > 0.6


def test_in_a_search_and_saved(tracks):
    X, y = tracks
    model = SegmentVotingClassifier(make_pipeline(StandardScaler(), SVC()), voting="hard")
    grid = {"estimator__svc__C": [0.1, 1.0], "voting": ["hard"]}
    search = GridSearchCV(model, grid, cv=3).fit(X, y)
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    assert (again.predict(X) == search.predict(X)).all()


def test_from_paths(tmp_path):
    music = make_music(12, genres=["jazz", "rock"], duration=2.0, folder=tmp_path, random_state=0)
    handcrafted = make_pipeline(
        HandcraftedFeatures(n_segments=2),
        SegmentVotingClassifier(make_pipeline(StandardScaler(), LogisticRegression())),
    )
    assert handcrafted.fit(music.data, music.target).score(music.data, music.target) > 0.8
    network = CRNNClassifier(channels=(8, 8, 8), max_epochs=1, random_state=0)
    mel = make_pipeline(
        MelSpectrogram(32, n_frames=40, n_segments=2), SegmentVotingClassifier(network)
    )
    assert mel.fit(music.data, music.target).predict_proba(music.data).shape == (12, 2)


def test_bad_input(tracks):
    X, y = tracks
    model = SegmentVotingClassifier(LogisticRegression())
    with pytest.raises(ValueError, match="needs at least two genres"):
        model.fit(X, np.full(60, "jazz"))
    with pytest.raises(ValueError, match=r"segments of shape \(5,\)"):
        model.fit(X, y).predict(X[..., :5])
    with pytest.raises(ValueError, match="voting"):
        SegmentVotingClassifier(LogisticRegression(), voting="loud").fit(X, y)
