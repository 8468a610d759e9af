"""Probabilities that mean what they say: one number divides the logits of any classifier."""

from __future__ import annotations

from numbers import Real

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils.validation import check_is_fitted

from sklearn_mgc._routing import fit_with
from sklearn_mgc._sklearn_compat import HasMethods, Interval, _fit_context
from sklearn_mgc.classifiers.predictions import GenreMixin


class TemperatureScaledClassifier(MetaEstimatorMixin, GenreMixin, BaseEstimator):
    """Divide the logits of a classifier by a temperature.

    The genre that is predicted stays the same; how sure the classifier says it is changes [1]_.
    A temperature above 1 makes it less sure. :func:`fit_temperature` finds the temperature on
    predictions for clips that were not trained on, such as those of
    :func:`sklearn_mgc.evaluation.cross_validate`, so that no clips need to be held back and
    no artist is on both sides. (scikit-learn's ``CalibratedClassifierCV`` cannot keep artists
    apart without metadata routing.)

    Parameters
    ----------
    estimator : estimator
        A classifier with ``predict_proba`` or ``decision_function``, or a pipeline of one.
    temperature : float, default=1.0
        What logits are divided by, above 0.

    Attributes
    ----------
    estimator_ : estimator
        The fitted classifier.
    classes_ : ndarray of shape (n_classes,)
        Genres, sorted.

    See Also
    --------
    fit_temperature : Finds the temperature.
    sklearn_mgc.evaluation.calibrate : Does so for a cross-validation, and scores it.

    References
    ----------
    .. [1] C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On calibration of modern neural
       networks", ICML 2017.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from sklearn_mgc.classifiers import TemperatureScaledClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = TemperatureScaledClassifier(SVC(), temperature=0.5).fit(X, y)
    >>> model.predict_proba(X[:1]).sum().round(6)
    np.float64(1.0)
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict"])],
        "temperature": [Interval(Real, 0, None, closed="neither")],
    }

    __metadata_request__fit = {"groups": True}

    def __init__(self, estimator, temperature=1.0):
        self.estimator = estimator
        self.temperature = temperature

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = self.estimator.__sklearn_tags__()
        tags.input_tags, tags.classifier_tags = inner.input_tags, inner.classifier_tags
        return tags

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, *, groups=None):
        """Fit the classifier.

        Parameters
        ----------
        X : array-like
            What the classifier reads.
        y : array-like of shape (n_samples,)
            Genres.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each clip.
        groups : array-like of shape (n_samples,), default=None
            Artists, for a classifier that takes them.

        Returns
        -------
        self
            The fitted classifier.

        Raises
        ------
        TypeError
            If there are weights, but the classifier takes none.
        """
        given = {"sample_weight": sample_weight, "groups": groups}
        self.estimator_ = fit_with(clone(self.estimator), X, y, **given)
        self.classes_ = self.estimator_.classes_
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def predict(self, X):
        check_is_fitted(self)
        return self.estimator_.predict(X)

    def predict_proba(self, X):
        check_is_fitted(self)
        if hasattr(self.estimator_, "predict_proba"):
            responses = self.estimator_.predict_proba(X)
        else:
            responses = self.estimator_.decision_function(X)
        return softmax(as_logits(responses) / self.temperature, axis=1)


def as_logits(responses) -> np.ndarray:
    """Turn probabilities or decisions into logits.

    Examples
    --------
    >>> from sklearn_mgc.classifiers.temperature import as_logits
    >>> as_logits([[0.5, 0.5]]).round(3)
    array([[-0.693, -0.693]])
    """
    responses = np.asarray(responses, dtype=np.float64)
    if responses.ndim == 1:
        responses = np.column_stack([-responses, responses]) / 2
    sums_to_one = np.allclose(responses.sum(axis=1), 1, atol=1e-3)
    if sums_to_one and responses.min() >= 0:
        return np.log(np.clip(responses, 1e-12, None))
    return responses


def fit_temperature(responses, y, classes) -> float:
    """Find the temperature at which predictions for unseen clips have the least log-loss.

    Parameters
    ----------
    responses : array-like of shape (n_samples, n_classes)
        Probabilities or decisions of clips that were not trained on.
    y : array-like of shape (n_samples,)
        Their genres.
    classes : array-like of shape (n_classes,)
        Genres of the columns, sorted.

    Returns
    -------
    float
        The temperature, between 0.01 and 100.

    Examples
    --------
    >>> from sklearn_mgc.classifiers import fit_temperature
    >>> sure = [[0.99, 0.01], [0.99, 0.01], [0.99, 0.01], [0.99, 0.01]]
    >>> round(fit_temperature(sure, ["jazz", "jazz", "jazz", "rock"], ["jazz", "rock"]), 2)
    4.18
    """
    logits = as_logits(responses)
    rows, columns = np.arange(len(logits)), np.searchsorted(classes, y)

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        return -float(log_softmax(scaled, axis=1)[rows, columns].mean())

    found = minimize_scalar(loss, bounds=(np.log(0.01), np.log(100)), method="bounded")
    return float(np.exp(found.x))
