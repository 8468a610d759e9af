"""Predictions that were stored, as scikit-learn's scorers and other folds need them."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin


class Predicted(ClassifierMixin, BaseEstimator):
    """Predictions in the shape of a classifier, for scikit-learn's scorers."""

    def __init__(self, classes, predicted, responses):
        self.classes_ = classes
        self._predicted = predicted
        self._responses = responses

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, X):
        """Give the stored genres."""
        return self._predicted

    def predict_proba(self, X):
        """Give the stored probabilities."""
        if self._responses is None:
            raise AttributeError("the classifier gives neither probabilities nor decisions")
        return self._responses

    def decision_function(self, X):
        """Give the stored decisions; of two genres, one column."""
        two = len(self.classes_) == 2
        responses = self.predict_proba(X)
        return responses[:, 1] - responses[:, 0] if two else responses


def full_columns(response: np.ndarray, known: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Give each genre a column; one that a fold had none of gets the least of all, at most 0."""
    if response.ndim == 1:  # decisions between two genres
        response = np.column_stack([-response, response]) / 2
    if response.shape[1] != len(known):
        raise ValueError(
            f"the classifier gives {response.shape[1]} columns for {len(known)} genres; with an "
            "SVC use decision_function_shape='ovr'"
        )
    full = np.full((len(response), len(classes)), min(0.0, float(response.min(initial=0.0))))
    full[:, np.searchsorted(classes, known)] = response
    return full
