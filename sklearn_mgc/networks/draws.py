"""Random numbers of a training, from generators that it owns.

torch's own generator is one for the whole process: networks that train in threads would draw
from each other's numbers, and the caller's would change. Here every epoch has its own:

- ``generator(seed, epoch)`` draws the order of the rows (``permutation``), and the mixup.
- The k-th layer that draws, counted from 1 in the order of ``module.modules()``, draws from
  ``SFC64((seed, epoch, k))``. A `Dropout` compares its raw output, read as 16-bit numbers,
  with the share that is kept: unit after unit and row after row, however the rows are divided
  into batches. Images are read with their channels last.

So an engine that is no torch module can drop the same units: it asks the `Dropout` layers.
NumPy draws them ten times as fast as torch does on a CPU. On a GPU units are drawn there, and
are others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

_PORTION = 8192


def generator(*key: int) -> np.random.Generator:
    """Generator of this key."""
    return np.random.Generator(np.random.SFC64(key))


def seed_layers(module: nn.Module, seed: int, epoch: int) -> None:
    """Give each layer that draws its generator for the epoch."""
    layers: Iterator[Any] = (m for m in module.modules() if hasattr(type(m), "seed_draws"))
    for k, layer in enumerate(layers, start=1):
        layer.seed_draws(seed, epoch, k)


def compiled(module: nn.Module) -> Any:
    """Pass a module through ``torch.compile``; what its layers draw stays out of the graphs.

    To mark the methods where they are defined would load the compiler with this package.
    """
    kinds: set[Any] = {type(m) for m in module.modules() if hasattr(m, "seed_draws")}
    for kind in kinds:
        kind.draw = torch.compiler.disable(kind.draw)
    return torch.compile(module)


class Dropout(nn.Dropout):
    """Dropout with a generator of its own, once it has been seeded; before, torch's.

    Parameters
    ----------
    p : float, default=0.5
        Probability of dropping a unit.
    """

    def __init__(self, p: float = 0.5):
        super().__init__(p)
        self._bits: np.random.SFC64 | None = None
        self._drawn = np.zeros(0, dtype=bool)
        self._elsewhere: torch.Generator | None = None

    def seed_draws(self, *key: int) -> None:
        """Begin the stream of this key."""
        self._bits = np.random.SFC64(key)
        self._drawn = self._drawn[:0]
        self._elsewhere = None

    def kept(self, n: int) -> np.ndarray:
        """Whether each of the next n units is kept."""
        missing = n - len(self._drawn)
        if missing > 0:
            assert self._bits is not None  # seed_draws comes first
            # A small step would spend as long on asking for numbers as on all else.
            raw = self._bits.random_raw(-(-max(missing, _PORTION) // 4)).view(np.uint16)
            more = raw < round((1 - self.p) * 65536)
            self._drawn = np.concatenate([self._drawn, more]) if len(self._drawn) else more
        kept, self._drawn = self._drawn[:n], self._drawn[n:]
        return kept

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """X with some units set to zero and the others scaled up; when training."""
        if not self.training or self.p == 0 or self._bits is None:
            return super().forward(X)
        return X * self.draw(X)

    def draw(self, X: torch.Tensor) -> torch.Tensor:
        """Factors (of X's shape) of the units: zero, or what scales up those that are kept."""
        if X.device.type != "cpu":
            if self._elsewhere is None:
                assert self._bits is not None  # as `forward` makes sure
                seed = int(self._bits.random_raw())
                self._elsewhere = torch.Generator(X.device).manual_seed(seed)
            kept = torch.empty_like(X).bernoulli_(1 - self.p, generator=self._elsewhere)
            return kept.div_(1 - self.p)
        scale = np.float32(1 / (1 - self.p))
        factors = torch.from_numpy(np.multiply(self.kept(X.numel()), scale, dtype=np.float32))
        if X.ndim == 4:
            n, channels, *sides = X.shape
            factors = factors.view(n, *sides, channels).permute(0, 3, 1, 2)
        return factors.view(X.shape).to(X.dtype)
