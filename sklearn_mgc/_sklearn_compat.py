"""The one place that uses scikit-learn's private names."""

from __future__ import annotations

from importlib import metadata

from sklearn.base import _fit_context
from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._validation import (
    _insert_error_scores,
    _score,
    _warn_or_raise_about_fit_failures,
)
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import (
    HasMethods,
    Hidden,
    Interval,
    InvalidParameterError,
    Options,
    StrOptions,
    validate_parameter_constraints,
    validate_params,
)
from sklearn.utils.metadata_routing import _routing_enabled
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import (
    _check_method_params,
    _check_sample_weight,
    _check_y,
    validate_data,
)

import sklearn_mgc

__all__ = [
    "BaseSearchCV",
    "DocumentedMixin",
    "HasMethods",
    "Hidden",
    "Interval",
    "InvalidParameterError",
    "Options",
    "StrOptions",
    "_check_method_params",
    "_check_sample_weight",
    "_check_y",
    "_fit_context",
    "_insert_error_scores",
    "_routing_enabled",
    "_safe_indexing",
    "_safe_split",
    "_score",
    "_warn_or_raise_about_fit_failures",
    "validate_data",
    "validate_parameter_constraints",
    "validate_params",
]


class DocumentedMixin:
    """The HTML of an estimator links to its page of the site.

    Where the site is, ``project.urls`` in pyproject.toml says as ``Documentation``; without it
    there is no link.
    """

    @property
    def _doc_link_module(self) -> str:
        # scikit-learn links where this is the root of the class's module.
        return "sklearn_mgc" if _documentation_url() else ""

    @property
    def _doc_link_template(self) -> str:
        return f"{_documentation_url()}/api/generated/{{page}}.html"

    def _doc_link_url_param_generator(self) -> dict[str, str]:
        package, room, *_ = type(self).__module__.split(".")
        name = type(self).__name__
        return {"page": ".".join([package, *([] if name in sklearn_mgc.__all__ else [room]), name])}


def _documentation_url() -> str:
    """Where the site is, by the metadata of the installed package."""
    try:
        declared = metadata.metadata("sklearn_mgc").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:  # run from a checkout
        return ""
    addresses = dict(url.split(", ", 1) for url in declared)
    return addresses.get("Documentation", "").rstrip("/")
