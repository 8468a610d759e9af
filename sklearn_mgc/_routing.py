"""A fit with artists and weights, with scikit-learn's metadata routing on and off."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping

from sklearn.base import BaseEstimator, is_classifier
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import get_routing_for_object

from sklearn_mgc._sklearn_compat import _routing_enabled


def fit_with(estimator, X, y, *, groups=None, **params):
    """Fit a clone with parameters under their plain names, wherever they are taken.

    Without metadata routing that is the last step of a pipeline; a search takes groups for
    its folds, and its estimator the rest. With routing it is whatever requests them. Where
    the user left that open, classifiers request them and transformers do not; that is set in
    the estimator, which therefore must not be the user's own. Parameters that are None, and groups
    that nothing takes, are left out; a TypeError says that nothing takes another parameter.
    """
    target = _request if _routing_enabled() else _name_in_fit
    fitting = {}
    for name, values in {"groups": groups, **params}.items():
        found = None if values is None else target(estimator, name)
        if found is not None:
            fitting[found] = values
        elif values is not None and name != "groups":
            raise TypeError(f"{type(estimator).__name__} takes no {name}")
    return estimator.fit(X, y, **fitting)


def _name_in_fit(estimator, name: str) -> str | None:
    """Name under which ``fit`` hands the parameter to who takes it, None if no one does."""
    if "__" in name:
        return name
    prefix = ""
    while isinstance(estimator, Pipeline):
        step, estimator = estimator.steps[-1]
        prefix += f"{step}__"
    if hasattr(estimator, "cv") and hasattr(estimator, "refit"):  # a search, also Optuna's
        found = name if name == "groups" else _name_in_fit(estimator.estimator, name)
        return None if found is None else prefix + found
    parameters = inspect.signature(estimator.fit).parameters.values()
    takes_any = name != "groups" and any(p.kind is p.VAR_KEYWORD for p in parameters)
    return prefix + name if takes_any or name in {p.name for p in parameters} else None


def _request(estimator, name: str) -> str | None:
    """Name of the parameter where something requests it, after what is open is settled."""
    parts = list(_estimators(estimator))
    for part in parts:
        last = getattr(part, "final_estimator", None)
        # Stacking hands its last one what any of them asks for.
        refused = last is not None and _name_in_fit(last, name) is None
        for inner in _estimators(part) if refused else ():
            if name in _requests(inner) and "_metadata_request" not in vars(inner):
                inner.set_fit_request(**{name: False})
    for part in parts:
        if _requests(part).get(name, ...) is None:
            part.set_fit_request(**{name: is_classifier(part)})
    return name if name in get_routing_for_object(estimator).consumes("fit", [name]) else None


def _requests(estimator: BaseEstimator) -> dict:
    return estimator._get_metadata_request().fit.requests


def _estimators(value) -> Iterator[BaseEstimator]:
    """All that are in an estimator, in its parameters and in the grid of a search."""
    if isinstance(value, BaseEstimator):
        yield value
        value = value.get_params(deep=False)
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _estimators(part)
