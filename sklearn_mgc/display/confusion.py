"""Which genre is taken for which: counts and shares, readable on every colour."""

from __future__ import annotations

import numpy as np

from sklearn_mgc._optional import require
from sklearn_mgc.display.axes import as_label

_WRITTEN = {"both": 12, "share": 24}
"""Up to how many genres a cell has room for counts and shares, or for shares alone."""


class ConfusionDisplay:
    r"""Confusion matrix of genres.

    Colours are shares of the true genre. Make one with :meth:`from_result` or
    :meth:`from_predictions`.

    Parameters
    ----------
    counts : ndarray of shape (n_classes, n_classes)
        True genres in rows, predicted ones in columns.
    classes : sequence of str
        Genres, in the order of the rows.
    unit : str, default="clips"
        What was counted.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure that holds them.
    text_ : list of matplotlib Text
        What is written in the cells that are not empty, row by row.

    Examples
    --------
    >>> from sklearn_mgc.display import ConfusionDisplay
    >>> true, predicted = ["jazz", "jazz", "rock", "rock"], ["jazz", "rock", "rock", "rock"]
    >>> display = ConfusionDisplay.from_predictions(true, predicted)
    >>> [text.get_text() for text in display.text_]
    ['50 %\n1', '50 %\n1', '100 %\n2']
    """

    def __init__(self, counts, classes, *, unit: str = "clips"):
        self.counts = np.asarray(counts)
        self.classes = np.asarray(classes)
        self.unit = unit

    @classmethod
    def from_predictions(
        cls, y_true, y_pred, *, groups=None, order: str = "name", values: str = "auto", ax=None
    ) -> ConfusionDisplay:
        """Count predictions and draw them.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n_clips,)
            True and predicted genres.
        groups : array-like of shape (n_clips,), default=None
            Artists. Where they are given each counts as one, however many clips there are
            of it, so that a prolific artist does not stand for a genre.
        order : {"name", "similarity"}, default="name"
            As of :meth:`plot`.
        values : {"auto", "both", "share", "count", "none"}, default="auto"
            As of :meth:`plot`.
        ax : matplotlib Axes, default=None
            Axes to draw into; new ones by default.

        Returns
        -------
        ConfusionDisplay
            The drawn display.

        Raises
        ------
        ValueError
            If ``order`` or ``values`` is unknown.
        """
        from sklearn.metrics import confusion_matrix

        y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
        classes = np.unique(np.concatenate([y_true, y_pred]))
        weight, unit = None, "clips"
        if groups is not None:
            pairs = np.column_stack(
                [np.unique(a, return_inverse=True)[1] for a in (groups, y_true)]
            )
            _, of, clips = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
            weight, unit = 1 / clips[of], "artists"
        counts = confusion_matrix(y_true, y_pred, labels=classes, sample_weight=weight)
        return cls(counts, classes, unit=unit).plot(order=order, values=values, ax=ax)

    @classmethod
    def from_result(
        cls, result, *, by: str = "clip", order: str = "name", values: str = "auto", ax=None
    ) -> ConfusionDisplay:
        """Draw the confusions of a cross-validation, of all repeats together.

        Parameters
        ----------
        result : EvaluationResult
            Made by :func:`sklearn_mgc.evaluation.cross_validate`.
        by : {"clip", "artist"}, default="clip"
            Whether each clip counts as one, or each artist.
        order : {"name", "similarity"}, default="name"
            As of :meth:`plot`.
        values : {"auto", "both", "share", "count", "none"}, default="auto"
            As of :meth:`plot`.
        ax : matplotlib Axes, default=None
            Axes to draw into; new ones by default.

        Returns
        -------
        ConfusionDisplay
            The drawn display.

        Raises
        ------
        ValueError
            If ``by``, ``order`` or ``values`` is unknown, or artists are.
        """
        if by not in ("clip", "artist"):
            raise ValueError(f"by must be 'clip' or 'artist', got {by!r}")
        if by == "artist" and result.groups is None:
            raise ValueError("the result has no artists: pass groups to cross_validate")
        return cls.from_predictions(
            result.y[result.sample],
            result.predicted,
            groups=result.groups[result.sample] if by == "artist" else None,
            order=order,
            values=values,
            ax=ax,
        )

    def plot(self, *, order: str = "name", values: str = "auto", ax=None) -> ConfusionDisplay:
        """Draw the matrix.

        Parameters
        ----------
        order : {"name", "similarity"}, default="name"
            Genres as they are given, or those that are taken for each other side by side.
        values : {"auto", "both", "share", "count", "none"}, default="auto"
            What is written in the cells: shares of the true genre in %, counts, both, or
            nothing. By default what there is room for.
        ax : matplotlib Axes, default=None
            Axes to draw into; new ones by default.

        Returns
        -------
        ConfusionDisplay
            This display, with ``ax_``, ``figure_`` and ``text_``.

        Raises
        ------
        ValueError
            If ``order`` or ``values`` is unknown.
        """
        for name, value, known in (
            ("order", order, ("name", "similarity")),
            ("values", values, ("auto", "both", "share", "count", "none")),
        ):
            if value not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")
        plt = require("matplotlib.pyplot", extra="plot", what="plots")
        n = len(self.classes)
        if values == "auto":
            values = next((v for v, most in _WRITTEN.items() if n <= most), "none")
        if ax is None:
            size = 2.4 + max(2.4, (0.55 if values == "both" else 0.33) * n)
            _, ax = plt.subplots(figsize=(size + 0.6, size), layout="constrained")
        places = self._similar() if order == "similarity" else np.arange(n)
        counts = self.counts[np.ix_(places, places)]
        sums = counts.sum(axis=1, keepdims=True)
        shares = np.divide(counts, sums, out=np.zeros(counts.shape), where=sums > 0)
        image = ax.imshow(100 * shares, cmap="Blues", vmin=0, vmax=100)
        self.text_ = [
            ax.text(
                j, i, _cell(counts[i, j], shares[i, j], values), ha="center", va="center",
                color=_ink(image.cmap(shares[i, j])), fontsize=9 if values == "both" else 8,
            )
            for i, j in zip(*np.nonzero(counts), strict=True)
            if values != "none"
        ]  # fmt: skip
        names = [as_label(genre) for genre in self.classes[places]]
        size = 10 if n <= 12 else 8
        steep = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
        ax.set_xticks(
            np.arange(n), names, fontsize=size, **(steep if n <= 12 else {"rotation": 90})
        )
        ax.set_yticks(np.arange(n), names, fontsize=size)
        ax.set(xlabel="predicted genre", ylabel="true genre")
        ax.figure.colorbar(image, ax=ax, label=f"% of the true genre's {self.unit}", shrink=0.8)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _similar(self) -> np.ndarray:
        """Order in which genres that are confused are neighbours."""
        from scipy.cluster.hierarchy import leaves_list, linkage
        from scipy.spatial.distance import squareform

        if len(self.classes) < 3:
            return np.arange(len(self.classes))
        shares = self.counts / np.maximum(self.counts.sum(axis=1, keepdims=True), 1e-12)
        far = 1 - (shares + shares.T) / 2
        np.fill_diagonal(far, 0)
        return leaves_list(linkage(squareform(far), "average", optimal_ordering=True))


def _cell(count: float, share: float, values: str) -> str:
    counted = f"{count:.0f}" if abs(count - round(count)) < 1e-9 else f"{count:.1f}"
    # Not "0 %" where there is something.
    percent = f"{100 * share:.0f}" if share >= 0.005 else "<1"
    return {"both": f"{percent} %\n{counted}", "share": percent, "count": counted}[values]


def _ink(color) -> str:
    """Black on light colours and white on dark ones, by their relative luminance."""
    linear = np.asarray(color[:3]) ** 2.2
    return "black" if linear @ [0.2126, 0.7152, 0.0722] > 0.18 else "white"
