"""Search for hyper-parameters with Optuna: spaces, objectives and studies.

Grids and random draws need nothing of this: scikit-learn's own searches take every estimator.
"""

from __future__ import annotations

from sklearn_mgc.search.objectives import objective
from sklearn_mgc.search.spaces import space
from sklearn_mgc.search.studies import open_study

__all__ = ["objective", "open_study", "space"]
