"""The other steps of a pipeline, fitted once per fold."""

from __future__ import annotations

import time

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import process_routing

from sklearn_mgc._sklearn_compat import _check_method_params, _routing_enabled, _safe_split


class Fold:
    """Training and test rows of a fold as the network sees them.

    Parameters
    ----------
    estimator : DNNClassifier or Pipeline
        What is searched, with parameters that do not differ between candidates.
    X, y : array-like
        All rows.
    train : ndarray of int or None
        Rows to train on; None for all, as in the refit.
    test : ndarray of int or None
        Rows to score on.
    fit_params, score_params : dict
        Of ``fit`` and of the scorer, not yet cut to the fold.
    """

    def __init__(self, estimator, X, y, train, test, fit_params: dict, score_params: dict):
        started = time.perf_counter()
        self.estimator = estimator
        self.prefix, self.network = _split(estimator)
        X_train, self.y_train = (X, y) if train is None else _safe_split(estimator, X, y, train)
        fit_params = _check_method_params(X, params=fit_params, indices=train)
        own, self.network_params = self._share_out(fit_params)
        if self.prefix is not None:
            X_train = self.prefix.fit_transform(X_train, self.y_train, **own)
        self.X_train = _single(X_train)
        self.fit_time = time.perf_counter() - started
        if test is None:
            return
        started = time.perf_counter()
        X_test, self.y_test = _safe_split(estimator, X, y, test, train)
        self.X_test = _single(X_test if self.prefix is None else self.prefix.transform(X_test))
        self.train_params = _check_method_params(X, params=score_params, indices=train)
        self.test_params = _check_method_params(X, params=score_params, indices=test)
        self.score_time = time.perf_counter() - started

    def candidate(self, params: dict):
        """Give the unfitted network with these parameters."""
        steps = clone(self.estimator).set_params(**clone(params, safe=False))
        return _split(steps)[1]

    def whole(self, network):
        """Give the fitted estimator: the steps of this fold, then this network."""
        if self.prefix is None:
            return network
        pipeline = clone(self.estimator)
        pipeline.steps = [*self.prefix.steps, (pipeline.steps[-1][0], network)]
        return pipeline

    def _share_out(self, fit_params: dict) -> tuple[dict, dict]:
        """Fit parameters of the other steps and of the network."""
        if self.prefix is None:
            return {}, fit_params
        last = self.estimator.steps[-1][0]
        if _routing_enabled():
            return {}, dict(process_routing(self.estimator, "fit", **fit_params)[last].fit)
        mine = f"{last}__"
        return (
            {name: value for name, value in fit_params.items() if not name.startswith(mine)},
            {n.removeprefix(mine): v for n, v in fit_params.items() if n.startswith(mine)},
        )


def _split(estimator):
    if not isinstance(estimator, Pipeline):
        return None, estimator
    if len(estimator.steps) == 1:
        return None, estimator.steps[-1][1]
    return clone(estimator[:-1]), estimator.steps[-1][1]


def _single(X):
    """Cast once what every network would cast."""
    if isinstance(X, np.ndarray) and X.dtype == np.float64:
        with np.errstate(over="ignore"):
            return X.astype(np.float32)
    return X
