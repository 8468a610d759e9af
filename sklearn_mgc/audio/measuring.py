"""What samples say about a file that decodes: channels that cancel, a wrong scale, a lost end.

Few samples are looked at, spread evenly, which takes some microseconds a second of sound.
"""

from __future__ import annotations

import numpy as np

from sklearn_mgc.audio.stream import Note

_ROWS = 2**11  # samples of a block that are looked at, at least: each costs a cache miss
_FAINT = 1e-8  # mean square below which nothing is said: -80 dB
_CANCELLED = 1e-2  # of the channels' energy in their mean: -20 dB
_SCALE = 10.0
_TAIL, _TAIL_SHARE = 1.0, 0.1  # seconds, and share of the file
_FADE = 0.01  # seconds before the zeros: music that ends has faded, a copy has not


class Measurements:
    """Measure the blocks of a file, and note what is odd about them.

    In ``plain`` files the samples lie as they are: only there does the part of a copy that never
    came show as zeros.
    """

    def __init__(self, note: Note, plain: bool):
        self._note, self._plain = note, plain
        self._n_rows, self._energy, self._mixed, self._peak = 0, 0.0, 0.0, 0.0
        self._n_samples, self._n_zeros, self._before, self._rate = 0, 0, 0.0, 1

    def add(self, samples: np.ndarray, rate: int) -> None:
        """Measure a block of shape (n_samples, n_channels)."""
        rows = samples[:: len(samples) // _ROWS or 1].astype(np.float64)
        self._n_rows += len(rows)
        self._energy += float(np.vdot(rows, rows)) / rows.shape[1]
        mixed = rows @ np.full(rows.shape[1], 1 / rows.shape[1])
        self._mixed += float(np.vdot(mixed, mixed))
        self._peak = max(self._peak, float(rows.max()), -float(rows.min()))
        self._n_samples += len(samples)
        self._rate = rate
        if self._plain:
            self._count_zeros(samples)

    def _count_zeros(self, samples: np.ndarray) -> None:
        n_zeros = _n_last_zeros(samples)
        if n_zeros == len(samples):
            self._n_zeros += n_zeros
            return
        self._n_zeros = n_zeros
        stop = len(samples) - n_zeros
        last = samples[max(stop - int(_FADE * self._rate) - 1, 0) : stop].astype(np.float64)
        self._before = float(np.square(last).mean())

    def end(self) -> None:
        """Note what is odd about the whole."""
        energy, mixed = (value / max(self._n_rows, 1) for value in (self._energy, self._mixed))
        if energy > _FAINT and mixed < _CANCELLED * energy:
            below = f"{10 * np.log10(energy / mixed):.0f} dB" if mixed else "infinitely"
            self._note(
                "channels cancel",
                f"has channels in opposite phase: their mean is {below} below them",
            )
        if self._peak > _SCALE:
            self._note("scale", f"has samples up to {self._peak:.6g}, where full scale is 1")
        seconds = self._n_zeros / self._rate
        if (
            seconds > _TAIL
            and self._n_samples > self._n_zeros > _TAIL_SHARE * self._n_samples
            and self._before > 0.01 * energy
        ):
            self._note("truncated", f"ends abruptly in {seconds:.1f} s of zeros")


def _n_last_zeros(samples: np.ndarray) -> int:
    """How many samples at the end are zero in all channels."""
    if samples[-1].any():
        return 0
    stop = len(samples)
    size = 2**12
    while stop > 0 and not samples[max(stop - size, 0) : stop].any():
        stop -= size
    if stop <= 0:
        return len(samples)
    start = max(stop - size, 0)
    loud = np.flatnonzero(samples[start:stop].any(axis=1))
    return len(samples) - start - int(loud[-1]) - 1
