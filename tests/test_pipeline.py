"""The line that must always work, in everything scikit-learn does with a pipeline."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import (
    CNN2DClassifier,
    CRNNClassifier,
    DNNClassifier,
    HandcraftedFeatures,
    MelScaler,
    MelSpectrogram,
)
from sklearn_mgc.datasets import make_music


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    return make_music(
        n_tracks=36, duration=1.5, folder=tmp_path_factory.mktemp("music"), random_state=0
    )


def headline(**params):
    params = {"max_epochs": 10, "random_state": 0, **params}
    return make_pipeline(HandcraftedFeatures(), StandardScaler(), DNNClassifier(**params))


def mel_pipeline(network):
    return make_pipeline(MelSpectrogram(n_mels=32, n_frames=32), MelScaler(), network)


@pytest.fixture(scope="module")
def expected(music):
    """Probabilities of the headline, fitted on a list of strings."""
    paths = [str(p) for p in music.data]
    return headline().fit(paths, music.target).predict_proba(paths)


NETWORKS = {
    "CNN2D": CNN2DClassifier(max_epochs=2, batch_size=8, random_state=0),
    "CRNN": CRNNClassifier(max_epochs=2, batch_size=8, random_state=0),
}


@pytest.mark.parametrize(
    "form",
    [
        np.asarray,
        lambda paths: np.asarray(paths, dtype=object),
        pd.Series,
        lambda paths: [Path(p) for p in paths],
        lambda paths: np.asarray(paths, dtype=object).reshape(-1, 1),
    ],
    ids=["str array", "object array", "Series", "Path", "column"],
)
def test_input_forms_agree(music, form, expected):
    paths = [str(p) for p in music.data]
    given = headline().fit(form(paths), list(music.target)).predict_proba(form(paths))
    np.testing.assert_array_equal(given, expected)


def test_learns_and_gives_string_labels(music):
    model = headline(max_epochs=60).fit(music.data, music.target)
    assert set(model.predict(music.data)) <= set(music.target_names)
    assert model.score(music.data, music.target) > 0.9  # training tracks: it must have learned


@pytest.mark.parametrize("name", NETWORKS)
def test_mel_networks(music, name):
    model = mel_pipeline(clone(NETWORKS[name]))
    assert cross_val_score(model, music.data, music.target, cv=2, error_score="raise").shape == (2,)
    probabilities = model.fit(music.data, music.target).predict_proba(music.data[:3])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_grid_search(music):
    grid = {
        "dnnclassifier__dropout": [0.1, 0.5],
        "dnnclassifier__lr": [1e-2],
        "dnnclassifier__hidden_sizes": [(16, 8), (32, 16, 8)],
    }
    search = GridSearchCV(headline(max_epochs=3), grid, cv=2, error_score="raise")
    search.fit(music.data, music.target)
    assert set(search.best_params_) == set(grid)
    assert search.predict(music.data[:2]).shape == (2,)


def test_randomized_search(music):
    search = RandomizedSearchCV(
        headline(max_epochs=3),
        {
            "dnnclassifier__dropout": [0.1, 0.2, 0.3],
            "dnnclassifier__optimizer__weight_decay": [1e-3],
        },
        n_iter=2,
        cv=2,
        random_state=0,
        error_score="raise",
    ).fit(music.data, music.target)
    assert search.cv_results_["mean_test_score"].shape == (2,)


def test_saved_models_predict_the_same_in_a_fresh_process(music, tmp_path):
    paths = [str(p) for p in music.data[:4]]
    script = (
        "import sys, joblib, numpy as np\n"
        "for name in ('headline', 'spectrograms'):\n"
        "    model = joblib.load(f'{sys.argv[1]}/{name}.joblib')\n"
        "    np.save(f'{sys.argv[1]}/{name}.npy', model.predict_proba(sys.argv[2:]))\n"
    )
    expected = {}
    for name, model in {
        "headline": headline(),
        "spectrograms": mel_pipeline(clone(NETWORKS["CRNN"])),
    }.items():
        expected[name] = model.fit(music.data, music.target).predict_proba(paths)
        model[-1].device_ = "cuda"  # as if it had been trained on one, and there is none
        joblib.dump(model, tmp_path / f"{name}.joblib")
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-c", script, str(tmp_path), *paths]
    subprocess.run(command, check=True, env=environment)
    for name, probabilities in expected.items():
        np.testing.assert_array_equal(np.load(tmp_path / f"{name}.npy"), probabilities)


def test_import_loads_nothing_heavy():
    script = (
        "import sys, sklearn_mgc\n"
        "heavy = {'torch', 'librosa', 'numba', 'matplotlib', 'sklearn'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "import sklearn_mgc.audio\n"
        "assert not {'librosa', 'numba'} & set(sys.modules)\n"
        "import sklearn_mgc.features\n"
        "networks = {'torch', 'skorch'} & set(sys.modules)\n"
        "assert not networks, networks\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_public_names_exist():
    import sklearn_mgc

    for name in sklearn_mgc.__all__:
        assert getattr(sklearn_mgc, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        sklearn_mgc.no_such_name  # noqa: B018


@pytest.mark.realdata
def test_fma_mp3_straight_in(shared_data):
    paths = sorted((shared_data / "fma" / "audio").rglob("*.mp3"))
    X = HandcraftedFeatures().fit_transform(paths)
    assert X.shape == (len(paths), 25)
    assert np.isfinite(X).all()
