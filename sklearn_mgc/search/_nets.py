"""One candidate on one fold: an estimator that is ready to train, as plain arrays."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from sklearn_mgc.classifiers import DNNClassifier
from sklearn_mgc.classifiers.net import _lr_factor


class Diverged(ValueError):
    """The loss of a network is NaN or infinite."""


@dataclass(eq=False)
class Net:
    """State of one network between epochs.

    It starts as the estimator's own network with the estimator's own seed, so that training
    it here is training the estimator. ``params``, ``mean1`` and ``mean2`` are the weights and
    the running moments of AdamW, flat and in the order of ``module.parameters()``; ``stats``
    are the running means and variances of batch normalization, layer by layer.
    """

    estimator: DNNClassifier
    X: np.ndarray
    labels: np.ndarray
    weight: np.ndarray
    validation: tuple[np.ndarray, np.ndarray] | None
    sizes: np.ndarray
    normed: np.ndarray
    drop: np.ndarray
    params: np.ndarray
    stats: np.ndarray
    mean1: np.ndarray
    mean2: np.ndarray
    ends: np.ndarray  # of the batches
    adam: tuple[float, float, float, float]  # beta1, beta2, eps, decay
    lr: float
    smoothing: float
    steps: int = 0
    seconds: float = 0.0
    history: list[dict] = field(default_factory=list)
    stop: EarlyStop | None = None
    error: Exception | None = None

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return len(self.history)

    @property
    def nbytes(self) -> int:
        """Memory of the network, its optimizer and its module."""
        return 6 * self.params.nbytes + 2 * self.estimator.early_stopping * self.X.nbytes

    @property
    def done(self) -> bool:
        """Whether no further epoch is of use."""
        return self.error is not None or (self.stop is not None and self.stop.stopped)

    @property
    def stream(self) -> tuple:
        """What the draws of an epoch depend on; nets that agree in it draw the same."""
        return (self.estimator._seed, tuple(self.ends), tuple(self.sizes), tuple(self.drop))

    def lrs(self, epoch: int) -> np.ndarray:
        """Learning rate of each step of the epoch."""
        schedule, n = self.estimator.lr_schedule, len(self.ends)
        if schedule is None:
            return np.full(n, self.lr)
        whole = self.estimator.max_epochs
        return self.lr * np.array(
            [_lr_factor(schedule, min((epoch + i / n) / whole, 1.0)) for i in range(n)]
        )

    def end_epoch(self, loss: float, right: float, seconds: float) -> None:
        """Record an epoch; find out whether the network diverged or need not go on."""
        n = len(self.labels)
        row = {"train_loss": loss / n, "train_acc": right / n, "train_seconds": seconds}
        self.seconds += seconds
        if not np.isfinite(loss):
            self.error = Diverged(
                f"the training loss is {loss} after {self.epoch + 1} epochs; a smaller lr may help"
            )
        if self.validation is not None:
            started = time.perf_counter()
            X, labels = self.validation
            log_p = _log_softmax(self.logits(X))
            row["valid_loss"] = float(-log_p[np.arange(len(labels)), labels].mean())
            row["valid_acc"] = float((log_p.argmax(1) == labels).mean())
            row["valid_seconds"] = time.perf_counter() - started
            self.seconds += row["valid_seconds"]
        self.history.append(row)
        if self.stop is not None:
            self.stop.look(row["valid_loss"], self)

    def logits(self, X: np.ndarray) -> np.ndarray:
        """Logits of rows, as the network gives them when it does not train."""
        at = s = 0
        for i, (n_in, n_out) in enumerate(zip(self.sizes[:-1], self.sizes[1:], strict=True)):
            W = self.params[at : at + n_in * n_out].reshape(n_out, n_in)
            at += n_in * n_out
            X = X @ W.T + self.params[at : at + n_out]
            at += n_out
            if self.normed[i]:
                mean, var = self.stats[s : s + 2 * n_out].reshape(2, n_out)
                gamma, beta = self.params[at : at + 2 * n_out].reshape(2, n_out)
                X = (X - mean) * (gamma / np.sqrt(var + np.float32(1e-5))) + beta
                at, s = at + 2 * n_out, s + 2 * n_out
            if i < len(self.sizes) - 2:
                X = np.maximum(X, 0)
        return X

    def finish(self) -> DNNClassifier:
        """Give the estimator what was learned; it is fitted then."""
        params, stats, steps = self.params, self.stats, self.steps
        if self.stop is not None and self.stop.best is not None:
            params, stats, steps = self.stop.best
        module, at, s = self.estimator.module_, 0, 0
        with torch.no_grad():
            for weights in module.parameters():
                n = weights.numel()
                weights.copy_(torch.from_numpy(params[at : at + n]).view_as(weights))
                at += n
            for values in module.buffers():
                n = values.numel()
                if values.ndim == 0:  # batches seen
                    values.fill_(steps)
                    continue
                values.copy_(torch.from_numpy(stats[s : s + n]))
                s += n
        self.estimator.history_ = list(self.history)
        self.estimator.n_iter_ = self.estimator.net_.epochs_before = self.epoch
        return self.estimator


class EarlyStop:
    """The rule of `DNNClassifier`: skorch's, with a relative threshold of 1e-4."""

    def __init__(self, patience: int):
        self.patience = patience
        self.threshold = np.inf
        self.misses = 0
        self.best: tuple[np.ndarray, np.ndarray, int] | None = None

    @property
    def stopped(self) -> bool:
        """Whether patience is at its end."""
        return self.misses >= self.patience

    def look(self, loss: float, net: Net) -> None:
        """Compare the validation loss of the epoch that ended with the best."""
        if loss < self.threshold:
            self.threshold = loss - 1e-4 * loss
            self.misses = 0
            self.best = net.params.copy(), net.stats.copy(), net.steps
        else:
            self.misses += 1


def start(estimator: DNNClassifier, X, y, **fit_params) -> Net:
    """Do all that ``estimator.fit`` does before its first step."""
    estimator._validate_params()
    X, labels, weight, validation = estimator._prepare(X, y, **fit_params)
    n = len(labels)
    weights = [w.detach().cpu() for w in estimator.module_.parameters()]
    params = torch.cat([w.flatten() for w in weights]).numpy()
    sizes, normed, drop, stats = _layers(estimator.module_)
    ends = np.cumsum(_batches(n, estimator.batch_size))
    if normed.any() and min(np.diff(ends, prepend=0)) < 2:
        raise ValueError(
            "batch normalization cannot train on batches of a single row: use batch_size=2 or more"
        )
    group = estimator.net_.optimizer_.param_groups[0]
    return Net(
        estimator,
        np.ascontiguousarray(X, dtype=np.float32),
        np.asarray(labels, dtype=np.int64),
        np.ones(n, np.float32) if weight is None else np.asarray(weight, np.float32),
        None if validation is None else (np.asarray(validation.X["X"][:]), validation.y),
        sizes,
        normed,
        drop,
        params,
        stats,
        np.zeros_like(params),
        np.zeros_like(params),
        ends,
        (*group["betas"], group["eps"], group["weight_decay"]),
        group["lr"],
        estimator.net_.criterion_.label_smoothing,
        stop=EarlyStop(estimator.n_iter_no_change) if estimator.early_stopping else None,
    )


def _batches(n: int, batch_size: int) -> list[int]:
    """Rows of each batch; a trailing one of a single row joins the one before it."""
    size = min(batch_size, n)
    sizes = [size] * (n // size)
    rest = n - sum(sizes)
    if rest == 1:
        sizes[-1] += 1
    elif rest:
        sizes.append(rest)
    return sizes


def _layers(module):
    """Widths, which layers are normalized, dropout after each, and the running statistics."""
    sizes: list[int] = []
    normed, drop, stats = [], [], []
    for layer in module.layers:
        if isinstance(layer, nn.Linear):
            sizes += [layer.out_features] if sizes else [layer.in_features, layer.out_features]
            normed.append(False)
            drop.append(0.0)
        elif isinstance(layer, nn.BatchNorm1d):
            normed[-1] = True
            stats += [layer.running_mean, layer.running_var]
        elif isinstance(layer, nn.Dropout):
            drop[-1] = layer.p
    values = torch.cat(stats).cpu().numpy() if stats else np.zeros(0, np.float32)
    return np.array(sizes), np.array(normed), np.array(drop), values


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
