"""A descriptor's distribution in each genre: what it can tell apart."""

from __future__ import annotations

import numpy as np

from sklearn_mgc.display.axes import AxesDisplay, as_label, genre_colors


class DescriptorDisplay(AxesDisplay):
    """Distribution of a descriptor per genre: a box each, sorted by their medians.

    Boxes hold the middle half of the clips, lines nine tenths.

    Parameters
    ----------
    values : array-like of shape (n_clips,)
        The descriptor; NaN where a clip has none.
    genres : array-like of shape (n_clips,)
        Genres of the clips.
    name : str, default="descriptor"
        Name of the descriptor.

    Examples
    --------
    >>> from sklearn_mgc.display import DescriptorDisplay
    >>> display = DescriptorDisplay([1.0, 2.0, 9.0], ["rock", "rock", "jazz"], name="centroid")
    >>> [label.get_text() for label in display.plot().ax_.get_yticklabels()]
    ['rock', 'jazz']
    """

    def __init__(self, values, genres, *, name: str = "descriptor"):
        self.values = values
        self.genres = genres
        self.name = name

    @classmethod
    def from_frame(cls, X, genres, descriptor: str, *, ax=None) -> DescriptorDisplay:
        """Draw a column of a table of descriptors.

        Parameters
        ----------
        X : DataFrame of shape (n_clips, n_features)
            As ``HandcraftedFeatures().set_output(transform="pandas")`` gives it.
        genres : array-like of shape (n_clips,)
            Genres of the clips.
        descriptor : str
            Name of the column.
        ax : matplotlib Axes, default=None
            Axes to draw into; new ones by default.

        Returns
        -------
        DescriptorDisplay
            The drawn display.

        Raises
        ------
        ValueError
            If there is no such column.
        """
        if descriptor not in list(X.columns):
            raise ValueError(
                f"no column {descriptor!r}; there are {', '.join(map(str, X.columns))}"
            )
        return cls(X[descriptor], genres, name=descriptor).plot(ax=ax)

    def _of(self) -> dict:
        """Values of each genre that has any."""
        values, genres = np.asarray(self.values, dtype=float), np.asarray(self.genres)
        known = ~np.isnan(values)
        of = {genre: values[known & (genres == genre)] for genre in dict.fromkeys(genres)}
        return {genre: here for genre, here in of.items() if len(here)}

    def _size(self):
        return 7, 1 + 0.3 * len(self._of())

    def _draw(self, ax):
        of, colors = self._of(), genre_colors(self.genres)
        names = sorted(of, key=lambda genre: (np.median(of[genre]), str(genre)))
        places = np.arange(len(names))
        rng = np.random.default_rng(0)  # clips lie beside each other, alike in each drawing
        for place, genre in zip(places, names, strict=True):
            paint, here = colors[genre], of[genre]
            low, first, median, third, high = np.percentile(here, [5, 25, 50, 75, 95])
            ax.hlines(place, low, high, color="0.3", lw=1)
            ax.barh(place, third - first, 0.6, first, color=paint, alpha=0.5, edgecolor="0.3")
            ax.vlines(median, place - 0.3, place + 0.3, color="black", lw=1.5)
            jitter = rng.uniform(-0.2, 0.2, len(here))
            ax.plot(here, place + jitter, ".", ms=3, color=paint)
        ax.set_yticks(places, [as_label(genre) for genre in names])
        ax.set(xlabel=self.name, ylim=(-0.6, len(names) - 0.4))
