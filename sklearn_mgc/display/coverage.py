"""Accuracy over the share of clips that is answered: what "not sure" buys."""

from __future__ import annotations

from sklearn_mgc.display.axes import AxesDisplay


class CoverageDisplay(AxesDisplay):
    """How often a classifier is right when it may say "not sure".

    Parameters
    ----------
    coverage, accuracy : ndarray of shape (n_predictions,)
        Share of clips answered, and share of the answers that is right, as
        :func:`sklearn_mgc.evaluation.coverage_curve` gives them.
    name : str, default=None
        What the curve is of.

    Examples
    --------
    >>> from sklearn_mgc.display import CoverageDisplay
    >>> CoverageDisplay([1.0, 0.5], [0.7, 0.9]).plot().ax_.get_ylabel()
    'accuracy of the answers'
    """

    def __init__(self, coverage, accuracy, *, name: str | None = None):
        self.coverage = coverage
        self.accuracy = accuracy
        self.name = name

    @classmethod
    def from_result(cls, result, *, name: str | None = None, ax=None) -> CoverageDisplay:
        """Draw the curve of a cross-validation.

        Parameters
        ----------
        result : EvaluationResult
            Of a classifier with probabilities, best calibrated.
        name : str, default=None
            What the curve is of.
        ax : matplotlib Axes, default=None
            Axes to draw into; new ones by default.

        Returns
        -------
        CoverageDisplay
            The drawn display.
        """
        from sklearn_mgc.evaluation import coverage_curve

        _, coverage, accuracy = coverage_curve(result)
        return cls(coverage, accuracy, name=name).plot(ax=ax)

    def _size(self):
        return 5, 3.6

    def _draw(self, ax):
        ax.plot(self.coverage, self.accuracy, label=self.name)
        ax.set(
            xlim=(0, 1.02),
            ylim=(0, 1.02),
            xlabel="share of clips answered",
            ylabel="accuracy of the answers",
        )
        if self.name:
            ax.legend(frameon=False, loc="lower left")
