"""Which rows of descriptors are much closer than chance puts any two."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.preprocessing import StandardScaler

_N_USUAL = 2000  # rows from which the usual distances are estimated
_BLOCK = 2**22  # numbers in memory at a time


def near_pairs(features: np.ndarray, near: float) -> np.ndarray:
    """Pairs (i, j) of rows, i < j, closer than chance has it; shape (n_pairs, 2).

    Distances leave out the tenth of the columns in which two rows differ most: a change of
    level moves the energies of a clip and little else.
    """
    features = features.reshape(len(features), -1)
    usable = np.flatnonzero(np.isfinite(features).all(axis=1))
    none = np.empty((0, 2), dtype=int)
    if len(usable) < 20:  # too few to tell what is usual
        return none
    Z = StandardScaler().set_output(transform="default").fit_transform(features[usable])
    rng = np.random.default_rng(0)
    some = Z if len(Z) <= _N_USUAL else Z[rng.choice(len(Z), _N_USUAL, replace=False)]
    distances = np.concatenate([found for *_, found in _distances(some)])
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
    found = [
        np.column_stack([left, right])[distance <= radius]
        for left, right, distance in _distances(Z)
    ]
    return usable[np.concatenate(found)]


def _distances(Z: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Rows i < j and their distances, block by block."""
    n, n_columns = Z.shape
    kept = n_columns - n_columns // 10
    n_rows = max(_BLOCK // (n * n_columns), 1)
    for start in range(0, n - 1, n_rows):
        left, right = np.nonzero(
            np.arange(start, min(start + n_rows, n))[:, None] < np.arange(n)[None]
        )
        left += start
        apart = np.square(Z[left] - Z[right])
        if kept < n_columns:
            apart.partition(kept - 1, axis=1)
        yield left, right, np.sqrt(apart[:, :kept].sum(axis=1))
