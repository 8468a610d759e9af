"""Genre over time as a stacked area."""

from __future__ import annotations

import numpy as np

from sklearn_mgc.display.axes import AxesDisplay, as_label, genre_colors

_SHOWN = 8
"""Genres with a colour of their own; the rest are summed up, or none could be told apart."""


class GenreTimelineDisplay(AxesDisplay):
    """Probabilities of genres along a recording.

    Parameters
    ----------
    timeline : GenreTimeline
        Made by :func:`sklearn_mgc.inspection.genre_timeline`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc.display import GenreTimelineDisplay
    >>> from sklearn_mgc.inspection import GenreTimeline
    >>> timeline = GenreTimeline(
    ...     "mix.mp3",
    ...     start=np.array([0.0, 5.0]),
    ...     end=np.array([30.0, 35.0]),
    ...     probabilities=np.array([[0.9, 0.1], [0.2, 0.8]]),
    ...     classes=np.array(["jazz", "rock"]),
    ... )
    >>> GenreTimelineDisplay(timeline).plot().ax_.get_xlabel()
    'time (s)'
    """

    def __init__(self, timeline):
        self.timeline = timeline

    @classmethod
    def from_estimator(cls, estimator, source, *, ax=None, **params) -> GenreTimelineDisplay:
        """Ask a fitted pipeline about a recording and draw the answers.

        Parameters
        ----------
        estimator : Pipeline
            Fitted on paths, with ``predict_proba``.
        source : str, path-like, bytes or binary file
            The recording.
        ax : matplotlib Axes, default=None
            Axes to draw into; new ones by default.
        **params : dict
            Passed to :func:`sklearn_mgc.inspection.genre_timeline`.

        Returns
        -------
        GenreTimelineDisplay
            The drawn display.
        """
        from sklearn_mgc.inspection import genre_timeline

        return cls(genre_timeline(estimator, source, **params)).plot(ax=ax)

    def _size(self):
        return 9, 3.4

    def _draw(self, ax):
        timeline, colors = self.timeline, genre_colors(self.timeline.classes)
        order = np.argsort(-np.nan_to_num(timeline.overall))
        shown = np.sort(order[:_SHOWN])
        areas = [timeline.probabilities[:, i] for i in shown]
        labels = [as_label(timeline.classes[i]) for i in shown]
        paint = [colors[timeline.classes[i]] for i in shown]
        if len(order) > _SHOWN:
            areas.append(timeline.probabilities[:, order[_SHOWN:]].sum(axis=1))
            labels.append(f"{len(order) - _SHOWN} others")
            paint.append((0.8, 0.8, 0.8, 1.0))
        # Each window speaks for its middle; the first and last reach to the ends.
        middle = (timeline.start + timeline.end) / 2
        time = np.concatenate([timeline.start[:1], middle, timeline.end[-1:]])
        padded = [np.concatenate([a[:1], a, a[-1:]]) for a in areas]
        unit, name = (60, "min") if time[-1] > 600 else (1, "s")
        ax.stackplot(time / unit, padded, labels=labels, colors=paint, alpha=0.85)
        ax.set(
            xlim=(time[0] / unit, time[-1] / unit),
            ylim=(0, 1),
            xlabel=f"time ({name})",
            ylabel="probability",
        )
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, reverse=True)
