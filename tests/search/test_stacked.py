"""Stacked search: the scores of GridSearchCV, and networks that equal those trained alone."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
import sklearn
import torch
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    RandomizedSearchCV,
    StratifiedGroupKFold,
    StratifiedKFold,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import (
    CNN2DClassifier,
    DNNClassifier,
    StackedGridSearchCV,
    StackedRandomizedSearchCV,
)
from sklearn_mgc.datasets import load_gtzan_features
from sklearn_mgc.recipes import paper
from sklearn_mgc.search import _compiled, _cpu, _nets, _stacked

ENGINES = ["compiled", "stacked"]


def blobs(n: int, *, classes: int = 4, seed: int = 0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    centers = np.random.default_rng(99).standard_normal((classes, 12))
    names = np.array(["blues", "disco", "jazz", "metal", "pop"])
    return centers[y] + rng.standard_normal((n, 12)), names[y]


def small(**params) -> DNNClassifier:
    given = {"hidden_sizes": (16, 8), "batch_size": 5, "max_epochs": 2, "random_state": 0}
    # Tolerances are those of this rate, whatever the defaults are.
    given |= {"lr": 1e-3, "weight_decay": 0.0, "device": "cpu"}
    return DNNClassifier(**{**given, **params})


def train(nets, engine: str) -> None:
    targets = [net.estimator.max_epochs for net in nets]
    if engine == "compiled":
        _cpu.train(nets, targets, lambda n: None)
    else:
        _stacked.train(nets, targets, lambda n: None, "cpu")


CASES = [
    (101, {"lr": 1e-3}),  # the last batch has six rows
    (101, {"lr": 1e-4, "weight_decay": 0.1}),
    (103, {"label_smoothing": 0.2}),  # the last has three
    (96, {"lr_schedule": "onecycle", "class_weight": "balanced"}),
    (100, {"random_state": 7, "optimizer__betas": (0.8, 0.99)}),
]


# Adam divides by the size of the gradient: rounding in a gradient that is nothing (that of a
# bias before batch normalization) becomes a step like any other. A larger eps takes that away,
# and what remains is rounding.
CALM = {"optimizer__eps": 1e-3}


def assert_same_network(alone: DNNClassifier, ours: DNNClassifier) -> None:
    for name in ("train_loss", "train_acc"):
        expected = [row[name] for row in alone.history_]
        np.testing.assert_allclose([row[name] for row in ours.history_], expected, rtol=1e-5)
    state = alone.module_.state_dict()
    for name, values in ours.module_.state_dict().items():
        torch.testing.assert_close(values, state[name], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("hidden_sizes", [(16, 8), (20,), (16, 12, 8)])
def test_networks_equal_those_trained_alone(engine, hidden_sizes):
    """Folds of different sizes in one stack: every network sees exactly its own rows."""
    common = {"hidden_sizes": hidden_sizes, "dropout": 0.0, **CALM}
    estimators = [small(**{**common, **params}) for _, params in CASES]
    data = [blobs(n, seed=n) for n, _ in CASES]
    nets = [_nets.start(clone(e), *rows) for e, rows in zip(estimators, data, strict=True)]
    train(nets, engine)
    for estimator, rows, net in zip(estimators, data, nets, strict=True):
        alone, ours = estimator.fit(*rows), net.finish()
        assert_same_network(alone, ours)
        np.testing.assert_allclose(
            ours.predict_proba(rows[0]), alone.predict_proba(rows[0]), atol=1e-5
        )
        assert ours.n_iter_ == 2


def test_same_units_are_dropped_on_the_cpu():
    X, y = blobs(101)
    for params in ({"dropout": 0.3}, {"dropout": 0.5, "lr": 1e-4}):
        estimator = small(hidden_sizes=(16, 12, 8), **params, **CALM)
        net = _nets.start(clone(estimator), X, y)
        train([net], "compiled")
        assert_same_network(estimator.fit(X, y), net.finish())


@pytest.mark.parametrize("engine", ENGINES)
def test_without_a_large_epsilon_rounding_alone_differs(engine):
    X, y = blobs(102)
    estimator = small(hidden_sizes=(32, 16, 8), dropout=0.0)
    net = _nets.start(clone(estimator), X, y)
    train([net], engine)
    alone, ours = estimator.fit(X, y), net.finish()
    losses = [[row["train_loss"] for row in model.history_] for model in (alone, ours)]
    np.testing.assert_allclose(*losses, rtol=2e-3)
    np.testing.assert_allclose(ours.predict_proba(X), alone.predict_proba(X), atol=0.03)


def test_without_a_seed_units_are_dropped_as_often():
    net = _nets.start(small(dropout=0.3, hidden_sizes=(64, 16, 8), random_state=None), *blobs(200))
    first, second = (_cpu.draw(net, epoch) for epoch in (0, 1))
    assert len(first[1]) == 200 * (64 + 16) and set(first[1]) == {0, 1}
    assert abs(first[1].mean() - 0.7) < 0.03
    assert (first[1] != second[1]).any() and sorted(first[0]) == list(range(200))


@pytest.mark.parametrize("engine", ENGINES)
def test_dropout_keeps_so_many_units_on_average(engine):
    """Distribution at the end: accuracies of 12 seeds, ours and alone."""
    X, y = blobs(150)
    X_test, y_test = blobs(400, seed=5)
    ours, alone = [], []
    for seed in range(12):
        model = small(dropout=0.5, max_epochs=15, random_state=seed, lr=3e-3)
        net = _nets.start(clone(model), X, y)
        train([net], engine)
        ours.append(net.finish().score(X_test, y_test))
        alone.append(model.fit(X, y).score(X_test, y_test))
    spread = np.std(alone) / np.sqrt(12)
    assert np.std(ours) < 4 * np.std(alone)
    assert abs(np.mean(ours) - np.mean(alone)) < 5 * spread + 0.002


@pytest.mark.parametrize("engine", ENGINES)
def test_early_stopping_stops_and_restores(engine):
    X, y = blobs(200)
    stops = {"early_stopping": True, "n_iter_no_change": 3, "max_epochs": 60, "dropout": 0.0}
    estimator = small(lr=3e-3, **stops)
    longer = small(lr=1e-4, **stops)  # in the same stack, going on alone
    nets = [_nets.start(clone(e), X, y) for e in (estimator, longer)]
    train(nets, engine)
    net = nets[0]
    alone, ours = estimator.fit(X, y), net.finish()
    losses = [row["valid_loss"] for row in ours.history_]
    assert ours.n_iter_ == int(np.argmin(losses)) + 1 + 3 < nets[1].epoch
    np.testing.assert_allclose(losses[:3], [r["valid_loss"] for r in alone.history_[:3]], rtol=0.02)
    held_out, labels = net.validation
    probabilities = ours.predict_proba(held_out)[np.arange(len(labels)), labels]
    assert -np.log(probabilities).mean() == pytest.approx(min(losses), rel=1e-4)


def test_gradient_of_the_compiled_step_is_autograds():
    """Two rows more than a block of five, dropout, weights, smoothing; AdamW's first moment
    after one step from zero is a tenth of the gradient."""
    rng = np.random.default_rng(0)
    X, y = blobs(7)
    estimator = small(
        hidden_sizes=(16, 12, 8), dropout=0.4, batch_size=7, max_epochs=1, label_smoothing=0.1
    )
    weight = rng.uniform(0.5, 2, 7)
    net = _nets.start(clone(estimator), X, y, sample_weight=weight)
    start = net.params.copy()
    order, masks = _cpu.draw(net, 0)
    train([net], "compiled")

    leaf = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    x, at, kept = torch.tensor(net.X[order], dtype=torch.float64), 0, 0
    for i, (n_in, n_out) in enumerate(zip(net.sizes[:-1], net.sizes[1:], strict=True)):
        W = leaf[at : at + n_in * n_out].view(n_out, n_in)
        x = x @ W.T + leaf[at + n_in * n_out :][:n_out]
        at += n_in * n_out + n_out
        if net.normed[i]:
            x = torch.nn.functional.batch_norm(
                x, None, None, leaf[at:][:n_out], leaf[at + n_out :][:n_out], training=True
            )
            at += 2 * n_out
        if i < 3:
            x = x.relu()
        if net.drop[i] > 0:
            mask = torch.tensor(masks[kept : kept + 7 * n_out]).view(7, n_out)
            x, kept = x * mask / (1 - net.drop[i]), kept + 7 * n_out
    loss = torch.nn.functional.cross_entropy(
        x, torch.tensor(net.labels[order]), label_smoothing=0.1, reduction="none"
    )
    (loss * torch.tensor(net.weight[order])).mean().backward()
    np.testing.assert_allclose(net.mean1, 0.1 * leaf.grad.numpy(), atol=2e-7)


@pytest.mark.parametrize("engine", ENGINES)
def test_cv_results_are_those_of_grid_search(engine):
    X, y = blobs(160)
    model = make_pipeline(StandardScaler(), small(dropout=0.0, **CALM))
    grid = {
        "dnnclassifier__lr": [1e-3, 3e-3],
        "dnnclassifier__hidden_sizes": [(16, 8), (12,)],
        "dnnclassifier__batch_size": [5, 16],
    }
    given = {
        "cv": KFold(3, shuffle=True, random_state=1),
        "scoring": ["accuracy", "f1_macro", "neg_log_loss"],
        "refit": "f1_macro",
        "return_train_score": True,
    }
    ours = StackedGridSearchCV(model, grid, engine=engine, **given).fit(X, y)
    theirs = GridSearchCV(model, grid, **given).fit(X, y)
    assert list(ours.cv_results_) == list(theirs.cv_results_)
    assert ours.cv_results_["params"] == theirs.cv_results_["params"]
    for key, values in theirs.cv_results_.items():
        assert type(ours.cv_results_[key]) is type(values)
        if "accuracy" in key or "f1" in key or "log_loss" in key:
            np.testing.assert_allclose(ours.cv_results_[key], values, atol=1e-5)
    assert ours.multimetric_ and ours.n_splits_ == 3
    assert set(ours.scorer_) == set(theirs.scorer_)
    assert ours.best_params_ == ours.cv_results_["params"][ours.best_index_]
    assert ours.best_score_ == ours.cv_results_["mean_test_f1_macro"].max()
    assert ours.score(X, y) == pytest.approx(ours.scorer_["f1_macro"](ours.best_estimator_, X, y))
    alone = clone(model).set_params(**ours.best_params_).fit(X, y)
    assert_same_network(alone[-1], ours.best_estimator_[-1])
    np.testing.assert_array_equal(alone[0].mean_, ours.best_estimator_[0].mean_)
    assert ours.predict(X[:3]).dtype == y.dtype and list(ours.classes_) == sorted(set(y))


def test_steps_before_the_network_are_fitted_once_per_fold():
    fits = []

    class Counting(StandardScaler):
        def fit(self, X, y=None):
            fits.append(len(X))
            return super().fit(X, y)

    X, y = blobs(60)
    grid = {"dnnclassifier__lr": [1e-3, 1e-4, 1e-5]}
    search = StackedGridSearchCV(make_pipeline(Counting(), small(max_epochs=1)), grid, cv=3)
    search.fit(X, y)
    assert fits == [40, 40, 40, 60]
    assert type(search.best_estimator_[0]) is Counting


def test_fit_parameters_and_groups_reach_fit():
    X, y = blobs(120)
    groups = np.repeat(np.arange(30), 4)
    model = make_pipeline(
        StandardScaler(), small(early_stopping=True, max_epochs=2, validation_fraction=0.3)
    )
    search = StackedGridSearchCV(model, {"dnnclassifier__lr": [1e-2]}, cv=GroupKFold(3))
    search.fit(
        X,
        y,
        groups=groups,
        dnnclassifier__groups=groups,
        dnnclassifier__sample_weight=np.ones(120),
    )
    assert search.best_estimator_[-1].history_[0]["valid_loss"] > 0
    with pytest.raises(TypeError, match="nothing"):
        search.set_params(error_score="raise").fit(X, y, groups=groups, dnnclassifier__nothing=1)


def test_routed_metadata_and_frames():
    pd = pytest.importorskip("pandas")
    X, y = blobs(120)
    X = pd.DataFrame(X).add_prefix("mfcc_")
    weight = np.linspace(0.1, 2, 120)
    with sklearn.config_context(enable_metadata_routing=True):
        network = small(dropout=0.0, **CALM).set_fit_request(sample_weight=True, groups=False)
        network.set_score_request(sample_weight=True)
        model = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), network)
        searches = [
            search(model, {"dnnclassifier__lr": [1e-2]}, cv=GroupKFold(3)).fit(
                X, y, sample_weight=weight, groups=np.arange(120) // 4
            )
            for search in (StackedGridSearchCV, GridSearchCV)
        ]
    ours, theirs = searches
    assert_same_network(theirs.best_estimator_[-1], ours.best_estimator_[-1])
    assert ours.best_score_ == pytest.approx(theirs.best_score_, abs=1e-6)
    assert list(ours.feature_names_in_) == list(X.columns)


def test_random_search_draws_the_same_candidates():
    X, y = blobs(80)
    space = {"lr": loguniform(1e-4, 1e-1), "dropout": [0.1, 0.3], "weight_decay": [0, 0.1]}
    given = {"n_iter": 4, "random_state": 3, "cv": 2}
    ours = StackedRandomizedSearchCV(small(max_epochs=1), space, **given).fit(X, y)
    theirs = RandomizedSearchCV(small(max_epochs=1), space, **given).fit(X, y)
    assert ours.cv_results_["params"] == theirs.cv_results_["params"]
    assert list(ours.cv_results_) == list(theirs.cv_results_)


def test_threads_change_nothing():
    X, y = blobs(90)
    grid = {"dropout": [0.1, 0.5], "lr": [1e-3, 1e-2]}
    scores = [
        StackedGridSearchCV(small(), grid, cv=3, n_jobs=n, scoring="neg_log_loss").fit(X, y)
        for n in (None, 2)
    ]
    for key in ("split0_test_score", "split2_test_score"):
        np.testing.assert_array_equal(scores[0].cv_results_[key], scores[1].cv_results_[key])


def test_halving_trains_the_best_to_the_end():
    X, y = blobs(100)
    grid = {"lr": [1e-7, 3e-7, 1e-6, 3e-6, 1e-5, 1e-4, 1e-3, 3e-3, 1e-2]}
    search = StackedGridSearchCV(small(max_epochs=9), grid, cv=2, halving=3).fit(X, y)
    epochs = search.cv_results_["n_epochs"]
    assert sorted(epochs) == [3] * 6 + [9] * 3
    assert search.best_params_["lr"] >= 1e-3 and epochs[search.best_index_] == 9
    assert search.best_estimator_.n_iter_ == 9
    ranks = search.cv_results_["rank_test_score"]
    assert ranks[epochs == 9].max() <= 3 < ranks[epochs == 3].min()
    # Those that went on are as if they had never been interrupted.
    whole = StackedGridSearchCV(small(max_epochs=9), grid, cv=2).fit(X, y)
    last = epochs == 9
    np.testing.assert_array_equal(
        whole.cv_results_["mean_test_score"][last], search.cv_results_["mean_test_score"][last]
    )


def test_halving_by_one_of_several_metrics():
    X, y = blobs(60)
    grid = {"lr": [1e-5, 1e-4, 1e-3, 1e-2]}
    search = StackedGridSearchCV(
        small(), grid, cv=2, halving=2, scoring=["accuracy", "f1_macro"], refit=False
    )
    with pytest.raises(ValueError, match="one metric"):
        search.fit(X, y)
    search.set_params(refit="accuracy").fit(X, y)
    assert sorted(search.cv_results_["n_epochs"]) == [1, 1, 2, 2]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_diverging_candidate_leaves_the_others_unharmed(engine):
    X, y = blobs(60)
    grid = {"lr": [1e-3, 1e38]}
    search = StackedGridSearchCV(
        small(dropout=0.0), grid, cv=2, engine=engine, return_train_score=True
    )
    with pytest.warns(FitFailedWarning, match="training loss is (nan|inf)"):
        search.fit(X, y)
    alone = StackedGridSearchCV(small(dropout=0.0), {"lr": [1e-3]}, cv=2, engine=engine).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert scores[0] == alone.best_score_ and np.isnan(scores[1])
    assert search.best_params_ == {"lr": 1e-3}
    with pytest.raises(ValueError, match="a smaller lr"):
        search.set_params(error_score="raise").fit(X, y)


def test_candidates_that_cannot_start_get_the_error_score():
    X, y = blobs(60)
    search = StackedGridSearchCV(
        small(), {"lr": [-1.0, 1e-3], "max_epochs": [2]}, cv=2, error_score=-1
    )
    with pytest.warns(FitFailedWarning, match="'lr' parameter"):
        search.fit(X, y)
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"] == -1, [True, False])
    with pytest.raises(ValueError, match="All the 2 fits failed"):
        StackedGridSearchCV(small(), {"batch_size": [1]}, cv=2).fit(X, y)


def test_a_genre_missing_from_a_fold():
    X, y = blobs(60)
    order = np.argsort(y, kind="stable")
    search = StackedGridSearchCV(small(), {"lr": [1e-2]}, cv=KFold(4)).fit(X[order], y[order])
    assert search.best_score_ == 0.0  # every fold tests a genre that it never saw
    assert len(search.classes_) == 4


def test_memory_for_half_of_the_networks(monkeypatch):
    X, y = blobs(60)
    most = 3
    whole = _stacked.Stack.epoch

    def epoch(self, number):
        if len(self.nets) > most:
            raise RuntimeError("CUDA out of memory. Tried to allocate 1 GiB")
        return whole(self, number)

    grid = {"lr": [1e-3, 3e-3, 1e-2, 3e-2]}
    given = {"cv": 2, "engine": "stacked", "scoring": "neg_log_loss"}
    expected = StackedGridSearchCV(small(dropout=0.0), grid, **given).fit(X, y)
    monkeypatch.setattr(_stacked.Stack, "epoch", epoch)
    with pytest.warns(UserWarning, match="going on with 4 at a time"):
        search = StackedGridSearchCV(small(dropout=0.0), grid, **given).fit(X, y)
    np.testing.assert_allclose(
        search.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"], atol=1e-3
    )
    most = 0
    with pytest.raises(RuntimeError, match="out of memory"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        StackedGridSearchCV(small(), grid, **given).fit(X, y)


def test_networks_are_held_a_few_at_a_time(monkeypatch):
    X, y = blobs(60)
    grid = {"lr": [1e-3, 3e-3, 1e-2]}
    expected = StackedGridSearchCV(small(), grid, cv=2).fit(X, y)
    held = []
    monkeypatch.setattr("sklearn_mgc.search._base._HELD_BYTES", 1)
    monkeypatch.setattr(
        "sklearn_mgc.search._base._cpu.train",
        lambda nets, *args: (held.append(len(nets)), _train(nets, *args)),
    )
    search = StackedGridSearchCV(small(), grid, cv=2).fit(X, y)
    assert max(held) == 1
    np.testing.assert_array_equal(
        search.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"]
    )


_train = _cpu.train


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"dnnclassifier__droput": [0.1]}, "did you mean 'dnnclassifier__dropout'"),
        ({"lr": [0.1]}, "did you mean 'dnnclassifier__lr'"),
        ({"standardscaler__with_mean": [True]}, "GridSearchCV"),
        ({"dnnclassifier__precision": ["bf16"]}, "precision='bf16'.*GridSearchCV"),
        ({"dnnclassifier__callbacks": [[object()]]}, "callbacks.*GridSearchCV"),
        ({"dnnclassifier__criterion__reduction": ["sum"]}, "criterion__reduction.*GridSearchCV"),
        ({"dnnclassifier__lr": []}, "non-empty"),
        ([], "no candidates"),
    ],
)
def test_errors_name_the_remedy(grid, message):
    model = make_pipeline(StandardScaler(), small())
    with pytest.raises(ValueError, match=message):
        StackedGridSearchCV(model, grid).fit(*blobs(40))


def test_other_estimators_are_refused():
    X, y = blobs(40)
    for model in (CNN2DClassifier(), make_pipeline(small(), StandardScaler())):
        with pytest.raises(TypeError, match="GridSearchCV"):
            StackedGridSearchCV(model, {"lr": [1e-3]}).fit(X, y)
    with pytest.raises(ValueError, match="'halving' parameter"):
        StackedGridSearchCV(small(), {"lr": [1e-3]}, halving=1).fit(X, y)


def test_clone_pickle_repr_and_progress(capsys):
    X, y = blobs(60)
    search = StackedGridSearchCV(small(), {"lr": [1e-3, 1e-2]}, cv=2, verbose=2)
    assert clone(search).get_params()["estimator__hidden_sizes"] == (16, 8)
    search.fit(X, y)
    printed = capsys.readouterr()
    assert "totalling 4 fits" in printed.out and "'lr': 0.01}: score=0." in printed.out
    assert "8/8" in printed.err
    loaded = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(loaded.predict_proba(X), search.predict_proba(X))
    assert "StackedGridSearchCV(" in repr(search)
    # What was searched can be trained on.
    assert search.best_estimator_.partial_fit(X, y).n_iter_ == 3


def test_scores_do_not_depend_on_the_company():
    """A candidate alone is the candidate among others."""
    X, y = blobs(100)
    cv = StratifiedKFold(3, shuffle=True, random_state=0)
    grid = {"lr": [1e-3, 1e-2], "dropout": [0.0, 0.3]}
    many = StackedGridSearchCV(small(), grid, cv=cv, scoring="neg_log_loss").fit(X, y)
    one = StackedGridSearchCV(
        small(), {"lr": [1e-2], "dropout": [0.3]}, cv=cv, scoring="neg_log_loss"
    ).fit(X, y)
    index = many.cv_results_["params"].index({"lr": 1e-2, "dropout": 0.3})
    assert many.cv_results_["mean_test_score"][index] == one.best_score_


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_stack_on_a_gpu():
    X, y = blobs(160)
    grid = {"lr": [1e-3, 1e-2], "dropout": [0.0, 0.3]}
    given = {"cv": 3, "scoring": "neg_log_loss"}
    cpu = StackedGridSearchCV(small(), grid, **given).fit(X, y)
    gpu = StackedGridSearchCV(small(device="cuda"), grid, **given).fit(X, y)
    same = [p["dropout"] == 0 for p in cpu.cv_results_["params"]]
    scores = [found.cv_results_["mean_test_score"][same] for found in (gpu, cpu)]
    np.testing.assert_allclose(*scores, atol=0.02)
    assert gpu.best_estimator_.device_ == "cuda"


def test_compiled_loop_takes_any_number_of_rows():
    """Batches of 2 to 12 rows: blocks of five and what is left."""
    for batch_size in range(2, 13):
        X, y = blobs(24)
        estimator = small(hidden_sizes=(16, 9), dropout=0.0, batch_size=batch_size, **CALM)
        net = _nets.start(clone(estimator), X, y)
        train([net], "compiled")
        assert_same_network(estimator.fit(X, y), net.finish())
    assert _compiled.train_epoch.nopython_signatures


@pytest.mark.realdata
def test_gtzan_as_by_grid_search(shared_data):
    gtzan = load_gtzan_features(shared_data / "gtzan" / "features_30_sec.csv")
    model = paper.dnn_tuned(max_epochs=3, random_state=0)
    grid = {"dnnclassifier__lr": [1e-4]}
    cv = StratifiedGroupKFold(3, shuffle=True, random_state=0)
    searches = [
        search(model, grid, cv=cv, scoring="neg_log_loss", refit=False).fit(
            gtzan.data, gtzan.target, groups=gtzan.groups
        )
        for search in (StackedGridSearchCV, GridSearchCV)
    ]
    scores = [search.cv_results_["mean_test_score"] for search in searches]
    # Data changed by a ten-millionth moves the scores of GridSearchCV as much.
    np.testing.assert_allclose(*scores, atol=0.01)
