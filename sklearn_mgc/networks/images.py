"""Spectrograms as images of one channel."""

from __future__ import annotations

import torch


def as_images(X: torch.Tensor) -> torch.Tensor:
    """View spectrograms as images, on a CPU with their channels last in memory.

    The order of the first input is that of all activations that follow; see the documentation's
    page on performance for what it saves.
    """
    if X.device.type != "cpu":
        return X.unsqueeze(1)
    # unsqueeze(1) would leave the order open, and convolutions then take channels first.
    return X.unsqueeze(3).permute(0, 3, 1, 2)
