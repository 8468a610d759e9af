"""Systems by protocols, with intervals: how much a split flatters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sklearn_mgc.display.axes import AxesDisplay, as_label


class ScoresDisplay(AxesDisplay):
    """Scores of systems under protocols, with their intervals: a row a system, a colour a protocol.

    Parameters
    ----------
    rows : sequence of dict
        ``system``, ``protocol``, ``score``, ``low`` and ``high`` of each.
    score_name : str, default="accuracy"
        What the score is.
    confidence_level : float, default=0.95
        Coverage of the intervals.

    Examples
    --------
    >>> from sklearn_mgc.display import ScoresDisplay
    >>> rows = [{"system": "SVM", "protocol": "by artist", "score": 0.6, "low": 0.5, "high": 0.7}]
    >>> ScoresDisplay(rows).plot().ax_.get_xlabel()
    'accuracy, 95 % CI'
    """

    def __init__(
        self,
        rows: Sequence[Mapping[str, Any]],
        *,
        score_name: str = "accuracy",
        confidence_level: float = 0.95,
    ):
        self.rows = rows
        self.score_name = score_name
        self.confidence_level = confidence_level

    @classmethod
    def from_results(cls, results: Mapping[Any, Any], *, metric=None, ax=None) -> ScoresDisplay:
        """Draw the scores of several cross-validations.

        Parameters
        ----------
        results : dict
            :class:`~sklearn_mgc.evaluation.EvaluationResult` by name of the system, or by
            pairs of system and protocol.
        metric : str, default=None
            Name of the score; the first by default.
        ax : matplotlib Axes, default=None
            Axes to draw into; new ones by default.

        Returns
        -------
        ScoresDisplay
            The drawn display.
        """
        rows = []
        for key, result in results.items():
            system, protocol = key if isinstance(key, tuple) else (key, "")
            values = zip(("score", "low", "high"), result.interval(metric), strict=True)
            rows.append({"system": system, "protocol": protocol, **dict(values)})
        first = next(iter(results.values()))
        return cls(
            rows,
            score_name=metric or next(iter(first.scorers)),
            confidence_level=first.confidence_level,
        ).plot(ax=ax)

    def _names(self, kind: str) -> list:
        return list(dict.fromkeys(row[kind] for row in self.rows))

    def _size(self):
        n_systems, n_protocols = len(self._names("system")), len(self._names("protocol"))
        return 7.5, 1.1 + n_systems * (0.25 + 0.17 * n_protocols)

    def _draw(self, ax):
        systems, protocols = self._names("system"), self._names("protocol")
        step = 0.8 / len(protocols)
        for k, protocol in enumerate(protocols):
            rows = [row for row in self.rows if row["protocol"] == protocol]
            score = np.array([row["score"] for row in rows])
            spans = [score - [row["low"] for row in rows], [row["high"] for row in rows] - score]
            places = [
                systems.index(row["system"]) + (k - (len(protocols) - 1) / 2) * step for row in rows
            ]
            ax.errorbar(
                score, places, xerr=np.clip(spans, 0, None), fmt="o", color=f"C{k}", capsize=3,
                label=as_label(protocol),
            )  # fmt: skip
        for place in range(1, len(systems)):
            ax.axhline(place - 0.5, color="0.85", lw=0.8)
        ax.set_yticks(range(len(systems)), [as_label(system) for system in systems])
        ax.set(
            xlim=(min(0.0, *(row["low"] for row in self.rows)), 1.02),
            ylim=(len(systems) - 0.5, -0.5),
            xlabel=f"{self.score_name}, {100 * self.confidence_level:g} % CI",
        )
        ax.grid(axis="x", color="0.92")
        ax.set_axisbelow(True)
        if protocols != [""]:
            ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
