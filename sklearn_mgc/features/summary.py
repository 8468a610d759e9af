"""Statistics of a descriptor over the frames of a clip."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_LARGE = 1_000_000  # values of a descriptor; 30 s of MFCCs are 26,000


def _standardized_moment(values: np.ndarray, order: int, axis: int) -> np.ndarray:
    """Mean of z-scores to a power; 0 for values without spread, which have no shape."""
    deviation = values - values.mean(axis=axis, keepdims=True)
    spread = np.sqrt((deviation**2).mean(axis=axis))
    constant = spread <= 1e-6 * np.abs(values).max(axis=axis)
    moment = (deviation**order).mean(axis=axis) / np.where(constant, 1, spread) ** order
    return np.where(constant, 0, moment)


STATISTICS: dict[str, Callable] = {
    "mean": np.mean,
    "std": np.std,
    "var": np.var,
    "min": np.min,
    "max": np.max,
    "median": np.median,
    "skew": lambda values, axis: _standardized_moment(values, 3, axis),
    "kurtosis": lambda values, axis: _standardized_moment(values, 4, axis),
}


def summarize(values: np.ndarray, statistics: tuple[str, ...]) -> np.ndarray:
    """Statistics of each column of (n_frames, n_columns): all of the first, then of the next."""
    if values.size > _LARGE and values.shape[1] > 1:  # no second copy of hours
        columns = np.hsplit(values, values.shape[1])
        return np.concatenate([summarize(column, statistics) for column in columns])
    if statistics == ("mean",):
        return values.mean(axis=0, dtype=np.float64)
    values = values.astype(np.float64)
    return np.stack([STATISTICS[name](values, axis=0) for name in statistics], axis=1).ravel()


class Moments:
    """Statistics of one column whose values come in parts, which are not kept.

    All of `STATISTICS` but the median, which needs all values at once.
    """

    def __init__(self) -> None:
        self.n = 0
        self.sums = np.zeros(5)
        self.low, self.high = np.inf, -np.inf

    def add(self, values: np.ndarray) -> None:
        """Count values of shape (n,) in."""
        values = values.astype(np.float64)
        self.n += len(values)
        self.sums += [(values**order).sum() for order in range(5)]
        self.low, self.high = min(self.low, values.min()), max(self.high, values.max())

    def summarize(self, statistics: tuple[str, ...]) -> np.ndarray:
        """As `summarize`, of all values so far."""
        _, mean, second, third, fourth = self.sums / self.n
        var = max(second - mean**2, 0)
        std = var**0.5
        flat = std <= 1e-6 * max(abs(self.low), abs(self.high))
        third_central = third - 3 * mean * second + 2 * mean**3
        fourth_central = fourth - 4 * mean * third + 6 * mean**2 * second - 3 * mean**4
        found = {
            "mean": mean,
            "std": std,
            "var": var,
            "min": self.low,
            "max": self.high,
            "skew": 0 if flat else third_central / std**3,
            "kurtosis": 0 if flat else fourth_central / var**2,
        }
        return np.array([found[name] for name in statistics])


class Values:
    """The same with the values kept, for the median."""

    def __init__(self) -> None:
        self.parts: list[np.ndarray] = []

    def add(self, values: np.ndarray) -> None:
        """Keep values of shape (n,)."""
        self.parts.append(values)

    def summarize(self, statistics: tuple[str, ...]) -> np.ndarray:
        """As `summarize`."""
        values = self.parts[0] if len(self.parts) == 1 else np.concatenate(self.parts)
        return summarize(values[:, None], statistics)
