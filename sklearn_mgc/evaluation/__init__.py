"""Honest evaluation: no artist on both sides of a split."""

from sklearn_mgc._lazy import lazy

__getattr__, __dir__, __all__ = lazy(
    __name__,
    {
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
        "RobustnessResult": "robustness_results",
        "reproduce": "reproduction",
    },
    ("protocols",),
)
