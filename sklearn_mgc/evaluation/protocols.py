"""Which clips are trained on and which are tested: the paper's way, and honest ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.utils import check_random_state


@dataclass(frozen=True)
class Protocol:
    """A way of splitting a data set.

    Parameters
    ----------
    name : str
        Its name.
    title : str
        What it does, in words.
    n_repeats : int
        How often it is drawn, or networks are seeded, for a result to report.
    """

    name: str
    title: str
    n_repeats: int


PROTOCOLS = {
    p.name: p
    for p in (
        Protocol("paper", "the paper's random split, one test set per seed", 10),
        Protocol("random_10fold", "10 random stratified folds", 3),
        Protocol("artist", "10 folds, no artist in two of them", 3),
        Protocol("fault_filtered", "published fault-filtered split, train to test", 3),
    )
}
"""Protocols by name, from the most flattering to the strictest."""


def splits(protocol: str, data, *, seed: int = 0, test_share: float = 0.1):
    """Draw the splits of a protocol.

    Parameters
    ----------
    protocol : {"paper", "random_10fold", "artist", "fault_filtered"}
        Name of the protocol.
    data : Bunch
        With ``target``; ``groups`` for "artist"; GTZAN's ``ids`` for "fault_filtered".
    seed : int, default=0
        Which draw.
    test_share : float, default=0.1
        Share of test clips in "paper", where as many are set aside and not used.

    Returns
    -------
    list of (ndarray, ndarray)
        Indices of training and test clips.

    Raises
    ------
    ValueError
        If the protocol is unknown or the data has not what it needs.

    Examples
    --------
    >>> from sklearn.utils import Bunch
    >>> from sklearn_mgc.evaluation.protocols import splits
    >>> data = Bunch(target=["jazz", "rock"] * 50)
    >>> [(len(train), len(test)) for train, test in splits("paper", data)]
    [(80, 10)]
    """
    if protocol not in PROTOCOLS:
        raise ValueError(f"unknown protocol {protocol!r}; choose from {', '.join(PROTOCOLS)}")
    return list(_DRAWS[protocol](data, seed, test_share))


def feasible(data) -> list[str]:
    """Name the protocols that the data has what it takes for.

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
    for name in PROTOCOLS:
        try:
            splits(name, data)
        except ValueError:
            continue
        names.append(name)
    return names


def _paper(data, seed: int, test_share: float) -> Iterator:
    # Neither stratified nor grouped, as train_test_split was called.
    n = len(data.target)
    order = check_random_state(seed).permutation(n)
    n_test = max(1, round(test_share * n))
    yield order[2 * n_test :], order[:n_test]


def _random(data, seed: int, test_share: float) -> Iterator:
    y = np.asarray(data.target)
    folds = StratifiedKFold(_n_folds(y), shuffle=True, random_state=seed)
    return folds.split(np.zeros(len(y)), y)


def _artist(data, seed: int, test_share: float) -> Iterator:
    groups = data.get("groups")
    if groups is None:
        raise ValueError("the protocol 'artist' needs data.groups, the artist of each clip")
    y = np.asarray(data.target)
    groups = np.asarray(groups)
    fewest = min(len(np.unique(groups[y == genre])) for genre in np.unique(y))
    if fewest < 2:
        raise ValueError("the protocol 'artist' needs two artists of each genre at least")
    folds = StratifiedGroupKFold(min(fewest, _n_folds(y)), shuffle=True, random_state=seed)
    return folds.split(np.zeros(len(y)), y, groups)


def _fault_filtered(data, seed: int, test_share: float) -> Iterator:
    from sklearn_mgc.datasets import _gtzan_table as table

    ids = [str(name) for name in data.get("ids", ())]
    known = set(table.clips())
    if not ids or not known.issuperset(ids):
        raise ValueError(
            "the protocol 'fault_filtered' is a list of GTZAN's clips; it needs "
            "data.ids as load_gtzan and load_gtzan_features give them"
        )
    return iter(table.folds_of(table.part_of(ids, "fault_filtered")) or ())


def _n_folds(y) -> int:
    fewest = np.unique(y, return_counts=True)[1].min()
    if fewest < 2:
        raise ValueError("each genre needs two clips at least")
    return int(min(10, fewest))


_DRAWS = {
    "paper": _paper,
    "random_10fold": _random,
    "artist": _artist,
    "fault_filtered": _fault_filtered,
}
