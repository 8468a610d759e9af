"""Which clips are trained on and which are tested: the paper's way, and honest ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.utils import check_random_state


class PaperSplit:
    """The paper's split, as a scikit-learn splitter: one random test set.

    It is neither stratified nor grouped. As many clips as are tested are set aside for
    validation and belong to neither side.

    Parameters
    ----------
    test_size : float, default=0.1
        Share of the clips that is tested.
    random_state : int, RandomState instance or None, default=None
        Seed of the draw.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc.evaluation.protocols import PaperSplit
    >>> [(len(train), len(test)) for train, test in PaperSplit().split(np.zeros(100))]
    [(80, 10)]
    """

    def __init__(self, test_size: float = 0.1, random_state=None):
        self.test_size = test_size
        self.random_state = random_state

    def parts(self, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw the training, validation and test clips.

        Parameters
        ----------
        n : int
            Number of clips.

        Returns
        -------
        tuple of ndarray
            Indices of training, validation and test clips.
        """
        order = check_random_state(self.random_state).permutation(n)
        n_test = max(1, round(self.test_size * n))
        return order[2 * n_test :], order[n_test : 2 * n_test], order[:n_test]

    def split(self, X, y=None, groups=None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Draw the split.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Clips; only their number counts.
        y, groups : array-like of shape (n,), default=None
            Not used.

        Yields
        ------
        tuple of ndarray
            Indices of training and test clips.
        """
        train, _, test = self.parts(len(X))
        yield train, test

    def get_n_splits(self, X=None, y=None, groups=None) -> int:
        """Give the number of splits, 1."""
        return 1


@dataclass(frozen=True)
class Protocol:
    """A way of splitting a data set.

    Parameters
    ----------
    name : str
        Its name.
    label : str
        The same in a picture.
    title : str
        What it does, in words.
    n_repeats : int
        How often it is drawn, or networks are seeded, for a result to report.
    make : callable
        Takes a Bunch, a seed and a share of test clips and returns a splitter or pairs of indices;
        raises ValueError if the data lack what it needs.
    """

    name: str
    label: str
    title: str
    n_repeats: int
    make: Callable[[Any, int, float], Any]

    def cv(self, data, *, random_state: int = 0, test_size: float = 0.1):
        """Make the folds of a data set, for ``cross_validate(cv=...)``.

        Parameters
        ----------
        data : Bunch
            With ``target``; ``groups`` for "artist"; GTZAN's ``ids`` for "fault_filtered".
        random_state : int, default=0
            Seed of the draw.
        test_size : float, default=0.1
            Share of test clips in "paper", where as many are set aside and not used.

        Returns
        -------
        splitter or list of (ndarray, ndarray)
            The folds.

        Raises
        ------
        ValueError
            If the data lacks what the protocol needs.
        """
        return self.make(data, random_state, test_size)


def feasible(data) -> list[str]:
    """Name the protocols that the data allow.

    Parameters
    ----------
    data : Bunch
        With ``target`` and perhaps ``groups`` and GTZAN's ``ids``.

    Returns
    -------
    list of str
        Names of protocols.
    """
    names = []
    for protocol in PROTOCOLS.values():
        try:
            protocol.cv(data)
        except ValueError:
            continue
        names.append(protocol.name)
    return names


def _paper(data, seed: int, test_size: float) -> PaperSplit:
    return PaperSplit(test_size, seed)


def _random(data, seed: int, test_size: float) -> StratifiedKFold:
    n_folds = _n_folds(np.unique(data.target, return_counts=True)[1].min(), "clips")
    return StratifiedKFold(n_folds, shuffle=True, random_state=seed)


def _artist(data, seed: int, test_size: float) -> StratifiedGroupKFold:
    if data.get("groups") is None:
        raise ValueError("the protocol 'artist' needs data.groups, the artist of each clip")
    y, groups = np.asarray(data.target), np.asarray(data.groups)
    fewest = min(len(np.unique(groups[y == genre])) for genre in np.unique(y))
    return StratifiedGroupKFold(_n_folds(fewest, "artists"), shuffle=True, random_state=seed)


def _fault_filtered(data, seed: int, test_size: float) -> list:
    from sklearn_mgc.datasets import gtzan_clips as table
    from sklearn_mgc.datasets.bunch import folds_of

    ids = [str(name) for name in data.get("ids", ())]
    if not ids or not set(table.clips()).issuperset(ids):
        raise ValueError(
            "the protocol 'fault_filtered' is a list of GTZAN's clips; it needs "
            "data.ids as load_gtzan and load_gtzan_features give them"
        )
    return list(folds_of(table.part_of(ids, "fault_filtered")) or ())


def _n_folds(fewest: int, what: str) -> int:
    if fewest < 2:
        raise ValueError(f"each genre needs at least two {what}")
    return int(min(10, fewest))


PROTOCOLS = {
    p.name: p
    for p in (
        Protocol(
            "paper",
            "the paper's split",
            "the paper's random split, one test set per seed",
            10,
            _paper,
        ),
        Protocol("random_10fold", "random folds", "10 random stratified folds", 3, _random),
        Protocol(
            "artist",
            "folds by artist",
            "folds by artist, none in two of them: as many as the genre with the fewest artists "
            "has, at most 10 (GTZAN: 9, since its blues has nine artists)",
            3,
            _artist,
        ),
        Protocol(
            "fault_filtered",
            "fault-filtered",
            "published fault-filtered split, train to test",
            3,
            _fault_filtered,
        ),
    )
}
"""Protocols by name, from the most flattering to the strictest."""
