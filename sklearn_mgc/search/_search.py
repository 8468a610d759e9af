"""Grid and random search over a dense network, all candidates trained together."""

from __future__ import annotations

from numbers import Integral

import numpy as np
from sklearn.model_selection import ParameterGrid, ParameterSampler

from sklearn_mgc._sklearn_compat import Interval
from sklearn_mgc.search._base import BaseStackedSearch


class StackedGridSearchCV(BaseStackedSearch):
    """GridSearchCV over a dense network, an order of magnitude faster.

    A step of a small network is a third of a millisecond of arithmetic under a millisecond
    of calls. Here the networks of all candidates and folds are trained as plain arrays: on
    the CPU by one compiled loop, on a GPU as stacks of equal layers in one batched product.
    Each has its own rows, learning rate, dropout, weight decay, label smoothing and seed.

    A candidate is trained as the estimator trains itself, from the same weights and, on the
    CPU, with the same order of rows and the same dropped units. What remains is rounding,
    which grows as training goes on: scores are the same after few epochs and agree in
    distribution after many.

    Parameters
    ----------
    estimator : DNNClassifier or Pipeline
        The network, or a pipeline that ends in it. The other steps of the pipeline are not
        searched; they are fitted once per fold. ``callbacks``, ``compile``, ``warm_start``,
        half precision and skorch's ``module__...`` and ``criterion__...`` are refused.
    param_grid : dict or list of dict
        Values to try by name of the parameter; any of the network's, ``hidden_sizes``
        included.
    scoring : str, callable, list, tuple or dict, default=None
        As in ``GridSearchCV``; accuracy by default.
    n_jobs : int, default=None
        Threads on the CPU; not used on a GPU.
    refit : bool, str or callable, default=True
        As in ``GridSearchCV``.
    cv : int, cross-validation generator or iterable, default=None
        As in ``GridSearchCV``.
    verbose : int, default=0
        1 shows a bar over all epochs, 2 a line per candidate as well.
    error_score : "raise" or numeric, default=np.nan
        Score of a candidate that cannot be fitted or whose loss became NaN or infinite;
        the others go on.
    return_train_score : bool, default=False
        Score on the training rows, too.
    halving : float, default=None
        Successive halving: only one candidate in ``halving`` goes on to the next round, the
        best by mean test score over the folds (of the metric named by ``refit``). With 27
        candidates and ``halving=3`` all are trained for a ninth of ``max_epochs``, 9 go on to
        a third and 3 to the end, in a quarter of the time. Candidates go on from the weights
        they have. The selection sees the same test folds as the final scores; those who were
        given up keep the score and rank they had, behind all that went on.
    engine : {"auto", "compiled", "stacked"}, default="auto"
        "compiled" trains one network after the other on the CPU, "stacked" equal networks at
        once with batched products; "auto" takes the first on the CPU and the second on a GPU.
        The device is the estimator's.

    Attributes
    ----------
    cv_results_ : dict of ndarray
        The columns of ``GridSearchCV``; with ``halving`` also ``n_epochs``. ``fit_time`` is
        the time of the network itself, and a stack's time is divided among its networks.
    best_estimator_ : DNNClassifier or Pipeline
        Fitted on all rows with the best parameters.
    best_score_ : float
        Mean test score of the best candidate.
    best_params_ : dict
        Its parameters.
    best_index_ : int
        Its row in ``cv_results_``.
    scorer_ : callable or dict
        The scorers.
    n_splits_ : int
        Number of folds.
    refit_time_ : float
        Seconds for ``best_estimator_``.
    multimetric_ : bool
        Whether there are several metrics.
    classes_ : ndarray of shape (n_classes,)
        Genres.
    n_features_in_ : int
        Columns seen by ``best_estimator_``.

    See Also
    --------
    StackedRandomizedSearchCV : Candidates drawn at random.
    sklearn.model_selection.GridSearchCV : For every other estimator.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_mgc import DNNClassifier, StackedGridSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), DNNClassifier(max_epochs=15, random_state=0))
    >>> grid = {"dnnclassifier__lr": [1e-5, 1e-2], "dnnclassifier__dropout": [0.1, 0.3]}
    >>> search = StackedGridSearchCV(model, grid, cv=3).fit(X, y)
    >>> search.best_params_["dnnclassifier__lr"]
    0.01
    >>> search.predict(X[:2])
    array([0, 0])
    """

    def __init__(
        self,
        estimator,
        param_grid,
        *,
        scoring=None,
        n_jobs=None,
        refit=True,
        cv=None,
        verbose=0,
        error_score=np.nan,
        return_train_score=False,
        halving=None,
        engine="auto",
    ):
        self.estimator = estimator
        self.param_grid = param_grid
        self.scoring = scoring
        self.n_jobs = n_jobs
        self.refit = refit
        self.cv = cv
        self.verbose = verbose
        self.error_score = error_score
        self.return_train_score = return_train_score
        self.halving = halving
        self.engine = engine

    _parameter_constraints: dict = {
        **BaseStackedSearch._parameter_constraints,
        "param_grid": [dict, list],
    }

    def _run_search(self, evaluate_candidates):
        evaluate_candidates(ParameterGrid(self.param_grid))


class StackedRandomizedSearchCV(BaseStackedSearch):
    """RandomizedSearchCV over a dense network, an order of magnitude faster.

    See :class:`StackedGridSearchCV` for how candidates are trained.

    Parameters
    ----------
    estimator : DNNClassifier or Pipeline
        The network, or a pipeline that ends in it.
    param_distributions : dict or list of dict
        Lists of values or scipy distributions by name of the parameter.
    n_iter : int, default=10
        Number of candidates.
    scoring : str, callable, list, tuple or dict, default=None
        As in ``RandomizedSearchCV``; accuracy by default.
    n_jobs : int, default=None
        Threads on the CPU; not used on a GPU.
    refit : bool, str or callable, default=True
        As in ``RandomizedSearchCV``.
    cv : int, cross-validation generator or iterable, default=None
        As in ``RandomizedSearchCV``.
    verbose : int, default=0
        1 shows a bar over all epochs, 2 a line per candidate as well.
    random_state : int, RandomState instance or None, default=None
        Seed of the candidates; that of the networks is the estimator's.
    error_score : "raise" or numeric, default=np.nan
        Score of a candidate that cannot be fitted or whose loss became NaN or infinite.
    return_train_score : bool, default=False
        Score on the training rows, too.
    halving : float, default=None
        Successive halving, see :class:`StackedGridSearchCV`.
    engine : {"auto", "compiled", "stacked"}, default="auto"
        See :class:`StackedGridSearchCV`.

    Attributes
    ----------
    cv_results_ : dict of ndarray
        The columns of ``RandomizedSearchCV``; with ``halving`` also ``n_epochs``.
    best_estimator_ : DNNClassifier or Pipeline
        Fitted on all rows with the best parameters.
    best_score_ : float
        Mean test score of the best candidate.
    best_params_ : dict
        Its parameters.
    best_index_ : int
        Its row in ``cv_results_``.
    scorer_ : callable or dict
        The scorers.
    n_splits_ : int
        Number of folds.
    refit_time_ : float
        Seconds for ``best_estimator_``.
    multimetric_ : bool
        Whether there are several metrics.
    classes_ : ndarray of shape (n_classes,)
        Genres.
    n_features_in_ : int
        Columns seen by ``best_estimator_``.

    See Also
    --------
    StackedGridSearchCV : All candidates of a grid.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_mgc import DNNClassifier, StackedRandomizedSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> search = StackedRandomizedSearchCV(
    ...     DNNClassifier((16, 8), max_epochs=5, random_state=0),
    ...     {"lr": loguniform(1e-4, 1e-1), "dropout": [0.1, 0.3]},
    ...     n_iter=4, cv=3, random_state=0,
    ... ).fit(X, y)
    >>> len(search.cv_results_["params"])
    4
    """

    def __init__(
        self,
        estimator,
        param_distributions,
        *,
        n_iter=10,
        scoring=None,
        n_jobs=None,
        refit=True,
        cv=None,
        verbose=0,
        random_state=None,
        error_score=np.nan,
        return_train_score=False,
        halving=None,
        engine="auto",
    ):
        self.estimator = estimator
        self.param_distributions = param_distributions
        self.n_iter = n_iter
        self.scoring = scoring
        self.n_jobs = n_jobs
        self.refit = refit
        self.cv = cv
        self.verbose = verbose
        self.random_state = random_state
        self.error_score = error_score
        self.return_train_score = return_train_score
        self.halving = halving
        self.engine = engine

    _parameter_constraints: dict = {
        **BaseStackedSearch._parameter_constraints,
        "param_distributions": [dict, list],
        "n_iter": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def _run_search(self, evaluate_candidates):
        evaluate_candidates(
            ParameterSampler(self.param_distributions, self.n_iter, random_state=self.random_state)
        )
