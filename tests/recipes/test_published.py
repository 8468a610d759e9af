"""The published have the published layers: kinds in order, and parameters counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import nn

from sklearn_mgc import CRNNClassifier
from sklearn_mgc.networks import CNN2D, CRNN, ParallelCRNN
from sklearn_mgc.recipes import published
from tests.recipes.conftest import module_of, n_parameters


def _kinds(module) -> list[str]:
    return [
        type(layer).__name__
        for layer in module.modules()
        if not list(layer.children()) and not isinstance(layer, nn.Sequential)
    ]


def _conv(before: int, kernel: int, after: int) -> int:
    return before * kernel * after + after


def _recurrent(gates: int, n_in: int, hidden: int) -> int:
    """Both biases; Keras has the first only."""
    return gates * (n_in * hidden + hidden * hidden + hidden) + gates * hidden


def test_lachmish():
    # 608 frames leave 38, as the published 599 do with pools that round up.
    with torch.device("meta"):
        module = module_of(published.lachmish(), (608, 128), 10)
    block = ["ZeroPad2d", "Conv2d", "ReLU", "MaxPool2d", "Dropout"]
    assert _kinds(module) == block * 3 + ["Linear", "ReLU", "Dropout", "Linear"]
    convolutions = _conv(1, 16, 149) + _conv(149, 16, 73) + _conv(73, 16, 35)
    dense = _conv(38 * 8 * 35, 1, 8192) + _conv(8192, 1, 10)
    assert n_parameters(module) == convolutions + dense == 87_470_555
    assert module(torch.empty(2, 608, 128, device="meta")).shape == (2, 10)


def test_deepsound():
    module = module_of(published.deepsound(), (640, 128), 10)
    block = ["Conv1d", "ReLU", "MaxPool1d"]
    assert _kinds(module) == block * 3 + ["Dropout", "LSTM", "Dropout", "Linear"]
    convolutions = _conv(128, 5, 256) + 2 * _conv(256, 5, 256)
    assert n_parameters(module) == convolutions + _recurrent(4, 256, 256) + _conv(256, 1, 10)
    assert module.rnn.num_layers == 1


def test_deepsound_averages_the_probabilities_of_the_steps():
    module = module_of(published.deepsound(), (64, 16), 3)
    X = torch.randn(2, 64, 16)
    steps, _ = module.rnn(module.blocks(X.transpose(1, 2)).transpose(1, 2))
    expected = module.head(steps).softmax(dim=2).mean(dim=1)
    assert steps.shape[1] == 8
    torch.testing.assert_close(module(X).softmax(dim=1), expected)
    torch.testing.assert_close(module(X).exp(), expected)


def test_choi():
    module = module_of(published.choi_crnn(), (1440, 96), 10)
    block = ["Conv2d", "BatchNorm2d", "ELU", "MaxPool2d", "Dropout"]
    assert _kinds(module) == block * 4 + ["GRU", "Dropout", "Linear"]
    channels = (64, 128, 128, 128)
    convolutions = _conv(1, 9, 64) + _conv(64, 9, 128) + 2 * _conv(128, 9, 128)
    gru = _recurrent(3, 128, 32) + _recurrent(3, 32, 32)
    assert n_parameters(module) == convolutions + 2 * sum(channels) + gru + _conv(32, 1, 10)
    with torch.no_grad():  # 15 steps of one band
        assert module.blocks(torch.zeros(1, 1, 1440, 96)).shape == (1, 128, 15, 1)


def test_choi_spectrogram():
    made = published.choi_spectrogram(dtype="float16")
    y = np.random.default_rng(0).standard_normal(30 * 12000)
    made.set_params(sample_rate=12000)
    X = made.fit_transform([y])
    assert X.shape == (1, 1440, 96)
    assert X.dtype == np.float16
    loud = np.flatnonzero((X[0] > -80).any(axis=1))
    assert len(loud) == 1366


def test_parallel():
    module = module_of(published.parallel_crnn(), (640, 128), 8)
    block = ["Conv2d", "ReLU", "MaxPool2d"]
    assert _kinds(module) == block * 5 + ["MaxPool2d", "GRU", "Dropout", "Linear"]
    convolutions = _conv(1, 3, 16) + _conv(16, 3, 32) + _conv(32, 3, 64) + 2 * _conv(64, 3, 64)
    # 640 x 128 leaves 4 x 1 after five valid convolutions and their pools.
    keras = convolutions + 2 * 3 * (64 * 64 + 64 * 64 + 64) + _conv(4 * 64 + 2 * 64, 1, 8)
    assert keras == 85_160
    assert n_parameters(module) == keras + 2 * 3 * 64
    with torch.no_grad():
        assert module.blocks(torch.zeros(1, 1, 640, 128)).shape == (1, 64, 4, 1)


def test_singh():
    model = published.singh(max_epochs=1, random_state=0)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 30, 128)), np.array(["a", "b", "c"] * 4)
    model.fit(X, y)
    layers = [kind for kind in _kinds(model[-1].module_) if kind == "Linear"]
    assert len(layers) == 3  # two dense layers and the genres
    hidden = _conv(30 * 20, 1, 256) + _conv(256, 1, 128)
    assert n_parameters(model[-1].module_) == hidden + 2 * 128 + _conv(128, 1, 3)
    assert model.predict(X).shape == (12,)


def test_mfcc_sequence_is_librosas():
    librosa = pytest.importorskip("librosa")
    mel = np.random.default_rng(0).normal(-40, 10, size=(2, 7, 128))
    expected = librosa.feature.mfcc(S=mel[1].T, n_mfcc=20).T
    np.testing.assert_allclose(published.mfcc_sequence(mel)[1].reshape(7, 20), expected)


@pytest.mark.parametrize("make", ["lachmish", "deepsound", "choi_crnn", "parallel_crnn"])
def test_relatives_learn(make):
    """A level that differs is found, and parameters are passed on."""
    rng = np.random.default_rng(0)
    y = np.array(["loud", "soft"] * 12)
    X = rng.normal(size=(24, 64, 32)).astype(np.float32) + 2 * (y == "loud")[:, None, None]
    params = {"dense_sizes": (64,)} if make == "lachmish" else {}
    model = getattr(published, make)(max_epochs=4, random_state=0, lr=3e-3, batch_size=8, **params)
    assert clone(model).get_params() == model.get_params()
    model.fit(X, y)
    assert model.score(X, y) > 0.9
    assert np.isfinite(model.predict_proba(X)).all()


@pytest.mark.parametrize("network", [CNN2D, CRNN, ParallelCRNN])
@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (17, 5)])
def test_networks_read_what_is_small(network, shape):
    module = network(shape, 3).eval()
    with torch.no_grad():
        assert module(torch.zeros(2, *shape)).shape == (2, 3)


def test_dropout_per_block_must_fit_the_blocks():
    X, y = np.zeros((4, 8, 4)), ["a", "b"] * 2
    with pytest.raises(ValueError, match="one for each block"):
        CRNNClassifier(dropout=(0.1, 0.2), max_epochs=1).fit(X, y)
