"""What users pass: every kind of array gives the same result, and what is wrong is named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning
from sklearn.model_selection import cross_val_score

from sklearn_mgc import (
    CNN2DClassifier,
    CRNNClassifier,
    DNNClassifier,
    ParallelCRNNClassifier,
)
from sklearn_mgc.classifiers import batches

RNG = np.random.default_rng(0)
TABLE = RNG.normal(size=(40, 6)).astype(np.float32)
MEL = RNG.normal(size=(12, 32, 16)).astype(np.float32)
MODELS = {
    "dnn": (DNNClassifier((8, 8), max_epochs=2, random_state=0, device="cpu"), TABLE),
    "cnn2d": (CNN2DClassifier((4, 4, 4), max_epochs=2, random_state=0, device="cpu"), MEL),
    "crnn": (CRNNClassifier((4, 4, 4), max_epochs=2, random_state=0, device="cpu"), MEL),
    "parallel": (
        ParallelCRNNClassifier((4,) * 5, max_epochs=2, random_state=0, device="cpu"),
        MEL,
    ),
}
EACH = pytest.mark.parametrize("name", MODELS)


def _given(name):
    model, X = MODELS[name]
    return clone(model), X.copy(), np.array(["jazz", "rock"] * (len(X) // 2))


def _read_only(X, folder):
    X.setflags(write=False)
    return X


def _memmap(X, folder):
    np.save(folder / "X.npy", X)
    return np.load(folder / "X.npy", mmap_mode="r")


KINDS = {
    "float64": lambda X, folder: X.astype(np.float64),
    "Fortran": lambda X, folder: np.asfortranarray(X),
    "list": lambda X, folder: X.tolist(),
    "read-only": _read_only,
    "memmap": _memmap,
    "strided": lambda X, folder: np.repeat(X, 2, axis=0)[::2],
}


@EACH
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_array_is_the_same_data(name, kind, tmp_path):
    model, X, y = _given(name)
    expected = clone(model).fit(X, y).predict_proba(X)
    other = KINDS[kind](X.copy(), tmp_path)
    np.testing.assert_allclose(model.fit(other, y).predict_proba(other), expected, rtol=1e-5)


@EACH
def test_integers(name):
    model, X, y = _given(name)
    X = (X * 10).astype(int)
    expected = clone(model).fit(X.astype(np.float32), y).predict_proba(X)
    np.testing.assert_array_equal(model.fit(X, y).predict_proba(X), expected)


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@EACH
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_what_is_not_finite_is_refused(name, value):
    model, X, y = _given(name)
    fitted = clone(model).fit(X, y)
    X = X.astype(np.float64)
    X[3].flat[1] = value
    for call in (lambda: model.fit(X, y), lambda: fitted.predict(X)):
        with pytest.raises(ValueError, match="NaN, infinity or a value too large"):
            call()


@EACH
def test_not_finite_in_a_file_is_found_too(name, tmp_path):
    model, X, y = _given(name)
    X[-1].flat[-1] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        model.fit(_memmap(X, tmp_path), y)


@EACH
def test_constant_columns(name):
    """A silent band, or a descriptor without variance, is divided by nothing."""
    model, X, y = _given(name)
    X[..., 2] = -80.0
    assert np.isfinite(model.fit(X, y).predict_proba(X)).all()
    assert np.isfinite(clone(model).fit(np.zeros_like(X), y).predict_proba(X)).all()


@EACH
def test_one_class(name):
    model, X, _y = _given(name)
    with pytest.raises(ValueError, match="at least two genres.*rock"):
        model.fit(X, np.full(len(X), "rock"))


@EACH
def test_batch_larger_than_the_data(name):
    model, X, y = _given(name)
    model.set_params(batch_size=10_000).fit(X, y)
    assert model.n_iter_ == 2


@EACH
@pytest.mark.parametrize("batch_size", [1, 11])
def test_batches_of_one(name, batch_size):
    """12 in batches of 11 leave one, which joins; of 1, batch normalization cannot train."""
    model, X, y = _given(name)
    model.set_params(batch_size=batch_size)
    X, y = X[:12], y[:12]
    if batch_size == 1 and name == "dnn":
        with pytest.raises(ValueError, match="more than 1 value per channel"):
            model.fit(X, y)
    else:
        assert np.isfinite(model.fit(X, y).predict_proba(X[:1])).all()


@EACH
def test_other_shapes_at_predict(name):
    model, X, y = _given(name)
    model.fit(X, y)
    for wrong in (X[:, :-1], X[0], X[..., None, None]):
        with pytest.raises(ValueError, match=r"features|shape|dim|1D|Expected"):
            model.predict(wrong)
    with pytest.raises(ValueError, match="0 sample"):
        model.predict(X[:0])


@EACH
def test_as_many_labels_as_samples(name):
    model, X, y = _given(name)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(X, y[:-1])


def test_labels_of_mixed_types():
    model, X, _y = _given("dnn")
    with pytest.raises((TypeError, ValueError), match=r"type|mix|supported"):
        model.fit(X, np.array(["rock", 1] * 20, dtype=object))


@pytest.mark.parametrize("bad", [np.linspace(0, 1, 40), np.eye(40, 3), None])
def test_labels_that_are_no_genres(bad):
    model, X, _y = _given("dnn")
    with pytest.raises(ValueError, match=r"[Uu]nknown label type|shape|continuous|y"):
        model.fit(X, bad)


@pytest.mark.parametrize("y", [[3, 7] * 20, [True, False] * 20, np.array(["é", "ジ"] * 20)])
def test_labels_come_back_as_they_were(y):
    model, X, _ = _given("dnn")
    model.fit(X, y)
    assert set(model.predict(X)) <= set(y)
    assert model.classes_.dtype == np.asarray(y).dtype


def test_a_genre_that_is_absent_from_a_fold():
    """A genre of which training holds nothing is wrong, not an error."""
    model, X, _ = _given("dnn")
    y = np.array(["jazz"] * 19 + ["rock"] * 19 + ["polka"] * 2)
    folds = [(np.arange(38), np.arange(30, 40)), (np.arange(2, 40), np.arange(8))]
    scores = cross_val_score(model, X, y, cv=folds, error_score="raise")
    assert scores[0] <= 0.8
    assert len(scores) == 2


def test_a_file_larger_than_what_is_kept_is_streamed(tmp_path, monkeypatch):
    """No part of it that is larger than a batch is ever read in one piece."""
    model, X, y = _given("crnn")
    model.set_params(batch_size=4)
    expected = clone(model).fit(X, y).predict_proba(X)
    monkeypatch.setattr(batches, "PERMUTED_BYTES", 0)
    sizes = []
    as_tensor = batches._float_tensor

    def watched(values, device):
        sizes.append(np.size(values))
        return as_tensor(values, device)

    monkeypatch.setattr(batches, "_float_tensor", watched)
    streamed = model.fit(_memmap(X, tmp_path), y)
    assert max(sizes) == 4 * MEL[0].size
    np.testing.assert_allclose(streamed.predict_proba(X), expected, rtol=1e-5)


def test_a_million_rows():
    X = np.random.default_rng(0).standard_normal((1_000_000, 4), dtype=np.float32)
    y = (X[:, 0] > 0).astype(int)
    model = DNNClassifier((16,), max_epochs=1, batch_size=8192, lr=1e-2, random_state=0)
    assert model.fit(X, y).score(X, y) > 0.9


@pytest.mark.parametrize(
    ("network", "remedy"),
    [(DNNClassifier(), "HandcraftedFeatures"), (CRNNClassifier(), "MelSpectrogram")],
)
@pytest.mark.parametrize("as_", [list, np.array, pd.Series])
def test_paths_in_place_of_features(network, remedy, as_):
    with pytest.raises(ValueError, match=rf"paths such as 'a.mp3': put {remedy}\(\) before it"):
        network.fit(as_(["a.mp3", "b.mp3"] * 4), ["jazz", "rock"] * 4)


def _frame_of_kaggle():
    frame = pd.DataFrame(TABLE).add_prefix("mfcc").assign(label=["jazz", "rock"] * 20)
    frame.insert(0, "filename", [f"jazz.{i:05}.wav" for i in range(40)])
    return frame


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (_frame_of_kaggle(), "load_gtzan_features"),
        (_frame_of_kaggle().to_numpy(), r"put HandcraftedFeatures\(\)"),
        (pd.DataFrame({"path": ["a.mp3", "b.mp3"], "artist": ["x", "y"]}), r"pass df\['path'\]"),
        (np.array([["a.mp3"], ["b.mp3"]]), r"put HandcraftedFeatures\(\)"),
    ],
)
def test_text_among_the_features(X, message):
    y = ["jazz", "rock"] * (len(X) // 2)
    with pytest.raises(ValueError, match=message):
        DNNClassifier().fit(X, y)


@EACH
@pytest.mark.parametrize("as_", [lambda y: y[:, None], lambda y: pd.DataFrame({"genre": y})])
def test_labels_in_one_column(name, as_):
    model, X, y = _given(name)
    expected = clone(model).fit(X, y, X_val=X, y_val=y)
    with pytest.warns(DataConversionWarning):
        model.fit(X, as_(y), X_val=X, y_val=as_(y))
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(X))
    assert model.history_[0]["valid_loss"] == expected.history_[0]["valid_loss"]
    with pytest.warns(DataConversionWarning):
        clone(model).partial_fit(X, as_(y), classes=["jazz", "rock"])


@pytest.mark.parametrize(
    ("params", "weight"),
    [({}, np.r_[-1.0, np.ones(39)]), ({"class_weight": {"jazz": -1, "rock": 1}}, None)],
)
def test_negative_weights(params, weight):
    model, X, y = _given("dnn")
    model.set_params(**params)
    with pytest.raises(ValueError, match="cannot be negative"):
        model.fit(X, y, sample_weight=weight)
    with pytest.raises(ValueError, match="cannot be negative"):
        model.partial_fit(X, y, classes=["jazz", "rock"], sample_weight=weight)


def test_early_stopping_with_few_clips_speaks_of_genres():
    model, X, y = _given("dnn")
    model.set_params(early_stopping=True)
    with pytest.raises(ValueError, match="'polka' has a single clip"):
        model.fit(X, np.r_[y[:-1], ["polka"]])
    with pytest.raises(ValueError, match="leaves 1 on one side for 2 genres"):
        model.fit(X[:10], y[:10])


@EACH
def test_sizes_of_a_saved_model_are_those_of_its_weights(name):
    """Before anything is built: 60000 x 60000 weights would take 14 GB."""
    model, X, y = _given(name)
    state = model.fit(X, y).__getstate__()
    for size in ("hidden_sizes", "channels"):
        if size in state:
            state[size] = (60_000,) * len(state[size])
    with pytest.raises(ValueError, match="saved model is damaged.*60000"):
        type(model)().__setstate__(state)
