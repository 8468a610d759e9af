"""Whether one classifier is better than another, on the same test clips."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sklearn_mgc.audio import printable
from sklearn_mgc.display.tables import Report, for_json
from sklearn_mgc.evaluation.cross_validation import cross_validate
from sklearn_mgc.evaluation.results import EvaluationResult
from sklearn_mgc.evaluation.statistics import PairedDifference, corrected_t_test, mcnemar


@dataclass(frozen=True, repr=False)
class Comparison(Report):
    """The difference in accuracy of two classifiers, and its uncertainty.

    Made by :func:`compare`.

    Parameters
    ----------
    names : tuple of str
        Names of the classifiers, A and B.
    difference : float
        Accuracy of A minus that of B.
    low, high : float
        Confidence interval of the difference of these trained models with other artists.
    confidence_level : float
        Its coverage.
    p_artists : float
        p-value for the hypothesis that these trained models are equally good on other artists (on
        other clips, if artists are unknown).
    p_mcnemar : float
        p-value of McNemar's test (mid-p), which treats clips as independent; on the first repeat.
    p_folds : float
        p-value for the hypothesis that the two methods are equally good, whatever they are trained
        on: the corrected resampled t-test over folds; NaN for a single fold.
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

    _display = "ComparisonDisplay"

    @property
    def verdict(self) -> str:
        """The difference in words: of the methods, of these trained models, or of neither."""
        a, b = map(printable, self.names if self.difference >= 0 else self.names[::-1])
        sign = 1 if self.difference >= 0 else -1
        low, high = sorted((sign * 100 * self.low, sign * 100 * self.high))
        interval = f"{100 * self.confidence_level:g} % CI {low:.1f} to {high:.1f}"
        points = f"{100 * abs(self.difference):.1f} points"
        if self.low <= 0 <= self.high:
            return f"No difference is shown: {a} is ahead of {b} by {points}, {interval}"
        if self.p_folds < 1 - self.confidence_level:
            return f"{a} is the better method: ahead of {b} by {points}, {interval}"
        why = (
            "a single fold cannot tell"
            if np.isnan(self.p_folds)
            else f"corrected t over folds, p = {self.p_folds:.2g}"
        )
        return (
            f"These trained models of {a} are better than those of {b} by {points}, {interval}; "
            f"that {a} is the better method is not shown ({why})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Give all numbers and the verdict.

        Returns
        -------
        dict
            For JSON, with None for what is not known.
        """
        return for_json({**asdict(self), "verdict": self.verdict})

    def _table(self) -> tuple[list[str], list[list]]:
        rows = [
            ["these trained models, artists drawn", f"{self.p_artists:.2g}"],
            ["the methods, corrected t over folds", f"{self.p_folds:.2g}"],
            ["McNemar, clips drawn", f"{self.p_mcnemar:.2g}"],
        ]
        return ["test", "p-value"], rows

    def _lines(self) -> list[str]:
        a, b = map(printable, self.names)
        counts = f"only {a} right: {self.n_only_a}, only {b} right: {self.n_only_b}"
        return [self.verdict, counts]


def compare(
    a,
    b,
    X=None,
    y=None,
    *,
    names: tuple[str, str] | None = None,
    confidence_level: float = 0.95,
    **params: Any,
) -> Comparison:
    """Compare two classifiers that are tested on the same folds.

    Parameters
    ----------
    a, b : estimator or EvaluationResult
        Two classifiers, or their results from :func:`cross_validate` with the same data, ``cv`` and
        ``random_state``.
    X : array-like or list of str, default=None
        Paths, descriptors or spectrograms, to cross-validate two classifiers on.
    y : array-like of shape (n_clips,), default=None
        Genres.
    names : tuple of str, default=None
        What to call them; "A" and "B" by default.
    confidence_level : float, default=0.95
        Coverage of the interval.
    **params : dict
        Parameters of :func:`cross_validate` such as ``groups``, ``cv``, ``n_repeats``,
        ``random_state`` and ``n_jobs``, if classifiers are given.

    Returns
    -------
    Comparison
        Difference in accuracy with its interval, three tests, and a verdict in words.

    Raises
    ------
    ValueError
        If the results are not of the same clips by the same artists in the same folds.
    TypeError
        If classifiers are given without X and y, or results with them.

    Notes
    -----
    Whether these trained models differ, and whether the methods do, are two questions. The interval
    and ``p_artists`` answer the first: the same models, other artists. Another training set gives
    other models, and if two methods are equally good, one trained model is often still better than
    the other. In 400 simulated comparisons of equivalent methods on 30 artists, the interval
    excluded 0 in 8.8 %, McNemar's test rejected in 22.5 %, and ``p_folds``, which alone answers the
    second question, in 1.5 % (:doc:`/results/coverage`). The verdict names a better method only if
    interval and ``p_folds`` agree. With five folds that has little power: use ``n_repeats``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mgc.evaluation import compare
    >>> rng = np.random.default_rng(0)
    >>> artists = np.arange(120) // 4
    >>> y = np.array(["jazz", "rock"])[artists % 2]
    >>> X = rng.normal(size=(120, 3)) + (y == "jazz")[:, None]
    >>> names = ("logistic regression", "chance")
    >>> found = compare(LogisticRegression(), DummyClassifier(), X, y, groups=artists, names=names)
    >>> print(found.verdict)
    logistic regression is the better method: ahead of chance by ... points, 95 % CI ... to ...
    """
    are_results = [isinstance(given, EvaluationResult) for given in (a, b)]
    if X is not None and not any(are_results):
        a, b = (cross_validate(model, X, y, **params) for model in (a, b))
    elif X is not None or y is not None or params or not all(are_results):
        raise TypeError(
            "give two results of cross_validate and nothing else, or two classifiers with X and y"
        )
    _check_alike(a, b)
    units = a.sample if a.groups is None else a.groups[a.sample]
    right_a, right_b = a.right, b.right
    differences = right_a.astype(float) - right_b
    # Repeats test a clip again, which makes it no second clip.
    _, first_of, codes = np.unique(a.sample, return_index=True, return_inverse=True)
    of_clips = np.bincount(codes, weights=differences) / np.bincount(codes)
    paired = PairedDifference.of(of_clips, units[first_of])
    low, high = paired.interval(confidence_level)
    first = a.repeat == 0
    per_fold = [
        differences[(a.repeat == row["repeat"]) & (a.fold == row["fold"])].mean() for row in a.folds
    ]
    share = float(np.mean([row["n_test"] / row["n_train"] for row in a.folds]))
    name_a, name_b = ("A", "B") if names is None else names
    return Comparison(
        names=(str(name_a), str(name_b)),
        difference=paired.mean,
        low=float(low),
        high=float(high),
        confidence_level=confidence_level,
        p_artists=paired.p,
        p_mcnemar=mcnemar(right_a[first], right_b[first]),
        p_folds=corrected_t_test(per_fold, share, paired.floor),
        n_only_a=int((right_a & ~right_b).sum()),
        n_only_b=int((right_b & ~right_a).sum()),
    )


def _check_alike(a: EvaluationResult, b: EvaluationResult) -> None:
    """Raise ValueError unless two results are of the same clips, folds and artists."""
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
