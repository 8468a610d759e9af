"""A track is heard in segments, and they vote."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
)

from sklearn_mgc._routing import fit_with
from sklearn_mgc._sklearn_compat import (
    HasMethods,
    StrOptions,
    _check_sample_weight,
    _check_y,
    _fit_context,
    validate_data,
)
from sklearn_mgc.classifiers.batches import chunks
from sklearn_mgc.classifiers.predictions import GenreMixin


class SegmentVotingClassifier(MetaEstimatorMixin, GenreMixin, BaseEstimator):
    """Train a classifier on the segments of tracks, and let segments vote on a track.

    The paper cuts each song of FMA in three, for three times the data. As segments of a song
    resemble each other, a split that does not know of songs tests on what it was trained on.
    Here segments are an axis of X, made by ``HandcraftedFeatures(n_segments=3)`` or
    ``MelSpectrogram(n_segments=3)``: the sample stays the track, and no split can part its
    segments. Inner splits, as of early stopping, are told the track of each segment.

    Segments that hold NaN are left out, of training and of the vote.

    Parameters
    ----------
    estimator : estimator
        A classifier of single segments, or a pipeline such as
        ``make_pipeline(StandardScaler(), SVC())``.
    voting : {"soft", "hard"}, default="soft"
        "soft" averages the segments' probabilities, "hard" counts their genres, where the
        averaged probabilities, if there are any, settle a tie.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Genres, sorted.
    estimator_ : estimator
        The fitted classifier of segments.
    n_segments_ : int
        Segments per track in ``fit``; later there may be more or fewer.
    n_features_in_ : int
        Length of the last axis of X.

    See Also
    --------
    HandcraftedFeatures : Has ``n_segments``.
    MelSpectrogram : Has ``n_segments``.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_mgc import HandcraftedFeatures, SegmentVotingClassifier
    >>> from sklearn_mgc.datasets import make_music
    >>> music = make_music(24, duration=3.0, random_state=0)
    >>> model = make_pipeline(
    ...     HandcraftedFeatures(n_segments=3),
    ...     SegmentVotingClassifier(make_pipeline(StandardScaler(), LogisticRegression())),
    ... )
    >>> model.fit(music.data, music.target).predict(music.data[:4]).shape
    (4,)
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict"])],
        "voting": [StrOptions({"soft", "hard"})],
    }

    __metadata_request__fit = {"groups": True}

    def __init__(self, estimator, *, voting="soft"):
        self.estimator = estimator
        self.voting = voting

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, *, groups=None):
        """Train the classifier on all segments.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_segments, ...)
            Descriptors or spectrograms of segments. An array of two axes is one segment
            per track.
        y : array-like of shape (n_tracks,)
            Genres.
        sample_weight : array-like of shape (n_tracks,), default=None
            Weight of each track.
        groups : array-like of shape (n_tracks,), default=None
            Artists, for the inner splits of the classifier; else its tracks are kept whole.

        Returns
        -------
        self
            The fitted classifier.

        Raises
        ------
        ValueError
            If a track has no segment without NaN, or there is one genre only.
        TypeError
            If there are weights, but the classifier takes none.
        AttributeError
            If voting is soft and the classifier gives no probabilities.
        """
        X = self._validate(X, reset=True)
        y = column_or_1d(_check_y(y), warn=True)
        check_consistent_length(X, y)
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError(
                f"SegmentVotingClassifier needs at least two genres, got 1 class: "
                f"{self.classes_.tolist()}"
            )
        self.n_segments_ = X.shape[1]
        segments, used = _unfold(X)
        track = used // self.n_segments_
        tracks_or_artists = np.arange(len(y)) if groups is None else np.asarray(groups)
        check_consistent_length(y, tracks_or_artists)
        given = {"groups": tracks_or_artists[track]}
        if sample_weight is not None:
            given["sample_weight"] = _check_sample_weight(sample_weight, y)[track]
        self.estimator_ = fit_with(clone(self.estimator), segments, y[track], **given)
        if self.voting == "soft" and not hasattr(self.estimator_, "predict_proba"):
            raise AttributeError(
                f"{type(self.estimator).__name__} gives no probabilities: use voting='hard', or "
                "a classifier that does, such as CalibratedClassifierCV around it"
            )
        return self

    def predict(self, X):
        votes = self.predict_proba(X)
        if self.voting == "hard" and hasattr(self.estimator_, "predict_proba"):
            # Less than any vote: it can do no more than settle a tie.
            votes = votes + 1e-6 * np.nanmean(self.predict_proba_segments(X), axis=1)
        return self.classes_[votes.argmax(axis=1)]

    def predict_proba(self, X):
        """Predict the probability of each genre, or its share of the votes.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_segments, ...)
            As in ``fit``, with any number of segments.

        Returns
        -------
        ndarray of shape (n_tracks, n_classes)
            Means of the segments' probabilities; with hard voting, shares of the votes.
        """
        return np.nanmean(self._votes(X, soft=self.voting == "soft"), axis=1)

    def predict_proba_segments(self, X):
        """Predict the probability of each genre in each segment: genre over time.

        Parameters
        ----------
        X : array-like of shape (n_tracks, n_segments, ...)
            As in ``fit``, with any number of segments.

        Returns
        -------
        ndarray of shape (n_tracks, n_segments, n_classes)
            Probabilities; NaN in segments that hold NaN.
        """
        return self._votes(X, soft=True)

    def _votes(self, X, *, soft: bool) -> np.ndarray:
        check_is_fitted(self)
        X = self._validate(X, reset=False)
        segments, used = _unfold(X)
        if soft:
            found = self.estimator_.predict_proba(segments)
        else:
            found = self.estimator_.predict(segments)[:, None] == self.classes_
        votes = np.full((len(X) * X.shape[1], len(self.classes_)), np.nan)
        votes[used] = found
        return votes.reshape(len(X), X.shape[1], -1)

    def _validate(self, X, *, reset: bool) -> np.ndarray:
        if not isinstance(X, np.memmap):  # which is read when it is used
            if not hasattr(X, "ndim"):
                X = np.asarray(X)
            given = {"dtype": "numeric", "allow_nd": True}
            if X.ndim > 2:
                X = check_array(X, ensure_all_finite="allow-nan", **given)
            else:
                X = validate_data(self, X, reset=reset, **given)
        if X.ndim == 2:
            X = X[:, None]
        shape = X.shape[2:]
        if reset:
            self._segment_shape, self.n_features_in_ = shape, shape[-1]
        elif shape != self._segment_shape:
            raise ValueError(
                f"X has segments of shape {shape}, but SegmentVotingClassifier was fitted on "
                f"segments of shape {self._segment_shape}"
            )
        return X


def _unfold(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Segments without NaN as rows, and their places in X as if it had no tracks."""
    segments = X.reshape(-1, *X.shape[2:])
    whole = np.concatenate(
        [~np.isnan(part).reshape(len(part), -1).any(axis=1) for part in chunks(segments)]
        or [np.zeros(0, dtype=bool)]
    )
    lost = np.flatnonzero(~whole.reshape(X.shape[:2]).any(axis=1))
    if len(lost):
        raise ValueError(
            f"{len(lost)} tracks have NaN in all segments, the first is row {lost[0]}: leave "
            "them out (failed_ of the transformer says why they could not be read)"
        )
    return (segments if whole.all() else segments[whole]), np.flatnonzero(whole)
