"""The paper's systems have the paper's layers, sizes and numbers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.model_selection import ParameterGrid

from sklearn_mgc.recipes import paper
from tests.recipes.conftest import module_of, n_parameters


def _linear(n_in, n_out):
    return n_in * n_out + n_out


def test_dense_networks_have_the_papers_parameters():
    X = np.random.default_rng(0).normal(size=(50, 25))
    y = np.arange(50) % 10
    sizes = (25, 256, 128, 64, 32, 10)
    expected = sum(_linear(a, b) for a, b in itertools.pairwise(sizes))
    expected += 2 * (128 + 64 + 32)  # batch normalization of the second layer and on
    for make, dropout in ((paper.dnn, 0.5), (paper.dnn_tuned, 0.25)):
        model = make(max_epochs=1, random_state=0).fit(X, y)
        network = model[-1]
        assert n_parameters(network.module_) == expected == 50666
        names = [type(layer).__name__ for layer in network.module_.layers]
        assert names == [
            *["Linear", "ReLU", "Dropout"],
            *["Linear", "BatchNorm1d", "ReLU", "Dropout"] * 2,
            *["Linear", "BatchNorm1d", "ReLU"],
            "Linear",
        ]
        assert (network.dropout, network.lr, network.batch_size) == (dropout, 1e-4, 5)
    assert (paper.dnn()[-1].max_epochs, paper.dnn_tuned()[-1].max_epochs) == (600, 600)


def test_spectrogram_networks_have_the_papers_parameters():
    cnn2d = module_of(paper.cnn2d(), (640, 128), 10)
    conv = sum(25 * a * b + b for a, b in ((1, 32), (32, 64), (64, 128)))
    norm = 2 * (32 + 64 + 128)
    assert n_parameters(cnn2d) == conv + norm + _linear(2 * 2 * 128, 10)

    crnn = module_of(paper.crnn(), (640, 128), 10)
    conv = sum(k * a * b + b for k, a, b in ((5, 128, 64), (3, 64, 32), (3, 32, 16)))
    norm = 2 * (64 + 32 + 16)
    # Four gates, each with weights on input and hidden state and two biases.
    lstm = sum(4 * 32 * (n_in + 32 + 2) for n_in in (16, 32))
    assert n_parameters(crnn) == conv + norm + lstm + _linear(32, 10)


def test_grid_has_27_points_around_the_first_network():
    points = list(ParameterGrid(paper.grid()))
    assert len(points) == 27
    for point in points:
        paper.dnn().set_params(**point)


def test_published_numbers_carry_their_uncertainty():
    tuned = next(r for r in paper.results if (r.system, r.dataset) == ("dnn_tuned", "GTZAN"))
    assert tuned.interval() == pytest.approx((0.573, 0.754), abs=5e-4)
    first = paper.results[0]
    assert first.interval()[1] > tuned.accuracy > first.accuracy  # tuning is inside the noise
    fma = paper.results[-1]
    assert fma.interval() == pytest.approx((0.406, 0.475), abs=1e-3)
