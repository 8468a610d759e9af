"""Search for hyper-parameters: dense networks all at once, anything else by Optuna's studies."""

from __future__ import annotations

from sklearn_mgc.search._objective import objective
from sklearn_mgc.search._search import StackedGridSearchCV, StackedRandomizedSearchCV
from sklearn_mgc.search._space import space
from sklearn_mgc.search._study import open_study

__all__ = [
    "StackedGridSearchCV",
    "StackedRandomizedSearchCV",
    "objective",
    "open_study",
    "space",
]
