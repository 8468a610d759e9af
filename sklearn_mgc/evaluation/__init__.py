"""Evaluation that does not flatter: no artist on both sides of a split."""

from __future__ import annotations

import importlib
from typing import Any

# Imported on first use: a leakage report needs no torch.
_HOME: dict[str, str] = {
    "Comparison": "_compare",
    "EvaluationResult": "_result",
    "LeakageError": "leakage",
    "LeakageReport": "leakage",
    "assert_no_leakage": "leakage",
    "best_handcrafted": "systems",
    "compare": "_compare",
    "cross_validate": "_cross_validate",
    "leakage_report": "leakage",
    "robustness": "_robustness",
    "robustness_conditions": "_conditions",
    "RobustnessResult": "_robustness",
    "reproduce": "_reproduce",
}
_MODULES = ("protocols",)

__all__ = sorted([*_HOME, *_MODULES])


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
