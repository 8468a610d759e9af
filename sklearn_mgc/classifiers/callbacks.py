"""Progress of a fit, and skorch's callbacks made to fit."""

from __future__ import annotations

import copy
import math

import numpy as np
from skorch.callbacks import Callback, EarlyStopping, EpochScoring, PrintLog
from skorch.utils import to_numpy


class EpochBar(Callback):
    """One bar over all epochs, with the losses."""

    def __init__(self, title: str = ""):
        self.title = title

    def on_train_begin(self, net, **kwargs):
        """Open the bar."""
        from tqdm import tqdm

        self.bar_ = tqdm(total=net.max_epochs, desc=self.title, unit="epoch")

    def on_epoch_end(self, net, **kwargs):
        """Go on by one epoch."""
        row = net.history[-1]
        losses = {name: f"{row[name]:.3f}" for name in ("train_loss", "valid_loss") if name in row}
        self.bar_.set_postfix(losses, refresh=False)
        self.bar_.update()

    def on_train_end(self, net, **kwargs):
        """Close the bar."""
        self.bar_.close()


class Divergence(Callback):
    """Ends a training whose loss is no number any more."""

    def on_epoch_end(self, net, **kwargs):
        """Look at the loss."""
        loss = net.history[-1, "train_loss"]
        if not math.isfinite(loss):
            raise ValueError(
                f"the training loss is {loss} after {len(net.history)} epochs: the network "
                "diverged; use a smaller lr"
            )


class GenreNames:
    """Encoded labels to genres: what an `EpochScoring` compares with predictions."""

    def __init__(self, classes):
        self.classes = classes

    def __call__(self, y):
        """Name the genres of encoded labels."""
        return np.asarray(self.classes)[to_numpy(y)]


def assemble(callbacks, *, classes, patience: int | None, title: str, verbose: int) -> list:
    """Callbacks of a fit: the user's, early stopping, and the display."""
    made: list = [("divergence", Divergence())]
    made += [_with_names(callback, classes) for callback in callbacks or []]
    if patience is not None:
        stop = EarlyStopping("valid_loss", patience=patience, load_best=True, sink=_silent)
        made.append(("early_stopping", stop))
    if verbose == 1:
        made.append(("progress", EpochBar(title)))
    elif verbose > 1:
        made.append(("print_log", PrintLog()))
    return made


def _with_names(callback, classes):
    """Let a scoring callback see genres; on a copy, for the parameter is the user's."""
    name, inner = callback if isinstance(callback, tuple) else (None, callback)
    if not isinstance(inner, EpochScoring) or inner.target_extractor is not to_numpy:
        return callback
    inner = copy.copy(inner)
    inner.target_extractor = GenreNames(classes)
    return inner if name is None else (name, inner)


def _silent(*args, **kwargs) -> None:
    """Sink for skorch's messages: early stopping is told by `n_iter_`."""
