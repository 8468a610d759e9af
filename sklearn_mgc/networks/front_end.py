"""What stands before a network of spectrograms: standardized bands, masks in training."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from sklearn_mgc.networks import draws


class FrontEnd(nn.Module):
    """A network of spectrograms that takes decibels as they come.

    Bands are standardized by means and deviations that are kept with the weights but are
    not trained, so the number of parameters is the network's own. In training, SpecAugment
    masks one run of frames and one of bands of each spectrogram with the mean.
    ``spec_augment`` is the longest run, as a share of the frames and of the bands.

    References
    ----------
    D. S. Park et al., *SpecAugment: a simple data augmentation method for automatic speech
    recognition*, Interspeech 2019.
    """

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(
        self,
        network: type[nn.Module],
        input_shape: tuple[int, ...],
        n_classes: int,
        spec_augment: float = 0.0,
        **params: Any,
    ):
        super().__init__()
        self.spec_augment = spec_augment
        self.seed_draws(0)
        self.register_buffer("mean", torch.zeros(input_shape[1]))
        self.register_buffer("scale", torch.ones(input_shape[1]))
        self.network = network(input_shape, n_classes, **params)
        self.largest_product = self.network.largest_product

    def seed_draws(self, *key: int) -> None:
        """Begin the stream of this key."""
        self._rng = draws.generator(*key)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Logits (n, n_classes) of spectrograms (n, n_frames, n_mels)."""
        X = (X - self.mean) / self.scale
        if self.training and self.spec_augment > 0:
            n, n_frames, n_mels = X.shape
            frames, bands = self.draw(n, n_frames), self.draw(n, n_mels)
            masked = frames.to(X.device)[:, :, None] | bands.to(X.device)[:, None, :]
            X = X.masked_fill(masked, 0.0)
        return self.network(X)

    def draw(self, n: int, length: int) -> torch.Tensor:
        """One run (n, length) for each spectrogram, of random width and place."""
        width, start = self._rng.random((2, n, 1), dtype=np.float32)
        width *= self.spec_augment * length
        start *= length - width
        place = np.arange(length)
        return torch.from_numpy((place >= start) & (place < start + width))
