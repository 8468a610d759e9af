"""Successive halving over epochs: candidates go on from where they are, or not at all."""

from __future__ import annotations

import math

import numpy as np


def shares(n_candidates: int, factor: float | None) -> list[float]:
    """Give the parts of ``max_epochs`` after which candidates are compared.

    Parameters
    ----------
    n_candidates : int
        Candidates at the start.
    factor : float or None
        One in so many goes on.

    Returns
    -------
    list of float
        Rising to 1. The last round has at most ``factor`` candidates, rounded up.

    Examples
    --------
    >>> from sklearn_mgc.search._halving import shares
    >>> [round(share, 3) for share in shares(27, 3)]
    [0.111, 0.333, 1.0]
    >>> shares(27, None)
    [1.0]
    """
    if factor is None:
        return [1.0]
    rounds = max(1, math.floor(math.log(n_candidates, factor) + 1e-9))
    return [float(factor) ** (k + 1 - rounds) for k in range(rounds)]


def keep_best(alive: list[int], out: dict, n_folds: int, factor: float, metric) -> list[int]:
    """Give the candidates that go on: the best by the mean score over the folds.

    Parameters
    ----------
    alive : list of int
        Candidates of this round.
    out : dict of (int, int) to dict
        Result of each candidate on each fold.
    n_folds : int
        Number of folds.
    factor : float
        One in so many goes on, rounded up.
    metric : str or other
        Name of the metric where there are several.

    Returns
    -------
    list of int
        Candidates in their order. Those whose score is NaN do not go on while others can.
    """

    def score(i: int) -> float:
        values = [out[i, k]["test_scores"] for k in range(n_folds)]
        if isinstance(values[0], dict):
            if metric not in values[0]:
                raise ValueError(
                    f"halving compares candidates by one metric: refit={metric!r} is not among "
                    f"{sorted(values[0])}"
                )
            values = [v[metric] for v in values]
        mean = float(np.mean(values))
        return -math.inf if math.isnan(mean) else mean

    order = sorted(alive, key=lambda i: (-score(i), i))
    return sorted(order[: math.ceil(len(alive) / factor)])
