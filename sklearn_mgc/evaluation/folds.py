"""Folds that keep artists apart."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterable, Iterator
from numbers import Integral

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold


def draw_folds(cv, y, groups, *, seed: int = 0, repeat: int = 0) -> Iterator:
    """Pairs of indices (train, test) of a number of folds, a splitter, or such pairs.

    A number is stratified and, where there are groups, grouped; the seed of a splitter
    counts up with the repeat.
    """
    if cv is None or isinstance(cv, Integral):
        kind = StratifiedKFold if groups is None else StratifiedGroupKFold
        cv = kind(5 if cv is None else int(cv), shuffle=True, random_state=seed + repeat)
    elif hasattr(cv, "split"):
        if repeat and isinstance(getattr(cv, "random_state", None), Integral):
            cv = copy.copy(cv)
            cv.random_state = int(cv.random_state) + repeat
    else:
        return iter([(_indices(train), _indices(test)) for train, test in cv])
    with warnings.catch_warnings():
        # Whether folds that ignore artists will do is for the caller to say.
        warnings.filterwarnings("ignore", "The groups parameter is ignored", UserWarning)
        return iter(list(cv.split(np.zeros(len(y)), y, groups)))


def _indices(side) -> np.ndarray:
    side = np.asarray(side)
    return np.flatnonzero(side) if side.dtype == bool else side


def refuse_leaks(folds: Iterable[tuple[np.ndarray, np.ndarray]], groups) -> None:
    """Raise ValueError where an artist is on both sides of a fold."""
    for fold, (train, test) in enumerate(folds):
        shared = np.isin(groups[test], groups[train])
        if shared.any():
            names, counts = np.unique(groups[test][shared], return_counts=True)
            raise ValueError(
                f"fold {fold}: {shared.sum()} of {len(test)} test clips are by artists who are "
                f"in the training clips too, such as {names[counts.argmax()]!r}: the score would "
                "be too high. Leave cv=None or use StratifiedGroupKFold; pass "
                "allow_leakage=True to measure by how much"
            )
