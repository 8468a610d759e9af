"""One colour per genre, the same in every picture."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sklearn_mgc._optional import require


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
    >>> from sklearn_mgc.display.colors import genre_colors
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
