"""How sure a score is: intervals and tests for clips that are not independent.

Clips of one artist are right or wrong together, so that what is resampled, or counted, is
artists.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

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


def effective_number(groups) -> float:
    """Number of groups of equal size that are worth as much as these: (sum n)^2 / sum n^2.

    It is the number of groups where all have as many clips, and near 1 where one has most.
    """
    sizes = np.unique(groups, return_counts=True)[1].astype(float)
    return float(sizes.sum() ** 2 / (sizes**2).sum())


def share_interval(right, groups=None, confidence_level: float = 0.95) -> tuple[float, float]:
    """Interval of the share of clips that are right, when groups are drawn and not clips.

    Without groups, and with groups of one clip each, it is Wilson's. Else the variance of
    the share is that between groups (the ratio estimator of cluster sampling, W. G. Cochran,
    *Sampling techniques*, 3rd edition, section 9A), which says how many independent clips
    the data is worth; Wilson's interval is that of so many clips, with Student's t for the
    effective number of groups, which also corrects the variance. It keeps its coverage with
    20 groups, where the bootstrap's falls short, and where one group has a third of the clips.
    """
    right = np.asarray(right, dtype=float)
    n = len(right)
    if groups is None:
        return wilson(right.sum(), n, confidence_level)
    worth = effective_number(groups) if n else 0.0
    if worth <= 1:
        return 0.0, 1.0
    share = right.mean()
    variance = _variance_of_mean(right, groups)
    return _wilson_of_variance(share, variance, n, worth, confidence_level)


def _variance_of_mean(values: np.ndarray, groups) -> float:
    """Variance of a mean per clip, between groups."""
    codes = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(codes).astype(float)
    worth = effective_number(groups)
    residuals = np.bincount(codes, weights=values) - values.mean() * sizes
    return worth / (worth - 1) * float((residuals**2).sum()) / len(values) ** 2


def jackknife_blocks(groups, n_blocks: int = 200) -> np.ndarray:
    """Which part of the jackknife each clip is left out in: its group's, at most n_blocks."""
    codes = np.unique(groups, return_inverse=True)[1]
    n_groups = codes.max() + 1
    if n_groups <= n_blocks:
        return codes
    return np.random.default_rng(0).permutation(n_groups)[codes] % n_blocks


def jackknife_interval(
    score: float, without, groups, confidence_level: float = 0.95, *, is_share: bool = True
) -> tuple[float, float]:
    """Interval of any score, from the scores without one group each.

    ``groups`` says which group, or block, each clip is of. The jackknife (R. G. Miller, *The
    jackknife: a review*, Biometrika 61, 1974) gives the variance between groups, and the bias
    that few groups give a score such as macro-F1; the interval is that of a share with the
    sum of the variance and the squared bias. Scores that are not between 0 and 1 have
    Student's interval, or none (NaN) where leaving out groups changes nothing.
    """
    without = np.asarray(without, dtype=float)
    without = without[~np.isnan(without)]  # without the only group of a genre, say
    worth = effective_number(groups)
    n_groups = len(without)
    if n_groups < 2 or worth <= 1:
        return (0.0, 1.0) if is_share else (math.nan, math.nan)
    # The correction by n / (n - 1) is of the effective number of groups.
    variance = (n_groups - 1) ** 2 / n_groups * worth / (worth - 1) * without.var()
    bias = (n_groups - 1) * (without.mean() - score)
    if is_share:
        return _wilson_of_variance(score, variance + bias**2, len(groups), worth, confidence_level)
    half = stats.t.ppf((1 + confidence_level) / 2, worth - 1) * math.sqrt(variance + bias**2)
    return (score - half, score + half) if half > 0 else (math.nan, math.nan)


def _wilson_of_variance(
    share: float, variance: float, n: int, n_groups: float, confidence_level: float
) -> tuple[float, float]:
    """Wilson's interval of as many clips as a share of such a variance comes from."""
    if share in (0.0, 1.0):  # no variance to be seen: each group counts as one clip
        worth = n_groups
    else:
        worth = min(max(share * (1 - share) / variance, 1.0), n) if variance > 0 else n
    t = stats.t.ppf((1 + confidence_level) / 2, n_groups - 1)
    middle = (share + t**2 / (2 * worth)) / (1 + t**2 / worth)
    half = t / (1 + t**2 / worth) * math.sqrt(share * (1 - share) / worth + t**2 / (4 * worth**2))
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class PairedDifference:
    """A mean of differences per clip, each from -1 to 1, with groups drawn and not clips.

    Its standard error is that between groups, and never less than what independent clips
    would have: Wald's with half a clip more in each cell of the table of right and wrong
    (A. Agresti and Y. Min, *Simple improved confidence intervals for comparing matched
    proportions*, Statistics in Medicine 24, 2005). A few groups that happen to agree do not
    make a difference certain.
    """

    mean: float
    error: float  # standard error; NaN where there is one group
    floor: float  # the least that the error may be
    n_groups: float  # effective number

    @classmethod
    def of(cls, differences, groups=None) -> PairedDifference:
        """Measure differences (n_clips,), clips being of ``groups`` (by default one each)."""
        values = np.asarray(differences, dtype=float)
        n = len(values)
        if not n:
            return cls(math.nan, math.nan, math.nan, 0.0)
        groups = np.arange(n) if groups is None else np.asarray(groups)
        middle = values.sum() / (n + 2)
        floor = math.sqrt(((values**2).sum() + 1) / (n + 2) - middle**2) / math.sqrt(n + 2)
        worth = effective_number(groups)
        error = math.nan
        if worth > 1:
            error = max(math.sqrt(_variance_of_mean(values, groups)), floor)
        return cls(float(values.mean()), error, floor, worth)

    def interval(self, confidence_level: float = 0.95) -> tuple[float, float]:
        """Student's interval for the effective number of groups, within -1 and 1."""
        if math.isnan(self.mean):
            return math.nan, math.nan
        if math.isnan(self.error):
            return -1.0, 1.0
        half = stats.t.ppf((1 + confidence_level) / 2, self.n_groups - 1) * self.error
        return max(self.mean - half, -1.0), min(self.mean + half, 1.0)

    @property
    def p(self) -> float:
        """p-value that the difference is 0."""
        if math.isnan(self.error):
            return 1.0
        return float(2 * stats.t.sf(abs(self.mean) / self.error, self.n_groups - 1))


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


def corrected_t_test(differences, test_share: float, floor: float = 0.0) -> float:
    """p-value that the mean difference over folds, perhaps repeated, is 0.

    Training sets overlap, so that folds are not independent; the variance is enlarged by the
    share of test to training clips. C. Nadeau and Y. Bengio, *Inference for the
    generalization error*, Machine Learning 52 (2003). ``floor`` is the least standard error:
    folds that happen to agree do not make a difference certain.
    """
    differences = np.asarray(differences, dtype=float)
    n = len(differences)
    if n < 2:
        return math.nan
    error = max(math.sqrt(differences.var(ddof=1) * (1 / n + test_share)), floor)
    if error == 0:
        return 1.0 if differences.mean() == 0 else 0.0
    return float(2 * stats.t.sf(abs(differences.mean()) / error, n - 1))
