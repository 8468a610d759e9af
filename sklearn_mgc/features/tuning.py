"""How far a recording is from A440, as `librosa.estimate_tuning` finds it."""

from __future__ import annotations

import numpy as np

TUNINGS = np.linspace(-0.5, 0.5, 101)  # in semitones
_SHIFT = 16  # of the bits of a float32: heights within 0.8 % are one


def tuning_from_peaks(frequency: np.ndarray, height: np.ndarray) -> float:
    """Deviation that most peaks above the median height have, in semitones."""
    if not len(frequency):
        return 0.0
    bins = _deviations(frequency[height >= np.median(height)])
    return float(TUNINGS[np.argmax(np.bincount(bins, minlength=100))])


def _deviations(frequency: np.ndarray) -> np.ndarray:
    """Deviations from A440 in hundredths of a semitone, 0 for half a semitone below."""
    residual = np.mod(12 * np.log2(frequency / np.float32(440.0 / 16)), np.float32(1))
    residual[residual >= 0.5] -= 1
    return (np.searchsorted(TUNINGS, residual, side="right") - 1).astype(np.uint8)


class Peaks:
    """Spectral peaks of hours, counted by height and by deviation; noise has millions."""

    def __init__(self) -> None:
        self._counts: np.ndarray | None = None

    def add(self, frequency: np.ndarray, height: np.ndarray) -> None:
        """Count peaks."""
        if self._counts is None:
            self._counts = np.zeros((1 << (31 - _SHIFT), 100), dtype=np.int32)
        # The bits of positive floats are ordered as the floats are.
        bits = height.view(np.int32) >> _SHIFT
        np.add.at(self._counts, (bits, _deviations(frequency)), 1)

    def tuning(self) -> float:
        """As `tuning_from_peaks`, of all peaks."""
        counts = self._counts
        if counts is None or not counts.any():
            return 0.0
        above = counts.sum(axis=1)[::-1].cumsum()[::-1]
        median = np.flatnonzero(above >= above[0] / 2)[-1]
        higher = counts[median + 1 :].sum(axis=0)
        share = (above[0] / 2 - higher.sum()) / counts[median].sum()
        return float(TUNINGS[np.argmax(higher + share * counts[median])])
