"""Generated music and a model of it."""

from __future__ import annotations

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import HandcraftedFeatures
from sklearn_mgc.datasets import make_music


@pytest.fixture(scope="package")
def music():
    return make_music(
        24, genres=["classical", "electronic"], artists_per_genre=3, duration=4.0, random_state=0
    )


@pytest.fixture(scope="package")
def model(music):
    pipeline = make_pipeline(HandcraftedFeatures(), StandardScaler(), LogisticRegression(C=0.1))
    return pipeline.fit(music.data, music.target)
