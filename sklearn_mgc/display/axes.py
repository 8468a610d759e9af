"""What pictures share: their axes, and one colour per genre."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, Self

from sklearn_mgc._optional import require
from sklearn_mgc.audio import printable


class AxesDisplay(ABC):
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

    @abstractmethod
    def _size(self) -> tuple[float, float]:
        """Width and height in inches."""

    @abstractmethod
    def _draw(self, ax) -> None:
        """Draw into axes."""


_LONGEST = 40  # characters of a name in a picture


def as_label(name: object) -> str:
    """A name as matplotlib shows it, which reads mathematics between two dollars."""
    text = printable(name)
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST - 3]}..."
    # Legends leave out what begins with an underscore.
    return (" " if text.startswith("_") else "") + text.replace("$", r"\$")


def genre_colors(genres: Iterable[Any]) -> dict[Any, tuple[float, float, float, float]]:
    """Give each genre a colour.

    Parameters
    ----------
    genres : iterable of str
        Genres; their sorted order decides, so that all pictures of one model agree.

    Returns
    -------
    dict
        RGBA per genre. Up to ten are matplotlib's qualitative colours, up to twenty their
        lighter twins as well; more lie along the hues, neighbours far apart.

    Examples
    --------
    >>> from sklearn_mgc.display import genre_colors
    >>> genre_colors(["rock", "jazz"]) == genre_colors(["jazz", "rock"])
    True
    """
    colormaps = require("matplotlib", extra="plot", what="plots").colormaps
    names = sorted(set(genres), key=str)
    if len(names) <= 10:
        palette = colormaps["tab10"]
        return {name: palette(i) for i, name in enumerate(names)}
    if len(names) <= 20:
        palette = colormaps["tab20"]
        return {name: palette(i) for i, name in enumerate(names)}
    palette = colormaps["hsv"]  # in steps of the golden ratio, or neighbours would look alike
    return {
        name: (*(c * shade for c in palette(i * 0.618 % 1)[:3]), 1.0)
        for i, name in enumerate(names)
        for shade in [(0.95, 0.6, 0.8)[i % 3]]
    }
