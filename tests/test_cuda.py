"""On a CUDA device: training, prediction, parity with the CPU, and models that change sides."""

from __future__ import annotations

import json
import pickle
import runpy
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from sklearn.base import clone

from sklearn_mgc import (
    CNN2DClassifier,
    CRNNClassifier,
    DNNClassifier,
    ParallelCRNNClassifier,
)
from sklearn_mgc.classifiers import batches
from sklearn_mgc.features import PretrainedEmbedding

cuda = pytest.mark.cuda
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")

RNG = np.random.default_rng(0)
Y = np.array(["loud", "soft"] * 32)
TABLE = (RNG.normal(size=(64, 12)) + (Y == "loud")[:, None]).astype(np.float32)
MEL = (RNG.normal(size=(64, 64, 16)) + (Y == "loud")[:, None, None]).astype(np.float32)
MODELS = {
    "dnn": (DNNClassifier((32, 16), dropout=0.0, max_epochs=20, random_state=0), TABLE),
    "cnn2d": (CNN2DClassifier((8, 8, 8), dropout=0.0, max_epochs=10, random_state=0), MEL),
    "crnn": (CRNNClassifier((8, 8, 8), dropout=0.0, max_epochs=30, random_state=0), MEL),
    "parallel": (ParallelCRNNClassifier((8,) * 5, max_epochs=20, random_state=0), MEL),
}
EACH = pytest.mark.parametrize("name", MODELS)


def _given(name, device):
    model, X = MODELS[name]
    return clone(model).set_params(device=device), X


@cuda
@needs_gpu
@EACH
def test_fit_and_predict(name):
    model, X = _given(name, "auto")
    model.fit(X, Y)
    assert model.device_ == "cuda"
    assert all(p.is_cuda for p in model.module_.parameters())
    assert model.score(X, Y) > 0.9


@cuda
@needs_gpu
@EACH
def test_predictions_are_those_of_the_cpu(name):
    """The same weights give the same probabilities on both."""
    model, X = _given(name, "cuda")
    model.fit(X, Y)
    here = pickle.loads(pickle.dumps(model.set_params(device="cpu")))
    assert here.device_ == "cpu"
    np.testing.assert_allclose(here.predict_proba(X), model.predict_proba(X), atol=2e-3)


@cuda
@needs_gpu
@EACH
def test_from_the_cpu_to_the_gpu(name):
    model, X = _given(name, "cpu")
    model.fit(X, Y)
    there = pickle.loads(pickle.dumps(model.set_params(device="auto")))
    assert there.device_ == "cuda"
    np.testing.assert_allclose(there.predict_proba(X), model.predict_proba(X), atol=2e-3)


@cuda
@needs_gpu
@EACH
@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_mixed_precision(name, precision):
    model, X = _given(name, "cuda")
    model.set_params(precision=precision).fit(X, Y)
    assert model.score(X, Y) > 0.9
    assert {p.dtype for p in model.module_.parameters()} == {torch.float32}


@cuda
@needs_gpu
def test_a_module_describes_clips_on_the_gpu():
    module = torch.nn.Sequential(torch.nn.Unflatten(1, (-1, 400)), torch.nn.Linear(400, 8))
    embedding = PretrainedEmbedding(module, window=1.0, model_params={"sample_rate": 8000})
    clips = RNG.normal(0, 0.1, size=(3, 24000)).astype(np.float32)
    found = clone(embedding).set_params(device="cuda").transform(clips)
    expected = embedding.set_params(device="cpu").transform(clips)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


@cuda
@needs_gpu
def test_streamed_where_it_does_not_fit(monkeypatch):

    model, X = _given("crnn", "cuda")
    expected = clone(model).fit(X, Y).predict(X)
    monkeypatch.setattr(batches, "fits", lambda n_bytes, device: False)
    assert (model.fit(X, Y).predict(X) == expected).mean() > 0.9


@cuda
@needs_gpu
def test_out_of_memory_names_a_smaller_batch():
    free, _ = torch.cuda.mem_get_info()
    # One activation of the first block is larger than all that is free.
    channels = free // (512 * 64 * 16 * 4) + 1
    model = CNN2DClassifier((channels, 8, 8), batch_size=512, max_epochs=1, device="cuda")
    with pytest.raises(MemoryError, match="batch_size=512: try batch_size=256"):
        model.fit(np.zeros((512, 64, 16), np.float32), ["a", "b"] * 256)


def test_out_of_memory_is_told_without_a_gpu_too():
    model, X = _given("dnn", "cpu")
    model.set_params(batch_size=32)
    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
    fails = mock.patch("sklearn_mgc.classifiers.net.GenreNet.partial_fit", side_effect=error)
    with fails, pytest.raises(MemoryError, match="on cpu with batch_size=32: try batch_size=16"):
        model.fit(X, Y)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_no_gpu_is_said():
    model, X = _given("dnn", "cuda")
    with pytest.raises(ValueError, match="device='cuda' is not available here"):
        model.fit(X, Y)


def test_benchmark_runs_on_the_cpu(monkeypatch, capsys):
    script = str(Path(__file__).parents[1] / "benchmarks" / "gpu.py")
    small = ["--networks", "dnn", "--clips", "64", "--epochs", "2", "--precisions", "float32"]
    monkeypatch.setattr(sys, "argv", [script, "--devices", "cpu", *small])
    runpy.run_path(script, run_name="__main__")
    row = json.loads(capsys.readouterr().out.splitlines()[1])
    assert row["network"] == "dnn"
    assert row["epochs a second"] > 0
    assert row["utilisation"] is None
