"""bf16 where the processor has it, else float32 and the reason; no other type by accident."""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Callable

import numpy as np
import pytest
import torch
from sklearn.base import clone

from sklearn_mgc import CRNNClassifier, DNNClassifier
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


@contextlib.contextmanager
def default_dtype():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


SETTINGS: dict[str, Callable] = {
    "no gradients": torch.no_grad,
    "inference": torch.inference_mode,
    "float64": default_dtype,
    "another device": lambda: torch.device("meta"),
    "bf16": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
}


@pytest.mark.parametrize(
    "model", [DNNClassifier((4,)), CRNNClassifier((4, 4, 4), rnn_hidden_size=4)]
)
@pytest.mark.parametrize("name", SETTINGS)
def test_what_a_caller_has_set_in_torch_changes_nothing(name, model):
    X = RNG.normal(size=(16, 6) if isinstance(model, DNNClassifier) else (16, 20, 6))
    model.set_params(max_epochs=2, random_state=0, device="cpu")
    expected = model.fit(X, Y[:16]).predict_proba(X)
    saved = pickle.dumps(model)
    with SETTINGS[name]():
        np.testing.assert_array_equal(clone(model).fit(X, Y[:16]).predict_proba(X), expected)
        np.testing.assert_array_equal(pickle.loads(saved).predict_proba(X), expected)
