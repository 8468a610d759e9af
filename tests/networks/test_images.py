"""The order of images in memory changes no number but by rounding."""

from __future__ import annotations

import pytest
import torch

from sklearn_mgc.networks import CNN2D, CRNN, ParallelCRNN, cnn2d, crnn, parallel_crnn
from sklearn_mgc.networks.images import as_images

SHAPE = (40, 24)
CASES = {
    "cnn2d": (cnn2d, lambda: CNN2D(SHAPE, 3, (4, 8, 8), kernel_size=3, dropout=0.0)),
    "cnn2d, even kernel": (cnn2d, lambda: CNN2D(SHAPE, 3, (4, 8, 8), kernel_size=4, dropout=0.0)),
    "crnn": (crnn, lambda: CRNN(SHAPE, 3, (4, 8, 8), convolution="2d", dropout=0.0)),
    "parallel crnn": (parallel_crnn, lambda: ParallelCRNN(SHAPE, 3, (4, 8, 8, 8, 8))),
}


def test_images_are_a_view_with_channels_last():
    X = torch.randn(3, *SHAPE)
    images = as_images(X)
    assert images.shape == (3, 1, *SHAPE) and images.stride(1) == 1
    assert images.data_ptr() == X.data_ptr() and torch.equal(images[:, 0], X)


@pytest.mark.parametrize("name", CASES)
def test_training_and_prediction_are_those_of_contiguous_images(name, monkeypatch):
    room, make = CASES[name]
    X, y = torch.randn(6, *SHAPE, generator=torch.Generator().manual_seed(0)), torch.arange(6) % 3
    found = []
    for view in (as_images, lambda X: X.unsqueeze(1)):
        monkeypatch.setattr(room, "as_images", view)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            module = make().double()  # in which rounding is far below any mistake
        logits = module(X.double())
        torch.nn.functional.cross_entropy(logits, y).backward()
        gradients = [weights.grad for weights in module.parameters()]
        module.eval()
        found.append([logits, module(X.double()), *gradients])
    for ours, contiguous in zip(*found, strict=True):
        torch.testing.assert_close(ours, contiguous, rtol=1e-8, atol=1e-10)
