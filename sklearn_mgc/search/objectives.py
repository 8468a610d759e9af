"""The score of a candidate by folds that keep artists apart, for Optuna's studies."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.validation import column_or_1d

from sklearn_mgc._routing import fit_with
from sklearn_mgc._sklearn_compat import _safe_indexing
from sklearn_mgc.evaluation.folds import draw_folds, refuse_leaks
from sklearn_mgc.search.spaces import space as ready_space
from sklearn_mgc.search.studies import refuse_minimizing, retry_the_dead, signs_of_life

if TYPE_CHECKING:
    from optuna import Trial


def objective(
    estimator,
    X,
    y,
    *,
    cv=None,
    groups=None,
    space: Mapping[str, Any] | None = None,
    scoring="accuracy",
    pruning: str | None = "fold",
    allow_leakage: bool = False,
    random_state: int = 0,
):
    """Make an objective for the ``optimize`` of a study that maximizes.

    Parameters
    ----------
    estimator : estimator
        A classifier or a pipeline. One that begins with features may be given paths: with
        ``cache=`` they are computed once for the whole study.
    X : array-like or list of str
        Paths, descriptors or spectrograms.
    y : array-like of shape (n_clips,)
        Genres.
    cv : int, splitter or iterable of (train, test), default=None
        As in :func:`sklearn_mgc.evaluation.cross_validate`: 5 folds, by artist where there
        are groups. All trials use the same folds.
    groups : array-like of shape (n_clips,), default=None
        Artists.
    space : dict, default=None
        Optuna distributions by name of the parameter; ``search.space(estimator)`` by default.
    scoring : str or callable, default="accuracy"
        A scorer, to be maximized.
    pruning : {"fold", "epoch"} or None, default="fold"
        When the study's pruner is asked whether to give up a trial. "fold": after each fold, with
        the mean score so far (for a ``WilcoxonPruner``, the score of the fold). "epoch": after each
        epoch, with the mean over the folds, which are trained side by side with ``partial_fit`` for
        ``max_epochs``.
    allow_leakage : bool, default=False
        Accept folds with an artist on both sides.
    random_state : int, default=0
        Seed of the folds.

    Returns
    -------
    callable
        Takes a trial and returns the mean score over folds. Its attribute ``space`` is the space;
        its method ``estimator(params)`` returns the unfitted estimator with the parameters of
        ``study.best_params`` or of a trial, in which values that a storage cannot keep, such as
        tuples, are strings.

    Raises
    ------
    ValueError
        If the space has a parameter that the estimator does not have, or a fold leaks; when
        it is called, if the study minimizes.
    TypeError
        If pruning is "epoch" and the classifier has no ``partial_fit``.

    See Also
    --------
    space : Ready spaces.
    open_study : A study in a file, shared and resumed.

    Examples
    --------
    >>> import numpy as np, optuna
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mgc import search
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> artists = np.arange(60) // 3
    >>> y = np.array(["jazz", "rock"])[artists % 2]
    >>> X = np.random.default_rng(0).normal(size=(60, 3)) + (y == "jazz")[:, None]
    >>> study = optuna.create_study(direction="maximize")
    >>> study.optimize(search.objective(LogisticRegression(), X, y, groups=artists), n_trials=3)
    >>> sorted(study.best_params)
    ['C']

    To fit what was found:

    >>> function = search.objective(LogisticRegression(), X, y, groups=artists)
    >>> function.estimator({"C": 0.5}).fit(X, y)
    LogisticRegression(C=0.5)
    """
    return _Objective(
        estimator, X, y, cv, groups, space, scoring, pruning, allow_leakage, random_state
    )


class _Objective:
    """A class, so that it can be sent to other processes."""

    def __init__(
        self, estimator, X, y, cv, groups, space, scoring, pruning, allow_leakage, random_state
    ):
        if pruning not in ("fold", "epoch", None):
            raise ValueError(f"pruning must be 'fold', 'epoch' or None, got {pruning!r}")
        if pruning == "epoch" and not hasattr(_last(estimator), "partial_fit"):
            raise TypeError(
                f"pruning='epoch' needs partial_fit, which {type(_last(estimator)).__name__} does "
                "not have; use pruning='fold'"
            )
        self.space = dict(ready_space(estimator) if space is None else space)
        _check_names(estimator, self.space)
        y = column_or_1d(np.asarray(y), warn=True)
        groups = None if groups is None else column_or_1d(np.asarray(groups), warn=True)
        self._folds = [
            (np.asarray(train), np.asarray(test))
            for train, test in draw_folds(cv, y, groups, seed=random_state)
        ]
        if groups is not None and not allow_leakage:
            refuse_leaks(self._folds, groups)
        self._estimator, self._X, self._y, self._groups = estimator, X, y, groups
        self._scorer = check_scoring(estimator, scoring)
        self._pruning = pruning

    def __call__(self, trial: Trial) -> float:
        study = getattr(trial, "study", None)  # a FixedTrial has none
        if study is not None:
            refuse_minimizing(study)
            retry_the_dead(study)
        with signs_of_life(trial):
            return self._score(trial)

    def _score(self, trial) -> float:
        params = {name: _suggest(trial, name, values) for name, values in self.space.items()}
        model = clone(self._estimator).set_params(**params)
        scores = self._by_epoch(model, trial) if self._pruning == "epoch" else None
        if scores is None:
            scores = self._by_fold(model, trial)
        trial.set_user_attr("scores", [float(score) for score in scores])
        return float(np.mean(scores))

    def estimator(self, params: Mapping[str, Any]):
        """Give the unfitted estimator with the parameters of a trial."""
        values = {
            name: _by_text(self.space[name]).get(value, value)
            if isinstance(value, str) and name in self.space
            else value
            for name, value in params.items()
        }
        return clone(self._estimator).set_params(**values)

    def _by_fold(self, model, trial) -> list[float]:
        import optuna

        pruner = getattr(getattr(trial, "study", None), "pruner", None)
        scores: list[float] = []
        for fold, (train, test) in enumerate(self._folds):
            fitted = self._fit(clone(model), train)
            scores.append(self._scorer(fitted, _safe_indexing(self._X, test), self._y[test]))
            if self._pruning == "fold":
                each = isinstance(pruner, optuna.pruners.WilcoxonPruner)
                trial.report(scores[-1] if each else float(np.mean(scores)), fold)
                if trial.should_prune():
                    trial.set_user_attr("scores", [float(score) for score in scores])
                    raise optuna.TrialPruned(f"after fold {fold}")
        return scores

    def _by_epoch(self, model, trial) -> list[float]:
        import optuna

        sides = []
        for train, test in self._folds:
            before, network = _parts(clone(model))
            X_train, X_test = (_safe_indexing(self._X, rows) for rows in (train, test))
            if before is not None:
                X_train = before.fit_transform(X_train, self._y[train])
                X_test = before.transform(X_test)
            sides.append((network, X_train, self._y[train], X_test, self._y[test]))
        classes = np.unique(self._y)
        scores: list[float] = []
        for epoch in range(sides[0][0].max_epochs):
            for network, X_train, y_train, *_ in sides:
                network.partial_fit(X_train, y_train, classes=classes)
            scores = [self._scorer(net, X_test, y_test) for net, _, _, X_test, y_test in sides]
            trial.report(float(np.mean(scores)), epoch)
            if trial.should_prune():
                raise optuna.TrialPruned(f"after epoch {epoch + 1}")
        return scores

    def _fit(self, model, train):
        groups = None if self._groups is None else self._groups[train]
        return fit_with(model, _safe_indexing(self._X, train), self._y[train], groups=groups)


def _last(estimator):
    return estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator


def _parts(estimator):
    if not isinstance(estimator, Pipeline) or len(estimator.steps) == 1:
        return None, _last(estimator)
    return make_pipeline(*(step for _, step in estimator.steps[:-1])), _last(estimator)


def _check_names(estimator, space) -> None:
    if not space:
        raise ValueError("the space is empty: there is nothing to search")
    known = estimator.get_params(deep=True)
    for name in space:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "see estimator.get_params()"
            raise ValueError(f"the estimator has no parameter {name!r}; {hint}")


def _suggest(trial, name: str, values):
    """Value of a parameter; choices that are not plain values are stored by their text."""
    from optuna.distributions import FloatDistribution, IntDistribution

    if isinstance(values, FloatDistribution):
        return trial.suggest_float(name, values.low, values.high, step=values.step, log=values.log)
    if isinstance(values, IntDistribution):
        return trial.suggest_int(name, values.low, values.high, step=values.step, log=values.log)
    by_text = _by_text(values)
    if by_text:
        return by_text[trial.suggest_categorical(name, list(by_text))]
    return trial.suggest_categorical(name, list(values.choices))


def _by_text(values) -> dict[str, Any]:
    """Choices by their text, if one of them is not a plain value."""
    choices = getattr(values, "choices", ())
    if all(c is None or isinstance(c, (bool, int, float, str)) for c in choices):
        return {}
    return {repr(choice): choice for choice in choices}
