"""How far probabilities can be believed, measured on clips by other artists."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np
from scipy.special import softmax

from sklearn_mgc.classifiers.temperature import as_logits, fit_temperature
from sklearn_mgc.evaluation.results import EvaluationResult

_CLIP = 1e-12
_N_BINS = 10


def calibrate(result: EvaluationResult) -> tuple[float, EvaluationResult]:
    """Find the temperature of a cross-validation, and score the probabilities it gives.

    Parameters
    ----------
    result : EvaluationResult
        A cross-validation of a classifier with probabilities or decisions.

    Returns
    -------
    temperature : float
        Fitted on all test predictions, for a `TemperatureScaledClassifier` that is trained on all
        clips.
    scaled : EvaluationResult
        The same predictions, with probabilities scaled by the temperature of the *other* folds and
        with the scores ``accuracy``, ``log_loss``, ``brier`` and ``calibration_error``, each with
        an interval. So no clip influences the temperature that it is scored with.

    Raises
    ------
    ValueError
        If the classifier gave neither probabilities nor decisions, or there is a single fold.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.svm import SVC
    >>> from sklearn_mgc.evaluation import calibrate, cross_validate
    >>> rng = np.random.default_rng(0)
    >>> artists = np.arange(120) // 4
    >>> y = np.array(["jazz", "rock"])[artists % 2]
    >>> X = rng.normal(size=(120, 3)) + (y == "jazz")[:, None]
    >>> temperature, scaled = calibrate(cross_validate(SVC(), X, y, groups=artists))
    >>> sorted(scaled.scorers)
    ['accuracy', 'brier', 'calibration_error', 'log_loss']
    """
    responses = _responses(result)
    fold_of = result.repeat * (result.fold.max() + 1) + result.fold
    folds = np.unique(fold_of)
    if len(folds) < 2:
        raise ValueError("calibration needs two folds at least, got one")
    y, classes = result.y[result.sample], result.classes
    logits, probabilities = np.empty((2, *responses.shape))
    for fold in folds:  # a search may give probabilities in one fold and decisions in another
        logits[fold_of == fold] = as_logits(responses[fold_of == fold])
    for fold in folds:
        here = fold_of == fold
        # The same clip may be in another repeat's fold: it must not be fitted on either.
        others = ~np.isin(result.sample, result.sample[here])
        temperature = fit_temperature(logits[others], y[others], classes)
        probabilities[here] = softmax(logits[here] / temperature, axis=1)
    # The bins stay where they are when the jackknife leaves an artist out.
    edges = np.quantile(probabilities.max(axis=1), np.linspace(0, 1, _N_BINS + 1)[1:-1])
    scaled = replace(
        result,
        probabilities=probabilities,
        scorers={
            "accuracy": _accuracy,
            "log_loss": _log_loss,
            "brier": _brier,
            "calibration_error": partial(_calibration_error, edges=edges),
        },
    )
    return fit_temperature(logits, y, classes), scaled


def _responses(result: EvaluationResult) -> np.ndarray:
    if result.probabilities is None:
        raise ValueError("the classifier gave neither probabilities nor decisions")
    return result.probabilities


def reliability(result: EvaluationResult, *, n_bins: int = 10) -> list[dict[str, float]]:
    """Compare how confident a classifier is with how often it is right.

    Parameters
    ----------
    result : EvaluationResult
        A cross-validation of a classifier with probabilities.
    n_bins : int, default=10
        Bins of equally many predictions.

    Returns
    -------
    list of dict
        Per bin, from the least to the most confident: ``confidence`` (mean probability of the
        predicted genre), ``accuracy`` and ``n``.

    Raises
    ------
    ValueError
        If the classifier gave neither probabilities nor decisions.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mgc.evaluation import cross_validate, reliability
    >>> y = np.array(["jazz", "rock"] * 20)
    >>> X = np.random.default_rng(0).normal(size=(40, 2))
    >>> [row["n"] for row in reliability(cross_validate(LogisticRegression(), X, y), n_bins=4)]
    [10, 10, 10, 10]
    """
    confidence = _responses(result).max(axis=1)
    order = np.argsort(confidence, kind="stable")
    return [
        {
            "confidence": float(confidence[rows].mean()),
            "accuracy": float(result.right[rows].mean()),
            "n": len(rows),
        }
        for rows in np.array_split(order, min(n_bins, len(order)))
    ]


def coverage_curve(result: EvaluationResult) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Say how often a classifier is right when it may say "not sure".

    Parameters
    ----------
    result : EvaluationResult
        A cross-validation of a classifier with probabilities.

    Returns
    -------
    threshold, coverage, accuracy : ndarray of shape (n_predictions,)
        If only clips whose largest probability reaches the threshold are answered: the share of
        clips answered (coverage), and the share of the answers that is right (accuracy). Thresholds
        are in ascending order.

    Raises
    ------
    ValueError
        If the classifier gave neither probabilities nor decisions.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mgc.evaluation import coverage_curve, cross_validate
    >>> y = np.array(["jazz", "rock"] * 20)
    >>> X = np.random.default_rng(0).normal(size=(40, 2))
    >>> threshold, coverage, accuracy = coverage_curve(cross_validate(LogisticRegression(), X, y))
    >>> float(coverage[0])
    1.0
    """
    confidence = _responses(result).max(axis=1)
    order = np.argsort(confidence, kind="stable")
    right = result.right[order][::-1]
    answered = np.arange(1, len(right) + 1)
    return confidence[order], (answered / len(right))[::-1], (right.cumsum() / answered)[::-1]


def confidence_for(result: EvaluationResult, accuracy: float) -> float:
    """Find the smallest probability above which answers reach a given accuracy.

    Parameters
    ----------
    result : EvaluationResult
        A cross-validation of a classifier with calibrated probabilities.
    accuracy : float
        Share of the answers that should be right, between 0 and 1.

    Returns
    -------
    float
        The threshold; infinity if no threshold reaches that accuracy.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mgc.evaluation import confidence_for, cross_validate
    >>> y = np.array(["jazz", "rock"] * 20)
    >>> X = np.arange(40)[:, None] % 2 + np.random.default_rng(0).normal(size=(40, 1)) / 9
    >>> confidence_for(cross_validate(LogisticRegression(), X, y), 0.9) < 0.9
    True
    """
    threshold, _, reached = coverage_curve(result)
    fine = np.flatnonzero(reached >= accuracy)
    return float(threshold[fine[0]]) if len(fine) else float("inf")


def trust(result: EvaluationResult) -> str:
    """Say from which probability on answers are right in nine of ten cases."""
    least = confidence_for(result, 0.9)
    if least == float("inf"):
        return "However sure the model was, fewer than 9 of 10 answers were right."
    least = math.floor(1000 * least) / 1000  # rounded up it might leave no answer
    answered = float((_responses(result).max(axis=1) >= least).mean())
    return (
        f"Answers with a probability of at least {least:g} were right in 9 of 10 cases; they "
        f"are {100 * answered:.0f} % of all (predict --min-confidence {least:g})."
    )


def _accuracy(model, X, y) -> float:
    return float(np.mean(model.predict(X) == y))


def _log_loss(model, X, y) -> float:
    p = model.predict_proba(X)[np.arange(len(y)), np.searchsorted(model.classes_, y)]
    return float(-np.log(np.clip(p, _CLIP, None)).mean())


def _brier(model, X, y) -> float:
    truth = np.asarray(y)[:, None] == model.classes_
    return float(((model.predict_proba(X) - truth) ** 2).sum(axis=1).mean())


def _calibration_error(model, X, y, *, edges) -> float:
    """Mean distance of confidence from accuracy, over bins of confidence."""
    confidence = model.predict_proba(X).max(axis=1)
    excess = confidence - (model.predict(X) == y)
    of_bins = np.bincount(np.searchsorted(edges, confidence), weights=excess)
    return float(np.abs(of_bins).sum() / len(excess))
