"""Networks that see a log-mel spectrogram: the rest of the way to a row can be one graph."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from sklearn_mgc._threads import team
from sklearn_mgc.features.backbones.base import Backbone, Grid

_STATISTICS: dict[str, Callable] = {
    "mean": lambda x: x.mean(dim=-2),
    "std": lambda x: _variance(x).sqrt(),
    "var": lambda x: _variance(x),
    "min": lambda x: x.amin(dim=-2),
    "max": lambda x: x.amax(dim=-2),
}


def _variance(x: torch.Tensor) -> torch.Tensor:
    return (x - x.mean(dim=-2, keepdim=True)).square().mean(dim=-2)


class LogMelBackbone(Backbone):
    """A spectrogram, and a torch module.

    A subclass sets ``network``, which makes a dict of layers of patches (n, n_frames, n_bands),
    and has ``patches`` and ``spectrogram``.
    """

    network: nn.Module

    @abstractmethod
    def patches(self, y: np.ndarray, n_windows: int, grid: Grid, device: str) -> torch.Tensor:
        """Compute log-mel spectrograms (n_windows, n_frames, n_bands) of consecutive windows."""

    @abstractmethod
    def spectrogram(self, grid: Grid) -> dict[str, Any]:
        """Tell how to compute ``patches`` elsewhere; ``n_frames`` and ``n_bands`` are among it."""

    def embed(self, y, n_windows, grid, layers, device):
        """As `Backbone.embed`: one spectrum for all windows, then all windows at once."""
        with torch.inference_mode(), team(0):  # blocks that fit a core's cache are small
            found = self.on(device, self.network)(self.patches(y, n_windows, grid, device))
            return torch.cat([found[layer] for layer in layers], dim=1).cpu().numpy()


class RowOfPatches(nn.Module):
    """Statistics of layers over the windows of clips: what `PretrainedEmbedding` has in a row."""

    def __init__(self, network: nn.Module, layers: tuple[str, ...], statistics: tuple[str, ...]):
        super().__init__()
        if unknown := sorted(set(statistics).difference(_STATISTICS)):
            raise TypeError(
                f"to_onnx cannot export the statistics {', '.join(unknown)}; "
                f"{', '.join(_STATISTICS)} can be exported"
            )
        self.network, self.layers, self.statistics = network, layers, statistics

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Rows of log-mel patches (n_clips, ..., n_windows, n_frames, n_bands)."""
        found = self.network(X.flatten(0, -3))
        windows = torch.cat([found[layer] for layer in self.layers], dim=1)
        windows = windows.unflatten(0, X.shape[:-2])
        values = [_STATISTICS[name](windows) for name in self.statistics]
        return torch.stack(values, dim=-1).flatten(-2)
