"""Evaluation that does not flatter: no artist on both sides of a split."""

from __future__ import annotations

from typing import Any

from sklearn_mgc._optional import require

# Imported on first use: a leakage report needs no torch.
_HOME: dict[str, str] = {
    "Comparison": "comparison",
    "EvaluationResult": "results",
    "LeakageError": "leakage",
    "LeakageReport": "leakage",
    "assert_no_leakage": "leakage",
    "calibrate": "calibration",
    "compare": "comparison",
    "confidence_for": "calibration",
    "coverage_curve": "calibration",
    "cross_validate": "cross_validation",
    "leakage_report": "leakage",
    "reliability": "calibration",
    "robustness": "robustness_measurement",
    "robustness_conditions": "perturbations",
    "RobustnessResult": "robustness_measurement",
    "reproduce": "reproduction",
}
_WHAT = "parts of sklearn_mgc.evaluation"
_MODULES = ("protocols",)

__all__ = sorted([*_HOME, *_MODULES])


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(require(f"{__name__}.{_HOME[name]}", what=_WHAT), name)
    if name in _MODULES:
        return require(f"{__name__}.{name}", what=_WHAT)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
