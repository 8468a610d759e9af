"""Where the fit of a classifier, perhaps inside a pipeline, takes a parameter."""

from __future__ import annotations

import inspect

from sklearn.pipeline import Pipeline

from sklearn_mgc._sklearn_compat import _routing_enabled


def fit_parameter(estimator, name: str) -> str | None:
    """Name under which ``fit`` takes a parameter such as ``groups``, None if it does not.

    That of a pipeline's last step has the step's name before it. Searches take ``groups``
    for their folds, whatever they search over.
    """
    prefix = ""
    while isinstance(estimator, Pipeline):
        step, estimator = estimator.steps[-1]
        prefix += f"{step}__"
    is_search = name == "groups" and hasattr(estimator, "cv") and hasattr(estimator, "refit")
    takes = name in inspect.signature(estimator.fit).parameters
    return f"{prefix}{name}" if takes or is_search else None


def fit_with(estimator, X, y, **per_clip):
    """Fit with parameters such as ``groups``, as far as ``fit`` takes them.

    Metadata routing may be on or off: where it is on, a pipeline's last step is made to
    request them.
    """
    params = {}
    for name, values in per_clip.items():
        target = None if values is None else fit_parameter(estimator, name)
        if target is None:
            continue
        last = estimator
        while isinstance(last, Pipeline):
            last = last.steps[-1][1]
        if _routing_enabled() and last is not estimator:
            if hasattr(last, "set_fit_request"):
                last.set_fit_request(**{name: True})
            target = name
        params[target] = values
    return estimator.fit(X, y, **params)
