"""Which clips early stopping watches: stratified, and no artist on both sides."""

from __future__ import annotations

import math
import warnings

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, train_test_split


def split(encoded, groups, fraction: float, seed: int, *, genres) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train on and rows to hold out."""
    if groups is not None:
        return split_groups(encoded, groups, fraction, seed)
    clips = np.bincount(encoded, minlength=len(genres))
    if clips.min() < 2:
        rare = str(genres[clips.argmin()])
        raise ValueError(
            f"early stopping holds out a part of each genre, and {rare!r} has "
            "a single clip: add clips, leave the genre out, or pass X_val and y_val"
        )
    n = len(encoded)
    held_out = math.ceil(fraction * n)
    if min(held_out, n - held_out) < len(genres):
        raise ValueError(
            f"early stopping holds out a part of each genre, and validation_fraction={fraction} of "
            f"{n} clips leaves {min(held_out, n - held_out)} on one side for {len(genres)} genres: "
            "change validation_fraction, add clips, or pass X_val and y_val"
        )
    rows = np.arange(n)
    return train_test_split(rows, test_size=fraction, stratify=encoded, random_state=seed)


def split_groups(encoded, groups, fraction: float, seed: int):
    """Rows to train on and to hold out, no group on both sides, all classes in training."""
    groups = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)[1]
    if len(groups) != len(encoded):
        raise ValueError(f"groups has {len(groups)} entries for {len(encoded)} samples")
    n_splits = min(max(2, round(1 / fraction)), int(groups.max()) + 1)
    if n_splits < 2:
        raise ValueError("early stopping by groups needs two groups at least, got one")
    n_splits = max(2, min(n_splits, np.bincount(encoded).max()))
    splitter = StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed)
    with warnings.catch_warnings():  # a rare genre is in few folds; that is looked after here
        warnings.simplefilter("ignore", UserWarning)
        train, held_out = next(splitter.split(encoded, encoded, groups))
    # A genre of which all artists were held out goes back, with all that they made.
    lost = ~np.isin(encoded, encoded[train])
    held = np.zeros(len(encoded), dtype=bool)
    held[held_out] = True
    held &= ~np.isin(groups, groups[lost])
    if not held.any():
        raise ValueError("no artist can be held out for early stopping: pass X_val and y_val")
    return np.flatnonzero(~held), np.flatnonzero(held)
