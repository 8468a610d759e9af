"""Intervals and tests against closed forms and scipy, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sklearn_mgc.evaluation._statistics import (
    bootstrap_interval,
    corrected_t_test,
    group_t_test,
    mcnemar,
    mean_interval,
    share_interval,
    wilson,
)


@pytest.mark.parametrize(("k", "n"), [(64, 100), (0, 20), (20, 20), (113, 200)])
def test_wilson_equals_scipy(k, n):
    expected = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert wilson(k, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_without_groups_it_is_wilsons():
    right = np.arange(200) < 130
    assert share_interval(right) == wilson(130, 200)


def test_groups_of_one_clip_are_clips():
    right = np.random.default_rng(0).random(2000) < 0.7
    grouped = share_interval(right, np.arange(2000))
    assert grouped == pytest.approx(share_interval(right), abs=1e-3)


def test_copies_of_a_clip_add_nothing():
    right = np.random.default_rng(0).random(200) < 0.7
    once = share_interval(right, np.arange(200))
    assert share_interval(np.tile(right, 4), np.tile(np.arange(200), 4)) == pytest.approx(once)


def test_mean_interval_of_clips_is_students():
    values = np.random.default_rng(0).normal(1, 2, 50)
    expected = stats.t.interval(0.95, 49, values.mean(), stats.sem(values))
    assert mean_interval(values) == pytest.approx(expected)


def _clips(rng, n_groups, p, spread):
    """Clips of unequal artists, each with a chance of its own to be right."""
    sizes = 1 + rng.poisson(rng.gamma(0.7, 4, n_groups))
    chance = rng.beta(spread * p, spread * (1 - p), n_groups)
    groups = np.repeat(np.arange(n_groups), sizes)
    return rng.random(len(groups)) < chance[groups], groups


@pytest.mark.parametrize(("n_groups", "p"), [(60, 0.5), (60, 0.8), (250, 0.6)])
def test_interval_covers_the_truth_95_times_of_100(n_groups, p):
    rng = np.random.default_rng(1)
    covered = naive = 0
    for _ in range(1000):
        right, groups = _clips(rng, n_groups, p, spread=3)
        low, high = share_interval(right, groups)
        covered += low <= p <= high
        low, high = share_interval(right)
        naive += low <= p <= high
    assert 930 <= covered <= 970
    assert naive < 900  # what taking clips for independent would give


def test_bootstrap_covers_the_truth():
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(300):
        right, groups = _clips(rng, 80, 0.6, spread=3)
        low, high = bootstrap_interval(
            lambda rows, right=right: right[rows].mean(), len(right), groups, n_resamples=300
        )
        covered += low <= 0.6 <= high
    assert 0.91 <= covered / 300 <= 0.98  # 95 % within sampling error of 300


def test_mcnemar_is_the_mid_p_value():
    a = np.r_[np.ones(10), np.zeros(3), np.ones(40)].astype(bool)
    b = np.r_[np.zeros(10), np.ones(3), np.ones(40)].astype(bool)
    exact = stats.binomtest(3, 13).pvalue
    assert mcnemar(a, b) == pytest.approx(exact - stats.binom.pmf(3, 13, 0.5))
    assert mcnemar(a, a) == 1.0


def test_p_values_of_equals_are_uniform():
    rng = np.random.default_rng(3)
    of_groups, of_clips, of_folds = [], [], []
    for _ in range(1000):
        right_a, groups = _clips(rng, 80, 0.6, spread=3)
        right_b, _ = right_a.copy(), None
        # B differs from A by a coin for some artists, in either direction.
        flips = rng.choice([-1, 0, 1], size=80, p=[0.25, 0.5, 0.25])
        differences = flips[groups] * (rng.random(len(groups)) < 0.3)
        of_groups.append(group_t_test(differences, groups))
        right_a, right_b = rng.random((2, 400)) < 0.6
        of_clips.append(mcnemar(right_a, right_b))
        of_folds.append(corrected_t_test(rng.normal(size=10), 0.0))
    assert stats.kstest(of_groups, "uniform").pvalue > 0.01
    assert stats.kstest(of_folds, "uniform").pvalue > 0.01
    # Counts are few, so the p-values have steps: compare the shares that matter.
    for level in (0.05, 0.1, 0.5):
        assert np.mean(np.array(of_clips) <= level) == pytest.approx(level, abs=0.04)


def test_corrected_t_test_is_students_without_overlap_and_wary_with():
    differences = np.array([0.02, 0.05, -0.01, 0.03, 0.04])
    plain = stats.ttest_1samp(differences, 0).pvalue
    assert corrected_t_test(differences, 0.0) == pytest.approx(plain)
    error = np.sqrt(differences.var(ddof=1) * (1 / 5 + 1 / 4))
    expected = 2 * stats.t.sf(differences.mean() / error, 4)
    assert corrected_t_test(differences, 1 / 4) == pytest.approx(expected)
    assert corrected_t_test([0.0, 0.0], 0.25) == 1.0
