"""Optuna's studies: spaces, pruning, crashes, several workers, features computed once."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import MetaEstimatorMixin
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_mgc import (
    CNN2DClassifier,
    CRNNClassifier,
    DNNClassifier,
    HandcraftedFeatures,
    ParallelCRNNClassifier,
    RegularizedDiscriminantAnalysis,
    SegmentVotingClassifier,
    search,
)
from sklearn_mgc.audio import stream_audio
from sklearn_mgc.datasets import make_music
from sklearn_mgc.discovery import all_estimators
from sklearn_mgc.evaluation.folds import draw_folds
from sklearn_mgc.features import sound
from sklearn_mgc.recipes import published
from sklearn_mgc.search import objectives, studies
from tests.processes import CONTEXT, finish, open_studies, optimize, start

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.fixture(scope="module")
def clips():
    rng = np.random.default_rng(0)
    artists = np.arange(90) // 3
    y = np.array(["jazz", "pop", "rock"])[artists % 3]
    centre = {"jazz": -1.0, "pop": 0.0, "rock": 1.0}
    return rng.normal(size=(90, 6)) + np.array([centre[g] for g in y])[:, None], y, artists


@pytest.mark.parametrize(
    "estimator",
    [
        DNNClassifier(),
        CNN2DClassifier(),
        CRNNClassifier(),
        ParallelCRNNClassifier(),
        published.singh(),
        published.lachmish(),
        published.deepsound(),
        published.choi_crnn(),
        published.parallel_crnn(),
        RegularizedDiscriminantAnalysis(),
        LogisticRegression(),
        SVC(),
        make_pipeline(StandardScaler(), DNNClassifier()),
        make_pipeline(SegmentVotingClassifier(make_pipeline(StandardScaler(), SVC()))),
    ],
    ids=lambda e: type(e).__name__,
)
def test_ready_spaces_name_parameters_and_give_valid_values(estimator):
    space = search.space(estimator)
    assert space
    drawn = optuna.create_study().ask()
    values = {name: objectives._suggest(drawn, name, v) for name, v in space.items()}
    estimator.set_params(**values)
    last = estimator
    while hasattr(last, "steps") or hasattr(last, "estimator"):
        last = last.steps[-1][1] if hasattr(last, "steps") else last.estimator
    last._validate_params()


def test_every_network_has_a_space():
    kinds = [kind for _, kind in all_estimators("classifier")]
    alone = [kind for kind in kinds if not issubclass(kind, MetaEstimatorMixin)]
    assert len(alone) >= 5
    for kind in alone:
        assert search.space(kind()).keys() <= kind().get_params().keys()


def test_no_ready_space_is_told():
    with pytest.raises(TypeError, match="no ready space for GaussianNB; pass space="):
        search.space(GaussianNB())


def test_score_is_the_mean_over_folds_by_artist(clips):
    X, y, artists = clips
    model = LogisticRegression()
    space = {"C": optuna.distributions.FloatDistribution(0.01, 10.0, log=True)}
    function = search.objective(model, X, y, groups=artists, space=space, pruning=None)
    trial = optuna.trial.FixedTrial({"C": 0.1})
    folds = draw_folds(None, y, artists)
    expected = cross_val_score(model.set_params(C=0.1), X, y, cv=folds)
    assert function(trial) == pytest.approx(expected.mean())
    assert trial.user_attrs["scores"] == pytest.approx(list(expected))


@pytest.mark.parametrize("routing", [False, True])
def test_groups_reach_the_network_with_routing_on_and_off(clips, routing):
    X, y, artists = clips
    seen = []

    class Watched(DNNClassifier):
        def fit(self, X, y, sample_weight=None, *, groups=None, X_val=None, y_val=None):
            seen.append(groups)
            return super().fit(X, y, groups=groups)

    network = Watched((4,), max_epochs=1, random_state=0)
    space = {"lr": optuna.distributions.FloatDistribution(1e-3, 1e-2)}
    with config_context(enable_metadata_routing=routing):
        for model, prefix in (
            (network, ""),
            (make_pipeline(StandardScaler(), network), "watched__"),
        ):
            named = {f"{prefix}{name}": values for name, values in space.items()}
            given = {"groups": artists, "cv": 2, "space": named, "pruning": None}
            function = search.objective(model, X, y, **given)
            function(optuna.trial.FixedTrial({f"{prefix}lr": 1e-3}))
    assert len(seen) == 4 and all(groups is not None for groups in seen)


def test_choices_that_are_no_plain_values_survive_a_storage(clips, tmp_path):
    X, y, artists = clips
    model = make_pipeline(StandardScaler(), DNNClassifier(max_epochs=1, random_state=0))
    function = search.objective(model, X, y, groups=artists, cv=2)
    for _ in range(2):
        study = search.open_study(f"sqlite:///{tmp_path}/study.db", space=function.space)
        study.optimize(function, n_trials=1)
    assert len(study.trials) == 2
    chosen = study.best_params["dnnclassifier__hidden_sizes"]
    sizes = function.space["dnnclassifier__hidden_sizes"].choices
    assert chosen in map(repr, sizes)
    best = function.estimator(study.best_params)
    assert best.get_params()["dnnclassifier__hidden_sizes"] in sizes
    assert best.get_params()["dnnclassifier__lr"] == study.best_params["dnnclassifier__lr"]


@pytest.mark.parametrize("pruning", ["fold", "epoch"])
def test_pruners_give_up_bad_trials(clips, pruning):
    X, y, artists = clips
    model = make_pipeline(
        StandardScaler(), DNNClassifier((8,), batch_size=8, max_epochs=4, random_state=0)
    )
    space = {"dnnclassifier__lr": optuna.distributions.FloatDistribution(1e-7, 0.1, log=True)}
    function = search.objective(model, X, y, groups=artists, cv=3, space=space, pruning=pruning)
    study = optuna.create_study(
        direction="maximize", pruner=optuna.pruners.MedianPruner(1, n_warmup_steps=1)
    )
    for lr in (0.03, 0.03, 1e-7):
        study.enqueue_trial({"dnnclassifier__lr": lr})
    study.optimize(function, n_trials=3)
    states = [trial.state.name for trial in study.trials]
    assert states == ["COMPLETE", "COMPLETE", "PRUNED"]
    steps = {"fold": 3, "epoch": 4}[pruning]
    assert len(study.trials[0].intermediate_values) == steps
    assert len(study.trials[2].intermediate_values) < steps


def test_wilcoxon_pruner_is_told_each_fold(clips):
    X, y, artists = clips
    study = optuna.create_study(
        direction="maximize", pruner=optuna.pruners.WilcoxonPruner(n_startup_steps=2)
    )
    study.optimize(search.objective(LogisticRegression(), X, y, groups=artists), n_trials=2)
    first = study.trials[0]
    assert list(first.intermediate_values.values()) == pytest.approx(first.user_attrs["scores"])
    assert first.value == pytest.approx(np.mean(first.user_attrs["scores"]))


def test_hyperband_and_optuna_search_prune_through_partial_fit(clips):
    X, y, _ = clips
    integration = pytest.importorskip("optuna_integration")
    model = DNNClassifier((8,), batch_size=8, random_state=0)
    # Hyperband deals trials to brackets by a hash of the study's name, by default a random one.
    study = optuna.create_study(
        study_name="brackets",
        sampler=optuna.samplers.RandomSampler(seed=0),
        direction="maximize",
        pruner=optuna.pruners.HyperbandPruner(1, 4, reduction_factor=2),
    )
    found = integration.OptunaSearchCV(
        model,
        {"lr": optuna.distributions.FloatDistribution(1e-6, 0.1, log=True)},
        cv=2,
        enable_pruning=True,
        max_iter=4,
        n_trials=10,
        study=study,
        random_state=0,
    ).fit(X, y)
    assert found.best_score_ > 0.5
    assert {len(trial.intermediate_values) for trial in study.trials} <= {1, 2, 3, 4}
    assert any(trial.state.name == "PRUNED" for trial in study.trials)


@pytest.fixture
def postgresql():
    """URL of a database on a server of its own, reached through a socket."""
    pytest.importorskip("psycopg2")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    initdb = str(installed[-1].with_name("initdb")) if installed else shutil.which("initdb")
    if not initdb:
        pytest.skip("no PostgreSQL server installed")
    # The server refuses to be root; a short path, as sockets have none that is long.
    user = {"user": "nobody"} if hasattr(os, "geteuid") and os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        os.chmod(folder, 0o777)
        call: dict[str, Any] = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder, **user}
        data = f"{folder}/data"
        subprocess.run([initdb, "-D", data, "-U", "studies", "-A", "trust", "-N"], **call)
        control = [str(Path(initdb).with_name("pg_ctl")), "-D", data, "-w", "-l", f"{folder}/log"]
        options = f"-c listen_addresses='' -c fsync=off -k {folder}"
        subprocess.run([*control, "-o", options, "start"], **call)
        try:
            yield f"postgresql+psycopg2://studies@/postgres?host={folder}"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **call)


@pytest.mark.parametrize("kind", ["journal", "postgresql"])
def test_two_workers_share_a_study(tmp_path, kind, request):
    storage = tmp_path / "studies" / "my study.journal"
    if kind == "postgresql":
        storage = request.getfixturevalue("postgresql")
    begin = CONTEXT.Barrier(2)
    finish(*[start(optimize, storage, 0.05, 12, begin) for _ in range(2)])
    study = search.open_study(storage)
    done = [trial for trial in study.trials if trial.state.name == "COMPLETE"]
    assert 12 <= len(done) <= 13
    assert len({trial.user_attrs["worker"] for trial in done}) == 2


@pytest.mark.parametrize("kind", ["journal", "sqlite", "postgresql"])
def test_a_killed_worker_loses_no_trial(clips, tmp_path, kind, request):
    X, y, artists = clips
    storage = tmp_path / "study"
    if kind == "sqlite":
        storage = f"sqlite:///{storage}"
    elif kind == "postgresql":
        storage = request.getfixturevalue("postgresql")
    begin = CONTEXT.Barrier(2)
    worker = start(optimize, storage, 60, 3, begin)
    begin.wait(300)
    deadline = time.monotonic() + 60
    study = search.open_study(storage)
    while time.monotonic() < deadline:
        running = [t for t in study.trials if t.state.name == "RUNNING"]
        if running and {"worker"} <= set(running[0].user_attrs) and running[0].params:
            break
        time.sleep(0.1)
    assert [t.state.name for t in search.open_study(storage, heartbeat=1).trials] == ["RUNNING"]
    worker.kill()
    worker.join()
    again = search.open_study(storage)
    assert [t.state.name for t in again.trials] == ["RUNNING"], "its last sign of life is new"
    while time.monotonic() < deadline and again.trials[0].state.name == "RUNNING":
        time.sleep(0.5)
        again = search.open_study(storage, heartbeat=1)
    assert [t.state.name for t in again.trials] == ["FAIL", "WAITING"]
    assert again.trials[1].system_attrs["fixed_params"] == running[0].params
    # Opened once more, it is not put in line twice.
    assert len(search.open_study(storage, heartbeat=1).trials) == 2
    again.optimize(search.objective(LogisticRegression(), X, y, groups=artists, cv=2), n_trials=2)
    states = [t.state.name for t in search.open_study(storage, heartbeat=1).trials]
    assert states == ["FAIL", "COMPLETE", "COMPLETE"]
    assert again.trials[1].params == running[0].params


def test_a_worker_that_begins_a_trial_looks_after_the_dead(clips, tmp_path):
    X, y, artists = clips
    function = search.objective(LogisticRegression(), X, y, groups=artists, cv=2)
    study = search.open_study(tmp_path / "study.journal", heartbeat=1)
    dead = study.ask(function.space)
    dead.set_user_attr("alive", time.time() - 10)
    study.optimize(function, n_trials=2)
    assert [t.state.name for t in study.trials] == ["FAIL", "COMPLETE", "COMPLETE"]
    assert study.trials[2].params == dead.params


def test_a_slow_trial_goes_on_giving_signs_of_life(clips, tmp_path):
    X, y, _ = clips
    study = search.open_study(tmp_path / "study.journal", heartbeat=1)
    seen = []

    class Slow(LogisticRegression):
        def fit(self, X, y):
            seen.append(study.trials[0].user_attrs["alive"])
            deadline = time.monotonic() + 30
            while len(seen) < 3 and time.monotonic() < deadline:
                time.sleep(0.1)
                alive = study.trials[0].user_attrs["alive"]
                if alive != seen[-1]:
                    seen.append(alive)
            return super().fit(X, y)

    function = search.objective(
        Slow(), X, y, cv=2, space={"C": optuna.distributions.FloatDistribution(0.1, 1.0)}
    )
    study.optimize(function, n_trials=1)
    assert len(seen) >= 3 and seen == sorted(seen)
    assert study.trials[0].state.name == "COMPLETE"


def test_workers_of_equal_name_and_number_are_told_apart(tmp_path):
    """As in two containers, or in one that was started anew."""
    space = {"C": optuna.distributions.FloatDistribution(0.1, 1.0)}
    here = f"{socket.gethostname()} {os.getpid()}"
    study = search.open_study(tmp_path / "a.journal")
    for worker, alive in ((here, 0), (here, -1000), ("elsewhere 1", 0), ("elsewhere 1", -1000)):
        trial = study.ask(space)
        trial.set_user_attr("worker", worker)
        trial.set_user_attr("alive", time.time() + alive)
    again = search.open_study(tmp_path / "a.journal")
    states = [t.state.name for t in again.trials]
    assert states == ["RUNNING", "FAIL", "RUNNING", "FAIL", "WAITING", "WAITING"]


def test_a_study_that_minimizes_is_refused(clips, tmp_path):
    X, y, artists = clips
    function = search.objective(LogisticRegression(), X, y, groups=artists, cv=2)
    study = optuna.create_study()
    with pytest.raises(ValueError, match=r'minimizes, .*create_study\(direction="maximize"\)'):
        study.optimize(function, n_trials=1)
    both = optuna.create_study(directions=["maximize", "maximize"])
    with pytest.raises(ValueError, match="has 2 objectives"):
        both.optimize(function, n_trials=1)
    url = f"sqlite:///{tmp_path}/study.db"
    optuna.create_study(storage=url, study_name="sklearn_mgc")
    with pytest.raises(ValueError, match="'sklearn_mgc' minimizes"):
        search.open_study(url)


def _journal(path, n_trials=2):
    study = search.open_study(path)
    for _ in range(n_trials):
        study.tell(study.ask({"C": optuna.distributions.FloatDistribution(0.1, 1.0)}), 0.5)
    return path.read_bytes()


@pytest.mark.parametrize("tail", [b"", b"\0" * 4096, b'{"op_code":4,"wor', b"\xff\xfe\n"])
@pytest.mark.parametrize("cut", [0, 1, 25])
def test_a_journal_with_a_damaged_end_goes_on(tmp_path, tail, cut):
    path = tmp_path / "study.journal"
    whole = _journal(path)
    path.write_bytes(whole[: len(whole) - cut] + tail)
    if cut or tail:
        with pytest.warns(UserWarning, match="study.journal: .* were moved to study.journal.dam"):
            study = search.open_study(path)
        assert (tmp_path / "study.journal.damaged").stat().st_size > 0
    else:
        study = search.open_study(path)
    states = [t.state.name for t in study.trials]
    assert states == ["COMPLETE", "RUNNING" if cut else "COMPLETE"]
    study.tell(study.ask(), 0.5)
    assert len(search.open_study(path).trials) == 3


@pytest.mark.parametrize("n_bytes", [1, 30, 4096])
def test_half_a_line_before_a_whole_one_is_set_aside(tmp_path, n_bytes):
    path = tmp_path / "study.journal"
    lines = _journal(path).splitlines(keepends=True)
    half = (lines[3] * 100)[:n_bytes].replace(b"\n", b"") if n_bytes < 4096 else b"\0" * n_bytes
    path.write_bytes(b"".join([*lines[:-1], half, lines[-1]]))
    with pytest.warns(UserWarning, match="damaged bytes"):
        study = search.open_study(path)
    assert [t.state.name for t in study.trials] == ["COMPLETE", "COMPLETE"]
    blanks = b" " * len(half)
    assert path.read_bytes().startswith(b"".join([*lines[:-1], blanks, lines[-1]]))
    assert len(search.open_study(path).trials) == 2


def test_what_is_not_a_journal_is_named_and_left_alone(tmp_path):
    music = tmp_path / "song.wav"
    music.write_bytes(b"RIFF\0\0\0\0WAVE\n" * 10)
    with pytest.raises(ValueError, match=r"song.wav: is not a journal of Optuna; choose another"):
        search.open_study(music)
    assert music.read_bytes() == b"RIFF\0\0\0\0WAVE\n" * 10
    search.open_study(f"sqlite:///{tmp_path}/study.db")
    with pytest.raises(ValueError, match=r'not a journal of Optuna; open it as "sqlite:///.*db"'):
        search.open_study(tmp_path / "study.db")
    with pytest.raises(IsADirectoryError, match="is a folder; name a file, such as"):
        search.open_study(tmp_path)
    with pytest.raises(ValueError, match="nul.*: is a pipe or device"):
        search.open_study(os.devnull)
    with pytest.raises(ValueError, match=r"song.wav: cannot be opened .*not a database"):
        search.open_study(f"sqlite:///{music}")
    path = tmp_path / "study.journal"
    lines = _journal(path).splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], b"#" * 40 + b"\n", *lines[4:]]))
    with pytest.raises(ValueError, match=r"study.journal: line 4 is damaged, and later ones"):
        search.open_study(path)
    second = [i for i, line in enumerate(lines) if line.startswith(b'{"op_code":4')][1]
    for instead in ([], [bytes(len(lines[second]))], lines[second + 1 : second + 2]):
        path.write_bytes(b"".join([*lines[:second], *instead, *lines[second + 1 :]]))
        before = path.read_bytes()
        with pytest.raises(ValueError, match="the line that begins trial 1 is missing, and later"):
            search.open_study(path)
        assert path.read_bytes() == before
    for first in (b"", b"#" * 40 + b"\n", lines[0][:30], lines[0][30:]):
        path.write_bytes(b"".join([first, *lines[1:]]))
        with pytest.raises(ValueError, match=r"study.journal: its first line, .* is missing or"):
            search.open_study(path)
        assert path.read_bytes() == b"".join([first, *lines[1:]])
    path.write_bytes(b"".join(lines).replace(b'"study_name"', b'"study_mane"'))
    with pytest.raises(ValueError, match="study.journal: is damaged or was written by another"):
        search.open_study(path)


def test_processes_that_create_one_study_together_all_get_it(tmp_path):
    storages = [f"sqlite:///{tmp_path}/study{n}.db" for n in range(4)]
    begin = CONTEXT.Barrier(2)
    finish(*[start(open_studies, storages, begin) for _ in range(2)])


def test_a_study_of_another_space_is_refused(tmp_path):
    space = search.space(LogisticRegression())
    search.open_study(tmp_path / "study.journal", space=space)
    search.open_study(tmp_path / "study.journal", space=dict(space))
    space["C"] = optuna.distributions.FloatDistribution(1.0, 2.0)
    with pytest.raises(ValueError, match=r"has another space \(C differ\): choose another name"):
        search.open_study(tmp_path / "study.journal", space=space)
    search.open_study(tmp_path / "study.journal", space=space, name="other")


def test_a_database_without_a_driver_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with pytest.raises(ImportError, match="driver psycopg2 .*pip install psycopg2-binary, and"):
        search.open_study("postgresql+psycopg2://user:secret@host/studies")
    with pytest.raises(ValueError, match=r"postgresq:// is not a database .* 'sqlite:///study.db"):
        search.open_study("postgresq://user:secret@host/studies")


def test_a_database_is_a_file_in_any_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    search.open_study("sqlite:///~/studies/a.db")
    assert (tmp_path / "studies" / "a.db").is_file()
    for url in ("sqlite://", "sqlite:///:memory:"):  # each thread would have its own
        with pytest.raises(ValueError, match="keeps nothing; name a file, such as 'sqlite:///st"):
            search.open_study(url)


def test_a_trial_is_scored_again(clips):
    X, y, _ = clips
    function = search.objective(LogisticRegression(), X, y, cv=2)
    study = optuna.create_study(direction="maximize")
    study.optimize(function, n_trials=1)
    assert function(study.best_trial) == study.best_value
    assert function(optuna.trial.FixedTrial(study.best_params)) == study.best_value


def test_a_password_is_not_told():
    shown = studies._without_password("postgresql+psycopg2://user:secret@host/studies")
    assert shown == "postgresql+psycopg2://user:***@host/studies"


def test_bad_requests_are_told(clips):
    X, y, artists = clips
    model = make_pipeline(StandardScaler(), DNNClassifier())
    space = {"dnnclassifier__learning_rat": optuna.distributions.FloatDistribution(0.0, 1.0)}
    with pytest.raises(ValueError, match="no parameter 'dnnclassifier__learning_rat'"):
        search.objective(model, X, y, space=space)
    with pytest.raises(ValueError, match="the space is empty"):
        search.objective(model, X, y, space={})
    with pytest.raises(ValueError, match="pruning must be"):
        search.objective(model, X, y, pruning="batch")
    with pytest.raises(TypeError, match="needs partial_fit, which SVC does not have"):
        search.objective(SVC(), X, y, pruning="epoch")
    with pytest.raises(ValueError, match="test clips are by artists"):
        search.objective(model, X, y, groups=artists, cv=StratifiedKFold(3, shuffle=True))


@pytest.mark.parametrize("kind", [GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV])
def test_features_of_a_file_are_computed_once_for_a_whole_search(tmp_path, kind, monkeypatch):
    music = make_music(
        8, genres=["jazz", "rock"], duration=1.0, folder=tmp_path / "music", random_state=0
    )
    model = make_pipeline(
        HandcraftedFeatures(cache=tmp_path / "cache"), StandardScaler(), LogisticRegression()
    )
    grid = {"logisticregression__C": [0.1, 1.0, 10.0]}
    given = {"n_iter": 2, "random_state": 0} if kind is RandomizedSearchCV else {}
    given |= {"min_resources": 8} if kind is HalvingGridSearchCV else {}
    opened = []

    def read(path, **params):
        opened.append(str(path))
        return stream_audio(path, **params)

    monkeypatch.setattr(sound, "stream_audio", read)
    found = kind(model, grid, cv=2, **given).fit(music.data, music.target)
    assert found.predict(music.data).shape == (8,)
    assert sorted(opened) == sorted(map(str, music.data))

    def refuse(*args, **kwargs):
        raise AssertionError("computed again")

    monkeypatch.setattr(HandcraftedFeatures, "extract_sound", refuse)
    study = optuna.create_study(direction="maximize")
    study.optimize(search.objective(model, music.data, music.target, cv=2), n_trials=2)
    assert len(study.trials) == 2


def test_processes_of_a_search_share_the_cores_and_what_is_stored(tmp_path, monkeypatch):
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    log = tmp_path / "log"

    # Classes of this function travel by value, and write where all processes can.
    class Counted(HandcraftedFeatures):
        def extract_sound(self, *args, **kwargs):
            with open(log, "a") as file:
                file.write("computed\n")
            return super().extract_sound(*args, **kwargs)

    class Watched(DNNClassifier):
        def fit(self, X, y):
            import torch
            from threadpoolctl import threadpool_info

            pools = [pool["num_threads"] for pool in threadpool_info()]
            with open(log, "a") as file:
                file.write(f"{os.getpid()} {max([torch.get_num_threads(), *pools])}\n")
            return super().fit(X, y)

    music = make_music(
        8, genres=["jazz", "rock"], duration=1.0, folder=tmp_path / "music", random_state=0
    )
    features = Counted(cache=tmp_path / "cache")
    features.transform(music.data)
    log.unlink()
    model = make_pipeline(features, StandardScaler(), Watched((4,), max_epochs=1, random_state=0))
    grid = {"watched__lr": [1e-3, 1e-2, 1e-1]}
    GridSearchCV(model, grid, cv=4, n_jobs=2, refit=False).fit(music.data, music.target)
    lines = log.read_text().splitlines()
    assert "computed" not in lines
    assert len(lines) == 12
    n_threads = {int(line.split()[1]) for line in lines}
    assert max(n_threads) <= max(1, joblib.cpu_count() // 2)
