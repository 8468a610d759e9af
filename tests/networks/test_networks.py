"""Every network of the room, found by inspection: shapes, gradients, and the paper's sizes."""

from __future__ import annotations

import pytest
import torch

from sklearn_mgc import networks

MODULES = [getattr(networks, name) for name in networks.__all__]


@pytest.fixture(params=MODULES, ids=lambda module: module.__name__)
def network(request):
    torch.manual_seed(0)
    shape = (25,) if request.param is networks.DNN else (640, 128)
    return request.param(shape, 7), torch.randn(2, *shape)


def test_logits_of_each_genre_with_a_gradient_everywhere(network):
    module, X = network
    logits = module(X)
    assert logits.shape == (2, 7) and torch.isfinite(logits).all()
    torch.nn.functional.cross_entropy(logits, torch.tensor([1, 5])).backward()
    assert all(weights.grad is not None for weights in module.parameters())
    assert any(weights.grad.abs().sum() > 0 for weights in module.parameters())


def test_clips_do_not_mix_at_prediction(network):
    module, X = network
    module.eval()
    with torch.no_grad():
        together, alone = module(X), module(X[:1])
    torch.testing.assert_close(together[:1], alone, rtol=1e-4, atol=1e-5)


def test_the_input_is_left_alone(network):
    # The paper's own code adds an axis to its input in place.
    module, X = network
    before = X.clone()
    module.eval()(X)
    assert torch.equal(X, before)


@pytest.mark.parametrize(
    ("make", "n_weights"),
    [
        # 25-256-128-64-32-10 with batch normalization on the last three hidden layers.
        (lambda: networks.DNN((25,), 10), 6656 + 32896 + 8256 + 2080 + 330 + 2 * (128 + 64 + 32)),
        # Three 5 x 5 convolutions, batch normalization, 2 x 2 x 128 to 10.
        (
            lambda: networks.CNN2D((640, 128), 10),
            (25 * 1 * 32 + 32) + (25 * 32 * 64 + 64) + (25 * 64 * 128 + 128)
            + 2 * (32 + 64 + 128) + 512 * 10 + 10,
        ),
    ],
    ids=["DNN", "CNN2D"],
)  # fmt: skip
def test_the_papers_sizes(make, n_weights):
    assert sum(weights.numel() for weights in make().parameters()) == n_weights
