"""Convolutions over time or over the image, then a recurrent network."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn

from sklearn_mgc.networks.draws import Dropout
from sklearn_mgc.networks.images import as_images

_ACTIVATIONS = {"relu": nn.ReLU, "elu": nn.ELU}


class CRNN(nn.Module):
    """The paper's third network: Conv1d-BatchNorm-ReLU-MaxPool blocks and a 2-layer LSTM.

    Mel bands are the input channels of the first convolution; dropout follows the last
    block; the LSTM's last hidden state goes to the classes. Pools are capped by what is
    left of the input, which changes nothing at the paper's 640 frames. The parameters
    after ``dropout`` make its relatives of it.

    ``forward`` gives logits (n, n_classes) of spectrograms (n, n_frames, n_mels).

    Parameters
    ----------
    input_shape : tuple of int
        ``(n_frames, n_mels)``.
    n_classes : int
        Number of genres.
    channels : sequence of int, default=(64, 32, 16)
        Output channels of the blocks; mel bands are the input channels.
    kernel_sizes : sequence of int, default=(5, 3, 3)
        Kernel length, or side, of each block; odd.
    pool_sizes : sequence of int, default=(4, 2, 2)
        Pooling of each block over frames, and with 2-D convolutions over bands, capped by
        what is left of the input.
    rnn_hidden_size : int, default=32
        Width of the recurrent network's hidden state.
    rnn_layers : int, default=2
        Number of stacked recurrent layers.
    bidirectional : bool, default=False
        Read the sequence in both directions.
    dropout : float or sequence of float, default=0.3
        Probability of dropping a unit after the last block, or after each block.
    convolution : {"1d", "2d"}, default="1d"
        "2d" reads the spectrogram as an image. What is left of its bands joins the
        channels when the recurrent network reads it.
    batch_norm : bool, default=True
        Normalize after each convolution.
    activation : {"relu", "elu"}, default="relu"
        Activation of the blocks.
    rnn : {"lstm", "gru"}, default="lstm"
        Kind of recurrent network.
    rnn_dropout : float, default=0.0
        Probability of dropping a unit after the recurrent network.
    average_steps : bool, default=False
        Decide at every step and average the probabilities, in place of the last state.

    Attributes
    ----------
    largest_product : int
        Multiply-adds of the largest operation, for one sample.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        channels: Sequence[int] = (64, 32, 16),
        kernel_sizes: Sequence[int] = (5, 3, 3),
        pool_sizes: Sequence[int] = (4, 2, 2),
        rnn_hidden_size: int = 32,
        rnn_layers: int = 2,
        bidirectional: bool = False,
        dropout: float | Sequence[float] = 0.3,
        convolution: str = "1d",
        batch_norm: bool = True,
        activation: str = "relu",
        rnn: str = "lstm",
        rnn_dropout: float = 0.0,
        average_steps: bool = False,
    ):
        super().__init__()
        self.image = convolution == "2d"
        self.average_steps = average_steps
        conv = nn.Conv2d if self.image else nn.Conv1d
        norm = nn.BatchNorm2d if self.image else nn.BatchNorm1d
        pooling = nn.MaxPool2d if self.image else nn.MaxPool1d
        # Axes that are convolved and pooled, and the channels before the first block.
        sides = list(input_shape if self.image else input_shape[:1])
        before = 1 if self.image else input_shape[1]
        if isinstance(dropout, (int, float)):
            dropout = [0.0] * (len(channels) - 1) + [dropout]
        per_block = list(dropout)
        if len({len(channels), len(kernel_sizes), len(pool_sizes), len(per_block)}) > 1:
            raise ValueError(
                "channels, kernel_sizes, pool_sizes and a sequence for dropout need one for each "
                f"block, got {len(channels)}, {len(kernel_sizes)}, {len(pool_sizes)} and "
                f"{len(per_block)}"
            )
        blocks: list[nn.Module] = []
        products = []
        for size, kernel, pool, drop in zip(
            channels, kernel_sizes, pool_sizes, per_block, strict=True
        ):
            pools = tuple(min(pool, side) for side in sides)
            blocks.append(conv(before, size, kernel, padding=kernel // 2))
            products.append(before * size * kernel ** len(sides) * math.prod(sides))
            if batch_norm:
                blocks.append(norm(size))
            blocks += [_ACTIVATIONS[activation](), pooling(pools)]
            if drop:
                blocks.append(Dropout(drop))
            before, sides = size, [side // by for side, by in zip(sides, pools, strict=True)]
        self.blocks = nn.Sequential(*blocks)
        self.largest_product = max(products, default=0)
        width = before * (sides[1] if self.image else 1)
        recurrent = {"lstm": nn.LSTM, "gru": nn.GRU}[rnn]
        self.rnn = recurrent(
            width, rnn_hidden_size, rnn_layers, batch_first=True, bidirectional=bidirectional
        )
        self.dropout = Dropout(rnn_dropout)
        self.head = nn.Linear(rnn_hidden_size * (2 if bidirectional else 1), n_classes)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        if self.image:
            sequence = self.blocks(as_images(X)).transpose(1, 2).flatten(2)
        else:
            sequence = self.blocks(X.transpose(1, 2)).transpose(1, 2)
        steps, hidden = self.rnn(sequence)
        if self.average_steps:
            # Logarithms of probabilities are logits of them.
            votes = self.head(self.dropout(steps)).log_softmax(dim=2)
            return votes.logsumexp(dim=1) - math.log(votes.shape[1])
        if isinstance(hidden, tuple):  # an LSTM's hidden and cell state
            hidden = hidden[0]
        last = hidden[-2:] if self.rnn.bidirectional else hidden[-1:]
        return self.head(self.dropout(last.transpose(0, 1).flatten(1)))
