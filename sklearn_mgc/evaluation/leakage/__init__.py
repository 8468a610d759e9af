"""Does a split test what it trained on?"""

from sklearn_mgc.evaluation.leakage.report import (
    LeakageError,
    LeakageReport,
    assert_no_leakage,
    leakage_report,
)

__all__ = ["LeakageError", "LeakageReport", "assert_no_leakage", "leakage_report"]
