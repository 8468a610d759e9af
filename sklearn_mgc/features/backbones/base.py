"""What a pretrained network is to `PretrainedEmbedding`."""

from __future__ import annotations

import copy
import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

_UNKNOWN = "not said"


@dataclass(frozen=True)
class Card:
    """What one should know of a network before using it.

    Parameters
    ----------
    name : str
        What `PretrainedEmbedding` calls it.
    title, source : str
        What it is, and who made it.
    sample_rate : int
        Of the sound that it hears, in Hz.
    window : float
        Seconds that it hears at a time.
    layers : dict of str to int, default={}
        Sizes of the layers that can be had; empty if they depend on the window.
    default_layer : str, default=""
        Which of them is had unless another is asked for; the first by default.
    licence, commercial_use, training_data, leakage : str
        What may be done with it, and what it has heard already.
    size, reference : str
        Of its weights, and where it is described.
    tags : tuple of str, default=()
        Names of the entries of the layer ``"tags"``.
    """

    name: str
    title: str
    source: str
    sample_rate: int
    window: float
    layers: dict[str, int] = field(default_factory=dict)
    default_layer: str = ""
    licence: str = _UNKNOWN
    commercial_use: str = "see its licence"
    training_data: str = _UNKNOWN
    leakage: str = "whether it has heard your test clips is for you to find out"
    size: str = _UNKNOWN
    reference: str = _UNKNOWN
    tags: tuple[str, ...] = field(default=(), repr=False)

    def entries(self) -> dict[str, str]:
        """The card as text by name.

        Returns
        -------
        dict of str to str
            Such as ``"licence"``.
        """
        layers = ", ".join(f"{name} ({size})" for name, size in self.layers.items())
        return {
            "source": self.source,
            "licence": f"{self.licence}; commercial use: {self.commercial_use}",
            "trained on": self.training_data,
            "leakage": self.leakage,
            "input": f"{self.sample_rate} Hz, windows of {self.window:g} s",
            "layers": layers or "depend on the window",
            "size": self.size,
            "reference": self.reference,
        }

    def describe(self) -> str:
        """The card as text.

        Returns
        -------
        str
            One line for each entry.
        """
        lines = (f"    {key}: {value}" for key, value in self.entries().items())
        return "\n".join([f"{self.name}: {self.title}", *lines])


class Grid(NamedTuple):
    """Windows on a waveform, in samples.

    Window ``i`` begins at ``i * step`` and has ``length`` samples; the network reads ``margin``
    more before and after it, zeros beyond the ends of the clip.
    """

    length: int
    step: int  # from the beginning of one window to that of the next
    margin: int = 0

    def count(self, n_samples: int) -> int:
        """Count the whole windows of a clip."""
        return 1 + (n_samples - self.length) // self.step if n_samples >= self.length else 0

    def cut(self, y: np.ndarray, n_windows: int) -> np.ndarray:
        """Cut samples into windows, without margins."""
        return np.stack([y[i * self.step :][: self.length] for i in range(n_windows)])


class Backbone(ABC):
    """A network with its weights.

    A subclass sets ``card`` and ``weights_hash`` and has ``embed``.
    """

    card: Card
    weights_hash: str | None  # of all that determines an embedding; None if that cannot be told

    def on(self, device: str, network: Any) -> Any:
        """Keep one copy of a torch module on each device."""
        copies = self.__dict__.setdefault("_copies", {"cpu": network})
        if device not in copies:
            copies[device] = copy.deepcopy(network).to(device)
        return copies[device]

    def sizes(self, grid: Grid) -> dict[str, int]:
        """Give the sizes of the layers."""
        return self.card.layers

    def grid(self, window: float, hop: float) -> Grid:
        """Lay out windows of so many seconds."""
        rate = self.card.sample_rate
        return Grid(max(1, round(window * rate)), max(1, round(hop * rate)))

    @abstractmethod
    def embed(
        self, y: np.ndarray, n_windows: int, grid: Grid, layers: tuple[str, ...], device: str
    ) -> np.ndarray:
        """Compute layers of consecutive windows, (n_windows, sum of the layers' sizes).

        ``y`` holds the samples of the windows with their margins.
        """


def hash_weights(weights: dict[str, np.ndarray]) -> str:
    """Hash of names, shapes and values: the same however they are stored."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        values = np.ascontiguousarray(weights[name], dtype="<f4")
        digest.update(f"{name} {values.shape}\n".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()
