"""Intervals and tests against closed forms and scipy, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sklearn_mgc.evaluation.statistics import (
    PairedDifference,
    corrected_t_test,
    effective_number,
    jackknife_blocks,
    jackknife_interval,
    mcnemar,
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


def test_difference_of_clips_has_students_interval():
    values = np.random.default_rng(0).choice([-1, 0, 1], 50, p=[0.3, 0.2, 0.5])
    expected = stats.t.interval(0.95, 49, values.mean(), stats.sem(values))
    found = PairedDifference.of(values)
    assert found.interval() == pytest.approx(expected, abs=0.01)  # or the floor, a little wider
    assert found.p == pytest.approx(stats.ttest_1samp(values, 0).pvalue, abs=0.01)


def test_groups_that_happen_to_agree_leave_a_difference_uncertain():
    # Sixteen clips by four artists; A alone is right on one of each artist's four.
    found = PairedDifference.of(np.tile([1, 0, 0, 0], 4), np.repeat(np.arange(4), 4))
    low, high = found.interval()
    assert low < 0 < found.mean == 0.25 < high
    assert found.p > 0.05
    assert corrected_t_test([0.25, 0.25], 1.0, found.floor) > 0.05
    low, high = PairedDifference.of(np.zeros(16)).interval()
    assert -0.2 < low < 0 < high < 0.2
    assert PairedDifference.of(np.ones(5), np.zeros(5)).interval() == (-1.0, 1.0)
    assert np.isnan(PairedDifference.of([]).interval()).all()


def test_interval_of_paired_clips_covers():
    rng = np.random.default_rng(0)
    # Of 100 clips 10 % are lost and 4 % won.
    drawn = rng.choice([-1, 0, 1], size=(2000, 100), p=[0.1, 0.86, 0.04])
    found = np.array([PairedDifference.of(change).interval() for change in drawn])
    assert 0.935 < np.mean((found[:, 0] <= -0.06) & (found[:, 1] >= -0.06)) < 0.985


def test_effective_number_of_groups():
    assert effective_number(np.repeat(np.arange(30), 4)) == pytest.approx(30)
    assert effective_number([0] * 9 + [1]) == pytest.approx(100 / 82)


def test_one_artist_with_a_third_of_the_clips_does_not_spoil_the_coverage():
    rng = np.random.default_rng(2)
    sizes = np.r_[78, np.full(39, 4)]
    groups = np.repeat(np.arange(40), sizes)
    covered = 0
    for _ in range(1000):
        right = rng.random(len(groups)) < rng.beta(1.8, 1.2, 40)[groups]
        low, high = share_interval(right, groups)
        covered += low <= 0.6 <= high
    assert covered > 920


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


def test_jackknife_of_a_mean_is_students_and_of_a_share_is_that_of_shares():
    rng = np.random.default_rng(0)
    values = rng.normal(1, 2, 50)
    without = (values.sum() - values) / 49
    found = jackknife_interval(values.mean(), without, np.arange(50), is_share=False)
    expected = stats.t.interval(0.95, 49, values.mean(), stats.sem(values))
    assert found == pytest.approx(expected)
    right, groups = _clips(rng, 150, 0.6, spread=3)
    blocks = jackknife_blocks(groups)
    without = [right[blocks != b].mean() for b in range(blocks.max() + 1)]
    found = jackknife_interval(right.mean(), without, groups)
    assert found == pytest.approx(share_interval(right, groups), abs=2e-3)


def test_jackknife_leaves_out_whole_groups_in_parts_of_one_size():
    groups = np.repeat(np.arange(700), 3)
    blocks = jackknife_blocks(groups)
    assert (blocks.reshape(700, 3) == blocks[::3, None]).all()
    assert set(np.bincount(blocks[::3])) == {3, 4}
    np.testing.assert_array_equal(jackknife_blocks(["b", "a", "b"]), [1, 0, 1])


def test_jackknife_of_scores_at_the_ends_and_of_too_few():
    twenty, ten = np.repeat(np.arange(20), 5), np.arange(10)
    low, high = jackknife_interval(1.0, np.ones(20), twenty)
    assert high == 1.0
    assert low == pytest.approx(wilson(20, 20)[0], abs=0.02)  # Student's t is a little wider
    assert jackknife_interval(0.5, [np.nan, 0.5], ten) == (0.0, 1.0)
    assert np.isnan(jackknife_interval(0.5, [0.5], ten, is_share=False)).all()
    # A correlation that no group changes is not certain to the last digit.
    assert np.isnan(jackknife_interval(1.0, np.ones(20), twenty, is_share=False)).all()
    low, high = jackknife_interval(0.5, [0.5, 0.5, np.nan], ten)
    assert 0 < low < 0.5 < high < 1


def _f1(confusion):
    right = np.einsum("...ii->...i", confusion)
    return (2 * right / (confusion.sum(-1) + confusion.sum(-2)).clip(1)).mean(-1)


def test_interval_of_macro_f1_covers_the_truth_with_40_groups():
    rng = np.random.default_rng(4)
    taste = np.eye(5) * 1.5 + 0.2 + np.linspace(0, 0.1, 5)  # of an artist: who is taken for whom
    truth = _f1(taste / taste.sum(1, keepdims=True))
    covered = percentile = 0
    for _ in range(500):
        genres = rng.integers(5, size=40)
        chances = rng.standard_gamma(taste[genres])
        sizes = 1 + rng.poisson(rng.gamma(0.7, 4, 40))
        confusion = np.zeros((40, 5, 5))
        confusion[np.arange(40), genres] = rng.multinomial(
            sizes, chances / chances.sum(1, keepdims=True)
        )
        total = confusion.sum(0)
        artists = np.repeat(np.arange(40), sizes)
        low, high = jackknife_interval(_f1(total), _f1(total - confusion), artists)
        covered += low <= truth <= high
        drawn = rng.multinomial(40, np.full(40, 1 / 40), size=300)
        scores = _f1((drawn @ confusion.reshape(40, 25)).reshape(-1, 5, 5))
        low, high = np.quantile(scores, [0.025, 0.975])
        percentile += low <= truth <= high
    assert covered > 0.92 * 500
    assert percentile < 0.90 * 500  # what a bootstrap over groups would give


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
        of_groups.append(PairedDifference.of(differences, groups).p)
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
