"""Search for hyper-parameters with Optuna: spaces, objectives and studies.

For grids and random searches use scikit-learn's own, which take every estimator.
"""

from __future__ import annotations

from sklearn_mgc.search.objectives import objective
from sklearn_mgc.search.spaces import space
from sklearn_mgc.search.studies import open_study

__all__ = ["objective", "open_study", "space"]
