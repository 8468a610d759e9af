"""Tell whether a split tests what it trained on."""

from sklearn_mgc.evaluation.leakage.detection import assert_no_leakage, leakage_report
from sklearn_mgc.evaluation.leakage.report import LeakageError, LeakageReport

__all__ = ["LeakageError", "LeakageReport", "assert_no_leakage", "leakage_report"]
