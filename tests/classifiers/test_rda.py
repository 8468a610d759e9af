"""Regularized discriminant analysis against scikit-learn's two ends of it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.preprocessing import scale
from sklearn.utils.estimator_checks import check_estimator

from sklearn_mgc import RegularizedDiscriminantAnalysis


@pytest.fixture(scope="module")
def wine():
    X, y = load_wine(return_X_y=True)
    return scale(X), np.array(["a", "b", "c"])[y]


def test_check_estimator():
    results = check_estimator(RegularizedDiscriminantAnalysis())
    assert {r["status"] for r in results} <= {"passed", "skipped"}
    assert sum(r["status"] == "passed" for r in results) >= 45


def test_all_pooled_is_the_linear_analysis(wine):
    X, y = wine
    ours = RegularizedDiscriminantAnalysis(pooling=1, shrinkage=0, clip=np.inf).fit(X, y)
    linear = LinearDiscriminantAnalysis(solver="lsqr").fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(X), linear.predict_proba(X), atol=1e-8)


def test_none_pooled_is_the_quadratic_analysis(wine):
    X, y = wine
    ours = RegularizedDiscriminantAnalysis(pooling=0, shrinkage=0, clip=np.inf).fit(X, y)
    quadratic = QuadraticDiscriminantAnalysis().fit(X, y)
    expected = [np.cov(X[y == k].T, ddof=0) for k in np.unique(y)]
    np.testing.assert_allclose(ours.covariances_, expected, rtol=1e-6)
    assert (ours.predict(X) == quadratic.predict(X)).mean() > 0.99


def test_shrinkage_keeps_the_trace_and_rounds_the_covariance(wine):
    X, y = wine
    plain = RegularizedDiscriminantAnalysis(shrinkage=0).fit(X, y).covariances_
    shrunk = RegularizedDiscriminantAnalysis(shrinkage=1).fit(X, y).covariances_
    trace = np.trace(plain, axis1=1, axis2=2)
    np.testing.assert_allclose(shrunk, trace[:, None, None] / X.shape[1] * np.eye(X.shape[1]))


def test_clip_disarms_an_outlier(wine):
    X, y = wine
    far = X[:1].copy()
    far[0, 3] = 1e6
    at_the_edge = far.copy()
    at_the_edge[0, 3] = X[:, 3].mean() + 4.0 * X[:, 3].std()
    model = RegularizedDiscriminantAnalysis().fit(X, y)
    np.testing.assert_allclose(model.predict_proba(far), model.predict_proba(at_the_edge))


def test_singular_covariance_is_told(wine):
    X, y = wine
    X = np.c_[X, np.zeros(len(X))]
    with pytest.raises(ValueError, match="cannot be inverted: use more shrinkage"):
        RegularizedDiscriminantAnalysis(shrinkage=0).fit(X, y)
    assert RegularizedDiscriminantAnalysis().fit(X, y).score(X, y) > 0.95
