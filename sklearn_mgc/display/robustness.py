"""How a classifier copes with changes that leave the genre as it is."""

from __future__ import annotations

import numpy as np

from sklearn_mgc.display.axes import AxesDisplay


class RobustnessDisplay(AxesDisplay):
    """Accuracy under each condition, and the share of predictions that flip.

    Dots with intervals are accuracies, bars flips; conditions that applied to no clip are left out.

    Parameters
    ----------
    result : RobustnessResult
        Made by :func:`sklearn_mgc.evaluation.robustness`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc.display import RobustnessDisplay
    >>> from sklearn_mgc.evaluation import RobustnessResult
    >>> y = np.array(["jazz", "rock"], dtype=object)
    >>> result = RobustnessResult(y, {"clean": y, "gain -6 dB": y[::-1]})
    >>> display = RobustnessDisplay.from_result(result)
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['clean', 'gain -6 dB']
    """

    def __init__(self, result):
        self.result = result

    @classmethod
    def from_result(cls, result, *, ax=None) -> RobustnessDisplay:
        """Draw a result.

        Parameters
        ----------
        result : RobustnessResult
            Made by :func:`sklearn_mgc.evaluation.robustness`.
        ax : matplotlib Axes, default=None
            Axes to draw into; new ones by default.

        Returns
        -------
        RobustnessDisplay
            The drawn display.
        """
        return cls(result).plot(ax=ax)

    @classmethod
    def from_estimator(cls, estimator, X, y, *, ax=None, **params) -> RobustnessDisplay:
        """Measure a fitted classifier and draw what was found.

        Parameters
        ----------
        estimator : estimator
            A fitted classifier of paths or waveforms.
        X : sequence of n paths or waveforms
            Test clips.
        y : array-like of shape (n,)
            Their genres.
        ax : matplotlib Axes, default=None
            Axes to draw into; new ones by default.
        **params : dict
            Passed to :func:`sklearn_mgc.evaluation.robustness`.

        Returns
        -------
        RobustnessDisplay
            The drawn display.
        """
        from sklearn_mgc.evaluation import robustness

        return cls(robustness(estimator, X, y, **params)).plot(ax=ax)

    def _rows(self) -> list:
        return [row for row in self.result.rows if row["n"]]

    def _size(self):
        return 7, 1.4 + 0.28 * len(self._rows())

    def _draw(self, ax):
        rows = self._rows()
        accuracy = np.array([row["accuracy"] for row in rows])
        spans = [accuracy - [row["low"] for row in rows], [row["high"] for row in rows] - accuracy]
        places = np.arange(len(rows))
        flips = [row["flips"] for row in rows]
        ax.barh(places, flips, color="C1", alpha=0.35)
        ax.errorbar(accuracy, places, xerr=np.clip(spans, 0, None), fmt="o", color="C0", capsize=3)
        if len(rows):
            ax.axvline(accuracy[0], color="C0", lw=0.8, ls=":")
        ax.set_yticks(places, [row["condition"] for row in rows])
        ax.set(xlim=(-0.02, 1.02), ylim=(len(rows) - 0.5, -0.5))
        level = f"{100 * self.result.confidence_level:g} %"
        # A legend would lie on a title, or stick out of narrow axes.
        ax.set_xlabel(f"accuracy, {level} CI (dots)\npredictions that flip (bars)")
