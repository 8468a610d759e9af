"""Genre over time: a model asked about one window of a recording after another."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, pairwise
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted
from tqdm import tqdm

from sklearn_mgc._optional import require
from sklearn_mgc.audio import printable
from sklearn_mgc.display.tables import Report
from sklearn_mgc.inspection.windows import probabilities_of, probabilities_of_whole, windows_of

_BATCH = 16
"""Windows that are asked about at a time: 40 MB of sound."""
_COLUMNS = ("from", "to", "genre", "probability")


@dataclass(repr=False)
class GenreTimeline(Report):
    """Probabilities of genres along a recording.

    Made by :func:`genre_timeline`.

    Parameters
    ----------
    name : str
        The recording.
    start, end : ndarray of shape (n_windows,)
        Where windows begin and end, in seconds.
    probabilities : ndarray of shape (n_windows, n_classes)
        Of each window; NaN where there is no usable sound.
    classes : ndarray of shape (n_classes,)
        Genres, sorted.
    """

    name: str
    start: np.ndarray
    end: np.ndarray
    probabilities: np.ndarray
    classes: np.ndarray

    _display = "GenreTimelineDisplay"

    @property
    def genres(self) -> np.ndarray:
        """The most probable genre of each window; None where there is no sound."""
        silent = np.isnan(self.probabilities[:, 0])
        best = np.where(silent, 0, np.nan_to_num(self.probabilities, nan=-1.0).argmax(axis=1))
        genres = self.classes[best].astype(object)
        genres[silent] = None
        return genres

    @property
    def overall(self) -> np.ndarray:
        """Mean probabilities of the windows with sound: the recording as a whole."""
        return np.nanmean(self.probabilities, axis=0)

    def smoothed(self, seconds: float) -> GenreTimeline:
        """Average neighbouring windows.

        Parameters
        ----------
        seconds : float
            Windows whose middles are at most half of this apart are averaged.

        Returns
        -------
        GenreTimeline
            The same windows with calmer probabilities.

        Raises
        ------
        ValueError
            If ``seconds`` is negative.
        """
        if seconds < 0:
            raise ValueError(f"seconds must be at least 0, got {seconds!r}")
        middle = (self.start + self.end) / 2
        near = np.abs(middle[:, None] - middle) <= seconds / 2
        heard = ~np.isnan(self.probabilities[:, 0])
        weight = (near & heard).astype(float)
        with np.errstate(invalid="ignore"):
            mean = weight @ np.nan_to_num(self.probabilities) / weight.sum(axis=1, keepdims=True)
        mean[~heard] = np.nan
        return GenreTimeline(self.name, self.start, self.end, mean, self.classes)

    def sections(self) -> list[dict[str, Any]]:
        """Join neighbouring windows of one genre.

        Returns
        -------
        list of dict
            ``start`` and ``end`` in seconds, ``genre`` (None without sound) and its mean
            ``probability``. A section begins where the genre changes: halfway between
            the middles of the two windows.
        """
        genres = self.genres
        middle = (self.start + self.end) / 2
        first = np.flatnonzero([True, *(a != b for a, b in pairwise(genres))])
        cuts = [(middle[i - 1] + middle[i]) / 2 for i in first[1:]]
        found = []
        for (i, j), begin, end in zip(
            pairwise([*first, len(genres)]),
            [self.start[0], *cuts],
            [*cuts, self.end[-1]],
            strict=True,
        ):
            genre = genres[i]
            column = np.flatnonzero(self.classes == genre)
            share = float(self.probabilities[i:j, column].mean()) if len(column) else None
            found.append(
                {"start": float(begin), "end": float(end), "genre": genre, "probability": share}
            )
        return found

    def to_frame(self):
        """Give a row per window.

        Returns
        -------
        pandas.DataFrame
            ``start``, ``end``, ``genre`` and a column per genre.
        """
        pd = require("pandas", extra="data", what="tables")

        frame = pd.DataFrame({"start": self.start, "end": self.end, "genre": self.genres})
        return frame.join(pd.DataFrame(self.probabilities, columns=self.classes))

    def _table(self):
        return _COLUMNS, [
            [_clock(s["start"]), _clock(s["end"]), s["genre"] or "(no sound)", s["probability"]]
            for s in self.sections()
        ]

    def _lines(self) -> list[str]:
        n, overall = len(self.sections()), self.overall
        best = int(np.nan_to_num(overall).argmax())
        text = (
            f"{self.name}: {_clock(self.start[0])} to {_clock(self.end[-1])}, "
            f"{n} section{'s' if n > 1 else ''}, "
            f"most of all {self.classes[best]} ({overall[best]:.2f})"
        )
        return [printable(text)]


def genre_timeline(
    estimator, source, *, window: float = 30.0, hop: float = 5.0, verbose: int = 0
) -> GenreTimeline:
    """Ask a fitted pipeline about a recording, one window after another.

    The recording is streamed: three hours need no more memory than a song.

    Parameters
    ----------
    estimator : Pipeline
        Fitted on paths, with ``predict_proba``: descriptors, spectrograms or embeddings and
        any classifier.
    source : str, path-like, bytes or binary file
        The recording.
    window : float, default=30.0
        Length of a window in seconds; best that of the clips which were trained on.
    hop : float, default=5.0
        Distance from one window to the next in seconds.
    verbose : int, default=0
        1 shows how many seconds are done.

    Returns
    -------
    GenreTimeline
        Probabilities per window.

    Raises
    ------
    AudioError
        If the recording cannot be read, or no window of it has a usable sound.
    ValueError
        If ``window`` or ``hop`` is not positive.
    AttributeError
        If the estimator gives no probabilities.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_mgc import HandcraftedFeatures
    >>> from sklearn_mgc.datasets import make_music
    >>> from sklearn_mgc.inspection import genre_timeline
    >>> from sklearn_mgc.inspection.windows import as_file
    >>> music = make_music(24, duration=4.0, random_state=0)
    >>> model = make_pipeline(HandcraftedFeatures(), StandardScaler(), LogisticRegression())
    >>> _ = model.fit(music.data, music.target)
    >>> timeline = genre_timeline(model, as_file(music.data[0]), window=2.0, hop=1.0)
    >>> timeline.start.tolist()
    [0.0, 1.0, 2.0]
    """
    for name, value in (("window", window), ("hop", hop)):
        if not isinstance(value, Real) or not 0 < float(value) < np.inf:
            raise ValueError(f"{name} must be a number of seconds above 0, got {value!r}")
    check_is_fitted(estimator)
    if not hasattr(estimator, "predict_proba"):
        raise AttributeError(
            f"{type(estimator).__name__} gives no probabilities: end the pipeline with a "
            "classifier that has predict_proba, or wrap it in TemperatureScaledClassifier"
        )
    starts, ends, found = [], [], []
    name = "recording" if hasattr(source, "read") or isinstance(source, bytes) else str(source)
    with tqdm(desc=name, unit="s", disable=not verbose) as bar:
        windows = windows_of(source, window, hop)
        while part := list(islice(windows, _BATCH)):
            found.append(probabilities_of(estimator, [y for _, y in part]))
            for start, y in part:
                starts.append(start)
                ends.append(start + len(y) / 22050)
            bar.update(round(ends[-1]) - bar.n)
    probabilities = np.vstack(found)
    if np.isnan(probabilities).all():
        probabilities_of_whole(estimator, y, name)  # raises what is true of every window
    return GenreTimeline(
        name, np.array(starts), np.array(ends), probabilities, np.asarray(estimator.classes_)
    )


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes}:{seconds:02d}"
