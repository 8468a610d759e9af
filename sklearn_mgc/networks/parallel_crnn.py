"""A convolutional and a recurrent network side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn

from sklearn_mgc.networks.draws import Dropout
from sklearn_mgc.networks.images import as_images


class ParallelCRNN(nn.Module):
    """Two readers of one spectrogram, and a linear layer over what both found.

    One branch is blocks of Conv2d-ReLU-MaxPool without padding, flattened; the other is a
    MaxPool and a bidirectional GRU, whose last states of both directions are taken.
    Kernels and pools are capped by what is left of the input.

    ``forward`` gives logits (n, n_classes) of spectrograms (n, n_frames, n_mels).

    Parameters
    ----------
    input_shape : tuple of int
        ``(n_frames, n_mels)``.
    n_classes : int
        Number of genres.
    channels : sequence of int, default=(16, 32, 64, 64, 64)
        Output channels of the convolutions.
    kernel_size : (int, int), default=(3, 1)
        Size of the kernels over (frames, bands), capped by what is left of the input.
    pool_sizes : sequence of (int, int), default=((2, 2), (2, 2), (2, 2), (4, 4), (4, 4))
        Pooling after each convolution, capped by what is left of the input.
    rnn_pool_size : (int, int), default=(4, 2)
        Pooling before the GRU.
    rnn_hidden_size : int, default=64
        Width of the GRU's hidden state in each direction.
    dropout : float, default=0.0
        Probability of dropping one of the values that both give.

    References
    ----------
    L. Feng, S. Liu and J. Yao, *Music genre classification with paralleling recurrent
    convolutional neural network*, arXiv:1712.08370, 2017.

    Attributes
    ----------
    largest_product : int
        Multiply-adds of the largest operation, for one sample.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        channels: Sequence[int] = (16, 32, 64, 64, 64),
        kernel_size: tuple[int, int] = (3, 1),
        pool_sizes: Sequence[tuple[int, int]] = ((2, 2), (2, 2), (2, 2), (4, 4), (4, 4)),
        rnn_pool_size: tuple[int, int] = (4, 2),
        rnn_hidden_size: int = 64,
        dropout: float = 0.0,
    ):
        super().__init__()
        size = _Size(*input_shape)
        blocks: list[nn.Module] = []
        before = 1
        products = []
        for n_channels, pool in zip(channels, pool_sizes, strict=True):
            kernel = size.cap(kernel_size)
            blocks += [nn.Conv2d(before, n_channels, kernel), nn.ReLU(inplace=True)]
            size = _Size(size.n_frames - kernel[0] + 1, size.n_mels - kernel[1] + 1)
            places = size.n_frames * size.n_mels
            products.append(before * n_channels * math.prod(kernel) * places)
            pool = size.cap(pool)
            blocks.append(nn.MaxPool2d(pool))
            size = _Size(size.n_frames // pool[0], size.n_mels // pool[1])
            before = n_channels
        self.blocks = nn.Sequential(*blocks)
        self.largest_product = max(products, default=0)
        pool = _Size(*input_shape).cap(rnn_pool_size)
        self.pool = nn.MaxPool2d(pool)
        self.gru = nn.GRU(
            input_shape[1] // pool[1], rnn_hidden_size, batch_first=True, bidirectional=True
        )
        self.dropout = Dropout(dropout)
        width = before * size.n_frames * size.n_mels + 2 * rnn_hidden_size
        self.head = nn.Linear(width, n_classes)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        image = self.blocks(as_images(X)).flatten(1)
        _, last = self.gru(self.pool(X.unsqueeze(1)).squeeze(1))
        both = torch.cat([image, last.transpose(0, 1).flatten(1)], dim=1)
        return self.head(self.dropout(both))


class _Size:
    """What is left of a spectrogram."""

    def __init__(self, n_frames: int, n_mels: int):
        self.n_frames, self.n_mels = n_frames, n_mels

    def cap(self, size: tuple[int, int]) -> tuple[int, int]:
        return min(size[0], self.n_frames), min(size[1], self.n_mels)
