"""One-dimensional convolutions over time, then an LSTM."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class CRNN(nn.Module):
    """The paper's third network: Conv1d-BatchNorm-ReLU-MaxPool blocks and a 2-layer LSTM.

    Mel bands are the input channels of the first convolution; dropout follows the last
    block; the LSTM's last hidden state goes to the classes. Pools are capped by what is
    left of the input, which changes nothing at the paper's 640 frames.

    Parameters
    ----------
    input_shape : tuple of int
        ``(n_frames, n_mels)``.
    n_classes : int
        Number of genres.
    channels : sequence of int, default=(64, 32, 16)
        Output channels of the blocks.
    kernel_sizes : sequence of int, default=(5, 3, 3)
        Kernel length of each block in frames; odd.
    pool_sizes : sequence of int, default=(4, 2, 2)
        Pooling of each block over frames.
    lstm_hidden_size : int, default=32
        Width of the LSTM's hidden state.
    lstm_layers : int, default=2
        Number of stacked LSTM layers.
    bidirectional : bool, default=False
        Read the sequence in both directions.
    dropout : float, default=0.3
        Probability of dropping a unit.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_classes: int,
        channels: Sequence[int] = (64, 32, 16),
        kernel_sizes: Sequence[int] = (5, 3, 3),
        pool_sizes: Sequence[int] = (4, 2, 2),
        lstm_hidden_size: int = 32,
        lstm_layers: int = 2,
        bidirectional: bool = False,
        dropout: float = 0.3,
    ):
        super().__init__()
        n_frames, before = input_shape
        blocks: list[nn.Module] = []
        for size, kernel, pool in zip(channels, kernel_sizes, pool_sizes, strict=True):
            pool = min(pool, n_frames)
            blocks += [
                nn.Conv1d(before, size, kernel, padding=kernel // 2),
                nn.BatchNorm1d(size),
                nn.ReLU(),
                nn.MaxPool1d(pool),
            ]
            before, n_frames = size, n_frames // pool
        blocks.append(nn.Dropout(dropout))
        self.blocks = nn.Sequential(*blocks)
        self.lstm = nn.LSTM(
            before, lstm_hidden_size, lstm_layers, batch_first=True, bidirectional=bidirectional
        )
        self.head = nn.Linear(lstm_hidden_size * (2 if bidirectional else 1), n_classes)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Logits (n, n_classes) of spectrograms (n, n_frames, n_mels)."""
        sequence = self.blocks(X.transpose(1, 2)).transpose(1, 2)
        _, (hidden, _) = self.lstm(sequence)
        last = hidden[-2:] if self.lstm.bidirectional else hidden[-1:]
        return self.head(last.transpose(0, 1).flatten(1))
