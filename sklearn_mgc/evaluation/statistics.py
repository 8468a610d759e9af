"""How sure a score is: intervals and tests for clips that are not independent.

Clips of one artist are right or wrong together, so that what is resampled, or counted, is
artists.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import stats


def wilson(n_right: float, n: int, confidence_level: float = 0.95) -> tuple[float, float]:
    """Interval of a share of n independent clips.

    E. B. Wilson, *Probable inference, the law of succession, and statistical inference*, JASA
    22 (1927).
    """
    if n == 0:
        return math.nan, math.nan
    z = stats.norm.ppf((1 + confidence_level) / 2)
    share = n_right / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def share_interval(right, groups=None, confidence_level: float = 0.95) -> tuple[float, float]:
    """Interval of the share of clips that are right, when groups are drawn and not clips.

    Without groups, and with groups of one clip each, it is Wilson's. Else the variance of
    the share is that between groups (the ratio estimator of cluster sampling, W. G. Cochran,
    *Sampling techniques*, 3rd edition, section 9A), which says how many independent clips
    the data is worth; Wilson's interval is that of so many clips, with Student's t for the
    number of groups. It keeps its coverage with 20 groups, where the bootstrap's falls short.
    """
    right = np.asarray(right, dtype=float)
    n = len(right)
    if groups is None:
        return wilson(right.sum(), n, confidence_level)
    codes = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(codes).astype(float)
    n_groups = len(sizes)
    if n_groups < 2:
        return 0.0, 1.0
    share = right.mean()
    residuals = np.bincount(codes, weights=right) - share * sizes
    variance = n_groups / (n_groups - 1) * (residuals**2).sum() / n**2
    return _wilson_of_variance(share, variance, n, n_groups, confidence_level)


def jackknife_blocks(groups, n_blocks: int = 200) -> np.ndarray:
    """Which part of the jackknife each clip is left out in: its group's, at most n_blocks."""
    codes = np.unique(groups, return_inverse=True)[1]
    n_groups = codes.max() + 1
    if n_groups <= n_blocks:
        return codes
    return np.random.default_rng(0).permutation(n_groups)[codes] % n_blocks


def jackknife_interval(
    score: float, without, n: int, confidence_level: float = 0.95, *, is_share: bool = True
) -> tuple[float, float]:
    """Interval of any score of n clips, from the scores without one group each.

    The jackknife (R. G. Miller, *The jackknife: a review*, Biometrika 61, 1974) gives the
    variance between groups, and the bias that few groups give a score such as macro-F1; the
    interval is that of a share with the sum of the variance and the squared bias. Scores
    that are not between 0 and 1 have Student's interval.
    """
    without = np.asarray(without, dtype=float)
    without = without[~np.isnan(without)]  # without the only group of a genre, say
    n_groups = len(without)
    if n_groups < 2:
        return (0.0, 1.0) if is_share else (math.nan, math.nan)
    variance = (n_groups - 1) * without.var()
    bias = (n_groups - 1) * (without.mean() - score)
    if is_share:
        return _wilson_of_variance(score, variance + bias**2, n, n_groups, confidence_level)
    half = stats.t.ppf((1 + confidence_level) / 2, n_groups - 1) * math.sqrt(variance + bias**2)
    return score - half, score + half


def _wilson_of_variance(
    share: float, variance: float, n: int, n_groups: int, confidence_level: float
) -> tuple[float, float]:
    """Wilson's interval of as many clips as a share of such a variance comes from."""
    if share in (0.0, 1.0):
        return wilson(share * n_groups, n_groups, confidence_level)
    worth = min(max(share * (1 - share) / variance, 1.0), n) if variance > 0 else n
    t = stats.t.ppf((1 + confidence_level) / 2, n_groups - 1)
    middle = (share + t**2 / (2 * worth)) / (1 + t**2 / worth)
    half = t / (1 + t**2 / worth) * math.sqrt(share * (1 - share) / worth + t**2 / (4 * worth**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def mean_interval(values, groups=None, confidence_level: float = 0.95) -> tuple[float, float]:
    """Interval of a mean of values per clip, groups drawn and not clips."""
    values = np.asarray(values, dtype=float)
    codes = np.arange(len(values)) if groups is None else np.unique(groups, return_inverse=True)[1]
    n_groups = codes.max() + 1
    mean = values.mean()
    if n_groups < 2:
        return math.nan, math.nan
    sizes = np.bincount(codes)
    residuals = np.bincount(codes, weights=values) - mean * sizes
    error = math.sqrt(n_groups / (n_groups - 1) * (residuals**2).sum()) / len(values)
    t = stats.t.ppf((1 + confidence_level) / 2, n_groups - 1)
    return mean - t * error, mean + t * error


def mcnemar(a_right, b_right) -> float:
    """p-value that two classifiers err equally often on the same independent clips.

    The mid-p test: exact, and neither as timid as the exact test nor as bold as chi-squared.
    M. W. Fagerland, S. Lydersen and P. Laake, *The McNemar test for binary matched-pairs
    data*, BMC Medical Research Methodology 13 (2013).
    """
    a_right, b_right = np.asarray(a_right, dtype=bool), np.asarray(b_right, dtype=bool)
    only_a, only_b = int((a_right & ~b_right).sum()), int((b_right & ~a_right).sum())
    n = only_a + only_b
    if n == 0:
        return 1.0
    k = min(only_a, only_b)
    p = 2 * stats.binom.cdf(k, n, 0.5) - stats.binom.pmf(k, n, 0.5)
    return float(min(1.0, p))


def group_t_test(differences, groups) -> float:
    """p-value that the mean difference per clip is 0, when groups are drawn and not clips."""
    values = np.asarray(differences, dtype=float)
    codes = np.unique(groups, return_inverse=True)[1]
    n_groups = codes.max() + 1
    mean = values.mean()
    if n_groups < 2:
        return 1.0
    residuals = np.bincount(codes, weights=values) - mean * np.bincount(codes)
    error = math.sqrt(n_groups / (n_groups - 1) * (residuals**2).sum()) / len(values)
    if error == 0:
        return 1.0 if mean == 0 else 0.0
    return float(2 * stats.t.sf(abs(mean) / error, n_groups - 1))


def corrected_t_test(differences, test_share: float) -> float:
    """p-value that the mean difference over folds, perhaps repeated, is 0.

    Training sets overlap, so that folds are not independent; the variance is enlarged by the
    share of test to training clips. C. Nadeau and Y. Bengio, *Inference for the
    generalization error*, Machine Learning 52 (2003).
    """
    differences = np.asarray(differences, dtype=float)
    n = len(differences)
    if n < 2:
        return math.nan
    variance = differences.var(ddof=1) * (1 / n + test_share)
    if variance == 0:
        return 1.0 if differences.mean() == 0 else 0.0
    return float(2 * stats.t.sf(abs(differences.mean()) / math.sqrt(variance), n - 1))
