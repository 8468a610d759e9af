"""Dense layers on handcrafted descriptors."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import nn

from sklearn_mgc.networks.draws import Dropout


class DNN(nn.Module):
    """The paper's first network: dense layers with batch normalization and dropout.

    Linear-ReLU-Dropout, then Linear-BatchNorm-ReLU-Dropout, the last hidden layer without
    dropout, then Linear to the classes.

    ``forward`` gives logits (n, n_classes) of descriptors (n, n_features).

    Parameters
    ----------
    input_shape : tuple of int
        ``(n_features,)``.
    n_classes : int
        Number of genres.
    hidden_sizes : sequence of int, default=(256, 128, 64, 32)
        Widths of the hidden layers.
    dropout : float, default=0.5
        Probability of dropping a hidden unit.

    Attributes
    ----------
    largest_product : int
        Multiply-adds of the largest operation, for one sample.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        hidden_sizes: Sequence[int] = (256, 128, 64, 32),
        dropout: float = 0.5,
    ):
        super().__init__()
        layers: list[nn.Module] = []
        width = input_shape[0]
        for i, size in enumerate(hidden_sizes):
            layers.append(nn.Linear(width, size))
            if i > 0:
                layers.append(nn.BatchNorm1d(size))
            layers.append(nn.ReLU())
            if i < len(hidden_sizes) - 1 or len(hidden_sizes) == 1:
                layers.append(Dropout(dropout))
            width = size
        layers.append(nn.Linear(width, n_classes))
        self.layers = nn.Sequential(*layers)
        widths = [input_shape[0], *hidden_sizes, n_classes]
        self.largest_product = max(a * b for a, b in itertools.pairwise(widths))

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return self.layers(X)
