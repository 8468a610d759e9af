"""The second engine: epochs of a dense network on the CPU by compiled loops.

`DenseNet` is skorch's network in all but the training epoch, which runs in `kernels` wherever
that knows the setting and is the faster one. The loops take weights, running statistics and the
optimizer's moments from torch's tensors and put them back: what happens
between epochs (validation, early stopping, callbacks, schedules, Ctrl-C) is skorch's, whichever
engine trains, and each epoch may run in the other one.
"""

from __future__ import annotations

import contextlib
import ctypes
import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from sklearn_mgc.classifiers.batches import Batches
from sklearn_mgc.classifiers.net import GenreNet, _lr_factor
from sklearn_mgc.networks import DNN, draws

PORTION = 2**20
"""Units of dropout that are drawn at once: a compiled call, which Ctrl-C waits for, is short."""

_forced: list[str] = []


@contextlib.contextmanager
def forced(engine: str) -> Iterator[None]:
    """Train with "torch" or "compiled" alone: for tests and benchmarks of one beside the other.

    For the whole process. "compiled" does not make the loops know what they do not know.
    """
    _forced.append(engine)
    try:
        yield
    finally:
        _forced.pop()


class DenseNet(GenreNet):
    """`GenreNet` of dense layers, with compiled epochs where they are known and faster."""

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        """One pass over the batches; records mean loss and accuracy of the epoch."""
        if not training or self.engine(iterator) == "torch":
            super().run_single_epoch(iterator, training, prefix, step_fn, **fit_params)
            return
        started = time.perf_counter()
        loss, accuracy = self._compiled_epoch(iterator)
        self.history.record(prefix + "_loss", loss)
        self.history.record(prefix + "_acc", accuracy)
        self.history.record(prefix + "_seconds", time.perf_counter() - started)

    def engine(self, batches: Batches) -> str:
        """Which engine trains, "compiled" or "torch": a matter of parameters and data alone."""
        if _forced and _forced[-1] == "torch":
            return "torch"
        if not (self._network_is_known(batches) and self._training_is_known()):
            return "torch"
        return "compiled" if _forced or self._compiled_is_faster(batches) else "torch"

    def _network_is_known(self, batches: Batches) -> bool:
        if type(self.module_) is not DNN:
            return False
        # Batch normalization cannot train on one row; torch says so.
        normalizes = any(norm is not None for _, norm, _ in _layers(self.module_))
        return not (normalizes and min(batches._sizes) < 2) and all(
            w.dtype == torch.float32
            and w.device.type == "cpu"
            and w.requires_grad
            and w.is_contiguous()
            for w in self._weights
        )

    def _training_is_known(self) -> bool:
        options, criterion = self.optimizer_.param_groups[0], self.criterion_
        return (
            type(self.optimizer_) is torch.optim.AdamW
            and len(self.optimizer_.param_groups) == 1
            and not any(options.get(name) for name in ("amsgrad", "maximize"))
            and type(criterion) is nn.CrossEntropyLoss
            and criterion.weight is None
            and criterion.ignore_index < 0
            and criterion.reduction == "mean"
            and self.precision == "float32"
            and self.mixup == 0
            and not (self.compiled or self._listened)
        )

    def _compiled_is_faster(self, batches: Batches) -> bool:
        """Whether products are so small that what PyTorch adds to them counts.

        Measured on one core: benchmarks/training.py.
        """
        n_params = sum(w.numel() for w in self._weights)
        return n_params * min(max(batches._sizes), 1000) <= MOST_WORK

    def _compiled_epoch(self, batches: Batches) -> tuple[float, float]:
        epoch = self.epochs_before + len(self.history) - 1
        sizes = np.asarray(batches._sizes)
        order = draws.generator(self.seed, epoch).permutation(int(sizes.sum()))
        draws.seed_layers(self.module_, self.seed, epoch)
        layers = _layers(self.module_)
        state = batches.kept
        if state is None or state.layers != layers:
            state = batches.kept = _State(layers, int(sizes.max()))
        state.begin(self)
        first = start = 0
        try:
            while first < len(sizes):
                some = sizes[first : first + state.portion]
                rows = order[start : start + some.sum()]
                steps = epoch + np.arange(first, first + len(some)) / len(sizes)
                state.train(*_gather(batches, rows), some, [self._lr(step) for step in steps])
                first, start = first + len(some), start + len(rows)
        finally:  # Ctrl-C between two portions leaves the steps that were taken
            state.end(self)
        loss, right = state.totals / len(order)
        return float(loss), float(right)

    def _lr(self, epochs: float) -> float:
        if self.lr_schedule is None:
            return self.optimizer_.param_groups[0]["lr"]
        return self._lrs[0] * _lr_factor(self.lr_schedule, min(epochs / self.max_epochs, 1.0))


MOST_WORK = 20e6
"""Weights times rows of a step, up to which the loops are faster than PyTorch's products."""


def _gather(batches: Batches, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, labels and weights of rows, whether they are in memory or in a file."""
    assert batches._labels is not None  # in training
    X = batches._X.numpy() if isinstance(batches._X, torch.Tensor) else batches._X
    weight = batches._weight
    return (
        np.ascontiguousarray(X[rows], dtype=np.float32),
        batches._labels.numpy()[rows],
        np.ones(len(rows), np.float32) if weight is None else weight.numpy()[rows],
    )


def _layers(module: DNN) -> list[tuple[nn.Linear, nn.BatchNorm1d | None, draws.Dropout | None]]:
    """Each linear layer with the normalization and the dropout that follow it."""
    layers: list = []
    for layer in module.layers:
        if isinstance(layer, nn.Linear):
            layers.append([layer, None, None])
        elif isinstance(layer, nn.BatchNorm1d):
            layers[-1][1] = layer
        elif isinstance(layer, nn.Dropout) and layer.p > 0:
            layers[-1][2] = layer
    return [tuple(layer) for layer in layers]


class _State:
    """What the loops read and write: weights, moments and working space, in one array.

    Parameters
    ----------
    layers : list
        Of `_layers`.
    most : int
        Rows of the largest batch.
    """

    def __init__(self, layers: list, most: int):
        from sklearn_mgc.classifiers import kernels as k  # compiles, once per processor

        self._kernels = k
        self.layers = layers
        widths = [layer.out_features for layer, _, _ in layers]
        widest = max(layers[0][0].in_features, *widths)
        self.portion = max(1, PORTION // (sum(widths) * most))
        self._n = sum(
            w.numel()
            for layer, norm, _ in layers
            for module in (layer, norm)
            if module is not None
            for w in module.parameters()
        )
        self._end = 4 * self._n
        neutral = self._place(2 * widest)  # a gamma of one and a beta of nothing
        self._table = np.zeros((len(widths), k.COLUMNS), np.int64)
        places: list[tuple[int, int, int]] = []  # of the tensors: where, rows and columns
        at = units = 0
        for row, (layer, norm, _) in zip(self._table, layers, strict=True):
            n, width = layer.in_features, layer.out_features
            row[[k.INPUTS, k.OUTPUTS, k.WEIGHTS, k.GAMMA]] = n, width, at, neutral
            row[[k.VALUES, k.SCALE]] = self._place(most * (n + 1)), self._place(1)
            row[[k.SUMS, k.SLOPES]] = self._place(most * width), self._place(most * width)
            row[k.KEPT] = units * most * self.portion
            places += self._places_of(at, width, n) + self._places_of(at + n * width, width, 1)
            at, units = at + (n + 1) * width, units + width
            if norm is not None:
                row[[k.MEAN, k.INVERSE]] = self._place(width), self._place(width)
                row[[k.GAMMA, k.RUNNING]] = at, self._place(2 * width)
                places += self._places_of(at, width, 1) + self._places_of(at + width, width, 1)
                places += [(row[k.RUNNING], width, 1), (row[k.RUNNING] + width, width, 1)]
                at += 2 * width
        self._places = np.array(places)
        self._w = np.zeros(self._end, np.float32)
        self._w[neutral : neutral + widest] = 1
        self._kept = np.ones(units * most * self.portion, np.uint8)
        self._found = np.zeros(max(widest, most) + 1, np.int64)

    def _place(self, n: int) -> int:
        self._end += n
        return self._end - n

    def _places_of(self, at: int, rows: int, columns: int) -> list[tuple[int, int, int]]:
        """Places of weights and their two moments; their gradients are of the loops alone."""
        return [(block * self._n + at, rows, columns) for block in (0, 2, 3)]

    def begin(self, net: DenseNet) -> None:
        """Read the settings of an epoch, and where torch has its tensors."""
        optimizer = net.optimizer_
        group = optimizer.param_groups[0]
        tensors: list[torch.Tensor] = []
        for layer, norm, _ in self.layers:
            tensors += _learned(layer, optimizer)
            if norm is not None:
                tensors += _learned(norm, optimizer)
                tensors += [norm.running_mean, norm.running_var]
        self._tensors = np.array([values.data_ptr() for values in tensors])
        self._w[self._table[:, self._kernels.SCALE]] = [
            1 if drop is None else 1 / (1 - drop.p) for _, _, drop in self.layers
        ]
        smoothing = net.criterion_.label_smoothing
        self._settings = np.array([*group["betas"], group["eps"], group["weight_decay"], smoothing])
        self._step = self._first = int(next(iter(optimizer.state.values()))["step"])
        self.totals = np.zeros(2)

    def end(self, net: DenseNet) -> None:
        """Tell the optimizer and the module how many steps there were."""
        counts = [state["step"] for state in net.optimizer_.state.values()]
        counts += [norm.num_batches_tracked for _, norm, _ in self.layers if norm is not None]
        for count in counts:
            count += self._step - self._first

    def train(self, X, labels, weight, sizes, lrs) -> None:
        """Take a step for each batch."""
        k = self._kernels
        for row, (_, _, drop) in zip(self._table, self.layers, strict=True):
            if drop is not None:
                n = len(X) * int(row[k.OUTPUTS])
                self._kept[row[k.KEPT] :][:n] = drop.kept(n)
        ends = np.concatenate([[0], np.cumsum(sizes)])
        k.train_batches.ctypes(
            self._tensors.ctypes.data_as(ctypes.POINTER(ctypes.POINTER(ctypes.c_float))),
            _pointer(self._places),
            len(self._places),
            _pointer(self._w),
            _pointer(self._found),
            _pointer(self._table),
            len(self._table),
            self._n,
            _pointer(X),
            _pointer(labels),
            _pointer(weight),
            _pointer(self._kept),
            _pointer(ends),
            len(sizes),
            _pointer(np.array(lrs)),
            _pointer(self._settings),
            self._step,
            _pointer(self.totals),
        )
        self._step += len(sizes)


def _learned(module: nn.Module, optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    """Weights, each with the two moments that AdamW begins in its first step."""
    tensors = []
    for weight in module.parameters():
        state = optimizer.state[weight]
        if not state:
            state["step"] = torch.tensor(0.0)
            state["exp_avg"] = torch.zeros_like(weight)
            state["exp_avg_sq"] = torch.zeros_like(weight)
        tensors += [weight, state["exp_avg"], state["exp_avg_sq"]]
    return tensors


def _pointer(values: np.ndarray):
    return values.ctypes.data_as(ctypes.POINTER(np.ctypeslib.as_ctypes_type(values.dtype)))
