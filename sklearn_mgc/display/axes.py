"""What pictures in one pair of axes share."""

from __future__ import annotations

from typing import Self

from sklearn_mgc._optional import require


class AxesDisplay:
    """Base class of pictures: a subclass has ``_draw(ax)``, and ``_size()`` of a new figure."""

    def plot(self, *, ax=None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into; new ones by default.

        Returns
        -------
        self
            This display, with ``ax_`` and the ``figure_`` that holds them.
        """
        plt = require("matplotlib.pyplot", extra="plot", what="plots")
        if ax is None:
            _, ax = plt.subplots(figsize=self._size(), layout="constrained")
        self._draw(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _size(self) -> tuple[float, float]:
        """Width and height in inches."""
        raise NotImplementedError

    def _draw(self, ax) -> None:
        raise NotImplementedError
