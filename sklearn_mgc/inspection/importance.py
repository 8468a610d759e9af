"""Which descriptors a classifier rests on, by shuffling each among clips it was not trained on."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils.validation import column_or_1d
from tqdm import tqdm

from sklearn_mgc._optional import require
from sklearn_mgc._routing import fit_with
from sklearn_mgc._sklearn_compat import _safe_indexing
from sklearn_mgc.audio import printable
from sklearn_mgc.display.tables import Report
from sklearn_mgc.evaluation.folds import draw_folds, refuse_leaks
from sklearn_mgc.features import AudioTransformer
from sklearn_mgc.features.descriptors import DESCRIPTORS, column_labels
from sklearn_mgc.features.summary import STATISTICS


@dataclass(repr=False)
class DescriptorImportance(Report):
    """How much a score falls when a descriptor is shuffled.

    Made by :func:`descriptor_importance`.

    Parameters
    ----------
    descriptors : list of str
        Names.
    n_columns : ndarray of shape (n_descriptors,)
        How many columns belong to each.
    drops : ndarray of shape (n_descriptors, n_folds)
        What the score of each fold loses, on average over shuffles.
    scores : ndarray of shape (n_folds,)
        Of the folds, with nothing shuffled.
    score_name : str
        What the score is.
    """

    descriptors: list[str]
    n_columns: np.ndarray
    drops: np.ndarray
    scores: np.ndarray
    score_name: str

    def to_frame(self):
        """Give a row per descriptor, the most important first.

        Returns
        -------
        pandas.DataFrame
            ``descriptor``, ``columns``, ``drop`` (mean over folds) and ``std`` (over folds).
        """
        pd = require("pandas", extra="data", what="tables")

        return pd.DataFrame(self._rows(), columns=self._columns)

    _display = "ImportanceDisplay"
    _columns = ("descriptor", "columns", "drop", "std")

    def _rows(self) -> list[list]:
        mean, spread = self.drops.mean(axis=1), self.drops.std(axis=1)
        return [
            [self.descriptors[i], int(self.n_columns[i]), float(mean[i]), float(spread[i])]
            for i in np.argsort(-mean, kind="stable")
        ]

    def _table(self):
        return self._columns, self._rows()

    def _lines(self) -> list[str]:
        return [f"{self._summary()}; what it loses without"]

    def _brief(self) -> str:
        rows = self._rows()[:3]
        first = ", ".join(f"{printable(name)} ({drop:.3f})" for name, _, drop, _ in rows)
        return f"{self._summary()}, loses most without {first}"

    def _summary(self) -> str:
        return printable(f"{self.score_name} {self.scores.mean():.3f} in {len(self.scores)} folds")


def descriptor_importance(
    estimator,
    X,
    y,
    *,
    groups=None,
    cv=None,
    scoring="accuracy",
    n_repeats: int = 10,
    feature_names=None,
    random_state: int = 0,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> DescriptorImportance:
    """Find the descriptors that matter to a classifier, by permutation importance.

    All columns of a descriptor - the 20 of the MFCCs, its mean and its deviation - are shuffled
    together among the test clips of a fold, and the score is measured again [1]_. One by one
    they could stand in for each other, and none would seem to matter.

    Parameters
    ----------
    estimator : estimator
        A classifier, or a pipeline that ends with one. It is cloned for each fold. A first step
        that turns sound into features is run once for all.
    X : array-like or list of str
        Paths or waveforms for a pipeline that begins with `HandcraftedFeatures` or another
        transformer of sound; else a table.
    y : array-like of shape (n_clips,)
        Genres.
    groups : array-like of shape (n_clips,), default=None
        Artists. With them, folds are drawn by artist.
    cv : int, splitter or iterable of (train, test), default=None
        As in :func:`sklearn_mgc.evaluation.cross_validate`.
    scoring : str or callable, default="accuracy"
        scikit-learn's scorer.
    n_repeats : int, default=10
        Shuffles of each descriptor in each fold.
    feature_names : sequence of str, default=None
        Names of the columns of a table, such as "mfcc3_mean"; those of a DataFrame by default.
    random_state : int, default=0
        Seed of the folds and of the shuffles.
    n_jobs : int, default=None
        Folds that are computed at a time, through joblib.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    DescriptorImportance
        What the score loses without each descriptor.

    Raises
    ------
    ValueError
        If the columns have no names, a fold has an artist on both sides, or ``n_repeats`` is
        below 1.

    See Also
    --------
    explain : Which seconds and bands of one clip decided.

    Notes
    -----
    Descriptors that say the same, such as roll-off and centroid, stand in for each other: a
    small loss means that the others are enough, not that a descriptor says nothing about genre.

    References
    ----------
    .. [1] Leo Breiman, "Random forests", Machine Learning 45, 2001.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_mgc import HandcraftedFeatures
    >>> from sklearn_mgc.datasets import make_music
    >>> from sklearn_mgc.inspection import descriptor_importance
    >>> music = make_music(24, duration=2.0, random_state=0)
    >>> model = make_pipeline(HandcraftedFeatures(), StandardScaler(), LogisticRegression())
    >>> found = descriptor_importance(model, music.data, music.target, groups=music.groups, cv=2)
    >>> sorted(found.descriptors)[:3]
    ['chroma_stft', 'mfcc', 'spectral_bandwidth']
    """
    if n_repeats < 1:
        raise ValueError(f"n_repeats must be at least 1, got {n_repeats}")
    y = column_or_1d(np.asarray(y), warn=True)
    groups = None if groups is None else column_or_1d(np.asarray(groups), warn=True)
    X, names, model = _table(estimator, X, feature_names)
    folds = list(draw_folds(cv, y, groups, seed=random_state))
    if groups is not None:
        refuse_leaks(folds, groups)
    columns: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        columns.setdefault(_descriptor(name), []).append(i)
    scorer = check_scoring(model, scoring)
    calls = (
        delayed(_drops)(
            clone(model), X, y, groups, fold, scorer, list(columns.values()), n_repeats,
            np.random.default_rng([random_state, number]),
        )
        for number, fold in enumerate(folds)
    )  # fmt: skip
    bar = tqdm(calls, "descriptor_importance", len(folds), unit="fold", disable=not verbose)
    scores, drops = zip(*Parallel(n_jobs)(bar), strict=True)
    return DescriptorImportance(
        list(columns),
        np.array([len(c) for c in columns.values()]),
        np.transpose(drops),
        np.array(scores),
        scoring if isinstance(scoring, str) else getattr(scoring, "__name__", "score"),
    )


def _table(estimator, X, feature_names):
    """Descriptors of all clips, names of their columns, and what follows in the pipeline."""
    if isinstance(estimator, Pipeline) and len(estimator) > 1 and _hears(estimator[0]):
        features = clone(estimator[0])
        X = features.fit_transform(X)
        # With segments, which are an axis, there are names all the same.
        named = hasattr(features, "column_names")
        names = features.column_names() if named else features.get_feature_names_out()
        return X, list(names), estimator[1:]
    if feature_names is None:
        feature_names = getattr(X, "columns", None)
    if feature_names is None:
        raise ValueError(
            "the columns of X have no names: pass feature_names, a DataFrame, or sound and a "
            "pipeline that begins with HandcraftedFeatures"
        )
    return X, list(map(str, feature_names)), estimator


def _hears(step) -> bool:
    """Whether a step reads sound, and learns nothing in `fit`."""
    if isinstance(step, FeatureUnion):
        return all(_hears(part) for _, part in step.transformer_list)
    return isinstance(step, AudioTransformer)


_LABELS = {label: name for name in DESCRIPTORS for label in column_labels(name, 20)}


def _descriptor(column: str) -> str:
    """`mfcc` of "mfcc3_mean", and of "handcraftedfeatures__mfcc3_mean"."""
    label = re.sub(f"_({'|'.join(STATISTICS)})$", "", column.rpartition("__")[2])
    return _LABELS.get(label) or re.sub(r"(?<=.)_?\d+$", "", label)


def _drops(model, X, y, groups, fold, scorer, columns, n_repeats, rng):
    train, test = fold
    fitting = {"groups": None if groups is None else groups[train]}
    fit_with(model, _safe_indexing(X, train), y[train], **fitting)
    heard, true = _safe_indexing(X, test), y[test]
    score = scorer(model, heard, true)
    drops = [
        np.mean([score - scorer(model, _shuffled(heard, own, rng), true) for _ in range(n_repeats)])
        for own in columns
    ]
    return score, drops


def _shuffled(X, columns: list[int], rng):
    """A copy with these columns, of the last axis, in another order of the clips."""
    order = rng.permutation(len(X))
    if hasattr(X, "with_columns"):  # polars
        return X.with_columns(X[:, columns][order])
    X = X.copy()
    if hasattr(X, "iloc"):
        X.iloc[:, columns] = X.iloc[order, columns].to_numpy()
    else:
        X[..., columns] = X[order][..., columns]
    return X
