"""What a robustness measurement found, in rows and in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mgc._optional import require
from sklearn_mgc.audio import printable
from sklearn_mgc.display.tables import Report
from sklearn_mgc.evaluation.statistics import PairedDifference, share_interval

if TYPE_CHECKING:
    import pandas as pd


class RobustnessResult(Report):
    """What `robustness` measured.

    Parameters
    ----------
    y_true : ndarray of shape (n,)
        Genres.
    predictions : dict of str to ndarray of shape (n,)
        Predicted genres under each condition, None for clips left out; the first,
        ``"clean"``, on the clips as they are.
    groups : ndarray of shape (n,), default=None
        Artists, for the intervals; without them, clips count as independent.
    confidence_level : float, default=0.95
        Level of the intervals.

    Attributes
    ----------
    rows : list of dict
        Per condition ``n``; ``accuracy`` with its interval ``low`` to ``high`` (Wilson's, for the
        effective number of clips that follows from the variance between groups); ``difference``
        from the same clips clean with the interval ``difference_low`` to ``difference_high``
        (paired: Student's between groups, never narrower than Agresti and Min's); and ``flips``,
        the share of predictions that changed, right or wrong.
    verdict : str
        One sentence.
    """

    _display = "RobustnessDisplay"

    def __init__(
        self,
        y_true: np.ndarray,
        predictions: Mapping[str, np.ndarray],
        groups: np.ndarray | None = None,
        confidence_level: float = 0.95,
    ):
        self.y_true = y_true
        self.groups = groups
        self.predictions = dict(predictions)
        self.confidence_level = confidence_level
        clean = self.predictions["clean"]
        self.rows = [
            self._row(name, predicted, clean) for name, predicted in self.predictions.items()
        ]

    def _row(self, name: str, predicted: np.ndarray, clean: np.ndarray) -> dict[str, Any]:
        used = np.array([p is not None for p in predicted], dtype=bool)
        n = int(used.sum())
        right, was_right = (p[used] == self.y_true[used] for p in (predicted, clean))
        groups = None if self.groups is None else self.groups[used]
        low, high = share_interval(right, groups, self.confidence_level)
        change = right.astype(float) - was_right
        difference = PairedDifference.of(change, groups)
        difference_low, difference_high = difference.interval(self.confidence_level)
        return {
            "condition": name,
            "n": n,
            "accuracy": float(right.mean()) if n else np.nan,
            "low": float(low),
            "high": float(high),
            "difference": difference.mean,
            "difference_low": difference_low,
            "difference_high": difference_high,
            "flips": float((predicted[used] != clean[used]).mean()) if n else np.nan,
        }

    @property
    def verdict(self) -> str:
        """The result in one sentence."""
        changed = [row for row in self.rows[1:] if row["n"]]
        if not changed:
            return "no condition applied to any clip"
        clean = self.rows[0]
        text = f"{100 * clean['accuracy']:.1f} % right on {clean['n']} clean clips"
        most = max(changed, key=lambda row: row["flips"])
        if not most["flips"]:
            return f"{text}; no condition changes any prediction"
        worst = min(changed, key=lambda row: row["difference"])
        text += f"; {most['condition']!r} changes most predictions ({100 * most['flips']:.1f} %)"
        if worst["difference"] < 0:
            text += (
                f"; {worst['condition']!r} costs most: "
                f"{-100 * worst['difference']:.1f} points ({100 * self.confidence_level:g} % CI "
                f"{-100 * worst['difference_high']:.1f} to {-100 * worst['difference_low']:.1f})"
            )
        return text

    def to_frame(self) -> pd.DataFrame:
        """Return the table, one row per condition.

        Returns
        -------
        DataFrame
            The ``rows``, indexed by condition.
        """
        pd = require("pandas", extra="data", what="tables")

        return pd.DataFrame(self.rows).set_index("condition")

    def _lines(self) -> list[str]:
        return [printable(self.verdict)]

    def _table(self) -> tuple[list[str], list[list]]:
        level = f"{100 * self.confidence_level:g} % CI"
        rows = []
        for row in self.rows:
            cells = [row["condition"], row["n"], None, "does not apply", None, None, None]
            if row["n"]:
                cells[2:4] = [row["accuracy"], f"{row['low']:.3f} to {row['high']:.3f}"]
            if row["n"] and row is not self.rows[0]:
                cells[4:] = [
                    f"{row['difference']:+.3f}",
                    f"{row['difference_low']:+.3f} to {row['difference_high']:+.3f}",
                    f"{100 * row['flips']:.1f} %",
                ]
            rows.append(cells)
        return ["condition", "n", "accuracy", level, "difference", level, "flipped"], rows
