"""Two classifiers on the same clips: the difference, and how sure it is."""

from __future__ import annotations

from sklearn_mgc.display.axes import AxesDisplay, as_label


class ComparisonDisplay(AxesDisplay):
    """The difference in accuracy of two classifiers with its interval.

    Parameters
    ----------
    comparison : Comparison
        Made by :func:`sklearn_mgc.evaluation.compare`.

    Examples
    --------
    >>> from sklearn_mgc.display import ComparisonDisplay
    >>> from sklearn_mgc.evaluation import Comparison
    >>> found = Comparison(("SVM", "DNN"), 0.02, -0.01, 0.05, 0.95, 0.2, 0.3, 0.4, 12, 9)
    >>> ComparisonDisplay(found).plot().ax_.get_xlabel()
    'accuracy of SVM minus that of DNN (points), 95 % CI'
    """

    def __init__(self, comparison):
        self.comparison = comparison

    @classmethod
    def from_result(cls, comparison, *, ax=None) -> ComparisonDisplay:
        """Draw a comparison.

        Parameters
        ----------
        comparison : Comparison
            Made by :func:`sklearn_mgc.evaluation.compare`.
        ax : matplotlib Axes, default=None
            Axes to draw into; new ones by default.

        Returns
        -------
        ComparisonDisplay
            The drawn display.
        """
        return cls(comparison).plot(ax=ax)

    def _size(self):
        return 7.5, 2.4

    def _draw(self, ax):
        found, (a, b) = self.comparison, map(as_label, self.comparison.names)
        ends = [100 * found.low, 100 * found.high]
        ax.axvline(0, color="0.3", lw=0.8)
        ax.plot(ends, [0, 0], color="C0", lw=6, alpha=0.4, solid_capstyle="butt")
        ax.plot(100 * found.difference, 0, "o", color="C0", ms=9)
        reach = 1.15 * max(1.0, *map(abs, ends))
        ax.set(
            xlim=(-reach, reach),
            ylim=(-1, 1),
            yticks=[],
            xlabel=f"accuracy of {a} minus that of {b} (points), "
            f"{100 * found.confidence_level:g} % CI",
        )
        # Beside the line at zero, on the side that each would be ahead on.
        for x, ha, name, n in (
            (0.02, "left", b, found.n_only_b),
            (0.98, "right", a, found.n_only_a),
        ):
            ax.text(
                x, 0.9, f"{name} is better\nonly {name} right: {n}", ha=ha, va="top",
                transform=ax.transAxes, fontsize="small", color="0.3",
            )  # fmt: skip
