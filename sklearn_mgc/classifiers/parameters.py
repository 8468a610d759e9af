"""The parameters that all networks share: their limits, how they are kept, and skorch's.

Signatures and docstrings name them in each class, where users and tools look; a test holds them
to one another.
"""

from __future__ import annotations

import difflib
from numbers import Integral, Real

from sklearn.base import BaseEstimator

from sklearn_mgc._sklearn_compat import Interval, StrOptions

_PREFIXES = ("optimizer__", "criterion__", "callbacks__", "module__")


class TrainingParameters(BaseEstimator):
    """Keeps the parameters of a network as they were given, skorch's prefixed ones among them.

    They are declared here, and are attributes as soon as ``__init__`` calls `_store`.
    ``normalize_input``, ``mixup`` and ``spec_augment`` are for networks that read spectrograms.
    """

    dropout: float
    lr: float
    batch_size: int
    max_epochs: int
    weight_decay: float
    normalize_input: bool
    mixup: float
    spec_augment: float
    label_smoothing: float
    lr_schedule: str | None
    class_weight: dict | str | None
    early_stopping: bool
    validation_fraction: float
    n_iter_no_change: int
    callbacks: list | None
    warm_start: bool
    device: str
    precision: str
    compile: bool
    random_state: object
    verbose: int

    _parameter_constraints: dict = {
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "lr_schedule": [StrOptions({"onecycle", "cosine"}), None],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "callbacks": [list, None],
        "device": [str],
        "warm_start": ["boolean"],
        "normalize_input": ["boolean"],
        "mixup": [Interval(Real, 0, None, closed="left")],
        "spec_augment": [Interval(Real, 0, 1, closed="both")],
        "precision": [StrOptions({"float32", "bf16", "fp16"})],
        "compile": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def _store(self, given: dict) -> None:
        """Keep what ``__init__`` was given, its ``locals()``, for ``clone`` and ``get_params``.

        Further names are checked in ``fit``.
        """
        names = self._get_param_names()
        self.__dict__.update({name: given[name] for name in names}, **given["net_params"])

    def get_params(self, deep=True):
        return {**super().get_params(deep=deep), **self._extra_params()}

    def set_params(self, **params):
        own = {}
        for name, value in params.items():
            if name.startswith(_PREFIXES):
                setattr(self, name, value)
            else:
                own[name] = value
        super().set_params(**own)
        return self

    def _extra_params(self) -> dict:
        known = self._get_param_names()
        return {
            name: value
            for name, value in vars(self).items()
            if name not in known and not name.endswith("_") and not name.startswith("_")
        }

    def _check_extra_params(self) -> None:
        for name in self._extra_params():
            if name.startswith(_PREFIXES):
                continue
            near = difflib.get_close_matches(name, self._get_param_names(), n=1)
            hint = f"did you mean {near[0]!r}?" if near else "see get_params()"
            raise TypeError(f"{type(self).__name__} has no parameter {name!r}; {hint}")
