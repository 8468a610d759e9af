"""Relative variances do not depend on how loud a clip is."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_mgc import HandcraftedFeatures
from sklearn_mgc.features import RelativeVariances


def test_gain_moves_levels_and_not_relative_variances():
    rng = np.random.default_rng(0)
    t = np.arange(3 * 22050) / 22050
    clip = (0.2 * np.sin(2 * np.pi * 220 * t) * (1 + np.sin(2 * np.pi * t)) / 2).astype(np.float32)
    clip += 0.02 * rng.standard_normal(len(t)).astype(np.float32)
    features = HandcraftedFeatures("kaggle")
    X = features.fit_transform([clip, 0.25 * clip])
    relative = RelativeVariances().fit_transform(X)
    names = list(features.get_feature_names_out())
    moved = {n for n, d in zip(names, np.abs(relative[0] - relative[1]), strict=True) if d > 0.02}
    assert {"rms_mean", "mfcc1_mean"} <= moved
    assert not {n for n in moved if n.endswith("_var")}
    raw = np.abs(np.log(np.abs(X[0]) / np.abs(X[1])))
    assert raw[names.index("rms_var")] > 2  # before: 16 times the variance
    assert relative[0, names.index("chroma_stft_var")] == X[0, names.index("chroma_stft_var")]


def test_names_must_match_the_columns():
    with pytest.raises(ValueError, match="X has 3 columns, but names has 57"):
        RelativeVariances().fit(np.ones((4, 3)))


def test_silence_stays_finite():
    X = np.zeros((2, 2))
    assert np.isfinite(RelativeVariances(["rms_mean", "rms_var"]).fit_transform(X)).all()
