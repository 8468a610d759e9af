"""What an evaluation found: the recall of each genre, and what it is taken for."""

from __future__ import annotations

import numpy as np

from sklearn_mgc._optional import require
from sklearn_mgc.display.axes import as_label, genre_colors
from sklearn_mgc.display.confusion import ConfusionDisplay


class EvaluationDisplay:
    """Recalls with intervals beside the confusion matrix.

    Parameters
    ----------
    result : EvaluationResult
        Made by :func:`sklearn_mgc.evaluation.cross_validate`.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        Recalls, then confusions.
    confusion_ : ConfusionDisplay
        The right half.
    figure_ : matplotlib Figure
        The figure that holds them.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mgc.display import EvaluationDisplay
    >>> from sklearn_mgc.evaluation import cross_validate
    >>> y = np.array(["jazz", "rock"] * 20)
    >>> X = np.random.default_rng(0).normal(size=(40, 2))
    >>> display = EvaluationDisplay.from_result(cross_validate(LogisticRegression(), X, y))
    >>> display.axes_[1].get_xlabel()
    'predicted genre'
    """

    def __init__(self, result):
        self.result = result

    @classmethod
    def from_result(cls, result, *, order: str = "name", axes=None) -> EvaluationDisplay:
        """Draw a result.

        Parameters
        ----------
        result : EvaluationResult
            Made by :func:`sklearn_mgc.evaluation.cross_validate`.
        order : {"name", "similarity"}, default="name"
            Order of the confusion matrix, as in :meth:`ConfusionDisplay.plot`.
        axes : pair of matplotlib Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        EvaluationDisplay
            The drawn display.
        """
        return cls(result).plot(order=order, axes=axes)

    def plot(self, *, order: str = "name", axes=None) -> EvaluationDisplay:
        """Draw recalls and confusions.

        Parameters
        ----------
        order : {"name", "similarity"}, default="name"
            Order of the confusion matrix, as in :meth:`ConfusionDisplay.plot`.
        axes : pair of matplotlib Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        EvaluationDisplay
            This display, with ``axes_``, ``confusion_`` and ``figure_``.
        """
        plt = require("matplotlib.pyplot", extra="plot", what="plots")
        result, rows = self.result, self.result.recalls()
        if axes is None:
            height = max(4.5, 2 + (0.5 if len(rows) <= 12 else 0.32) * len(rows))
            _, axes = plt.subplots(
                1, 2, figsize=(7 + height, height), width_ratios=(4, height), layout="constrained"
            )
        left, right = axes
        recall = np.array([row["recall"] for row in rows])
        spans = [recall - [r["low"] for r in rows], [r["high"] for r in rows] - recall]
        place = np.arange(len(rows))
        colors = genre_colors(result.classes)
        left.barh(
            place, recall, xerr=np.clip(spans, 0, None), capsize=3, alpha=0.8, ecolor="0.2",
            color=[colors[row["genre"]] for row in rows],
        )  # fmt: skip
        left.set_yticks(place, [as_label(row["genre"]) for row in rows])
        score, low, high = result.interval()
        level = f"{100 * result.confidence_level:g} % CI"
        left.axvline(float(result.right.mean()), color="0.3", linestyle=":")
        left.set(
            xlim=(0, 1.02),
            ylim=(len(rows) - 0.5, -0.5),
            xlabel=f"recall, {level} (dotted: accuracy)",
            title=f"{next(iter(result.scorers))} {score:.3f} ({level} {low:.3f} to {high:.3f})",
        )
        self.confusion_ = ConfusionDisplay.from_result(result, order=order, ax=right)
        self.axes_, self.figure_ = np.array([left, right]), left.figure
        return self
