"""What decided, as two rows of bars: seconds and bands."""

from __future__ import annotations

import numpy as np

from sklearn_mgc._optional import require
from sklearn_mgc.display.axes import as_label

_COLORS = {"silence": "C0", "noise": "C1"}


class ExplanationDisplay:
    """How much the probability of a genre falls without each part of the sound.

    Parameters
    ----------
    explanation : Explanation
        Made by :func:`sklearn_mgc.inspection.explain`.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        Seconds, then bands.
    figure_ : matplotlib Figure
        The figure that holds them.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc.display import ExplanationDisplay
    >>> from sklearn_mgc.inspection import Explanation
    >>> drops = {"silence": np.array([0.1, 0.4]), "noise": np.array([0.0, 0.5])}
    >>> ends = np.array([0.0, 2.0, 4.0])
    >>> explanation = Explanation("a.mp3", "jazz", 0.8, ends, 100 * ends, drops, drops)
    >>> ExplanationDisplay(explanation).plot().axes_[0].get_xlabel()
    'time (s)'
    """

    def __init__(self, explanation):
        self.explanation = explanation

    @classmethod
    def from_estimator(cls, estimator, source, *, axes=None, **params) -> ExplanationDisplay:
        """Explain a decision of a fitted pipeline and draw what decided.

        Parameters
        ----------
        estimator : Pipeline
            Fitted on paths, with ``predict_proba``.
        source : str, path-like, bytes or binary file
            The clip.
        axes : pair of matplotlib Axes, default=None
            Where to draw; a new figure by default.
        **params : dict
            Passed to :func:`sklearn_mgc.inspection.explain`.

        Returns
        -------
        ExplanationDisplay
            The drawn display.
        """
        from sklearn_mgc.inspection import explain

        return cls(explain(estimator, source, **params)).plot(axes=axes)

    def plot(self, *, axes=None) -> ExplanationDisplay:
        """Draw what decided.

        Parameters
        ----------
        axes : pair of matplotlib Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        ExplanationDisplay
            This display, with ``axes_`` and ``figure_``.
        """
        plt = require("matplotlib.pyplot", extra="plot", what="plots")
        if axes is None:
            _, axes = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained", sharey=True)
        found, (left, right) = self.explanation, axes
        label = "{} instead" if found.method == "occlusion" else "above {}"
        for ax, ends, drops in (
            (left, found.seconds, found.seconds_drop),
            (right, np.arange(len(found.bands)), found.bands_drop),
        ):
            for hole, values in drops.items():
                ax.stairs(
                    np.nan_to_num(values), ends, label=label.format(hole), color=_COLORS.get(hole),
                    fill=True, alpha=0.45,
                )  # fmt: skip
            ax.axhline(0, color="0.3", lw=0.8)
            ax.margins(x=0)
        left.set(
            xlabel="time (s)",
            ylabel="loss of probability",
            title=f"{as_label(found.genre)} {found.probability:.2f}: which seconds",
        )
        step = max(1, (len(found.bands) - 1) // 6)
        ticks = np.arange(0, len(found.bands), step)
        right.set_xticks(ticks, [_hertz(found.bands[i]) for i in ticks])
        right.set(xlabel="frequency (Hz)", title="which bands")
        right.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
        self.axes_, self.figure_ = np.array([left, right]), left.figure
        return self


def _hertz(frequency: float) -> str:
    return f"{frequency / 1000:.1f}k" if frequency >= 1000 else f"{frequency:.0f}"
