"""What an evaluation found: scores with intervals, predictions, a table and plots."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix

from sklearn_mgc._optional import require
from sklearn_mgc.audio import printable
from sklearn_mgc.display.tables import Report, for_json
from sklearn_mgc.evaluation.statistics import (
    jackknife_blocks,
    jackknife_interval,
    share_interval,
)
from sklearn_mgc.evaluation.stored_predictions import Predicted, full_columns


@dataclass(repr=False)
class EvaluationResult(Report):
    """Test predictions of a cross-validation, and what they say.

    Made by :func:`cross_validate`.

    Parameters
    ----------
    y : ndarray of shape (n_clips,)
        Genres.
    groups : ndarray of shape (n_clips,) or None
        Artists.
    classes : ndarray of shape (n_classes,)
        Genres, sorted.
    folds : list of dict
        Per fold: ``repeat``, ``fold``, ``n_train``, ``n_test``, ``n_leaked`` (test clips by
        artists of the training clips; where artists are known), ``fit_seconds``,
        ``predict_seconds`` and each score.
    sample, repeat, fold : ndarray of shape (n_predictions,)
        Which clip each prediction is of, and in which repeat and fold it was made.
    predicted : ndarray of shape (n_predictions,)
        Genres.
    probabilities : ndarray of shape (n_predictions, n_classes) or None
        Probabilities, or decisions if the classifier gives no probabilities.
    scorers : dict
        scikit-learn's scorers by name.
    confidence_level : float
        Coverage of the intervals.
    """

    y: np.ndarray
    groups: np.ndarray | None
    classes: np.ndarray
    folds: list[dict[str, Any]]
    sample: np.ndarray
    repeat: np.ndarray
    fold: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray | None
    scorers: Mapping[str, Callable]
    confidence_level: float = 0.95
    _display = "EvaluationDisplay"
    _intervals: dict = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def from_folds(cls, drawn, folds, *, y, groups, scorers, confidence_level):
        """Put together what the folds gave.

        Parameters
        ----------
        drawn : list of (int, int, ndarray, ndarray)
            Repeat, fold, training and test indices.
        folds : list of dict
            ``predicted``, ``response``, ``classes`` and seconds of each.
        y, groups, scorers, confidence_level
            As of the class.

        Returns
        -------
        EvaluationResult
            The result.
        """
        classes = np.unique(y)
        responses = [
            None if f["response"] is None else full_columns(f["response"], f["classes"], classes)
            for f in folds
        ]
        given = [r for r in responses if r is not None]
        result = cls(
            y=y,
            groups=groups,
            classes=classes,
            folds=[],
            sample=np.concatenate([test for *_, test in drawn]),
            repeat=np.concatenate([np.full(len(test), r) for r, *_, test in drawn]),
            fold=np.concatenate([np.full(len(test), k) for _, k, _, test in drawn]),
            predicted=np.concatenate([f["predicted"] for f in folds]),
            probabilities=np.concatenate(given) if len(given) == len(folds) else None,
            scorers=scorers,
            confidence_level=confidence_level,
        )
        for (repeat, k, train, test), found in zip(drawn, folds, strict=True):
            rows = np.flatnonzero((result.repeat == repeat) & (result.fold == k))
            row = {"repeat": repeat, "fold": k, "n_train": len(train), "n_test": len(test)}
            if groups is not None:
                row["n_leaked"] = int(np.isin(groups[test], groups[train]).sum())
            row |= {name: found[name] for name in ("fit_seconds", "predict_seconds")}
            row |= {name: result._score(name, rows) for name in scorers}
            result.folds.append(row)
        return result

    @property
    def score(self) -> float:
        """The first score, of all test predictions."""
        return self.interval()[0]

    @property
    def n_repeats(self) -> int:
        """How often folds were drawn."""
        return int(self.repeat.max()) + 1

    def interval(self, metric: str | None = None) -> tuple[float, float, float]:
        """Give a score with its confidence interval.

        Parameters
        ----------
        metric : str, default=None
            Name of the score; the first by default.

        Returns
        -------
        tuple of float
            Score, lower and upper end.

        Raises
        ------
        ValueError
            If there is no such score.
        """
        metric = next(iter(self.scorers)) if metric is None else metric
        if metric not in self.scorers:
            raise ValueError(f"no score {metric!r}; there are {', '.join(self.scorers)}")
        if metric not in self._intervals:
            score, low, high = self._interval(metric)
            self._intervals[metric] = float(score), float(low), float(high)
        return self._intervals[metric]

    def _interval(self, metric: str) -> tuple[float, float, float]:
        if metric == "accuracy":
            right = self.right
            low, high = share_interval(right, self._units(), self.confidence_level)
            return float(right.mean()), low, high
        blocks = jackknife_blocks(self.sample if self.groups is None else self._units())
        score = self._mean_score(metric, np.arange(len(blocks)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of genres that one artist alone played
            without = [
                self._mean_score(metric, np.flatnonzero(blocks != left_out))
                for left_out in range(blocks.max() + 1)
            ]
        worst, best = self._ends(metric)
        low, high = jackknife_interval(
            score,
            without,
            blocks[np.unique(self.sample, return_index=True)[1]],
            self.confidence_level,
            is_share=bool(np.allclose(sorted((worst, best)), [0, 1])),
        )
        # Nothing is better than all right.
        return (score, max(low, best), high) if best < worst else (score, low, min(high, best))

    def _mean_score(self, metric: str, rows: np.ndarray) -> float:
        """Mean of the scores of the repeats."""
        of_repeats = (rows[self.repeat[rows] == r] for r in range(self.n_repeats))
        scores = np.array([self._score(metric, of) for of in of_repeats if len(of)])
        known = scores[~np.isnan(scores)]
        return float(known.mean()) if len(known) else float("nan")

    def _ends(self, metric: str) -> tuple[float, float]:
        """The score of all wrong and of all right, each for sure; NaN where there is none."""
        sure = np.eye(len(self.classes))
        models = (
            Predicted(self.classes, np.roll(self.classes, shift), np.roll(sure, shift, 0))
            for shift in (1, 0)
        )
        try:
            wrong, right = (self.scorers[metric](model, None, self.classes) for model in models)
        except Exception:  # a scorer of one's own need not like a clip per genre
            return np.nan, np.nan
        return float(wrong), round(float(right), 9) + 0.0  # log loss stops just short of it

    def _score(self, metric: str, rows) -> float:
        responses = None if self.probabilities is None else self.probabilities[rows]
        model = Predicted(self.classes, self.predicted[rows], responses)
        try:
            return float(self.scorers[metric](model, None, self._true[rows]))
        except ValueError:  # a score that needs every genre, in a resample without one
            if len(np.unique(self._true[rows])) == len(self.classes):
                raise
            return float("nan")

    @property
    def _true(self) -> np.ndarray:
        return self.y[self.sample]

    @property
    def right(self) -> np.ndarray:
        """Whether each prediction is right."""
        return self.predicted == self._true

    def _units(self) -> np.ndarray | None:
        """What is drawn: artists, or clips where artists are unknown."""
        if self.groups is not None:
            return self.groups[self.sample]
        # Wilson's interval counts each prediction; those of one clip count once.
        return None if len(np.unique(self.sample)) == len(self.sample) else self.sample

    def recalls(self) -> list[dict[str, Any]]:
        """Give the share of each genre's clips that was recognised.

        Returns
        -------
        list of dict
            ``genre``, ``recall``, ``low``, ``high``, ``n_clips``, ``n_artists``, and ``taken_for``,
            the most frequent wrong genre, with its ``share`` of the clips (None and 0 if all are
            right).
        """
        rows, units = [], self._units()
        for genre in self.classes:
            of = self._true == genre
            if not of.any():
                continue
            right = self.right[of]
            low, high = share_interval(
                right, None if units is None else units[of], self.confidence_level
            )
            clips = np.unique(self.sample[of])
            artists = None if self.groups is None else len(np.unique(self.groups[clips]))
            others, counts = np.unique(self.predicted[of][~right], return_counts=True)
            rows.append(
                {
                    "genre": genre,
                    "recall": float(right.mean()),
                    "low": low,
                    "high": high,
                    "n_clips": len(clips),
                    "n_artists": artists,
                    "taken_for": others[counts.argmax()] if len(others) else None,
                    "share": float(counts.max(initial=0) / len(right)),
                }
            )
        return rows

    def confusion_matrix(self, normalize: str | None = None) -> np.ndarray:
        """Count which genre was taken for which.

        Parameters
        ----------
        normalize : {"true", "pred", "all"}, default=None
            As in :func:`sklearn.metrics.confusion_matrix`.

        Returns
        -------
        ndarray of shape (n_classes, n_classes)
            True genres in rows, predicted ones in columns, all repeats together.
        """
        return confusion_matrix(
            self._true, self.predicted, labels=self.classes, normalize=normalize
        )

    def to_frame(self):
        """Give the folds as a table.

        Returns
        -------
        pandas.DataFrame
            A row per repeat and fold: sizes, seconds and scores.
        """
        pd = require("pandas", extra="data", what="tables")

        return pd.DataFrame(self.folds)

    def predictions(self):
        """Give the predictions as a table.

        Returns
        -------
        pandas.DataFrame
            ``repeat``, ``fold``, ``sample`` (index of the clip), ``true``, ``predicted``
            and, where they are known, ``group`` and the probability of each genre.
        """
        pd = require("pandas", extra="data", what="tables")

        frame = pd.DataFrame(
            {
                "repeat": self.repeat,
                "fold": self.fold,
                "sample": self.sample,
                "true": self._true,
                "predicted": self.predicted,
            }
        )
        if self.groups is not None:
            frame["group"] = self.groups[self.sample]
        if self.probabilities is not None:
            for k, genre in enumerate(self.classes):
                frame[f"p({genre})"] = self.probabilities[:, k]
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Give scores and recalls as plain numbers.

        Returns
        -------
        dict
            "protocol", "scores" (score, low, high by name), "recalls" and "folds"; for JSON, with
            None for what is not known.
        """
        content = {
            "protocol": self.protocol,
            "confidence_level": self.confidence_level,
            "scores": {
                name: dict(zip(("score", "low", "high"), self.interval(name), strict=True))
                for name in self.scorers
            },
            "recalls": [
                {**row, "genre": str(row["genre"]), "taken_for": _name(row["taken_for"])}
                for row in self.recalls()
            ],
            "folds": self.folds,
        }
        return for_json(content)

    @property
    def protocol(self) -> str:
        """What was done, in words."""
        n_folds = int(self.fold.max()) + 1
        clips = np.unique(self.sample)
        text = f"{n_folds} fold{'s' if n_folds > 1 else ''}"
        if self.groups is not None:
            if any(row["n_leaked"] for row in self.folds):
                text += " that share artists" if n_folds > 1 else " that shares artists"
            else:
                text += " by group"
        if self.n_repeats > 1:
            text += f", {self.n_repeats} repeats"
        text += f": {len(clips)} clips of {len(self.classes)} genres"
        if self.groups is not None:
            text += f" by {len(np.unique(self.groups[clips]))} artists"
        return text

    def _scores(self) -> list[str]:
        level = f"{100 * self.confidence_level:g} % CI"
        width = max(map(len, self.scorers))
        lines = []
        for name in self.scorers:
            score, low, high = self.interval(name)
            ends = "not known" if np.isnan(low) else f"{low:.3f} to {high:.3f}"
            lines.append(f"{printable(name):{width}}  {score:.3f} ({level} {ends})")
        return lines

    def _lines(self) -> list[str]:
        return [*self._scores(), self.protocol, ""]

    def _brief(self) -> str:
        return f"{', '.join(self._scores())}; {self.protocol}"

    def _table(self) -> tuple[list[str], list[list]]:
        """A row per genre; artists where they are known."""
        columns = ["genre", "recall", f"{100 * self.confidence_level:g} % CI", "clips"]
        rows = [
            [r["genre"], r["recall"], f"{r['low']:.3f} to {r['high']:.3f}", r["n_clips"]]
            + ([] if self.groups is None else [r["n_artists"]])
            + [_taken(r)]
            for r in self.recalls()
        ]
        artists = [] if self.groups is None else ["artists"]
        return [*columns, *artists, "mostly taken for"], rows


def _name(genre) -> str | None:
    return None if genre is None else str(genre)


def _taken(row: Mapping[str, Any]) -> str:
    """Which genre the clips of another were taken for, in words."""
    if row["taken_for"] is None:
        return ""
    return f"{row['taken_for']} ({max(100 * row['share'], 1):.0f} %)"
