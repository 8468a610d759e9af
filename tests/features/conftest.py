"""Short generated clips, as arrays and as files, and what every audio transformer promises."""

from __future__ import annotations

import pickle
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.utils import estimator_checks as checks

RATE = 22050
# Two computations may differ in the last bits: where FFT buffers lie decides their rounding.
assert_same = partial(assert_allclose, rtol=1e-5, atol=1e-5)

INPUT_FREE = (
    checks.check_estimator_cloneable,
    checks.check_estimator_repr,
    checks.check_estimator_tags_renamed,
    checks.check_get_params_invariance,
    checks.check_no_attributes_set_in_init,
    checks.check_parameters_default_constructible,
    checks.check_set_params,
    checks.check_valid_tag_types,
    checks.check_mixin_order,
)


def make_clip(seed: int, seconds: float = 2.0) -> np.ndarray:
    """A chord with vibrato, beats of noise and a quiet tail."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE)) / RATE
    pitches = 110 * 2 ** (rng.integers(0, 36, size=3) / 12)
    chord = sum(np.sin(2 * np.pi * p * t + 2 * np.sin(5 * t)) / k for k, p in enumerate(pitches, 1))
    beats = rng.normal(0, 0.3, len(t)) * np.exp(-20 * (t % rng.uniform(0.3, 0.6)))
    return (0.2 * (chord + beats) * np.where(t < 0.8 * seconds, 1, 0.01)).astype(np.float32)


@pytest.fixture(scope="session")
def clips() -> list[np.ndarray]:
    return [make_clip(seed) for seed in range(4)]


@pytest.fixture(scope="session")
def clip_paths(clips, tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("clips")
    paths = [str(folder / f"clip {i} ü.wav") for i in range(len(clips))]
    for path, clip in zip(paths, clips, strict=True):
        sf.write(path, clip, RATE, subtype="FLOAT")
    return paths


@pytest.fixture
def battery(clip_paths):
    """Feed a transformer every form of X; scikit-learn's own checks know no paths."""
    return lambda transformer: _run_battery(transformer, clip_paths)


def _run_battery(transformer, paths: list[str]) -> None:
    expected = transformer.fit_transform(paths)
    assert np.isfinite(expected).all() and expected.dtype == np.float32
    as_object = np.array(paths, dtype=object)
    forms = [
        tuple(paths),
        [Path(path) for path in paths],
        np.array(paths),
        as_object,
        as_object[:, None],
        pd.Series(paths, index=range(7, 7 + len(paths))),
    ]
    for form in forms:
        assert_same(transformer.transform(form), expected)
    assert_same(transformer.transform(paths[::-1]), expected[::-1])
    assert_same(transformer.transform(paths[1:2]), expected[1:2])
    assert_same(pickle.loads(pickle.dumps(transformer)).transform(paths), expected)
    assert_same(clone(transformer).transform(paths), expected)
    assert_same(clone(transformer).set_params(n_jobs=2).transform(paths), expected)


@pytest.fixture
def input_free_checks():
    """Run scikit-learn's checks that need no X, by name, and count them."""

    def run(transformer) -> int:
        for check in INPUT_FREE:
            check(type(transformer).__name__, transformer)
        return len(INPUT_FREE)

    return run
