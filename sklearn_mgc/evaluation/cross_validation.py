"""Cross-validation that keeps artists apart and says how sure its scores are."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import check_scoring, get_scorer
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import column_or_1d
from tqdm import tqdm

from sklearn_mgc._routing import fit_with
from sklearn_mgc._sklearn_compat import _safe_indexing
from sklearn_mgc.evaluation.folds import draw_folds, refuse_leaks
from sklearn_mgc.evaluation.results import EvaluationResult
from sklearn_mgc.evaluation.stored_predictions import Predicted
from sklearn_mgc.features.workers import run


def cross_validate(
    estimator,
    X,
    y,
    *,
    groups=None,
    cv=None,
    scoring="accuracy",
    n_repeats: int = 1,
    allow_leakage: bool = False,
    params: Mapping[str, Any] | None = None,
    confidence_level: float = 0.95,
    random_state: int = 0,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> EvaluationResult:
    """Evaluate a genre classifier by cross-validation, artists kept apart.

    Parameters
    ----------
    estimator : estimator
        A classifier, or a pipeline that ends with one. It is cloned for each fold.
    X : array-like or list of str
        Paths, descriptors or spectrograms, one per clip.
    y : array-like of shape (n_clips,)
        Genres.
    groups : array-like of shape (n_clips,), default=None
        Artists. With them, folds are drawn by artist, and intervals count artists. They are passed
        on to a ``fit`` that takes ``groups``, as those of the networks (for early stopping) and of
        searches do.
    cv : int, splitter or iterable of (train, test), default=None
        Number of folds (None is 5), a scikit-learn splitter, or pairs of indices such as the
        ``cv`` of a loaded data set. A number is ``StratifiedGroupKFold`` where there are
        groups and ``StratifiedKFold`` where there are none, shuffled.
    scoring : str, callable, list or dict, default="accuracy"
        scikit-learn's scorers, by name or as functions. They score stored predictions and
        probabilities, and are given no X.
    n_repeats : int, default=1
        How often to draw new folds and seed networks anew. An integer ``random_state`` of the
        estimator or of a splitter increases by one with each repeat.
    allow_leakage : bool, default=False
        Accept folds with clips of one artist on both sides, to measure how much too high the score
        is.
    params : dict, default=None
        Passed to ``fit`` of the classifier, such as ``{"sample_weight": weights}``, with metadata
        routing on or off; of arrays as long as y, the rows of the training clips.
    confidence_level : float, default=0.95
        Coverage of the intervals.
    random_state : int, default=0
        Seed of the folds, and of every ``random_state`` of the estimator that is None.
    n_jobs : int, default=None
        Folds that are trained at a time, through joblib.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    EvaluationResult
        Scores with intervals, predictions of every test clip, a table and plots.

    Raises
    ------
    ValueError
        If a fold has an artist on both sides, the artist of a clip is missing, or the lengths
        of X, y and groups differ.

    See Also
    --------
    leakage_report : Which artists leak.
    compare : Whether one result is better than another.

    Notes
    -----
    A score is computed from all test predictions of a repeat together, and averaged over repeats.
    The interval of accuracies and recalls is Wilson's, for the effective number of clips that
    follows from the variance between artists; that of other scores, such as macro-F1, takes the
    variance and the bias from a jackknife over artists [1]_. It tells how the score would vary with
    other artists, for models trained on data such as these.

    References
    ----------
    .. [1] Rupert G. Miller, "The jackknife: a review", Biometrika 61, 1974.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mgc.evaluation import cross_validate
    >>> rng = np.random.default_rng(0)
    >>> artists = np.arange(120) // 4
    >>> y = np.array(["jazz", "rock"])[artists % 2]
    >>> X = rng.normal(size=(120, 3)) + (y == "jazz")[:, None]
    >>> result = cross_validate(LogisticRegression(), X, y, groups=artists)
    >>> print(result)  # doctest: +ELLIPSIS
    accuracy  0.8... (95 % CI 0.7... to 0.8...)
    5 folds by group: 120 clips of 2 genres by 30 artists
    ...
    """
    y = column_or_1d(np.asarray(y), warn=True)
    groups = None if groups is None else column_or_1d(np.asarray(groups), warn=True)
    for name, values in (("X", X), ("groups", groups)):
        n = None if values is None else len(values) if hasattr(values, "__len__") else None
        if n is not None and n != len(y):
            raise ValueError(f"{name} has {n} entries, but y has {len(y)}")
    if n_repeats < 1:
        raise ValueError(f"n_repeats must be at least 1, got {n_repeats}")
    if groups is not None:
        _check_known(groups)
    scorers = _scorers(scoring)
    _try(scorers, y)
    if not (cv is None or isinstance(cv, Integral) or hasattr(cv, "split")):
        cv = list(cv)  # a generator would be empty from the second repeat on
    drawn = [
        (repeat, fold, np.asarray(train), np.asarray(test))
        for repeat in range(n_repeats)
        for fold, (train, test) in enumerate(
            draw_folds(cv, y, groups, seed=random_state, repeat=repeat)
        )
    ]
    if not drawn:
        raise ValueError("cv gives no folds")
    if not allow_leakage and groups is not None:
        refuse_leaks([(train, test) for *_, train, test in drawn], groups)
    tasks = (
        (_seeded(estimator, repeat, random_state), X, y, groups, train, test, params or {})
        for repeat, _, train, test in drawn
    )
    results = run(_fit_and_predict, tasks, n_jobs=n_jobs)
    name = type(estimator[-1] if isinstance(estimator, Pipeline) else estimator).__name__
    folds = list(tqdm(results, name, len(drawn), unit="fold", disable=not verbose))
    return EvaluationResult.from_folds(
        drawn, folds, y=y, groups=groups, scorers=scorers, confidence_level=confidence_level
    )


def _check_known(groups) -> None:
    """Raise where an artist is missing: such clips are not all by one artist."""
    unknown = [
        i
        for i, group in enumerate(groups.tolist())
        if group is None or type(group).__name__ == "NAType" or group != group
    ]
    if unknown:
        raise ValueError(
            f"groups has no artist for {len(unknown)} of {len(groups)} clips, such as clip "
            f"{unknown[0]}; leave such clips out, or give each a name of its own if no other "
            "clip is by its artist"
        )


def _scorers(scoring) -> dict[str, Callable]:
    if isinstance(scoring, str):
        return {scoring: get_scorer(scoring)}
    if callable(scoring):
        return {getattr(scoring, "__name__", "score"): check_scoring(None, scoring)}
    if isinstance(scoring, Mapping):
        return {name: get_scorer(s) if isinstance(s, str) else s for name, s in scoring.items()}
    return {name: get_scorer(name) for name in scoring}


def _try(scorers: Mapping[str, Callable], y: np.ndarray) -> None:
    """Let a scorer that cannot score these genres say so before hours of training."""
    classes, codes = np.unique(y, return_inverse=True)
    perfect = Predicted(classes, y, np.eye(len(classes))[codes])
    for scorer in scorers.values():
        scorer(perfect, None, y)


def _seeded(estimator, repeat: int, random_state: int):
    """A clone whose seeds count up with the repeat."""
    estimator = clone(estimator)
    seeds = {}
    for name, value in estimator.get_params(deep=True).items():
        if name.split("__")[-1] != "random_state":
            continue
        if value is None:
            seeds[name] = random_state + repeat
        elif isinstance(value, Integral):
            seeds[name] = int(value) + repeat
    return estimator.set_params(**seeds)


def _fit_and_predict(model, X, y, groups, train, test, params) -> dict[str, Any]:
    fitting = {
        name: _safe_indexing(value, train) if _is_per_clip(value, len(y)) else value
        for name, value in params.items()
    }
    if groups is not None:
        fitting.setdefault("groups", groups[train])
    started = time.perf_counter()
    fit_with(model, _safe_indexing(X, train), y[train], **fitting)
    fitted = time.perf_counter()
    predicted, response = _predict(model, _safe_indexing(X, test))
    return {
        "predicted": predicted,
        "response": response,
        "classes": model.classes_,
        "fit_seconds": fitted - started,
        "predict_seconds": time.perf_counter() - fitted,
    }


def _is_per_clip(value, n: int) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, (str, Mapping)) and len(value) == n


def _predict(model, X) -> tuple[np.ndarray, np.ndarray | None]:
    """Genres, and probabilities or decisions; what precedes the last step is done once."""
    if isinstance(model, Pipeline) and len(model.steps) > 1:
        return _predict(model[-1], model[:-1].transform(X))
    predicted = model.predict(X)
    for method in ("predict_proba", "decision_function"):
        if hasattr(model, method):
            return predicted, np.asarray(getattr(model, method)(X))
    return predicted, None
