"""Search for hyper-parameters of dense networks, all candidates trained together."""

from __future__ import annotations

from sklearn_mgc.search._search import StackedGridSearchCV, StackedRandomizedSearchCV

__all__ = ["StackedGridSearchCV", "StackedRandomizedSearchCV"]
