"""The engine: a skorch network with whole-batch slicing and a lean training loop.

It sees encoded labels (0 .. n_classes - 1) and float arrays only; everything that a user
may pass is settled in `base.py`.

A network owns its random numbers: those of the first weights come from a `torch.Generator`
with its seed, in the order in which torch's modules draw them; those of an epoch (order of the
rows, mixup, dropped units, masks) are what `networks.draws` says of the seed and the number of
the epoch. torch's own generator is neither read nor changed.
"""

from __future__ import annotations

import contextlib
import math
import time

import numpy as np
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback, EarlyStopping
from torch.nn.functional import cross_entropy
from torch.overrides import TorchFunctionMode

from sklearn_mgc._threads import team
from sklearn_mgc.classifiers.batches import Batches, predicted_rows
from sklearn_mgc.networks import draws

_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
_PER_BATCH = ("on_batch_begin", "on_batch_end", "on_grad_computed")
_RECORDED = 128  # batches between two updates of the epoch's loss and accuracy


class _EarlyStop(Exception):
    """Raised instead of skorch's KeyboardInterrupt, which also swallows Ctrl-C."""


class GenreNet(NeuralNetClassifier):
    """skorch's classifier with sample weights and without per-row and per-batch overhead.

    Each epoch is seeded by its number, so that epochs trained one by one equal epochs
    trained in one go.

    Parameters
    ----------
    *args, **kwargs
        skorch's.
    seed : int
        Seed of the first weights and, with its number, of each epoch.
    epochs_before : int
        Epochs of the weights that are loaded: the number to go on from.
    lr_schedule : {"onecycle", "cosine"} or None
        Factor of ``lr`` over ``max_epochs``.
    mixup : float
        Parameter of the Beta distribution; 0 for none.
    precision : {"float32", "bf16", "fp16"}
        Of the forward pass; weights are float32.
    compiled : bool
        Run the module through ``torch.compile``.
    """

    def __init__(
        self,
        *args,
        seed: int = 0,
        epochs_before: int = 0,
        lr_schedule: str | None = None,
        mixup: float = 0.0,
        precision: str = "float32",
        compiled: bool = False,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.seed = seed
        self.epochs_before = epochs_before
        self.lr_schedule = lr_schedule
        self.mixup = mixup
        self.precision = precision
        self.compiled = compiled

    @property
    def _default_callbacks(self):
        return []

    def initialize(self):
        """Make the module, the optimizer and what a step needs."""
        super().initialize()
        kind = torch.device(self.device).type
        # Not by setattr: skorch would take a module for one of its own components.
        self.__dict__.update(
            _forward=draws.compiled(self.module_) if self.compiled else self.module_,
            _weights=list(self.module_.parameters()),
            _lrs=[group["lr"] for group in self.optimizer_.param_groups],
            _scaler=torch.amp.GradScaler(kind) if self.precision == "fp16" else None,
            # skorch tells callbacks of every batch; here only those that listen.
            _listened=any(
                getattr(type(callback), name) is not getattr(Callback, name)
                for _, callback in self.callbacks_
                for name in _PER_BATCH
            ),
        )
        return self

    def initialize_module(self):
        """Make the module, with weights that its own generator draws."""
        with _DrawnBy(torch.Generator().manual_seed(self.seed)):
            return super().initialize_module()

    def check_sizes(self, shapes: dict[str, tuple[int, ...]]) -> None:
        """Compare the shapes of saved weights with the module's, before it takes any memory."""
        with torch.device("meta"):
            module = self.module(**self.get_params_for("module"))
        for name, values in module.state_dict().items():
            if shapes.get(name) != tuple(values.shape):
                raise ValueError(
                    "the saved model is damaged or was changed: by its parameters "
                    f"{name} has the shape {tuple(values.shape)}, by its weights "
                    f"{shapes.get(name, 'there is none')}"
                )

    def get_iterator(self, dataset, training=False):
        """Batches of the dataset; large ones for prediction."""
        permutation = (lambda n: self._rng.permutation(n)) if training else None
        return Batches(dataset, self.batch_size, device=self.device, permutation=permutation)

    def infer(self, x, **fit_params):
        """Logits of a batch; sample weights are no input of the module."""
        X = x["X"]
        if self.precision == "float32":
            return self._forward(X)
        with torch.autocast(X.device.type, dtype=_DTYPES[self.precision]):
            return self._forward(X).float()

    def predict(self, X):
        """Genres by name, so that scoring callbacks compare names with names."""
        return np.asarray(self.classes_)[self.predict_proba(X).argmax(axis=1)]

    def predict_proba(self, X):
        """Probabilities; like training, with a team of threads where it pays."""
        data = getattr(X, "X", X)  # of a dataset, as callbacks pass it
        data = data["X"] if isinstance(data, dict) else data
        rows = min(len(data), predicted_rows(data, self.batch_size))
        with team(self.module_.largest_product * rows):
            return super().predict_proba(X)

    def get_loss(self, y_pred, y_true, X=None, *args, **kwargs):
        """Mean cross-entropy, weighted where there are sample weights."""
        if X is None or "sample_weight" not in X:
            return self.criterion_(y_pred, y_true)
        self.criterion_.reduction = "none"
        loss = self.criterion_(y_pred, y_true)
        self.criterion_.reduction = "mean"
        return (loss * X["sample_weight"]).mean()

    def train_step(self, batch, **fit_params):
        """One optimizer step, without skorch's closure."""
        Xi, yi = batch
        for weight in self._weights:
            weight.grad = None
        if self.mixup > 0:
            loss, y_pred = self._mixed_loss(Xi, yi)
        else:
            y_pred = self.infer(Xi)
            loss = self.get_loss(y_pred, yi, X=Xi)
        scaler = self._scaler
        (loss if scaler is None else scaler.scale(loss)).backward()
        if self._listened:
            self._tell_gradients(batch)
        if scaler is None:
            self.optimizer_.step()
        else:
            scaler.step(self.optimizer_)
            scaler.update()
        return {"loss": loss, "y_pred": y_pred}

    def _mixed_loss(self, Xi, yi):
        """Loss of the batch blended with itself in another order."""
        share = self._rng.beta(self.mixup, self.mixup)
        other = torch.from_numpy(self._rng.permutation(len(yi))).to(yi.device)
        X = Xi["X"]
        y_pred = self.infer({"X": torch.lerp(X[other], X, share)})
        mixed = {name: values[other] for name, values in Xi.items()}
        loss = share * self.get_loss(y_pred, yi, X=Xi)
        return loss + (1 - share) * self.get_loss(y_pred, yi[other], X=mixed), y_pred

    def _tell_gradients(self, batch):
        if self._scaler is not None:
            self._scaler.unscale_(self.optimizer_)
        named = list(self.module_.named_parameters())
        self.notify("on_grad_computed", named_parameters=named, batch=batch, training=True)

    def validation_step(self, batch, **fit_params):
        """Cross-entropy and logits of a validation batch, without smoothing or weights."""
        Xi, yi = batch
        with torch.no_grad():
            y_pred = self.infer(Xi)
            return {"loss": cross_entropy(y_pred, yi), "y_pred": y_pred}

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        """One pass over the batches; records mean loss and accuracy of the epoch."""
        if iterator is None:
            return
        started = time.perf_counter()
        self._set_training(training)
        epoch = self.epochs_before + len(self.history) - 1
        if training:
            self._rng = draws.generator(self.seed, epoch)
            draws.seed_layers(self.module_, self.seed, epoch)
        record = _Record()
        n_batches = len(iterator)
        with team(self.module_.largest_product * iterator.largest):
            for i, batch in enumerate(iterator):
                if self._listened:
                    self.notify("on_batch_begin", batch=batch, training=training)
                if training and self.lr_schedule is not None:
                    self._set_lr((epoch + i / n_batches) / self.max_epochs)
                step = step_fn(batch, **fit_params)
                record.add(step["loss"], step["y_pred"], batch[1])
                if self._listened:
                    self.history.record_batch(prefix + "_loss", step["loss"].item())
                    self.history.record_batch(prefix + "_batch_size", len(batch[1]))
                    self.notify("on_batch_end", batch=batch, training=training, **step)
        loss, accuracy = record.means()
        if not training:  # what skorch's Checkpoint watches
            before = [row["valid_loss"] for row in self.history[:-1]]
            self.history.record("valid_loss_best", loss < min(before, default=math.inf))
        self.history.record(prefix + "_loss", loss)
        self.history.record(prefix + "_acc", accuracy)
        self.history.record(prefix + "_seconds", time.perf_counter() - started)

    def _set_lr(self, progress: float) -> None:
        factor = _lr_factor(self.lr_schedule, min(progress, 1.0))
        for group, lr in zip(self.optimizer_.param_groups, self._lrs, strict=True):
            group["lr"] = lr * factor

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

    def partial_fit(self, X, y=None, classes=None, *, epochs=None, **fit_params):
        """Train on, letting Ctrl-C through (skorch would swallow it)."""
        if not self.initialized_:
            self.initialize()
        self.notify("on_train_begin", X=X, y=y)
        with contextlib.suppress(_EarlyStop):
            self.fit_loop(X, y, epochs=epochs, **fit_params)
        self.notify("on_train_end", X=X, y=y)
        return self


_MAKERS = (torch.empty, torch.ones, torch.zeros)


class _DrawnBy(TorchFunctionMode):
    """What torch makes in this thread is float32, and drawn by this generator."""

    def __init__(self, generator: torch.Generator):
        super().__init__()
        self._generator = generator

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if "generator" in kwargs:  # as all of torch.nn.init has
            kwargs["generator"] = self._generator
        if func in _MAKERS:  # whatever the process's default is
            kwargs["dtype"] = kwargs.get("dtype") or torch.float32
        return func(*args, **kwargs)


class _Record:
    """Loss and accuracy of an epoch, summed up a hundred batches at a time.

    Sums per batch would cost a small network a tenth of its step, and a GPU a wait.
    """

    def __init__(self):
        self._loss: float | torch.Tensor = 0.0
        self._correct: float | torch.Tensor = 0.0
        self._n = 0
        self._batches: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []

    def add(self, loss, y_pred, y) -> None:
        self._batches.append((loss.detach(), y_pred.detach(), y))
        if len(self._batches) == _RECORDED:
            self._sum_up()

    def _sum_up(self) -> None:
        losses, logits, labels = zip(*self._batches, strict=True)
        sizes = torch.tensor([len(y) for y in labels])
        self._n += int(sizes.sum())
        self._loss = self._loss + (torch.stack(losses) * sizes.to(losses[0].device)).sum()
        self._correct = self._correct + (torch.cat(logits).argmax(1) == torch.cat(labels)).sum()
        self._batches.clear()

    def means(self) -> tuple[float, float]:
        if self._batches:
            self._sum_up()
        return float(self._loss) / self._n, float(self._correct) / self._n


def _lr_factor(schedule: str | None, progress: float) -> float:
    """Share of the learning rate at this part of the training, between 0 and 1."""
    if schedule == "onecycle":
        warm = 0.25
        if progress < warm:
            return 0.04 + 0.96 * (1 - math.cos(math.pi * progress / warm)) / 2
        progress = (progress - warm) / (1 - warm)
    return max((1 + math.cos(math.pi * progress)) / 2, 1e-3)
