"""The compiled epochs and torch's: one meaning, and a choice by parameters and data alone."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from skorch.callbacks import Callback, EpochScoring

from sklearn_mgc import DNNClassifier
from sklearn_mgc.classifiers import compiled, device

ENGINES = ("compiled", "torch")
# Adam divides by the size of the gradient: rounding in a gradient that is nothing (that of a
# bias before batch normalization) becomes a step like any other. A larger eps takes that away,
# and what remains is rounding.
CALM = {"optimizer__eps": 1e-3}


def blobs(n: int = 101, *, classes: int = 4, seed: int = 0, spread: float = 1.0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    centers = np.random.default_rng(99).standard_normal((classes, 12))
    names = np.array(["blues", "disco", "jazz", "metal", "pop"])
    return (centers[y] + spread * rng.standard_normal((n, 12))).astype(np.float32), names[y]


def model(**params) -> DNNClassifier:
    given = {"hidden_sizes": (16, 12, 8), "batch_size": 10, "max_epochs": 3, "random_state": 0}
    return DNNClassifier(**{**given, "lr": 1e-3, "device": "cpu", **CALM, **params})


def with_both(train):
    """What ``train`` gives with each engine."""
    results = []
    for engine in ENGINES:
        with compiled.forced(engine):
            results.append(train())
    return results


def record_engines(monkeypatch) -> list[str]:
    """The engines of the epochs that follow."""
    used = []
    choose = compiled.DenseNet.engine

    def watched(net, batches):
        used.append(choose(net, batches))
        return used[-1]

    monkeypatch.setattr(compiled.DenseNet, "engine", watched)
    return used


def _fit(params=None, fit_params=None, n=101):
    return lambda: model(**(params or {})).fit(*blobs(n), **(fit_params or {}))


def _continued():
    start = model(warm_start=True, max_epochs=2).fit(*blobs())
    return start.set_params(max_epochs=1, lr=1e-2).fit(*blobs())


def _in_steps():
    stepped = model()
    for n in (101, 60, 33):
        stepped.partial_fit(*blobs(n), classes=["blues", "disco", "jazz", "metal", "pop"])
    return stepped


class KeepsHalf(Callback):
    """Changes weights between epochs."""

    def on_epoch_end(self, net, **kwargs):
        with torch.no_grad():
            for weight in net.module_.parameters():
                weight.mul_(0.5)


X_VAL, Y_VAL = blobs(40, seed=5)
SAME = {
    "defaults": _fit(),
    "one hidden layer": _fit({"hidden_sizes": (20,)}),
    "two hidden layers": _fit({"hidden_sizes": (16, 8)}),
    "no dropout": _fit({"dropout": 0.0}),
    "last batch of one joins": _fit({"batch_size": 20}),
    "last batch of three": _fit(n=103),
    "one batch": _fit({"batch_size": 1000}),
    "batches of five": _fit({"batch_size": 5}),
    "weight decay": _fit({"weight_decay": 0.3}),
    "no weight decay": _fit({"weight_decay": 0.0}),
    "onecycle": _fit({"lr_schedule": "onecycle"}),
    "cosine": _fit({"lr_schedule": "cosine"}),
    "betas": _fit({"optimizer__betas": (0.8, 0.95)}),
    "balanced": _fit({"class_weight": "balanced"}, n=97),
    "class weights": _fit({"class_weight": {"blues": 3, "disco": 1, "jazz": 1, "metal": 0.5}}),
    "sample weights": _fit(fit_params={"sample_weight": np.linspace(0, 2, 101)}),
    "label smoothing": _fit({"label_smoothing": 0.2}),
    "smoothing of weighted samples": _fit(
        {"label_smoothing": 0.1, "class_weight": "balanced"},
        {"sample_weight": np.linspace(0.1, 2, 101)},
    ),
    "early stopping": _fit({"early_stopping": True, "max_epochs": 4}),
    "early stopping by artist": _fit(
        {"early_stopping": True, "validation_fraction": 0.3}, {"groups": np.arange(101) // 4}
    ),
    "validation data": _fit(fit_params={"X_val": X_VAL, "y_val": Y_VAL}),
    "warm start": _continued,
    "partial_fit": _in_steps,
    "callback that changes weights": _fit({"callbacks": [KeepsHalf()]}),
    "another seed": _fit({"random_state": 7}),
}


@pytest.mark.parametrize("case", SAME)
def test_engines_are_the_same_epoch_by_epoch(case, monkeypatch):
    used = record_engines(monkeypatch)
    ours, torchs = with_both(SAME[case])
    n = ours.n_iter_
    assert used == ["compiled"] * n + ["torch"] * n
    assert n == torchs.n_iter_
    for name in torchs.history_[0]:
        if not name.endswith("seconds"):
            expected = [row[name] for row in torchs.history_]
            got = [row[name] for row in ours.history_]
            # An accuracy may hang on a single row whose two best genres are equal.
            rtol, atol = (1e-7, 0.011) if name.endswith("acc") else (2e-5, 0)
            np.testing.assert_allclose(got, expected, rtol, atol, err_msg=name)
    state = torchs.module_.state_dict()
    for name, values in ours.module_.state_dict().items():
        torch.testing.assert_close(values, state[name], atol=1e-4, rtol=1e-4, msg=name)
    X, _ = blobs()
    np.testing.assert_allclose(ours.predict_proba(X), torchs.predict_proba(X), atol=2e-5)


def test_optimizers_are_left_in_the_same_state():
    ours, torchs = with_both(_fit())
    states = [list(m.net_.optimizer_.state.values()) for m in (ours, torchs)]
    for mine, theirs in zip(*states, strict=True):
        assert float(mine["step"]) == float(theirs["step"]) == 30
        for name in ("exp_avg", "exp_avg_sq"):
            torch.testing.assert_close(mine[name], theirs[name], atol=1e-5, rtol=1e-3)
            assert mine[name].stride() == theirs[name].stride()


def test_epochs_of_both_engines_in_one_training():
    X, y = blobs()
    alone = model(max_epochs=4).fit(X, y)
    mixed = model(max_epochs=4)
    for engine in ("compiled", "torch", "compiled", "torch"):
        with compiled.forced(engine):
            mixed.partial_fit(X, y, classes=np.unique(y))
    np.testing.assert_allclose(mixed.predict_proba(X), alone.predict_proba(X), atol=2e-5)


@pytest.mark.parametrize(
    "params", [{}, {"early_stopping": True, "n_iter_no_change": 4}, {"batch_size": 32}]
)
def test_scores_are_distributed_alike(params):
    """Without the calm, single runs part; their accuracies over seeds do not."""
    X, y = blobs(150, spread=1.5)
    X_test, y_test = blobs(400, seed=5, spread=1.5)

    def scores():
        params_ = {"max_epochs": 10, "batch_size": 16, "lr": 5e-3, "optimizer__eps": 1e-8, **params}
        models = (model(random_state=seed, **params_) for seed in range(12))
        return np.array([m.fit(X, y).score(X_test, y_test) for m in models])

    ours, torchs = with_both(scores)
    error = np.sqrt((ours.var(ddof=1) + torchs.var(ddof=1)) / 12)
    assert abs(ours.mean() - torchs.mean()) < 4 * error + 0.005


def test_early_stopping_restores_the_best_weights():
    X, y = blobs(200, spread=2.0)

    def fit():
        return model(lr=1e-2, max_epochs=60, n_iter_no_change=3, dropout=0.0).fit(
            X[:120], y[:120], X_val=X[120:], y_val=y[120:]
        )

    with compiled.forced("compiled"):
        full = fit()
        stopped = model(
            lr=1e-2, max_epochs=60, n_iter_no_change=3, dropout=0.0, early_stopping=True
        ).fit(X[:120], y[:120], X_val=X[120:], y_val=y[120:])
    losses = [row["valid_loss"] for row in stopped.history_]
    assert stopped.n_iter_ == int(np.argmin(losses)) + 1 + 3 < full.n_iter_
    assert losses == [row["valid_loss"] for row in full.history_[: len(losses)]]
    right = np.searchsorted(stopped.classes_, y[120:])
    p = stopped.predict_proba(X[120:])[np.arange(80), right]
    assert -np.log(p).mean() == pytest.approx(min(losses), rel=1e-4)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_diverging_network_is_an_error(engine):
    with compiled.forced(engine), pytest.raises(ValueError, match=r"loss is (nan|inf).*smaller lr"):
        model(lr=1e38, max_epochs=50).fit(*blobs())


@pytest.mark.parametrize("engine", ENGINES)
def test_ctrl_c_keeps_the_epochs_so_far(engine):
    class Interrupt(Callback):
        def on_epoch_end(self, net, **kwargs):
            if len(net.history) == 2:
                raise KeyboardInterrupt

    X, y = blobs()
    interrupted = model(max_epochs=9, callbacks=[Interrupt()])
    with compiled.forced(engine), pytest.raises(KeyboardInterrupt):
        interrupted.fit(X, y)
    assert interrupted.n_iter_ == 2
    # A callback of epochs is no reason for torch, and a schedule would need all nine epochs.
    np.testing.assert_allclose(
        interrupted.predict_proba(X), model(max_epochs=2).fit(X, y).predict_proba(X), atol=2e-5
    )


def test_portions_change_nothing(monkeypatch):
    X, y = blobs()
    whole = model().fit(X, y).predict_proba(X)
    monkeypatch.setattr(compiled, "PORTION", 1)
    np.testing.assert_array_equal(model().fit(X, y).predict_proba(X), whole)


def test_a_file_is_read_in_portions(tmp_path, monkeypatch):
    from sklearn_mgc.classifiers import batches

    X, y = blobs()
    whole = model().fit(X, y).predict_proba(X)
    np.save(tmp_path / "X.npy", X)
    monkeypatch.setattr(batches, "PERMUTED_BYTES", 0)
    monkeypatch.setattr(compiled, "PORTION", 1)
    used = record_engines(monkeypatch)
    streamed = model().fit(np.load(tmp_path / "X.npy", mmap_mode="r"), y)
    assert set(used) == {"compiled"}
    np.testing.assert_allclose(streamed.predict_proba(X), whole, atol=1e-6)


CHOICE: dict[str, tuple[dict, int, str]] = {
    "small": ({}, 101, "compiled"),
    "paper": ({"hidden_sizes": (256, 128, 64, 32), "batch_size": 5}, 101, "compiled"),
    "verbose": ({"verbose": 1}, 101, "compiled"),
    "wide": ({"hidden_sizes": (2048, 2048), "batch_size": 64}, 101, "torch"),
    "bf16": ({"precision": "bf16"}, 101, "torch"),
    "amsgrad": ({"optimizer__amsgrad": True}, 101, "torch"),
    "weight of the criterion": ({"criterion__weight": torch.ones(4)}, 101, "torch"),
    "callback of batches": (
        {"callbacks": [EpochScoring("f1_macro", lower_is_better=False)]}, 101, "torch",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CHOICE)
def test_the_engine_is_a_matter_of_parameters_and_data(case, monkeypatch):
    """Neither what was compiled or trained before nor the process has a say."""
    params, n, expected = CHOICE[case]
    # Without bf16 a processor trains in float32, and so in the other engine.
    monkeypatch.setattr(device, "cpu_has_bf16", lambda: True)
    used = record_engines(monkeypatch)
    X, y = blobs(n)
    first = model(max_epochs=1, **params).fit(X, y)
    monkeypatch.delitem(sys.modules, "sklearn_mgc.classifiers.kernels", raising=False)
    first.partial_fit(X, y)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(clone(first).fit, X, y).result()
    assert used == [expected] * 3


def test_threads_train_what_is_trained_alone():
    X, y = blobs()
    torch.manual_seed(3)
    before = torch.get_rng_state()
    for engine in ENGINES:
        with compiled.forced(engine):
            alone = [model(random_state=s).fit(X, y).predict_proba(X) for s in range(6)]
            with ThreadPoolExecutor(3) as pool:
                threads = list(
                    pool.map(lambda s: model(random_state=s).fit(X, y).predict_proba(X), range(6))
                )
        np.testing.assert_array_equal(threads, alone)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_search_in_threads_is_the_search():
    X, y = blobs()
    search = GridSearchCV(model(), {"dropout": [0.1, 0.5], "lr": [1e-3, 1e-2]}, cv=3)
    search.set_params(scoring="neg_log_loss")
    alone = clone(search).fit(X, y).cv_results_["mean_test_score"]
    with parallel_config(backend="threading", n_jobs=2):
        threads = clone(search).fit(X, y).cv_results_["mean_test_score"]
        cross_val_score(model(), X, y, cv=2)
    np.testing.assert_array_equal(alone, threads)
