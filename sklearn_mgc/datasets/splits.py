"""Official splits: one spelling of their parts, and what scikit-learn takes as ``cv``."""

from __future__ import annotations

import numpy as np

_PARTS = {
    "training": "train", "validation": "valid", "val": "valid", "dev": "valid", "testing": "test",
    "evaluation": "test", "eval": "test",
}  # fmt: skip


def part_name(word: str) -> str:
    """The part that a table means: "Training" is "train", "dev" is "valid"."""
    word = word.strip().lower()
    return _PARTS.get(word, word)


def folds_of(parts: np.ndarray | None) -> list[tuple[np.ndarray, np.ndarray]] | None:
    """Index arrays (train, test) of parts "train" and "test", or of numbered folds.

    Those of a validation part, and of no part (""), are in neither. None is what parts that
    say neither come to.
    """
    if parts is None:
        return None
    known = set(parts.tolist())
    if {"train", "test"} <= known:
        return [(np.flatnonzero(parts == "train"), np.flatnonzero(parts == "test"))]
    folds = sorted(part for part in known if isinstance(part, int))
    if len(folds) < 2:
        return None
    return [
        (np.flatnonzero((parts != fold) & (parts != "")), np.flatnonzero(parts == fold))
        for fold in folds
    ]
