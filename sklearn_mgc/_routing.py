"""Where the fit of a classifier, perhaps inside a pipeline, takes a parameter."""

from __future__ import annotations

import inspect

from sklearn.pipeline import Pipeline


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
