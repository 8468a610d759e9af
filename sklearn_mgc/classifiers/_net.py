"""The engine: a skorch network with whole-batch slicing and a lean training loop.

It sees encoded labels (0 .. n_classes - 1) and float32 arrays only; everything that a user
may pass is settled in `_base.py`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping


class BatchLoader:
    """Batches as slices of one tensor, instead of one Python call per row.

    A trailing batch of a single row is joined to the one before it, because batch
    normalization cannot train on one row.
    """

    def __init__(self, dataset, batch_size: int, *, shuffle: bool, device: str):
        X = dataset.X if isinstance(dataset.X, dict) else {"X": dataset.X}
        self._X = {name: torch.as_tensor(np.asarray(value)) for name, value in X.items()}
        self._y = None if dataset.y is None else torch.as_tensor(np.asarray(dataset.y))
        self._n = len(self._X["X"])
        self._batch_size = self._n if batch_size == -1 else min(batch_size, self._n)
        self._shuffle = shuffle
        self._device = device

    def __iter__(self) -> Iterator:
        order = torch.randperm(self._n) if self._shuffle else None
        starts = list(range(0, self._n, self._batch_size))
        if self._shuffle and len(starts) > 1 and self._n - starts[-1] == 1:
            starts.pop()
        for start, stop in zip(starts, [*starts[1:], self._n], strict=True):
            rows = slice(start, stop) if order is None else order[start:stop]
            Xi = {name: values[rows].to(self._device) for name, values in self._X.items()}
            yi = torch.zeros(0) if self._y is None else self._y[rows].to(self._device)
            yield Xi, yi


class _EarlyStop(Exception):
    """Raised instead of skorch's KeyboardInterrupt, which also swallows Ctrl-C."""


class GenreNet(NeuralNetClassifier):
    """skorch's classifier with sample weights and without per-row and per-batch overhead.

    Each epoch is seeded by its number, so that epochs trained one by one equal epochs
    trained in one go.
    """

    def __init__(self, *args, seed: int = 0, **kwargs):
        super().__init__(*args, **kwargs)
        self.seed = seed

    @property
    def _default_callbacks(self):
        return []

    def get_iterator(self, dataset, training=False):
        """Batches of the dataset; large ones for prediction."""
        size = self.batch_size if training else max(self.batch_size, 256)
        return BatchLoader(dataset, size, shuffle=training, device=self.device)

    def infer(self, x, **fit_params):
        """Logits of a batch; sample weights are no input of the module."""
        return self.module_(x["X"])

    def get_loss(self, y_pred, y_true, X=None, *args, **kwargs):
        """Mean loss, weighted where there are sample weights."""
        loss = self.criterion_(y_pred, y_true)
        if X is not None and "sample_weight" in X:
            loss = loss * X["sample_weight"]
        return loss.mean()

    def train_step(self, batch, **fit_params):
        """One optimizer step, without skorch's closure and notifications."""
        Xi, yi = batch
        self.optimizer_.zero_grad(set_to_none=True)
        y_pred = self.infer(Xi)
        loss = self.get_loss(y_pred, yi, X=Xi)
        loss.backward()
        if self.callbacks_:
            self.notify(
                "on_grad_computed",
                named_parameters=list(self.module_.named_parameters()),
                batch=batch,
                training=True,
            )
        self.optimizer_.step()
        return {"loss": loss, "y_pred": y_pred}

    def validation_step(self, batch, **fit_params):
        """Loss and logits of a validation batch."""
        Xi, yi = batch
        with torch.no_grad():
            y_pred = self.infer(Xi)
            return {"loss": self.get_loss(y_pred, yi, X=Xi), "y_pred": y_pred}

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        """One pass over the batches; records mean loss and accuracy of the epoch."""
        if iterator is None:
            return
        self._set_training(training)
        if training:
            torch.manual_seed(self.seed + len(self.history))
        n_rows, loss, correct = 0, 0.0, 0
        for batch in iterator:
            if self.callbacks_:
                self.notify("on_batch_begin", batch=batch, training=training)
            step = step_fn(batch, **fit_params)
            n = len(batch[1])
            n_rows += n
            loss += step["loss"].detach() * n
            correct += (step["y_pred"].detach().argmax(1) == batch[1]).sum()
            if self.callbacks_:
                self.history.record_batch(prefix + "_loss", step["loss"].item())
                self.history.record_batch(prefix + "_batch_size", n)
                self.notify("on_batch_end", batch=batch, training=training, **step)
        self.history.record(prefix + "_loss", float(loss) / n_rows)
        self.history.record(prefix + "_acc", float(correct) / n_rows)

    def notify(self, method_name, **cb_kwargs):
        """Tell the callbacks; an early stop is told from Ctrl-C here."""
        try:
            super().notify(method_name, **cb_kwargs)
        except KeyboardInterrupt:
            if method_name == "on_epoch_end" and self._stopped_early():
                raise _EarlyStop from None
            raise

    def _stopped_early(self) -> bool:
        return any(
            isinstance(callback, EarlyStopping) and callback.misses_ == callback.patience
            for _, callback in self.callbacks_
        )

    def partial_fit(self, X, y=None, classes=None, **fit_params):
        """Train on, letting Ctrl-C through (skorch would swallow it)."""
        if not self.initialized_:
            self.initialize()
        self.notify("on_train_begin", X=X, y=y)
        with contextlib.suppress(_EarlyStop):
            self.fit_loop(X, y, **fit_params)
        self.notify("on_train_end", X=X, y=y)
        return self
