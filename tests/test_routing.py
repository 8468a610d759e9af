"""Artists and weights reach the network from every entry, with metadata routing on and off."""

from __future__ import annotations

import numpy as np
import optuna
import pytest
from sklearn import config_context, get_config
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Bunch

from sklearn_mgc import DNNClassifier, SegmentVotingClassifier, search
from sklearn_mgc.classifiers import TemperatureScaledClassifier
from sklearn_mgc.evaluation import compare, cross_validate, reproduce
from sklearn_mgc.evaluation.reproduction import SYSTEMS
from sklearn_mgc.recipes import choice
from sklearn_mgc.recipes.systems import System

SEEN: list[tuple] = []


class Watched(DNNClassifier):
    """Tells what its fit was given."""

    def fit(self, X, y, sample_weight=None, *, groups=None, X_val=None, y_val=None):
        SEEN.append((groups, sample_weight))
        return super().fit(X, y, sample_weight, groups=groups)


def network():
    return Watched((4,), max_epochs=2, early_stopping=True, random_state=0, device="cpu")


def pipeline():
    # StandardScaler takes weights, too, which nobody meant for it.
    return make_pipeline(StandardScaler(), make_pipeline(StandardScaler(), network()))


def voting():
    return make_pipeline(StandardScaler(), SegmentVotingClassifier(pipeline()))


def scaled():
    return make_pipeline(StandardScaler(), TemperatureScaledClassifier(pipeline()))


def grid():
    scorer = make_scorer(accuracy_score)
    if get_config()["enable_metadata_routing"]:  # whether scores are weighted is the user's word
        scorer.set_score_request(sample_weight=False)
    grid = {"pipeline__watched__lr": [1e-3, 1e-2]}
    return GridSearchCV(pipeline(), grid, cv=StratifiedGroupKFold(2), scoring=scorer)


@pytest.fixture(scope="module")
def clips():
    rng = np.random.default_rng(0)
    artists = np.arange(48) // 2
    y = np.array(["jazz", "rock"])[artists % 2]
    X = rng.normal(size=(48, 5)) + (y == "jazz")[:, None]
    return X, y, artists, rng.uniform(0.5, 2, size=48)


def by_folds(model, X, y, artists, weight):
    given = {"groups": artists, "cv": 2, "params": {"sample_weight": weight}}
    return cross_validate(model, X, y, **given).predictions().to_dict()


def by_comparison(model, X, y, artists, weight):
    given = {"groups": artists, "cv": 2, "params": {"sample_weight": weight}}
    found = compare(model, LogisticRegression(), X, y, **given)
    return [found.n_only_a, found.n_only_b]


def by_fit(model, X, y, artists, weight):
    return model.fit(X, y, groups=artists, sample_weight=weight).predict_proba(X).tolist()


MODELS = {
    "network": network,
    "pipeline": pipeline,
    "voting": voting,
    "scaled": scaled,
    "both": lambda: TemperatureScaledClassifier(SegmentVotingClassifier(pipeline())),
    "grid": grid,
    "pipeline of grid": lambda: make_pipeline(StandardScaler(), grid()),
}
ENTRIES = [
    *((by_folds, name) for name in MODELS),
    *((by_comparison, name) for name in MODELS),
    *((by_fit, name) for name in ("network", "both")),
]
# Without routing a search of scikit-learn's keeps artists to its folds.
HAS_ARTISTS = {name: {False: "grid" not in name, True: True} for name in MODELS}


@pytest.mark.parametrize(("entry", "name"), ENTRIES, ids=lambda v: getattr(v, "__name__", v))
def test_artists_and_weights_reach_the_network(clips, entry, name):
    scores = {}
    for routing in (False, True):
        SEEN.clear()
        with config_context(enable_metadata_routing=routing):
            scores[routing] = entry(MODELS[name](), *clips)
        assert SEEN and all(weight is not None for _, weight in SEEN)
        assert {groups is not None for groups, _ in SEEN} == {HAS_ARTISTS[name][routing]}
    if "grid" not in name:  # there early stopping knows of artists with routing only
        assert scores[False] == scores[True]


def test_a_search_scores_alike_where_its_network_needs_no_artists(clips):
    scores = []
    for routing in (False, True):
        with config_context(enable_metadata_routing=routing):
            model = grid().set_params(estimator__pipeline__watched__early_stopping=False)
            scores.append(by_folds(model, *clips))
    assert scores[0] == scores[1]


@pytest.mark.filterwarnings("error:One or more of the test scores are non-finite")
def test_stacking_and_a_grid_of_classifiers(clips):
    X, y, artists, _ = clips
    stack = StackingClassifier([("a", pipeline())], LogisticRegression(), cv=2)
    grid = choice({"descriptors": 5}, n_folds=2)
    scores = []
    for routing in (False, True):
        with config_context(enable_metadata_routing=routing):
            stacked = cross_validate(stack, X, y, groups=artists, cv=2)
            chosen = cross_validate(grid, X, y, groups=artists, cv=2)
        scores.append([stacked.score, chosen.score])
    assert scores[0] == scores[1]


@pytest.mark.parametrize("name", ["network", "pipeline", "voting", "scaled"])
def test_objective(clips, name):
    X, y, artists, _ = clips
    model = MODELS[name]()
    lr = next(n for n in model.get_params() if n.endswith("lr"))
    space = {lr: optuna.distributions.FloatDistribution(1e-3, 1e-2)}
    scores = []
    for routing in (False, True):
        SEEN.clear()
        with config_context(enable_metadata_routing=routing):
            function = search.objective(
                model, X, y, groups=artists, cv=2, space=space, pruning=None
            )
            scores.append(function(optuna.trial.FixedTrial({lr: 5e-3})))
        assert len(SEEN) == 2 and all(groups is not None for groups, _ in SEEN)
    assert scores[0] == scores[1]


def test_reproduce(clips, tmp_path, monkeypatch):
    X, y, artists, _ = clips
    monkeypatch.setitem(SYSTEMS, "watched", System("watched", "a network", "descriptors", pipeline))
    data = Bunch(data=X, target=y, groups=artists)
    predicted = []
    for routing in (False, True):
        SEEN.clear()
        with config_context(enable_metadata_routing=routing):
            given = {"protocols": "artist", "n_repeats": 1, "output": tmp_path / str(routing)}
            runs = reproduce(data, systems=["watched"], **given)["runs"]
        assert SEEN and all(groups is not None for groups, _ in SEEN)
        predicted.append([run["predicted"] for run in runs.values()])
    assert predicted[0] == predicted[1]


@pytest.mark.parametrize("asked", [True, False])
def test_what_the_user_asks_for_is_done(clips, asked):
    X, y, artists, _ = clips
    SEEN.clear()
    with config_context(enable_metadata_routing=True):
        model = make_pipeline(StandardScaler(), network().set_fit_request(groups=asked))
        cross_validate(model, X, y, groups=artists, cv=2)
    assert {groups is not None for groups, _ in SEEN} == {asked}


def test_scikit_learns_own_entries_need_no_request(clips):
    X, y, artists, _ = clips
    SEEN.clear()
    with config_context(enable_metadata_routing=True):
        pipeline().fit(X, y, groups=artists)
        voting().fit(X, y, groups=artists)
        scaled().fit(X, y, groups=artists)
    assert len(SEEN) == 3 and all(groups is not None for groups, _ in SEEN)


@pytest.mark.parametrize("routing", [False, True])
def test_what_nothing_takes_is_left_out_or_told(clips, routing):
    X, y, artists, weight = clips
    nearest = make_pipeline(StandardScaler(), KNeighborsClassifier())
    with config_context(enable_metadata_routing=routing):
        cross_validate(nearest, X, y, groups=artists, cv=2)
        cross_validate(GridSearchCV(nearest, {}, cv=2), X, y, groups=artists, cv=2)
        with pytest.raises(TypeError, match="takes no sample_weight"):
            cross_validate(nearest, X, y, cv=2, params={"sample_weight": weight})


@pytest.mark.parametrize("routing", [False, True])
def test_the_estimator_of_the_user_stays_as_it_is(clips, routing):
    X, y, artists, weight = clips
    with config_context(enable_metadata_routing=routing):
        model = make_pipeline(StandardScaler(), LogisticRegression())
        cross_validate(model, X, y, groups=artists, cv=2, params={"sample_weight": weight})
        assert "_metadata_request" not in vars(model[-1])
