"""Two-dimensional convolutions on the spectrogram as an image."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from sklearn_mgc.networks.draws import Dropout
from sklearn_mgc.networks.images import as_images


class CNN2D(nn.Module):
    """The paper's second network: three blocks of Conv2d-ReLU-BatchNorm-MaxPool-Dropout.

    Convolutions keep the size; each pool is capped by what is left of the input, which
    changes nothing at the paper's 640 x 128.

    ``forward`` gives logits (n, n_classes) of spectrograms (n, n_frames, n_mels).

    Parameters
    ----------
    input_shape : tuple of int
        ``(n_frames, n_mels)``.
    n_classes : int
        Number of genres.
    channels : sequence of int, default=(32, 64, 128)
        Output channels of the blocks.
    kernel_size : int, default=5
        Side of the square kernels. An even one reaches further forward than back.
    pool_sizes : sequence of (int, int), default=((4, 2), (5, 4), (16, 8))
        Pooling of each block over (frames, bands), capped by what is left of the input.
    dropout : float, default=0.5
        Probability of dropping a unit after each block and each dense layer.
    batch_norm : bool, default=True
        Normalize after each convolution.
    dense_sizes : sequence of int, default=()
        Widths of dense layers between the blocks and the genres.

    Attributes
    ----------
    largest_product : int
        Multiply-adds of the largest operation, for one sample.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        channels: Sequence[int] = (32, 64, 128),
        kernel_size: int = 5,
        pool_sizes: Sequence[tuple[int, int]] = ((4, 2), (5, 4), (16, 8)),
        dropout: float = 0.5,
        batch_norm: bool = True,
        dense_sizes: Sequence[int] = (),
    ):
        super().__init__()
        n_frames, n_mels = input_shape
        back, forth = (kernel_size - 1) // 2, kernel_size // 2
        blocks: list[nn.Module] = []
        before = 1
        products = []
        for size, pool in zip(channels, pool_sizes, strict=True):
            pool = (min(pool[0], n_frames), min(pool[1], n_mels))
            if back != forth:
                blocks.append(nn.ZeroPad2d((0, 1, 0, 1)))
            convolution = nn.Conv2d(before, size, kernel_size, padding=back)
            blocks += [convolution, nn.ReLU(inplace=True)]  # new memory for images costs more
            products.append(before * size * kernel_size**2 * n_frames * n_mels)
            if batch_norm:
                blocks.append(nn.BatchNorm2d(size))
            blocks += [nn.MaxPool2d(pool), Dropout(dropout)]
            before, n_frames, n_mels = size, n_frames // pool[0], n_mels // pool[1]
        self.blocks = nn.Sequential(*blocks)
        dense: list[nn.Module] = []
        width = before * n_frames * n_mels
        for size in dense_sizes:
            dense += [nn.Linear(width, size), nn.ReLU(), Dropout(dropout)]
            products.append(width * size)
            width = size
        self.dense = nn.Sequential(*dense)
        self.head = nn.Linear(width, n_classes)
        self.largest_product = max(*products, width * n_classes)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return self.head(self.dense(self.blocks(as_images(X)).flatten(1)))
