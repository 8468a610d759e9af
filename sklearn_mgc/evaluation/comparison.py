"""Whether one classifier is better than another, on the same test clips."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sklearn_mgc.evaluation.results import EvaluationResult
from sklearn_mgc.evaluation.statistics import (
    corrected_t_test,
    group_t_test,
    mcnemar,
    mean_interval,
)


@dataclass(frozen=True)
class Comparison:
    """The difference in accuracy of two classifiers, and how sure it is.

    Made by :func:`compare`.

    Parameters
    ----------
    names : tuple of str
        Names of the classifiers, A and B.
    difference : float
        Accuracy of A less that of B.
    low, high : float
        Confidence interval of the difference.
    confidence_level : float
        Its coverage.
    p_artists : float
        p-value that the difference is 0, when artists are drawn (clips, where artists are
        unknown): the test that the words of the verdict rest on.
    p_mcnemar : float
        p-value of McNemar's test (mid-p), which takes clips for independent; of the first
        repeat.
    p_folds : float
        p-value of the corrected resampled t-test over folds; NaN for a single fold.
    n_only_a, n_only_b : int
        Predictions that A, or B, alone got right.
    """

    names: tuple[str, str]
    difference: float
    low: float
    high: float
    confidence_level: float
    p_artists: float
    p_mcnemar: float
    p_folds: float
    n_only_a: int
    n_only_b: int

    @property
    def verdict(self) -> str:
        """The difference in words."""
        a, b = self.names if self.difference >= 0 else self.names[::-1]
        sign = 1 if self.difference >= 0 else -1
        low, high = sorted((sign * 100 * self.low, sign * 100 * self.high))
        interval = f"{100 * self.confidence_level:g} % CI {low:.1f} to {high:.1f}"
        points = f"{100 * abs(self.difference):.1f} points"
        if self.low <= 0 <= self.high:
            return f"No difference is shown: {a} is ahead of {b} by {points}, {interval}"
        return f"{a} is better than {b} by {points}, {interval}"

    def to_dict(self) -> dict[str, Any]:
        """Give all numbers and the verdict.

        Returns
        -------
        dict
            For JSON.
        """
        return {**asdict(self), "verdict": self.verdict}

    def __str__(self) -> str:
        folds = "" if np.isnan(self.p_folds) else f"\n  corrected t over folds  {self.p_folds:.2g}"
        return (
            f"{self.verdict}\n"
            f"only {self.names[0]} right: {self.n_only_a}, only {self.names[1]} right: "
            f"{self.n_only_b}\n"
            f"p-values\n"
            f"  artists drawn           {self.p_artists:.2g}\n"
            f"  McNemar, clips drawn    {self.p_mcnemar:.2g}{folds}"
        )


def compare(
    results_a: EvaluationResult,
    results_b: EvaluationResult,
    *,
    names: tuple[str, str] = ("A", "B"),
    confidence_level: float = 0.95,
) -> Comparison:
    """Compare two classifiers that were tested on the same folds.

    Parameters
    ----------
    results_a, results_b : EvaluationResult
        What :func:`cross_validate` gave for the two, with the same data, ``cv`` and
        ``random_state``.
    names : tuple of str, default=("A", "B")
        What to call them.
    confidence_level : float, default=0.95
        Coverage of the interval.

    Returns
    -------
    Comparison
        Difference in accuracy with its interval, three tests, and a verdict in words.

    Raises
    ------
    ValueError
        If the results are not of the same clips by the same artists in the same folds.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mgc.evaluation import compare, cross_validate
    >>> rng = np.random.default_rng(0)
    >>> artists = np.arange(120) // 4
    >>> y = np.array(["jazz", "rock"])[artists % 2]
    >>> X = rng.normal(size=(120, 3)) + (y == "jazz")[:, None]
    >>> a = cross_validate(LogisticRegression(), X, y, groups=artists)
    >>> b = cross_validate(DummyClassifier(), X, y, groups=artists)
    >>> print(compare(a, b, names=("logistic regression", "chance")).verdict)
    logistic regression is better than chance by ... points, 95 % CI ... to ...
    """
    a, b = results_a, results_b
    same = len(a.sample) == len(b.sample) and all(
        np.array_equal(getattr(a, name), getattr(b, name))
        for name in ("y", "sample", "repeat", "fold")
    )
    if not same:
        raise ValueError(
            "the two results are of other clips or other folds; run cross_validate on the same "
            "data with the same cv, n_repeats and random_state"
        )
    if not np.array_equal(np.asarray(a.groups), np.asarray(b.groups)):
        raise ValueError(
            "the two results were given different groups, or one of them none; run "
            "cross_validate with the same groups for both"
        )
    units = a.sample if a.groups is None else a.groups[a.sample]
    right_a, right_b = a.right, b.right
    differences = right_a.astype(float) - right_b
    low, high = mean_interval(differences, units, confidence_level)
    first = a.repeat == 0
    per_fold = [
        differences[(a.repeat == row["repeat"]) & (a.fold == row["fold"])].mean() for row in a.folds
    ]
    share = np.mean([row["n_test"] / row["n_train"] for row in a.folds])
    return Comparison(
        names=(str(names[0]), str(names[1])),
        difference=float(differences.mean()),
        low=float(low),
        high=float(high),
        confidence_level=confidence_level,
        p_artists=group_t_test(differences, units),
        p_mcnemar=mcnemar(right_a[first], right_b[first]),
        p_folds=corrected_t_test(per_fold, float(share)),
        n_only_a=int((right_a & ~right_b).sum()),
        n_only_b=int((right_b & ~right_a).sum()),
    )
