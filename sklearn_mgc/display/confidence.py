"""How sure a classifier is, how often it is right, and what "not sure" buys."""

from __future__ import annotations

from sklearn_mgc.display.axes import AxesDisplay, as_label


class ReliabilityDisplay(AxesDisplay):
    """Accuracy over confidence; calibrated probabilities lie on the diagonal.

    Parameters
    ----------
    bins : sequence of dict
        ``confidence`` and ``accuracy`` of each, as
        :func:`sklearn_mgc.evaluation.reliability` gives them.
    name : str, default=None
        What the curve is of.

    Examples
    --------
    >>> from sklearn_mgc.display import ReliabilityDisplay
    >>> bins = [{"confidence": 0.6, "accuracy": 0.5}, {"confidence": 0.9, "accuracy": 0.8}]
    >>> ReliabilityDisplay(bins).plot().ax_.get_ylabel()
    'share that is right'
    """

    def __init__(self, bins, *, name: str | None = None):
        self.bins = bins
        self.name = name

    @classmethod
    def from_result(
        cls, result, *, n_bins: int = 10, name: str | None = None, ax=None
    ) -> ReliabilityDisplay:
        """Draw the curve of a cross-validation.

        Parameters
        ----------
        result : EvaluationResult
            Of a classifier with probabilities.
        n_bins : int, default=10
            Bins of equally many predictions.
        name : str, default=None
            What the curve is of.
        ax : matplotlib Axes, default=None
            Axes to draw into; new ones by default.

        Returns
        -------
        ReliabilityDisplay
            The drawn display.
        """
        from sklearn_mgc.evaluation import reliability

        return cls(reliability(result, n_bins=n_bins), name=name).plot(ax=ax)

    def _size(self):
        return 4.6, 4.2

    def _draw(self, ax):
        if not ax.lines:
            ax.plot([0, 1], [0, 1], ":", color="0.5")
        confidence, accuracy = (
            [row[key] for row in self.bins] for key in ("confidence", "accuracy")
        )
        ax.plot(confidence, accuracy, "o-", label=as_label(self.name))
        ax.set(
            xlim=(0, 1.02),
            ylim=(0, 1.02),
            aspect="equal",
            xlabel="probability of the predicted genre",
            ylabel="share that is right",
        )
        if self.name:
            ax.legend(frameon=False, loc="upper left")


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
        ax.plot(self.coverage, self.accuracy, label=as_label(self.name))
        ax.set(
            xlim=(0, 1.02),
            ylim=(0, 1.02),
            xlabel="share of clips answered",
            ylabel="accuracy of the answers",
        )
        if self.name:
            ax.legend(frameon=False, loc="lower left")
