"""The three networks: architecture, training, state and errors."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from sklearn_mgc import CNN2DClassifier, CRNNClassifier, DNNClassifier
from sklearn_mgc.classifiers import validation_split
from sklearn_mgc.networks import CNN2D, CRNN, DNN

NETWORKS = {
    "dnn": DNNClassifier((16, 8), max_epochs=3, random_state=0),
    "cnn2d": CNN2DClassifier((4, 4, 4), kernel_size=3, max_epochs=2, random_state=0),
    "crnn": CRNNClassifier((8, 8, 8), max_epochs=2, random_state=0),
}


def data(name, n=40):
    rng = np.random.default_rng(0)
    shape = (n, 6) if name == "dnn" else (n, 24, 12)
    X = rng.standard_normal(shape).astype(np.float32)
    y = np.asarray(["rock", "jazz"] * (n // 2), dtype=object)
    X[y == "jazz"] += 1.0
    return X, y


def n_parameters(module):
    return sum(p.numel() for p in module.parameters())


def test_the_papers_architectures():
    dnn = 25 * 256 + 256 + 256 * 128 + 128 + 128 * 64 + 64 + 64 * 32 + 32 + 32 * 10 + 10
    assert n_parameters(DNN((25,), 10)) == dnn + 2 * (128 + 64 + 32)
    convolutions = 25 * (32 + 32 * 64 + 64 * 128) + 32 + 64 + 128
    cnn = CNN2D((640, 128), 10)
    assert cnn.head.in_features == 512
    assert n_parameters(cnn) == convolutions + 2 * (32 + 64 + 128) + 512 * 10 + 10
    convolutions = 128 * 64 * 5 + 64 + 64 * 32 * 3 + 32 + 32 * 16 * 3 + 16
    lstm = 4 * (32 * (16 + 32) + 2 * 32) + 4 * (32 * (32 + 32) + 2 * 32)
    assert n_parameters(CRNN((640, 128), 10)) == (
        convolutions + 2 * (64 + 32 + 16) + lstm + 32 * 10 + 10
    )


def test_dnn_order_of_layers():
    names = [type(layer).__name__ for layer in DNN((25,), 10).layers]
    hidden = ["Linear", "BatchNorm1d", "ReLU"]
    assert names == (
        ["Linear", "ReLU", "Dropout", *hidden, "Dropout", *hidden, "Dropout", *hidden, "Linear"]
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_reproducible_and_leaves_the_global_seed_alone(name):
    X, y = data(name)
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    first = clone(NETWORKS[name]).fit(X, y).predict_proba(X)
    assert torch.rand(1) == expected
    np.testing.assert_array_equal(clone(NETWORKS[name]).fit(X, y).predict_proba(X), first)
    other = clone(NETWORKS[name]).set_params(random_state=1).fit(X, y).predict_proba(X)
    assert not np.array_equal(other, first)


@pytest.mark.parametrize("name", NETWORKS)
def test_pickle_holds_no_torch_object(name):
    X, y = data(name)
    model = clone(NETWORKS[name]).fit(X, y)
    content = pickle.dumps(model)
    assert b"torch" not in content
    copied = pickle.loads(content)
    np.testing.assert_array_equal(copied.predict_proba(X), model.predict_proba(X))
    assert copied.get_params() == model.get_params()


def test_learns():
    X, y = make_classification(400, 20, n_informative=10, n_classes=3, random_state=0)
    labels = np.asarray(["blues", "metal", "pop"])[y]
    model = DNNClassifier(max_epochs=60, random_state=0).fit(X[:300], labels[:300])
    assert model.score(X[300:], labels[300:]) > 0.75
    assert model.history_[-1]["train_loss"] < model.history_[0]["train_loss"]


def test_early_stopping_restores_the_best_weights():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((120, 10)), rng.integers(0, 2, 120)  # noise: overfits at once
    model = DNNClassifier(
        max_epochs=80, lr=1e-2, early_stopping=True, n_iter_no_change=5, random_state=0
    )
    model.fit(X[:80], y[:80], X_val=X[80:], y_val=y[80:])
    losses = [row["valid_loss"] for row in model.history_]
    assert model.n_iter_ == len(losses) < 80
    p = model.predict_proba(X[80:])[np.arange(40), y[80:]]
    assert -np.log(p).mean() == pytest.approx(min(losses), rel=1e-3)


def test_inner_split_keeps_artists_apart():
    X, y = data("dnn")
    groups = np.repeat(np.arange(10), 4)
    genres, encoded = np.unique(y, return_inverse=True)
    train, held_out = validation_split.split(encoded, groups, 0.3, 0, genres=genres)
    assert len(held_out) and not set(groups[train]) & set(groups[held_out])
    assert sorted([*train, *held_out]) == list(range(len(y)))
    model = clone(NETWORKS["dnn"]).set_params(early_stopping=True, validation_fraction=0.3)
    assert "valid_loss" in model.fit(X, y, groups=groups).history_[0]


def test_class_weight_moves_predictions():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 4))
    y = np.r_[np.zeros(180, int), np.ones(20, int)]
    model = DNNClassifier((8,), max_epochs=30, lr=1e-2, random_state=0)
    plain = model.fit(X, y).predict_proba(X)[:, 1].mean()
    balanced = model.set_params(class_weight="balanced").fit(X, y).predict_proba(X)[:, 1].mean()
    assert balanced > plain + 0.2


def test_trailing_batch_of_one():
    X, y = data("dnn", n=34)
    assert DNNClassifier((8, 8), batch_size=33, max_epochs=1, random_state=0).fit(X, y).n_iter_ == 1


def test_skorch_parameters():
    X, y = data("dnn")
    model = DNNClassifier(max_epochs=2, optimizer__betas=(0.5, 0.9), random_state=0)
    assert clone(model).get_params()["optimizer__betas"] == (0.5, 0.9)
    assert model.fit(X, y).net_.optimizer_.defaults["betas"] == (0.5, 0.9)
    grid = {"optimizer__weight_decay": [0, 1e-2], "dropout": [0.1]}
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, y)
    assert set(search.best_params_) == set(grid)


def test_skorch_callbacks_see_every_epoch():
    from skorch.callbacks import EpochScoring, LRScheduler

    X, y = data("dnn")
    callbacks = [
        ("schedule", LRScheduler("StepLR", step_size=1, gamma=0.5)),
        ("f1", EpochScoring("f1_macro", lower_is_better=False, on_train=True, name="f1")),
    ]
    model = DNNClassifier(max_epochs=3, lr=1e-3, callbacks=callbacks, random_state=0).fit(X, y)
    assert [row["event_lr"] for row in model.history_] == [1e-3, 5e-4, 2.5e-4]
    assert all(0 <= row["f1"] <= 1 for row in model.history_)


def test_ctrl_c_is_not_swallowed():
    from skorch.callbacks import Callback

    class Interrupt(Callback):
        def on_epoch_end(self, net, **kwargs):
            raise KeyboardInterrupt

    X, y = data("dnn")
    with pytest.raises(KeyboardInterrupt):
        DNNClassifier(max_epochs=3, callbacks=[Interrupt()]).fit(X, y)


def _one_class(model, X, y):
    model.fit(X, ["rock"] * len(X))


def _one_sample(model, X, y):
    model.fit(X[:1], y[:1])


def _three_d(model, X, y):
    model.fit(np.zeros((4, 5, 6)), ["a", "b"] * 2)


def _wrong_features(model, X, y):
    model.fit(X, y).predict(X[:, :3])


def _nan(model, X, y):
    X = X.copy()
    X[0, 0] = np.nan
    model.fit(X, y)


def _typo(model, X, y):
    DNNClassifier(drop_out=0.1).fit(X, y)


BAD = {
    "one class": (_one_class, ValueError, "1 class"),
    "one sample": (_one_sample, ValueError, "minimum of 2"),
    "3-D X to the DNN": (_three_d, ValueError, "dim 3"),
    "wrong n_features": (_wrong_features, ValueError, "3 features"),
    "unfitted": (lambda model, X, y: model.predict(X), NotFittedError, "not fitted"),
    "NaN": (_nan, ValueError, "NaN"),
    "unknown parameter": (_typo, TypeError, "did you mean 'dropout'"),
    "unknown device": (
        lambda model, X, y: model.set_params(device="cuda:99").fit(X, y), ValueError, "cuda:99",
    ),
    "bad lr": (lambda model, X, y: model.set_params(lr=-1).fit(X, y), ValueError, "lr"),
    "X_val alone": (lambda model, X, y: model.fit(X, y, X_val=X), ValueError, "y_val"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case):
    act, error, message = BAD[case]
    X, y = data("dnn")
    with pytest.raises(error, match=message):
        act(clone(NETWORKS["dnn"]), X, y)


@pytest.mark.parametrize("name", ["cnn2d", "crnn"])
def test_other_spectrogram_size_at_predict(name):
    X, y = data(name)
    model = clone(NETWORKS[name]).fit(X, y)
    with pytest.raises(ValueError, match="fitted on"):
        model.predict(X[:, :, :10])
