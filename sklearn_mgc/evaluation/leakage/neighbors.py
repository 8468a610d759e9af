"""Which rows of descriptors are much closer than chance puts any two."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import pdist
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

_N_PAIRS_FROM = 2000  # samples from which the usual distances are estimated


def near_pairs(features: np.ndarray, near: float) -> np.ndarray:
    """Pairs (i, j) of rows, i < j, closer than chance has it; shape (n_pairs, 2)."""
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
