"""Types of this package that a saved model may hold, found by looking."""

from __future__ import annotations

import importlib
import pkgutil

from sklearn.base import BaseEstimator

from sklearn_mgc import classifiers, features, recipes
from sklearn_mgc.recipes.published import mfcc_sequence


def _types() -> list[str]:
    """Names of all public estimators, and of the function that a recipe applies."""
    found = {mfcc_sequence}
    for package in (classifiers, features, recipes):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for thing in vars(importlib.import_module(module.name)).values():
                if isinstance(thing, type) and issubclass(thing, BaseEstimator):
                    found.add(thing)
    return sorted(
        f"{thing.__module__}.{thing.__qualname__}"
        for thing in found
        if thing.__module__.startswith("sklearn_mgc.") and not thing.__qualname__.startswith("_")
    )


TRUSTED_TYPES = _types()
"""For ``skops.io.load(path, trusted=TRUSTED_TYPES)``, which runs no code of the file.

All estimators of this package: their state is plain parameters and numpy arrays.
"""
