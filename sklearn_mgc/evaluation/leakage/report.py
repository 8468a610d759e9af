"""Does a split test what it trained on? Shared artists, copies, near-duplicates, segments.

Every kind of leak but one is a set of labels (artists, hashes, songs, tracks), of which a
test track leaks when its own is also found among the training tracks. Near-duplicates are
pairs instead: two files of one recording by their sound, or two rows of descriptors much closer
than chance puts any two.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import check_cv

if TYPE_CHECKING:
    import pandas as pd

# Of test tracks that leak, and of one that does not, in the order in which they are told.
_SAID = {
    "artist": ("share their artist with training tracks", "its artist"),
    "track": ("have segments of their track in training", "a segment of its track"),
    "copy": ("are exact copies of training tracks", "an exact copy"),
    "duplicate": ("are listed as duplicates of training tracks", "a listed duplicate"),
    "near": ("are near-duplicates of training tracks", "a near-duplicate"),
}
_UNCHECKED = {
    "artist": "artists (pass groups=)",
    "copy": "exact copies",
    "near": "near-duplicates",
}
_N_PAIRS_FROM = 2000  # samples from which the usual distances are estimated


class LeakageError(ValueError):
    """Test tracks are known from training; ``report`` says which.

    Parameters
    ----------
    report : LeakageReport
        What was found.
    """

    def __init__(self, report: LeakageReport):
        super().__init__(str(report))
        self.report = report

    def __reduce__(self):
        return type(self), (self.report,)


class LeakageReport:
    """What `leakage_report` found.

    Parameters
    ----------
    folds : list of dict
        Per fold ``n_train``, ``n_test`` and the number of leaking test tracks of each kind
        that was checked.
    leaks : list of dict
        Per leaking test track and kind: ``fold``, ``kind``, ``test`` (its position in X),
        ``train`` (position of a training track it is known from) and ``group``.
    n_unreadable : int, default=0
        Files that could not be decoded, so that their audio was not compared.

    Attributes
    ----------
    verdict : str
        One sentence.
    has_leak : bool
        Whether any test track leaks in any way.
    shares : dict of str to float
        The share of all test tracks that leak, per kind.
    artists : list of (group, int)
        Groups on both sides of a fold, with their number of test tracks, largest first.
    """

    def __init__(
        self,
        folds: list[dict[str, int]],
        leaks: list[dict[str, Any]],
        n_unreadable: int = 0,
    ):
        self.folds = folds
        self.leaks = leaks
        self.n_unreadable = n_unreadable

    @property
    def _kinds(self) -> list[str]:
        return [kind for kind in _SAID if kind in self.folds[0]]

    @property
    def _n_test(self) -> int:
        return sum(fold["n_test"] for fold in self.folds)

    def _count(self, kind: str) -> int:
        return sum(fold[kind] for fold in self.folds)

    @property
    def has_leak(self) -> bool:
        """Whether any test track leaks in any way."""
        return bool(self.leaks)

    @property
    def shares(self) -> dict[str, float]:
        """Share of all test tracks that leak, per kind."""
        return {kind: self._count(kind) / self._n_test for kind in self._kinds}

    @property
    def artists(self) -> list[tuple[Any, int]]:
        """Groups on both sides of a fold, with their test tracks, largest first."""
        counts = Counter(leak["group"] for leak in self.leaks if leak["kind"] == "artist")
        return sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))

    @property
    def verdict(self) -> str:
        """The result in one sentence."""
        checked, n = self._kinds, self._n_test
        found = [kind for kind in checked if self._count(kind)]
        if found:
            # The first leak names what it counts; the others go on from there.
            parts = [
                f"{self._count(kind)}{' of ' + str(n) + ' test tracks' if kind == found[0] else ''}"
                f" ({_percent(self._count(kind) / n)}) {_SAID[kind][0]}"
                for kind in found
            ]
            text = f"{', '.join(parts)}: scores from these folds are too high"
        else:
            what = [_SAID[kind][1] for kind in checked]
            listed = ", ".join(what[:-1]) + " or " * (len(what) > 1) + "".join(what[-1:])
            text = (
                f"no leak found: none of {n} test tracks in {_plural(len(self.folds), 'fold')} "
                f"has {listed} in training"
            )
        missing = [what for kind, what in _UNCHECKED.items() if kind not in checked]
        if missing:
            text += f"; not checked: {', '.join(missing)}"
        if self.n_unreadable:
            text += f"; {_plural(self.n_unreadable, 'file')} could not be read"
        return text

    def to_frame(self, by: str = "fold") -> pd.DataFrame:
        """Return the report as a table.

        Parameters
        ----------
        by : {"fold", "track", "artist"}, default="fold"
            A row per fold (numbers of test tracks), per leaking test track and kind, or
            per artist.

        Returns
        -------
        DataFrame
            With ``by="fold"`` also the shares of the test tracks, as ``artist_share``.

        Raises
        ------
        ValueError
            If ``by`` is unknown.
        """
        import pandas as pd

        if by == "fold":
            frame = pd.DataFrame(self.folds, index=pd.RangeIndex(len(self.folds), name="fold"))
            for kind in self._kinds:
                frame[f"{kind}_share"] = frame[kind] / frame["n_test"]
            return frame
        if by == "track":
            return pd.DataFrame(self.leaks, columns=["fold", "kind", "test", "train", "group"])
        if by == "artist":
            return pd.DataFrame(self.artists, columns=["artist", "n_test"])
        raise ValueError(f"by must be 'fold', 'track' or 'artist', got {by!r}")

    def _cells(self) -> list[list[str]]:
        rows = [["fold", "train", "test", *self._kinds]]
        for i, fold in enumerate(self.folds):
            rows.append(
                [str(i), str(fold["n_train"]), str(fold["n_test"])]
                + [f"{fold[k]} ({_percent(fold[k] / fold['n_test'])})" for k in self._kinds]
            )
        return rows

    def _artist_line(self) -> str:
        artists = self.artists
        named = ", ".join(f"{name} ({count})" for name, count in artists[:8])
        more = f" and {len(artists) - 8} more" if len(artists) > 8 else ""
        return f"artists on both sides: {named}{more}" if artists else ""

    def __str__(self) -> str:
        rows = self._cells()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows
        ]
        return "\n".join(filter(None, [self.verdict, *lines, self._artist_line()]))

    def __repr__(self) -> str:
        return f"<LeakageReport: {self.verdict}>"

    def _repr_html_(self) -> str:
        head, *body = [[escape(cell) for cell in row] for row in self._cells()]
        table = "".join(f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in body)
        return (
            f"<p><strong>{escape(self.verdict)}</strong></p>"
            f"<table><thead><tr><th>{'</th><th>'.join(head)}</th></tr></thead>"
            f"<tbody>{table}</tbody></table><p>{escape(self._artist_line())}</p>"
        )


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
        Paths, waveforms, descriptors or spectrograms: what the classifier is given.
        Files are decoded, so that a copy in another format counts as one; rows of an array
        are compared bit by bit. Files that cannot be decoded and rows with NaN are copies
        of nothing.
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
        Where X holds segments: the track each was cut from.
    features : array-like of shape (n, n_features), default=None
        Descriptors in which near-duplicates are looked for; X itself by default if it is
        a matrix.
    near : float, default=0.05
        Two rows of features are near-duplicates if they are so close, standardized, that
        only this many pairs are expected there by chance in all of X. The expectation goes
        on from the distances of ordinary pairs by a power law [2]_; fewer than 20 tracks are
        too few for it. (Of GTZAN's 1000 clips 23 pairs are so close, each of them one song
        twice.) Paths and lists of waveforms are compared by their sound [3]_: clips that
        share 3 s of one recording are near-duplicates, whether encoded, equalized, clipped,
        louder or cut elsewhere. None searches neither.
    audio : bool, default=True
        Whether to decode files to find copies and near-duplicates; without it only labels
        and features are compared.
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
    labels: dict[str, np.ndarray] = {}
    given = {"artist": groups, "track": tracks, "duplicate": duplicates}
    for kind, values in given.items():
        if values is not None:
            labels[kind] = _codes(values, n, kind)
    is_paths = n > 0 and _are_paths(X)
    is_audio = is_paths or _are_waveforms(X)
    n_unreadable = 0
    pairs = None
    if is_audio and audio:
        hashes, pairs = _listen(X, near is not None, sample_rate, n_jobs, verbose)
        labels["copy"] = _codes(hashes, n, "copy")
        n_unreadable = int((labels["copy"] < 0).sum())
    elif not is_audio:
        labels["copy"] = _codes(_hash_rows(X), n, "copy")
    if features is None and not is_audio and getattr(X, "ndim", None) == 2:
        features = X
    if features is not None and len(features) != n:
        raise ValueError(f"features has {len(features)} rows, X has {n} tracks")
    if features is not None and near is not None:
        close = _near_pairs(np.asarray(features, dtype=np.float64), near)
        pairs = close if pairs is None else np.concatenate([pairs, close])
    if pairs is not None and "copy" in labels:
        copy = labels["copy"]
        pairs = pairs[(copy[pairs[:, 0]] != copy[pairs[:, 1]]) | (copy[pairs[:, 0]] < 0)]

    names = None if groups is None else np.asarray(groups, dtype=object).ravel()
    folds, leaks = [], []
    for train, test in _split(cv, n, y, groups):
        train, test = (np.flatnonzero(s) if _is_mask(s) else np.asarray(s) for s in (train, test))
        known = {kind: _by_label(codes, train, test) for kind, codes in labels.items()}
        if pairs is not None:
            known["near"] = _by_pair(pairs, train, test, n)
        folds.append({"n_train": len(train), "n_test": len(test)})
        for kind in _SAID:
            if kind in known:
                folds[-1][kind] = int((known[kind] >= 0).sum())
                leaks += [
                    {
                        "fold": len(folds) - 1,
                        "kind": kind,
                        "test": int(test[i]),
                        "train": int(known[kind][i]),
                        "group": None if names is None else names[test[i]],
                    }
                    for i in np.flatnonzero(known[kind] >= 0)
                ]
    report = LeakageReport(folds, leaks, n_unreadable)
    if raise_on_leak and report.has_leak:
        raise LeakageError(report)
    return report


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
    sklearn_mgc.evaluation.leakage.LeakageError: 2 of 4 test tracks (50 %) are exact copies...
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


def _listen(X, near: bool, sample_rate: int, n_jobs: int | None, verbose: int):
    """Hashes of clips, and pairs of clips that are one recording (None if not searched)."""
    from sklearn_mgc.evaluation.leakage.fingerprints import same_recordings
    from sklearn_mgc.features.inputs import as_clips
    from sklearn_mgc.features.workers import run

    clips = as_clips(X)
    found: list = [None] * len(clips)
    tasks = ((i, clip, near, sample_rate) for i, clip in enumerate(clips))
    results: Any = run(_hear, tasks, n_jobs=n_jobs, prefer="threads")
    if verbose:
        from tqdm import tqdm

        results = tqdm(results, total=len(clips), desc="leakage_report", unit="clip")
    for i, *heard in results:
        found[i] = heard
    hashes, prints = zip(*found, strict=True)
    return hashes, same_recordings(prints) if near else None


def _hear(i: int, clip, near: bool, sample_rate: int):
    from sklearn_mgc.datasets.check import measure
    from sklearn_mgc.evaluation.leakage.fingerprints import fingerprint

    is_waveform = isinstance(clip, np.ndarray)
    digest = _hash_rows([clip])[0] if is_waveform else measure(i, Path(clip))[1]["audio_hash"]
    return i, digest, fingerprint(clip, sample_rate) if near and digest else None


def _hash_rows(X: Sequence) -> list[str]:
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    hashes = []
    for row in X:
        row = np.asarray(row)
        if row.dtype == object:
            row = row.astype(np.float64)
        finite = row.dtype.kind not in "fc" or bool(np.isfinite(row).all())
        # Adding zero makes one zero of the two.
        data = np.ascontiguousarray(row + row.dtype.type(0) if row.dtype.kind == "f" else row)
        hashes.append(hashlib.sha256(data.data).hexdigest() if finite else "")
    return hashes


def _near_pairs(features: np.ndarray, near: float) -> np.ndarray:
    """Pairs (i, j) of rows, i < j, closer than chance has it; shape (n_pairs, 2)."""
    from scipy.spatial.distance import pdist
    from sklearn.neighbors import NearestNeighbors
    from sklearn.preprocessing import StandardScaler

    features = features.reshape(len(features), -1)
    usable = np.flatnonzero(np.isfinite(features).all(axis=1))
    none = np.empty((0, 2), dtype=int)
    if len(usable) < 20:  # too few to tell what is usual
        return none
    Z = StandardScaler().fit_transform(features[usable])
    rng = np.random.default_rng(0)
    some = Z if len(Z) <= _N_PAIRS_FROM else Z[rng.choice(len(Z), _N_PAIRS_FROM, replace=False)]
    distances = pdist(some)
    distances = distances[distances > 0]
    if not len(distances):
        return none
    # The number of pairs within r grows like a power of r, read off between two quantiles.
    # The lowest are about neighbours and find most; but where X holds many versions of each
    # track these pairs are the near-duplicates themselves, and the higher ones are right.
    n_pairs = len(Z) * (len(Z) - 1) / 2
    radius = 0.0
    for low, high in ((0.01, 0.1), (0.05, 0.3), (0.1, 0.5)):
        usual, far = np.quantile(distances, [low, high])
        if usual < far:
            exponent = np.log(high / low) / np.log(far / usual)
            radius = max(radius, usual * min((near / (low * n_pairs)) ** (1 / exponent), 0.25))
    if not radius:
        return none
    found = NearestNeighbors(radius=radius).fit(Z).radius_neighbors(return_distance=False)
    left = np.repeat(np.arange(len(Z)), [len(f) for f in found])
    right = np.concatenate(found).astype(int) if len(left) else none[:, 0]
    return np.column_stack([usable[left], usable[right]])[left < right]


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


def _percent(share: float) -> str:
    if 0 < share < 0.1:
        return f"{100 * share:.2g} %"
    # Neither a few tracks are none, nor all but a few are all.
    return f"{max(100 * share - 0.5, 0):.0f} %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def _plural(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"
