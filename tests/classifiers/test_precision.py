"""bf16 where the processor has it, else float32 and the reason."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_mgc import DNNClassifier
from sklearn_mgc.classifiers import device

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(32, 6)), np.arange(32) % 2


def test_bf16_of_a_processor_without(monkeypatch):
    monkeypatch.setattr(device, "cpu_has_bf16", lambda: False)
    model = DNNClassifier((8,), max_epochs=2, precision="bf16", device="cpu", random_state=0)
    with pytest.warns(UserWarning, match="float32 is used") as told:
        model.fit(X, Y)
    assert len(told) == 1
    assert model.net_.precision == "float32"
    model.predict(X)


def test_bf16_of_a_processor_with(monkeypatch):
    monkeypatch.setattr(device, "cpu_has_bf16", lambda: True)
    assert device.possible_precision("bf16", "cpu") == "bf16"
    assert device.possible_precision("fp16", "cpu") == "float32"
    assert device.possible_precision("fp16", "cuda") == "fp16"
