"""The search itself: candidates and folds become networks, networks become scores."""

from __future__ import annotations

import time
import traceback
from itertools import product
from numbers import Integral, Real

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import check_cv
from sklearn.utils import indexable

from sklearn_mgc._sklearn_compat import (
    BaseSearchCV,
    Interval,
    StrOptions,
    _check_method_params,
    _fit_context,
    _insert_error_scores,
    _score,
    _warn_or_raise_about_fit_failures,
)
from sklearn_mgc.search import _checks, _cpu, _nets, _stacked
from sklearn_mgc.search._folds import Fold
from sklearn_mgc.search._halving import keep_best, shares
from sklearn_mgc.search._progress import Progress

_HELD_BYTES = 2 * 2**30
"""Memory of the networks that are held at once."""


class BaseStackedSearch(BaseSearchCV):
    """scikit-learn's search, but for how the candidates are trained."""

    _parameter_constraints: dict = {
        **BaseSearchCV._parameter_constraints,
        "halving": [Interval(Real, 1, None, closed="neither"), None],
        "engine": [StrOptions({"auto", "compiled", "stacked"})],
    }

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, **params):
        """Train all candidates on all folds.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or sequence
            What the estimator reads.
        y : array-like of shape (n_samples,)
            Genres.
        **params : dict
            ``groups`` for the splitter; others for the estimator's ``fit``, such as
            ``sample_weight``, or ``dnnclassifier__groups`` in a pipeline.

        Returns
        -------
        self
            The fitted search.

        Raises
        ------
        TypeError
            If the estimator is no dense network.
        ValueError
            If a parameter is unknown or cannot be stacked, or there are no candidates.
        """
        _checks.check_estimator(self.estimator, type(self).__name__)
        scorers, refit_metric = self._get_scorers()
        X, y = indexable(X, y)
        routed = self._get_routed_params_for_fit(_check_method_params(X, params=params))
        candidates: list[dict] = []
        self._run_search(candidates.extend)
        _checks.check_candidates(self.estimator, candidates, type(self).__name__)
        cv = check_cv(self.cv, y, classifier=True)
        splits = list(cv.split(X, y, **routed.splitter.split))
        self.n_splits_ = len(splits)
        given = routed.estimator.fit, routed.scorer.score
        base = clone(self.estimator)
        folds = [Fold(base, X, y, train, test, *given) for train, test in splits]

        out, epochs = self._evaluate(candidates, folds, scorers)
        _warn_or_raise_about_fit_failures(out, self.error_score)
        if callable(self.scoring):
            _insert_error_scores(out, self.error_score)
        more = None if self.halving is None else {"n_epochs": epochs}
        results = self._format_results(candidates, len(folds), out, more)
        self.multimetric_ = isinstance(out[0]["test_scores"], dict)
        if callable(self.scoring) and self.multimetric_:
            self._check_refit_for_multimetric(out[0]["test_scores"])
            refit_metric = self.refit
        if self.halving is not None:
            _rank_survivors_first(results)
        if self.refit or not self.multimetric_:
            self.best_index_ = self._select_best_index(self.refit, refit_metric, results)
            if not callable(self.refit):
                self.best_score_ = results[f"mean_test_{refit_metric}"][self.best_index_]
            self.best_params_ = results["params"][self.best_index_]
        if self.refit:
            self._refit(base, X, y, given)
        self.scorer_ = getattr(scorers, "_scorers", scorers)
        self.cv_results_ = results
        return self

    def _evaluate(self, candidates, folds, scorers):
        """Results of each candidate on each fold, and the epochs of each candidate."""
        out: dict[tuple[int, int], dict] = {}
        epochs = np.zeros(len(candidates), int)
        alive = list(range(len(candidates)))
        nets: dict[tuple[int, int], _nets.Net] = {}
        rungs = shares(len(candidates), self.halving)
        whole = [folds[0].candidate(params).max_epochs for params in candidates]
        # Lengths that are no numbers fail where the candidate starts.
        whole = [n if isinstance(n, Integral) else 0 for n in whole]
        with Progress(self.verbose, candidates, len(folds), rungs, whole) as progress:
            for share in rungs:
                for i in list(alive):
                    epochs[i] = max(1, round(share * whole[i]))
                keys = product(alive, range(len(folds)))
                for chunk in self._chunks(keys, candidates, folds, nets):
                    started = [key for key in chunk if isinstance(chunk[key], _nets.Net)]
                    targets = [int(epochs[i]) for i, _ in started]
                    self._train([chunk[key] for key in started], targets, progress.tick)
                    for key, net in chunk.items():
                        out[key] = self._result(net, folds[key[1]], scorers)
                        if share < 1:
                            nets[key] = net
                    progress.scored(out, candidates, len(folds))
                if share < 1:
                    alive = keep_best(alive, out, len(folds), self.halving, self.refit)
                    nets = {key: net for key, net in nets.items() if key[0] in set(alive)}
        return [out[key] for key in product(range(len(candidates)), range(len(folds)))], epochs

    def _chunks(self, keys, candidates, folds, nets):
        """Networks, or errors in their place, as many at a time as memory holds."""
        chunk: dict[tuple[int, int], _nets.Net | Exception] = {}
        held = 0
        for i, k in keys:
            net = nets.get((i, k)) or self._start(folds[k], candidates[i])
            chunk[i, k] = net
            held += net.nbytes if isinstance(net, _nets.Net) else 0
            if held > _HELD_BYTES:
                yield chunk
                chunk, held = {}, 0
        if chunk:
            yield chunk

    def _start(self, fold: Fold, params: dict):
        began = time.perf_counter()
        try:
            net = _nets.start(
                fold.candidate(params), fold.X_train, fold.y_train, **fold.network_params
            )
        except Exception as error:
            if self.error_score == "raise":
                raise
            return error
        net.seconds = fold.fit_time + time.perf_counter() - began
        return net

    def _train(self, nets, targets, tick) -> None:
        gpu = _checks.gpu_of(self.estimator)
        if self.engine == "compiled" or (self.engine == "auto" and gpu is None):
            _cpu.train(nets, targets, tick, self.n_jobs)
        else:
            _stacked.train(nets, targets, tick, gpu or "cpu")

    def _result(self, net, fold: Fold, scorers) -> dict:
        """What scikit-learn records of a fit."""
        error = net if isinstance(net, Exception) else net.error
        if error is not None:
            if self.error_score == "raise":
                raise error
            scores = self.error_score
            if hasattr(scorers, "_scorers"):
                scores = dict.fromkeys(scorers._scorers, self.error_score)
            trained = {"train_scores": scores} if self.return_train_score else {}
            return {
                "test_scores": scores,
                **trained,
                "fit_error": "".join(traceback.format_exception(error)),
                "fit_time": getattr(net, "seconds", fold.fit_time),
                "score_time": 0.0,
                "n_test_samples": len(fold.y_test),
            }
        estimator = net.finish()
        began = time.perf_counter()
        test = _score(
            estimator, fold.X_test, fold.y_test, scorers, fold.test_params, self.error_score
        )
        result = {
            "test_scores": test,
            "fit_error": None,
            "fit_time": net.seconds,
            "score_time": time.perf_counter() - began + fold.score_time,
            "n_test_samples": len(fold.y_test),
        }
        if self.return_train_score:
            result["train_scores"] = _score(
                estimator, fold.X_train, fold.y_train, scorers, fold.train_params, self.error_score
            )
        return result

    def _refit(self, base, X, y, given) -> None:
        began = time.perf_counter()
        fold = Fold(base, X, y, None, None, *given)
        net = _nets.start(
            fold.candidate(self.best_params_), fold.X_train, fold.y_train, **fold.network_params
        )
        self._train([net], [net.estimator.max_epochs], lambda n: None)
        if net.error is not None:
            raise net.error
        self.best_estimator_ = fold.whole(net.finish())
        self.refit_time_ = time.perf_counter() - began
        if hasattr(self.best_estimator_, "feature_names_in_"):
            self.feature_names_in_ = self.best_estimator_.feature_names_in_


def _rank_survivors_first(results: dict) -> None:
    """Candidates that were trained longer rank before those that were given up."""
    stage = -results["n_epochs"]
    for name in [name for name in results if name.startswith("rank_test_")]:
        pairs = np.stack([stage, results[name]], axis=1)
        unique, inverse, counts = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
        first = np.cumsum(counts) - counts + 1
        results[name] = first[inverse.ravel()].astype(np.int32)
