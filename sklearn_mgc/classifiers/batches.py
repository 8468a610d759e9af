"""Batches as whole slices: resident on the device where they fit, else streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

PERMUTED_BYTES = 64 * 2**20
"""Up to this size the data is permuted once an epoch and sliced: a step of a small network
takes half a millisecond, of which gathering rows would be a tenth."""

PREDICTED_BYTES = 4 * 2**20
"""Input of a batch at prediction. Activations of a convolution are 30 times as large."""


def is_finite(X: np.ndarray, *, n_bytes: int = 16 * 2**20) -> bool:
    """Whether all values are finite as float32, looking at a chunk of rows at a time."""
    for rows in chunks(X, n_bytes):
        # Values beyond float32 become inf, which is what is asked.
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.asarray(rows, dtype=np.float32)
            if not np.isfinite(values.sum(dtype=np.float64)) and not np.isfinite(values).all():
                return False
    return True


def chunks(X: np.ndarray, n_bytes: int = 16 * 2**20) -> Iterator[np.ndarray]:
    """Slices of at most so many bytes, one row at least."""
    size = max(1, n_bytes // max(1, X[:1].nbytes))
    return (X[start : start + size] for start in range(0, len(X), size))


def predicted_rows(X, batch_size: int) -> int:
    """Rows of a batch at prediction: more than in training where rows are small."""
    row = max(1, X[:1].size * 4)
    return max(batch_size, min(8192, PREDICTED_BYTES // row))


class RowSubset:
    """Some rows of an array, gathered when they are asked for."""

    def __init__(self, X: np.ndarray, rows: np.ndarray):
        self._X = X
        self._rows = rows
        self.shape = (len(rows), *X.shape[1:])
        self.size = int(np.prod(self.shape))

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, rows) -> np.ndarray:
        return self._X[self._rows[rows]]

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return np.asarray(self[:], dtype=dtype)


class Batches:
    """Batches of a skorch dataset: float32 rows, encoded labels, perhaps sample weights.

    Small data is one tensor on the CPU; on a GPU so is all that fits there. Anything else,
    memory-mapped files among it, stays where it is and is read a batch at a time.
    A trailing batch of a single row is joined to the one before it when training, because
    batch normalization cannot train on one row.

    Parameters
    ----------
    dataset : skorch.dataset.Dataset
        Its ``X`` is a dict with "X" and perhaps "sample_weight".
    batch_size : int
        Rows of a batch; without an order, more where rows are small.
    device : str
        Where batches go.
    permutation : callable or None, default=None
        Gives the order of so many rows, for training; without it they stay in order.
    """

    def __init__(
        self,
        dataset,
        batch_size: int,
        *,
        device: str,
        permutation: Callable[[int], np.ndarray] | None = None,
    ):
        arrays = dataset.X if isinstance(dataset.X, dict) else {"X": dataset.X}
        X = arrays["X"]
        self._n = len(X)
        self._device = device
        self._permutation = permutation
        self._sizes = self._split(X, batch_size)
        self._X = X
        n_bytes = X.size * 4
        self._permute = n_bytes <= PERMUTED_BYTES
        self._resident = fits(n_bytes, device)
        if self._resident:
            self._X = _float_tensor(X, device)
        y = np.zeros(0, np.int64) if dataset.y is None else np.asarray(dataset.y)
        self._labels = torch.tensor(y, device=device) if len(y) else None
        weight = arrays.get("sample_weight")
        self._weight = None if weight is None else _float_tensor(np.asarray(weight), device)
        self.kept: Any = None  # what an engine keeps between two epochs of these batches

    def _split(self, X, batch_size: int) -> list[int]:
        if self._permutation is None:
            batch_size = predicted_rows(X, batch_size)
        size = self._n if batch_size == -1 else min(batch_size, self._n)
        sizes = [size] * (self._n // size) if size else []
        rest = self._n - sum(sizes)
        if rest == 1 and sizes and self._permutation is not None:
            sizes[-1] += 1
        elif rest:
            sizes.append(rest)
        return sizes

    def __len__(self) -> int:
        return len(self._sizes)

    @property
    def largest(self) -> int:
        """Rows of the largest batch."""
        return max(self._sizes, default=0)

    def __iter__(self) -> Iterator:
        order = self._permutation and torch.from_numpy(self._permutation(self._n))
        columns = [self._rows(order), self._columns(self._labels, order)]
        if self._weight is None:
            for x, y in zip(*columns, strict=True):
                yield {"X": x}, y
            return
        columns.append(self._columns(self._weight, order))
        for x, y, weight in zip(*columns, strict=True):
            yield {"X": x, "sample_weight": weight}, y

    def _columns(self, values: torch.Tensor | None, order):
        if values is None:
            return [torch.zeros(0)] * len(self._sizes)
        return (values if order is None else values[order.to(values.device)]).split(self._sizes)

    def _rows(self, order):
        if self._resident and (order is None or self._permute):
            return self._columns(self._X, order)
        return self._gathered(order)

    def _gathered(self, order) -> Iterator[torch.Tensor]:
        start = 0
        for size in self._sizes:
            stop = start + size
            if self._resident:
                yield self._X[order[start:stop].to(self._device)]
            else:
                rows = slice(start, stop) if order is None else order[start:stop].numpy()
                yield _float_tensor(self._X[rows], self._device)
            start = stop


def fits(n_bytes: int, device: str) -> bool:
    """Whether data is kept on the device: half of what is free on a GPU, else small data."""
    if device.startswith("cuda"):
        return n_bytes <= torch.cuda.mem_get_info(device)[0] // 2
    return n_bytes <= PERMUTED_BYTES


def _float_tensor(values: np.ndarray, device: str) -> torch.Tensor:
    """Copy to the device as float32; a copy, because the array may be read-only."""
    tensor = torch.from_numpy(np.array(values, dtype=np.float32, order="C"))
    if device.startswith("cuda"):
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)
