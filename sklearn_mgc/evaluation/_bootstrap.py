"""Intervals by resampling artists, who are what differs between one test set and another."""

from __future__ import annotations

import numpy as np


def share_interval(
    right, groups, *, confidence_level: float = 0.95, n_resamples: int = 4000, seed: int = 0
) -> tuple[float, float]:
    """Percentile interval of the share that is right, whole groups drawn with replacement."""
    groups = np.unique(groups, return_inverse=True)[1]
    n_right = np.bincount(groups, weights=np.asarray(right, dtype=float))
    n = np.bincount(groups).astype(float)
    drawn = np.random.default_rng(seed).multinomial(
        len(n), np.full(len(n), 1 / len(n)), size=n_resamples
    )
    shares = (drawn @ n_right) / (drawn @ n)
    tail = (1 - confidence_level) / 2
    low, high = np.quantile(shares, [tail, 1 - tail])
    return float(low), float(high)
