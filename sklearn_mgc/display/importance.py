"""What a score loses without each descriptor, as bars."""

from __future__ import annotations

import numpy as np

from sklearn_mgc.display.axes import AxesDisplay


class ImportanceDisplay(AxesDisplay):
    """How much a score falls without each descriptor, most important first; a dot is a fold.

    Parameters
    ----------
    importance : DescriptorImportance
        Made by :func:`sklearn_mgc.inspection.descriptor_importance`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc.display import ImportanceDisplay
    >>> from sklearn_mgc.inspection import DescriptorImportance
    >>> drops = np.array([[0.3, 0.2], [0.1, 0.0]])
    >>> found = DescriptorImportance(
    ...     ["mfcc", "tempo"], np.array([20, 1]), drops, np.array([0.8, 0.7]), "accuracy"
    ... )
    >>> ImportanceDisplay(found).plot().ax_.get_xlabel()
    'loss of accuracy when shuffled'
    """

    def __init__(self, importance):
        self.importance = importance

    @classmethod
    def from_estimator(cls, estimator, X, y, *, ax=None, **params) -> ImportanceDisplay:
        """Measure which descriptors matter to a classifier and draw them.

        Parameters
        ----------
        estimator : estimator
            A classifier, or a pipeline that ends with one.
        X, y : array-like
            Clips or their descriptors, and genres.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        **params : dict
            Passed to :func:`sklearn_mgc.inspection.descriptor_importance`.

        Returns
        -------
        ImportanceDisplay
            The drawn display.
        """
        from sklearn_mgc.inspection import descriptor_importance

        return cls(descriptor_importance(estimator, X, y, **params)).plot(ax=ax)

    def _size(self):
        return 7.5, 1.2 + 0.28 * len(self.importance.descriptors)

    def _draw(self, ax):
        found = self.importance
        mean = found.drops.mean(axis=1)
        order, places = np.argsort(-mean, kind="stable"), np.arange(len(mean))
        ax.barh(places, mean[order], color="C0", alpha=0.45)
        for fold in found.drops.T:
            ax.plot(fold[order], places, "o", ms=3.5, color="C0")
        ax.axvline(0, color="0.3", lw=0.8)
        ax.set_yticks(places, [_label(found, i) for i in order])
        ax.set(
            ylim=(len(places) - 0.5, -0.5),
            xlabel=f"loss of {found.score_name} when shuffled",
            title=f"{found.score_name} {found.scores.mean():.2f}",
        )


def _label(found, i: int) -> str:
    n = int(found.n_columns[i])
    return found.descriptors[i] + (f" ({n} columns)" if n > 1 else "")
