"""Two-dimensional convolutions on the spectrogram as an image."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class CNN2D(nn.Module):
    """The paper's second network: three blocks of Conv2d-ReLU-BatchNorm-MaxPool-Dropout.

    Convolutions keep the size; each pool is capped by what is left of the input, which
    changes nothing at the paper's 640 x 128.

    Parameters
    ----------
    input_shape : tuple of int
        ``(n_frames, n_mels)``.
    n_classes : int
        Number of genres.
    channels : sequence of int, default=(32, 64, 128)
        Output channels of the blocks.
    kernel_size : int, default=5
        Side of the kernels; odd.
    pool_sizes : sequence of (int, int), default=((4, 2), (5, 4), (16, 8))
        Pooling of each block over frames and bands.
    dropout : float, default=0.5
        Probability of dropping a unit.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        channels: Sequence[int] = (32, 64, 128),
        kernel_size: int = 5,
        pool_sizes: Sequence[tuple[int, int]] = ((4, 2), (5, 4), (16, 8)),
        dropout: float = 0.5,
    ):
        super().__init__()
        n_frames, n_mels = input_shape
        blocks: list[nn.Module] = []
        before = 1
        for size, pool in zip(channels, pool_sizes, strict=True):
            pool = (min(pool[0], n_frames), min(pool[1], n_mels))
            blocks += [
                nn.Conv2d(before, size, kernel_size, padding=kernel_size // 2),
                nn.ReLU(),
                nn.BatchNorm2d(size),
                nn.MaxPool2d(pool),
                nn.Dropout(dropout),
            ]
            before, n_frames, n_mels = size, n_frames // pool[0], n_mels // pool[1]
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(before * n_frames * n_mels, n_classes)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Logits (n, n_classes) of spectrograms (n, n_frames, n_mels)."""
        return self.head(self.blocks(X.unsqueeze(1)).flatten(1))
