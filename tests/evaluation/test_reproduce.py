"""Protocols split as they say; runs are stored, resumed and reported."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.utils import Bunch

from sklearn_mgc.classifiers import DNNClassifier
from sklearn_mgc.datasets import load_gtzan_features
from sklearn_mgc.evaluation import reproduce
from sklearn_mgc.evaluation.protocols import PROTOCOLS, feasible
from sklearn_mgc.evaluation.reproduction_report import table
from sklearn_mgc.recipes import best_handcrafted


def splits(protocol, data, seed=0, **params):
    cv = PROTOCOLS[protocol].cv(data, random_state=seed, **params)
    return cv if isinstance(cv, list) else list(cv.split(data.target, data.target, data.groups))


@pytest.fixture
def music():
    X, y = make_classification(120, 25, n_informative=8, n_classes=3, class_sep=1.5, random_state=0)
    order = np.argsort(y, kind="stable")
    X, y = X[order], y[order]
    groups = 100 * y + np.arange(120) // 4  # an artist has one genre
    return Bunch(data=X, target=np.array(["jazz", "pop", "rock"])[y], groups=groups)


def test_paper_splits_have_the_papers_sizes(music):
    (train, test), *rest = splits("paper", music, seed=1)
    assert (len(train), len(test), rest) == (96, 12, [])
    assert not set(train) & set(test)
    (train, test), *_ = splits("paper", music, seed=1, test_size=0.2)
    assert (len(train), len(test)) == (72, 24)
    assert set(splits("paper", music, seed=2)[0][1]) != set(splits("paper", music, seed=1)[0][1])


@pytest.mark.parametrize("protocol", ["random_10fold", "artist"])
def test_folds_test_every_clip_once(music, protocol):
    drawn = splits(protocol, music)
    assert sorted(np.concatenate([test for _, test in drawn])) == list(range(120))
    shared = [len(np.intersect1d(music.groups[train], music.groups[test])) for train, test in drawn]
    assert (sum(shared) == 0) == (protocol == "artist")


def test_what_the_data_does_not_allow_is_told(music):
    assert feasible(music) == ["paper", "random_10fold", "artist"]
    with pytest.raises(ValueError, match=r"needs data\.ids"):
        splits("fault_filtered", music)
    del music["groups"]
    assert feasible(music) == ["paper", "random_10fold"]


@pytest.mark.realdata
def test_fault_filtered_split_has_the_published_sizes(shared_data):
    gtzan = load_gtzan_features(shared_data / "gtzan" / "features_30_sec.csv")
    ((train, test),) = splits("fault_filtered", gtzan)
    assert (len(train), len(test)) == (443, 290)


def test_an_interrupted_reproduction_goes_on(music, tmp_path, monkeypatch):
    options = {"systems": ["logreg", "dnn"], "quick": True, "verbose": 0}
    whole = reproduce(music, output=tmp_path / "whole", **options)
    assert len(whole["runs"]) == 6
    assert [len(history) for history in whole["curves"].values()] == [5]

    fit, fitted = LogisticRegression.fit, []

    def interrupted(self, *args, **kwargs):
        fitted.append(self)
        if len(fitted) == 5:  # one split of the paper's, some folds of the next protocol
            raise KeyboardInterrupt
        return fit(self, *args, **kwargs)

    monkeypatch.setattr(LogisticRegression, "fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        reproduce(music, output=tmp_path / "parts", **options)
    stored = json.loads((tmp_path / "parts" / "results.json").read_text())
    assert list(stored["runs"]) == ["data | logreg | paper | 0", "data | dnn | paper | 0"]
    monkeypatch.undo()
    parts = reproduce(music, output=tmp_path / "parts", **options)
    for results in (whole, parts):
        for stored in results["runs"].values():
            del stored["seconds"]
    assert parts == whole


def test_curves_are_of_the_protocol_that_shows_them_and_come_last(music, tmp_path, monkeypatch):
    options = {"systems": ["dnn"], "quick": True, "output": tmp_path}
    assert reproduce(music, protocols="artist", **options)["curves"] == {}
    fit = DNNClassifier.fit

    def no_curves(self, *args, X_val=None, **kwargs):
        if X_val is not None:
            raise KeyboardInterrupt
        return fit(self, *args, **kwargs)

    monkeypatch.setattr(DNNClassifier, "fit", no_curves)
    with pytest.raises(KeyboardInterrupt):
        reproduce(music, protocols=["artist", "paper"], **options)
    assert "| the paper's dense network |" in (tmp_path / "results.md").read_text()
    rows = json.loads((tmp_path / "summary.json").read_text())["rows"]
    assert [row["protocol"] for row in rows] == ["artist", "paper"]
    monkeypatch.undo()
    assert list(reproduce(music, protocols="paper", **options)["curves"]) == ["data | dnn"]
    assert (tmp_path / "curves_dnn_0.png").exists()


def test_the_time_is_told_beforehand(music, tmp_path, capsys):
    options = {"protocols": "artist", "output": tmp_path, "quick": True, "verbose": 1}
    reproduce(music, systems=["dnn"], **options)
    told = r"1 runs; their networks will train for about \d+ s, one fold at a time"
    assert re.search(told, capsys.readouterr().out)


def test_committed_results_have_the_fields_that_are_written(music, tmp_path):
    reproduce(music, systems=["logreg"], protocols="artist", output=tmp_path)
    written = json.loads((tmp_path / "summary.json").read_text())
    page = Path(__file__).parents[2] / "docs" / "results" / "gtzan.json"
    committed = json.loads(page.read_text())
    assert list(committed) == list(written)
    # experiments/gtzan_rows.py joins runs of several days, and dates each row.
    assert {tuple(row) for row in committed["rows"]} == {("date", *written["rows"][0])}


def test_report_shows_each_system_beside_the_paper(music, tmp_path):
    content = reproduce(
        {"toy | <1>": music},
        output=tmp_path,
        systems=["logreg"],
        protocols="artist",
        n_repeats=2,
        verbose=0,
    )
    (row,) = table(content)
    assert row["low"] < row["accuracy"] < row["high"]
    assert (row["runs"], row["protocol"]) == (2, "artist")
    page = (tmp_path / "results.md").read_text()
    assert "* toy \\| &lt;1&gt;: 120 clips, 3 genres, 31 artists" in page
    assert f"{100 * row['accuracy']:.1f} ({100 * row['low']:.1f} to" in page
    assert "| the paper's 2-D CNN | GTZAN | 56.5 % of 200 clips | 49.6 to 63.2 |" in page
    assert (tmp_path / "accuracies.png").stat().st_size > 1000


def test_runs_of_other_versions_are_told(music, tmp_path):
    options = {"systems": ["logreg"], "protocols": "artist", "n_repeats": 1, "verbose": 0}
    content = reproduce(music, output=tmp_path, **options)
    content["versions"]["torch"] = "0.1"
    (tmp_path / "results.json").write_text(json.dumps(content))
    with pytest.warns(UserWarning, match="runs of other versions .*'torch': '0.1'"):
        reproduce(music, output=tmp_path, **options)


def test_bad_requests_are_told(music, tmp_path):
    with pytest.raises(ValueError, match="unknown: forest; choose from logreg"):
        reproduce(music, systems=["forest"], output=tmp_path)
    assert not list(tmp_path.iterdir())  # said before anything was computed
    with pytest.raises(ValueError, match="allows none"):
        reproduce(music, systems=["crnn"], output=tmp_path)
    reproduce(music, systems=["logreg"], protocols="paper", output=tmp_path, verbose=0)
    with pytest.raises(ValueError, match="choose another output folder"):
        reproduce(music, systems=["logreg"], quick=True, output=tmp_path)
    music.target = music.target[::-1]
    with pytest.raises(ValueError, match="results of other clips as 'data'"):
        reproduce(music, systems=["logreg"], protocols="paper", output=tmp_path, verbose=0)
    (tmp_path / "results.json").write_text("{")
    with pytest.raises(ValueError, match="not a file of results"):
        reproduce(music, systems=["logreg"], output=tmp_path)


@pytest.mark.realdata
def test_best_handcrafted_on_the_public_table(shared_data):
    gtzan = load_gtzan_features(
        shared_data / "gtzan" / "features_30_sec.csv", columns="kaggle", split="fault_filtered"
    )
    ((train, test),) = gtzan.cv
    y = np.asarray(gtzan.target)
    accuracy = best_handcrafted().fit(gtzan.data[train], y[train]).score(gtzan.data[test], y[test])
    # Logistic regression has 0.559 there.
    assert accuracy > 0.56
