"""Loss and accuracy over the epochs: figures 5 to 8 of the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_mgc._optional import require
from sklearn_mgc.display.axes import as_label


class TrainingCurvesDisplay:
    """Loss and accuracy of a network over its epochs.

    Make one with :meth:`from_estimator` or :meth:`from_history`.

    Parameters
    ----------
    history : sequence of dict
        One mapping per epoch, with ``"train_loss"`` and, where there was validation
        data, ``"valid_loss"`` and ``"valid_acc"``.
    name : str, default=None
        Title of the figure.
    best_epoch : int, default=None
        The epoch, counted from 1, whose weights the network has; marked where it is not
        the last one.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        The loss axes, then the accuracy axes where there is an accuracy.
    figure_ : matplotlib Figure
        The figure that holds them.

    Examples
    --------
    >>> from sklearn_mgc.display import TrainingCurvesDisplay
    >>> history = [{"train_loss": 2.0}, {"train_loss": 1.5}]
    >>> display = TrainingCurvesDisplay.from_history(history)
    >>> display.axes_[0].get_ylabel()
    'cross-entropy loss'
    """

    _PANELS = {
        "cross-entropy loss": (("train_loss", "training"), ("valid_loss", "validation")),
        "accuracy": (("train_acc", "training"), ("valid_acc", "validation")),
    }

    def __init__(
        self,
        history: Sequence[Mapping[str, Any]],
        *,
        name: str | None = None,
        best_epoch: int | None = None,
    ):
        self.history = history
        self.name = name
        self.best_epoch = best_epoch

    @classmethod
    def from_history(
        cls, history: Sequence[Mapping[str, Any]], *, name: str | None = None, axes=None
    ) -> TrainingCurvesDisplay:
        """Plot a history.

        Parameters
        ----------
        history : sequence of dict
            One mapping per epoch, as in ``estimator.history_``.
        name : str, default=None
            Title of the figure.
        axes : sequence of matplotlib Axes, default=None
            Axes to draw into; new ones by default.

        Returns
        -------
        TrainingCurvesDisplay
            The drawn display.
        """
        return cls(history, name=name).plot(axes=axes)

    @classmethod
    def from_estimator(
        cls, estimator, *, name: str | None = None, axes=None
    ) -> TrainingCurvesDisplay:
        """Plot the history of a fitted network.

        Parameters
        ----------
        estimator : estimator
            A fitted ``DNNClassifier``, ``CNN2DClassifier`` or ``CRNNClassifier``, or a
            pipeline that ends in one.
        name : str, default=None
            Title; the class name by default.
        axes : sequence of matplotlib Axes, default=None
            Axes to draw into; new ones by default.

        Returns
        -------
        TrainingCurvesDisplay
            The drawn display.
        """
        network = estimator[-1] if hasattr(estimator, "named_steps") else estimator
        check_is_fitted(network)
        display = cls(
            network.history_,
            name=name or type(network).__name__,
            best_epoch=network.best_epoch_,
        )
        return display.plot(axes=axes)

    def plot(self, *, axes=None) -> TrainingCurvesDisplay:
        """Draw the curves.

        Parameters
        ----------
        axes : sequence of matplotlib Axes, default=None
            Axes to draw into, one per panel; new ones by default.

        Returns
        -------
        TrainingCurvesDisplay
            This display, with ``axes_`` and ``figure_``.

        Raises
        ------
        ValueError
            If the history is empty.
        """
        plt = require("matplotlib.pyplot", extra="plot", what="plots")
        from matplotlib.ticker import MaxNLocator

        if not len(self.history):
            raise ValueError("the history is empty: fit the estimator for at least one epoch")
        panels = {
            title: [(key, label) for key, label in curves if key in self.history[0]]
            for title, curves in self._PANELS.items()
        }
        panels = {title: curves for title, curves in panels.items() if curves}
        if axes is None:
            _, axes = plt.subplots(
                1, len(panels), figsize=(5 * len(panels), 3.6), layout="constrained", squeeze=False
            )
        axes = np.ravel(axes)
        epochs = np.arange(1, len(self.history) + 1)
        for ax, (title, curves) in zip(axes, panels.items(), strict=False):
            for key, label in curves:
                # A line through one epoch would not be seen.
                marker = "o" if len(epochs) == 1 else None
                ax.plot(epochs, [row[key] for row in self.history], marker=marker, label=label)
            ax.set(xlabel="epoch", ylabel=title)
            ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
            if self.best_epoch not in (None, len(epochs)):
                ax.axvline(self.best_epoch, color="0.4", ls=":", label="weights restored")
            ax.legend(frameon=False)
        self.axes_ = axes
        self.figure_ = axes[0].figure
        if self.name:
            self.figure_.suptitle(as_label(self.name))
        return self
