"""Extraction, cross-validation and searches on Dask and Ray, through joblib alone."""

from __future__ import annotations

import os
import signal
import threading
import time

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import HandcraftedFeatures
from sklearn_mgc.datasets import make_music
from sklearn_mgc.evaluation import cross_validate
from tests.processes import CONTEXT, finish, start


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    folder = tmp_path_factory.mktemp("music")
    return make_music(
        12,
        genres=["jazz", "rock"],
        artists_per_genre=3,
        duration=1.0,
        folder=folder,
        random_state=0,
    )


@pytest.fixture(scope="module")
def ray_cluster():
    ray = pytest.importorskip("ray")
    from ray.util.joblib import register_ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    register_ray()
    yield ray
    ray.shutdown()


def _everything(music, n_jobs=2):
    """What a user runs: features, cross-validation and a search, from paths."""
    model = make_pipeline(HandcraftedFeatures(), StandardScaler(), LogisticRegression())
    grid = {"logisticregression__C": [0.1, 1.0]}
    search = GridSearchCV(model, grid, cv=2, n_jobs=n_jobs).fit(music.data, music.target)
    return (
        HandcraftedFeatures(n_jobs=n_jobs).transform(music.data),
        cross_val_score(model, music.data, music.target, cv=3, n_jobs=n_jobs),
        cross_validate(
            model, music.data, music.target, groups=music.groups, cv=3, n_jobs=n_jobs
        ).probabilities,
        search.cv_results_["mean_test_score"],
    )


@pytest.mark.slow
def test_ray_gives_the_same(music, ray_cluster):
    features = HandcraftedFeatures(n_jobs=2)
    model = make_pipeline(features, StandardScaler(), LogisticRegression())
    expected = features.transform(music.data)
    score = cross_validate(model, music.data, music.target, groups=music.groups, cv=2).score
    with joblib.parallel_config("ray", n_jobs=2):
        np.testing.assert_allclose(features.transform(music.data), expected, rtol=1e-5)
        found = cross_validate(model, music.data, music.target, groups=music.groups, cv=2)
    assert found.score == score


def test_dask_gives_the_same_and_a_run_outlives_a_killed_worker(music):
    dask, distributed = (pytest.importorskip(name) for name in ("dask", "distributed"))
    finish(start(os.getpid))  # the server is there, of which Dask's workers are forked, too
    expected = _everything(music, n_jobs=1)
    clips = [str(path) for path in music.data] * 20
    method = {"distributed.worker.multiprocessing-method": CONTEXT.get_start_method()}
    with (
        dask.config.set(method),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
        joblib.parallel_config("dask"),
    ):
        for ours, theirs in zip(_everything(music), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5)
        pids = client.run(os.getpid)

        def kill():
            time.sleep(0.2)
            os.kill(next(iter(pids.values())), signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        found = HandcraftedFeatures(n_jobs=2).transform(clips)
        killer.join()
        again = HandcraftedFeatures(n_jobs=2).transform(clips[:12])
        new = client.run(os.getpid)
    assert set(new.values()) != set(pids.values())  # a nanny started another
    np.testing.assert_allclose(found[:12], expected[0], rtol=1e-5)
    np.testing.assert_allclose(again, expected[0], rtol=1e-5)
