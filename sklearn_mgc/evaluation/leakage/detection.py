"""Does a split test what it trained on? Shared artists, copies, near-duplicates, segments.

Every kind of leak but one is a set of labels (artists, hashes, songs, tracks), of which a
test track leaks when its own is also found among the training tracks. Near-duplicates are
pairs instead: two files of one recording by their sound, or two rows of descriptors much closer
than chance puts any two.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np
from sklearn.model_selection import check_cv

from sklearn_mgc.evaluation.leakage.fingerprints import hash_rows, listen
from sklearn_mgc.evaluation.leakage.neighbors import near_pairs
from sklearn_mgc.evaluation.leakage.report import KINDS, LeakageError, LeakageReport


def leakage_report(
    X,
    y=None,
    *,
    groups=None,
    cv=None,
    duplicates=None,
    tracks=None,
    features=None,
    near: float | None = 0.05,
    audio: bool = True,
    sample_rate: int = 22050,
    raise_on_leak: bool = False,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> LeakageReport:
    """Count the test tracks that a classifier knows from training, fold by fold.

    Parameters
    ----------
    X : sequence of n paths or waveforms, or array-like of shape (n, ...)
        Paths, waveforms, descriptors or spectrograms: what the classifier is given. Files are
        decoded, so that a copy in another format is found; rows of an array are compared bit by
        bit. Files that cannot be decoded and rows with NaN do not count as copies.
    y : array-like of shape (n,), default=None
        Genres, for splitters that stratify.
    groups : array-like of shape (n,), default=None
        Artist of each track; None, NaN and "" are unknown artists, who share nothing.
    cv : int, splitter or iterable of (train, test), default=None
        The folds. None and an int are scikit-learn's default (`StratifiedKFold`, five folds;
        `KFold` without ``y``), which knows nothing of groups.
    duplicates : array-like of shape (n,), default=None
        Known repetitions: tracks with the same number are one song, as in `load_gtzan`.
        Negative numbers, None and NaN belong to none.
    tracks : array-like of shape (n,), default=None
        If X holds segments: the track that each was cut from.
    features : array-like of shape (n, n_features), default=None
        Descriptors in which near-duplicates are looked for; X itself by default if it is
        a matrix.
    near : float, default=0.05
        Two rows of features are near-duplicates if, after standardization, they are so close that
        only this many pairs in all of X would be expected to be by chance. The expected number is
        extrapolated from the distances of ordinary pairs by a power law [2]_, which takes at least
        20 tracks; distances ignore the tenth of the columns that differ most, so that copies at
        another level are found. (22 pairs of GTZAN's 1000 clips are so close, each the same song
        twice.) Paths and lists of waveforms are compared by their sound [3]_: clips that share 3 s
        of one recording are near-duplicates, however they were encoded, equalized, clipped,
        amplified or cut. None skips both.
    audio : bool, default=True
        Whether to decode files to find copies and near-duplicates; if False, only labels and
        features are compared.
    sample_rate : int, default=22050
        Rate of waveforms in Hz; files have their own.
    raise_on_leak : bool, default=False
        Raise `LeakageError` if there is any leak.
    n_jobs : int, default=None
        Number of threads that decode files, as in joblib.
    verbose : int, default=0
        1 shows progress while files are decoded.

    Returns
    -------
    LeakageReport
        Print it, or see its ``verdict``, ``has_leak``, ``shares`` and ``artists``, and
        ``to_frame()``.

    Raises
    ------
    LeakageError
        If something leaks and ``raise_on_leak``; its ``report`` has the details.
    ValueError
        If lengths differ or a parameter is out of range.

    See Also
    --------
    assert_no_leakage : The same for test suites.

    References
    ----------
    .. [1] B. L. Sturm, "The state of the art ten years after a state of the art: future
       research in music information retrieval", Journal of New Music Research 43, 2014.
    .. [2] P. Grassberger and I. Procaccia, "Measuring the strangeness of strange
       attractors", Physica D 9, 1983 (numbers of close pairs as a power law).
    .. [3] J. Haitsma and T. Kalker, "A highly robust audio fingerprinting system", ISMIR
       2002.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GroupKFold
    >>> from sklearn_mgc.evaluation import leakage_report
    >>> X = np.random.default_rng(0).standard_normal((100, 25))
    >>> y, artists = np.arange(100) % 2, np.arange(100) % 20
    >>> print(leakage_report(X, y, groups=artists).verdict)
    100 of 100 test tracks (100 %) share their artist with training tracks: scores from
    these folds are too high
    >>> leakage_report(X, y, groups=artists, cv=GroupKFold(5)).has_leak
    False
    """
    n = len(X)
    if near is not None and not 0 < near < n:
        raise ValueError(f"near must be a number of pairs > 0 and < n={n}, or None, got {near!r}")
    given = {"artist": groups, "track": tracks, "duplicate": duplicates}
    labels = {kind: _codes(values, n, kind) for kind, values in given.items() if values is not None}
    is_audio = n > 0 and (_are_paths(X) or _are_waveforms(X))
    if features is None and not is_audio and getattr(X, "ndim", None) == 2:
        features = X
    if features is not None and len(features) != n:
        raise ValueError(f"features has {len(features)} rows, X has {n} tracks")
    compared = None
    pairs = np.empty((0, 2), dtype=int)
    if is_audio and audio:
        hashes, pairs = listen(X, near is not None, sample_rate, n_jobs, verbose)
        labels["copy"] = _codes(hashes, n, "copy")
        compared = None if near is None else "sound"
    elif not is_audio:
        labels["copy"] = _codes(hash_rows(X), n, "copy")
    n_unreadable = int((labels["copy"] < 0).sum()) if is_audio and audio else 0
    if features is not None and near is not None:
        pairs = np.concatenate([pairs, near_pairs(np.asarray(features, dtype=np.float64), near)])
        compared = compared or "descriptors"
    copy = labels.get("copy", np.full(n, -1))
    pairs = pairs[(copy[pairs[:, 0]] != copy[pairs[:, 1]]) | (copy[pairs[:, 0]] < 0)]

    names = None if groups is None else np.asarray(groups, dtype=object).ravel()
    folds: list[dict[str, int]] = []
    leaks: list[dict[str, Any]] = []
    for train, test in _split(cv, n, y, groups):
        train, test = (np.flatnonzero(s) if _is_mask(s) else np.asarray(s) for s in (train, test))
        known = {kind: _by_label(codes, train, test) for kind, codes in labels.items()}
        if compared is not None:
            known["near"] = _by_pair(pairs, train, test, n)
        known = {kind: known[kind] for kind in KINDS if kind in known}
        leaks += _leaks(len(folds), known, test, names)
        counts = {kind: int((found >= 0).sum()) for kind, found in known.items()}
        folds.append({"n_train": len(train), "n_test": len(test), **counts})
    report = LeakageReport(folds, leaks, n_unreadable, compared)
    if raise_on_leak and report.has_leak:
        raise LeakageError(report)
    return report


def _leaks(fold: int, known, test, names) -> list[dict[str, Any]]:
    """A row for each test track of a fold and kind in which a training track is known."""
    return [
        {
            "fold": fold,
            "kind": kind,
            "test": int(test[i]),
            "train": int(found[i]),
            "group": None if names is None else names[test[i]],
        }
        for kind, found in known.items()
        for i in np.flatnonzero(found >= 0)
    ]


def assert_no_leakage(X, y=None, **params) -> LeakageReport:
    """Raise if any test track is known from training.

    Parameters
    ----------
    X : sequence of paths or waveforms, or array-like
        As in `leakage_report`.
    y : array-like of shape (n,), default=None
        Genres.
    **params : dict
        Everything else `leakage_report` takes.

    Returns
    -------
    LeakageReport
        The report, without a leak.

    Raises
    ------
    LeakageError
        If there is a leak; the message is the report.

    Examples
    --------
    >>> from sklearn_mgc.evaluation import assert_no_leakage
    >>> X = [[0.1, 0.2], [0.3, 0.4], [0.1, 0.2], [0.5, 0.9]]
    >>> assert_no_leakage(X, cv=2)
    Traceback (most recent call last):
    sklearn_mgc.evaluation.leakage.report.LeakageError: 2 of 4 test tracks...
    """
    return leakage_report(X, y, **{**params, "raise_on_leak": True})


def _split(cv, n: int, y, groups) -> list[tuple]:
    with warnings.catch_warnings():
        # That the folds ignore the groups is just what the report tells.
        warnings.filterwarnings("ignore", "The groups parameter is ignored")
        folds = list(check_cv(cv, y, classifier=True).split(np.empty((n, 1)), y, groups))
    if not folds:
        raise ValueError("cv gives no fold")
    return folds


def _are_paths(X) -> bool:
    first = X.iloc[0] if hasattr(X, "iloc") else X[0]
    return isinstance(next(iter(np.asarray(first, dtype=object).flat), None), (str, os.PathLike))


def _are_waveforms(X) -> bool:
    """A list of 1-D arrays; what is in a 2-D array may be descriptors, and is taken for them."""
    return isinstance(X, list | tuple) and all(
        isinstance(row, np.ndarray) and row.ndim == 1 and row.dtype.kind == "f" for row in X
    )


def _is_mask(indices) -> bool:
    return np.asarray(indices).dtype == bool


def _codes(values, n: int, kind: str) -> np.ndarray:
    """Integers for labels, -1 where there is none."""
    values = np.asarray(values)
    if values.shape[:1] != (n,) or values.size != n:
        raise ValueError(f"the {kind} labels have shape {values.shape}; X has {n} tracks")
    listed = values.ravel().tolist()
    # A negative artist may be a name; a negative duplicate is "none", as our loaders have it.
    unknown = [
        value is None
        or value != value
        or value == ""
        or (kind == "duplicate" and not isinstance(value, str) and value < 0)
        for value in listed
    ]
    seen: dict[Any, int] = {}
    return np.array(
        [
            -1 if missing else seen.setdefault(value, len(seen))
            for value, missing in zip(listed, unknown, strict=True)
        ],
        dtype=int,
    )


def _by_label(codes: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """For each test track a training track with its label, or -1."""
    one_of = np.full(codes.max(initial=-1) + 2, -1)  # the last place is of label -1
    one_of[codes[train]] = train
    one_of[-1] = -1
    return one_of[codes[test]]


def _by_pair(pairs: np.ndarray, train: np.ndarray, test: np.ndarray, n: int) -> np.ndarray:
    """For each test track a training track it is paired with, or -1."""
    in_train = np.zeros(n, dtype=bool)
    in_train[train] = True
    one_of = np.full(n, -1)
    for left, right in (pairs.T, pairs.T[::-1]):
        use = in_train[right]
        one_of[left[use]] = right[use]
    return one_of[test]
