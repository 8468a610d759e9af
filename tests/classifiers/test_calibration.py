"""Networks in scikit-learn's calibration."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import DNNClassifier


@pytest.mark.skipif(
    "temperature" not in str(CalibratedClassifierCV._parameter_constraints["method"][0]),
    reason="scikit-learn has temperature scaling from 1.8 on",
)
@pytest.mark.parametrize("ensemble", [True, False])
def test_temperature_scaling_repairs_an_overconfident_network(ensemble):
    X, y = make_classification(
        600, 20, n_informative=6, n_classes=3, class_sep=0.7, flip_y=0.2, random_state=0
    )
    y = np.array(["jazz", "pop", "rock"])[y]
    # Trained until it is far too sure: nothing that holds it back.
    dense = DNNClassifier(
        (64,), dropout=0.25, lr=0.01, max_epochs=100, weight_decay=0.0, random_state=0
    )
    network = make_pipeline(StandardScaler(), dense)
    calibrated = CalibratedClassifierCV(network, method="temperature", cv=3, ensemble=ensemble)
    raw = network.fit(X[:400], y[:400]).predict_proba(X[400:])
    scaled = calibrated.fit(X[:400], y[:400]).predict_proba(X[400:])
    assert calibrated.classes_.tolist() == ["jazz", "pop", "rock"]
    loss = log_loss(y[400:], raw)
    assert loss > 1.1  # as bad as knowing nothing, log 3
    assert log_loss(y[400:], scaled.astype(np.float32)) < loss - 0.15
