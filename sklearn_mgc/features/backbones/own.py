"""Networks of one's own: a torch module, or anything else that turns waveforms into numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

import numpy as np
import torch

from sklearn_mgc.features.backbones.base import Backbone, Card, Grid, hash_weights
from sklearn_mgc.features.base import AudioTransformer

USAGE = (
    "a torch.nn.Module or another callable: takes waveforms (n, samples), or what "
    'model_params={"front_end": MelSpectrogram(...)} makes of them'
)
_WINDOW = 10.0


def owns(model) -> bool:
    """Tell whether a network is one of these."""
    return callable(model) and not isinstance(model, type)


def load(model, *, sample_rate=None, front_end=None) -> Own:
    """Wrap a callable.

    It takes a float32 array (n, samples), a tensor if it is a module, or what the front end makes
    of it; it returns an array (n, size) or (n, time, size), or a dict of them.
    """
    is_module = isinstance(model, torch.nn.Module)
    name = getattr(model, "__name__", type(model).__name__)
    return Own(
        name,
        partial(_call_module, model) if is_module else lambda x, device: model(x),
        partial(_hash_module, model) if is_module else lambda: getattr(model, "weights_hash", None),
        sample_rate=sample_rate,
        front_end=front_end,
        source="a torch module of your own" if is_module else "a callable of your own",
    )


class Own(Backbone):
    """Windows of sound through a front end, if there is one, and a function.

    ``function(array, device)`` computes, ``find_hash()`` gives its hash or None, ``window`` is its
    length in seconds, if it takes no other.
    """

    def __init__(
        self,
        name: str,
        function: Callable,
        find_hash: Callable[[], str | None],
        *,
        sample_rate: int | None,
        front_end: AudioTransformer | None,
        source: str,
        window: float | None = None,
    ):
        if front_end is not None:
            if not isinstance(front_end, AudioTransformer):
                raise ValueError(f"front_end must be an AudioTransformer, got {front_end!r}")
            front_end.fit()
            if sample_rate not in (None, front_end.sample_rate):
                raise ValueError(
                    f"sample_rate is {sample_rate}, that of the front end {front_end.sample_rate}: "
                    "leave the first out"
                )
            sample_rate = front_end.sample_rate
        if not isinstance(sample_rate, int) or sample_rate < 1:
            raise ValueError(
                f"{name}: at which rate does it hear? Pass model_params="
                f'{{"sample_rate": 16000}} or a front end; got {sample_rate!r}'
            )
        self._name, self._function, self._find_hash = name, function, find_hash
        self._front_end, self._window = front_end, window
        self.card = Card(name, "a network of your own", source, sample_rate, self._seconds())
        self.sizes = lru_cache(maxsize=4)(self._sizes)  # type: ignore[method-assign]

    @property
    def weights_hash(self) -> str | None:  # type: ignore[override]
        """Of the function as it is now, and of the front end."""
        found = self._find_hash()
        if found is None or self._front_end is None:
            return found
        key = sorted(self._front_end.cache_key().items())
        return hashlib.sha256(f"{found} {key}".encode()).hexdigest()

    def grid(self, window: float, hop: float) -> Grid:
        """Lay out windows; a function of one length refuses others."""
        if self._window is not None and window != self._window:
            raise ValueError(f"{self._name} hears {self._window:g} s, window cannot be {window:g}")
        return super().grid(window, hop)

    def embed(self, y, n_windows, grid, layers, device):
        """As `Backbone.embed`."""
        found = self._outputs(grid.cut(y, n_windows), device)
        return np.concatenate([found[layer] for layer in layers], axis=1)

    def _sizes(self, grid: Grid) -> dict[str, int]:
        """Sizes as a window of noise shows them."""
        noise = np.random.default_rng(0).normal(0, 0.1, (1, grid.length)).astype(np.float32)
        return {name: values.shape[1] for name, values in self._outputs(noise, "cpu").items()}

    def _seconds(self) -> float:
        front_end = self._front_end
        if self._window is not None:
            return self._window
        if front_end is not None and hasattr(front_end, "n_frames"):
            return (front_end.n_frames - 1) * front_end.hop_length / front_end.sample_rate
        return _WINDOW

    def _outputs(self, x: np.ndarray, device: str) -> dict[str, np.ndarray]:
        n = len(x)
        if self._front_end is not None:
            x = np.stack([self._front_end.extract(window) for window in x]).astype(np.float32)
        found: Any = self._function(x, device)
        if not isinstance(found, Mapping):
            found = {"output": found}
        found = {
            name: torch.as_tensor(values).detach().float().cpu().numpy()
            for name, values in found.items()
            if isinstance(values, (torch.Tensor, np.ndarray))
        }
        for name, values in found.items():
            if values.ndim not in (2, 3) or len(values) != n:
                raise ValueError(
                    f"{self._name} returned {name!r} of shape {values.shape} for {n} windows; it "
                    f"must be ({n}, size) or ({n}, time, size)"
                )
            found[name] = values.mean(axis=1) if values.ndim == 3 else values
        if not found:
            raise ValueError(f"{self._name} returned no array")
        return found


def _call_module(module: torch.nn.Module, x: np.ndarray, device: str):
    with torch.inference_mode():
        return module.eval().to(device)(torch.from_numpy(x).to(device))


def _hash_module(module: torch.nn.Module) -> str:
    weights = {name: v.detach().float().cpu().numpy() for name, v in module.state_dict().items()}
    return hashlib.sha256(f"{module!r} {hash_weights(weights)}".encode()).hexdigest()
