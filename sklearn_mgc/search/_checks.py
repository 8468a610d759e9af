"""What can be searched by stacking, and errors that say what to do otherwise."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from sklearn_mgc.classifiers import DNNClassifier
from sklearn_mgc.classifiers.base import _PREFIXES
from sklearn_mgc.classifiers.device import resolve_device

_OTHERWISE = "use sklearn.model_selection.GridSearchCV (or RandomizedSearchCV) instead"
_OPTIMIZER = ("optimizer__betas", "optimizer__eps", "optimizer__weight_decay")


def check_estimator(estimator, search: str) -> None:
    """Raise TypeError unless the estimator is a dense network or a pipeline that ends in one."""
    network = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    if type(network) is not DNNClassifier:
        raise TypeError(
            f"{search} trains DNNClassifier, alone or as the last step of a Pipeline, got "
            f"{type(network).__name__}; {_OTHERWISE}"
        )


def check_candidates(estimator, candidates: Iterable[dict[str, Any]], search: str) -> None:
    """Raise ValueError at the first candidate that cannot be trained in a stack."""
    if not candidates:
        raise ValueError(f"{search} has no candidates: the grid is empty")
    prefix = f"{estimator.steps[-1][0]}__" if isinstance(estimator, Pipeline) else ""
    known = estimator.get_params()
    for name in {name: None for params in candidates for name in params}:
        _check_name(name, known, prefix, search)
    network = estimator.steps[-1][1] if prefix else estimator
    for params in candidates:
        values = {name.removeprefix(prefix): value for name, value in params.items()}
        _check_network(clone(network).set_params(**values), search)


def _check_name(name: str, known: dict, prefix: str, search: str) -> None:
    inner = name.removeprefix(prefix)
    if name.startswith(prefix) and inner.startswith(_PREFIXES):
        return
    if name not in known:
        # A forgotten step name is the most common slip.
        near = difflib.get_close_matches(name, known, n=1) or difflib.get_close_matches(
            prefix + name, known, n=1
        )
        hint = f"did you mean {near[0]!r}?" if near else "see estimator.get_params()"
        raise ValueError(f"the estimator has no parameter {name!r}; {hint}")
    if not name.startswith(prefix):
        raise ValueError(
            f"{search} searches the network only (parameters {prefix}...), not {name!r}: the "
            f"other steps are fitted once per fold; {_OTHERWISE}"
        )


def _check_network(network: DNNClassifier, search: str) -> None:
    plain = {"callbacks": None, "precision": "float32", "compile": False, "warm_start": False}
    for name, value in plain.items():
        if getattr(network, name) not in (value, []):
            raise ValueError(
                f"{search} cannot train with {name}={getattr(network, name)!r}; {_OTHERWISE}"
            )
    for name in network._extra_params():
        if name.startswith(_PREFIXES) and name not in _OPTIMIZER:
            raise ValueError(f"{search} cannot train with {name}; {_OTHERWISE}")


def gpu_of(estimator) -> str | None:
    """CUDA device on which the candidates are trained; None where they are on the CPU."""
    network = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    device = resolve_device(network.device)
    return device if device.startswith("cuda") else None
