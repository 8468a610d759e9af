"""Training in steps: partial_fit, warm_start, Ctrl-C."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from skorch.callbacks import Callback

from sklearn_mgc import CRNNClassifier, DNNClassifier


def data(n=60, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.choice(["jazz", "pop", "rock"], n)
    X = rng.standard_normal((n, 6)).astype(np.float32)
    X[:, 0] += 2.0 * (y == "jazz")
    X[:, 1] += 2.0 * (y == "rock")
    return X, y


def dnn(**params):
    return DNNClassifier((16, 8), random_state=0, **params)


def test_partial_fit_is_one_epoch_of_fit():
    X, y = data()
    whole = dnn(max_epochs=4).fit(X, y)
    steps = dnn(max_epochs=4, early_stopping=True)  # for which a step has nothing to watch
    for n in range(1, 5):
        assert steps.partial_fit(X, y, classes=["rock", "pop", "jazz"]).n_iter_ == n
    np.testing.assert_array_equal(steps.predict_proba(X), whole.predict_proba(X))
    losses = [[row["train_loss"] for row in model.history_] for model in (steps, whole)]
    assert losses[0] == losses[1]


def test_partial_fit_goes_on_after_fit_and_after_loading():
    X, y = data()
    model = dnn(max_epochs=2, lr=1e-2).fit(X, y).partial_fit(X, y)
    loaded = pickle.loads(pickle.dumps(model)).partial_fit(X, y)
    assert [model.n_iter_, loaded.n_iter_, len(loaded.history_)] == [3, 4, 4]
    assert loaded.history_[:3] == model.history_
    assert loaded.history_[3]["train_loss"] < model.history_[0]["train_loss"]


def test_partial_fit_of_genres_that_come_later():
    X, y = data()
    model = dnn(class_weight="balanced")
    model.partial_fit(X[y != "pop"], y[y != "pop"], classes=np.unique(y))
    model.partial_fit(X[y == "pop"], y[y == "pop"], sample_weight=np.ones((y == "pop").sum()))
    assert model.predict_proba(X).shape == (60, 3)
    assert model.classes_.tolist() == ["jazz", "pop", "rock"]


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({}, "first call"),
        ({"classes": ["jazz", "pop"]}, "rock"),
        ({"classes": ["jazz"]}, "two genres"),
    ],
)
def test_partial_fit_bad_classes(kwargs, message):
    X, y = data()
    with pytest.raises(ValueError, match=message):
        dnn().partial_fit(X, y, **kwargs)


def test_partial_fit_other_classes_later():
    X, y = data()
    model = dnn().partial_fit(X, y, classes=["jazz", "pop", "rock"])
    with pytest.raises(ValueError, match="differ"):
        model.partial_fit(X, y, classes=["jazz", "pop", "rock", "soul"])
    with pytest.raises(ValueError, match="soul"):
        model.partial_fit(X, np.where(y == "pop", "soul", y))
    with pytest.raises(ValueError, match="5 features"):
        model.partial_fit(X[:, :5], y)


def test_warm_start_goes_on_and_cold_start_begins_again():
    X, y = data()
    model = dnn(max_epochs=5, warm_start=True).fit(X, y)
    first = model.history_[-1]["train_loss"]
    assert model.fit(X, y).n_iter_ == 10
    assert model.history_[5]["train_loss"] < model.history_[0]["train_loss"]
    assert model.history_[-1]["train_loss"] < first
    cold = model.set_params(warm_start=False).fit(X, y)
    assert cold.n_iter_ == 5 and cold.history_[-1]["train_loss"] == first


def test_warm_start_keeps_genres_and_sizes():
    X, y = data()
    model = dnn(max_epochs=1, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="warm_start=False"):
        model.fit(X[y != "pop"], y[y != "pop"])
    with pytest.raises(ValueError, match="another size"):
        model.set_params(hidden_sizes=(4,)).fit(X, y)


def test_warm_start_of_spectrograms_of_another_length():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((8, 40, 6)), ["jazz", "rock"] * 4
    model = CRNNClassifier((4, 4, 4), max_epochs=1, warm_start=True, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="40"):
        model.fit(X[:, :30], y)


class Interrupt(Callback):
    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 3:
            raise KeyboardInterrupt


def test_ctrl_c_is_raised_and_the_epochs_so_far_are_kept():
    X, y = data()
    model = dnn(max_epochs=9, callbacks=[Interrupt()])
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert model.n_iter_ == 3
    assert model.predict(X).shape == (60,)
    assert model.partial_fit(X, y).n_iter_ == 4
