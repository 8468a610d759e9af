"""Which share of the test tracks is known from training, as bars."""

from __future__ import annotations

from sklearn_mgc.display.axes import AxesDisplay

_NAMES = {
    "artist": "same artist",
    "track": "same track",
    "copy": "exact copy",
    "duplicate": "listed duplicate",
    "near": "near-duplicate",
}


class LeakageDisplay(AxesDisplay):
    """Share of the test tracks that leak, for each kind of leak; a dot is a fold.

    Parameters
    ----------
    report : LeakageReport
        Made by :func:`sklearn_mgc.evaluation.leakage_report`.

    Examples
    --------
    >>> from sklearn_mgc.display import LeakageDisplay
    >>> from sklearn_mgc.evaluation import leakage_report
    >>> report = leakage_report([[0.0], [1.0], [2.0], [9.0]], groups=["a", "b", "a", "b"], cv=2)
    >>> LeakageDisplay(report).plot().ax_.get_xlabel()
    'test tracks known from training (%)'
    """

    def __init__(self, report):
        self.report = report

    def _size(self):
        return 6.5, 1.2 + 0.4 * len(self.report.shares)

    def _draw(self, ax):
        shares = self.report.shares
        places = range(len(shares))
        ax.barh(places, [100 * share for share in shares.values()], color="C3", alpha=0.45)
        for fold in self.report.folds:
            of = [100 * fold[kind] / fold["n_test"] for kind in shares]
            ax.plot(of, places, "o", ms=3.5, color="C3", clip_on=False)
        ax.set_yticks(places, [_NAMES[kind] for kind in shares])
        ax.set(
            xlim=(0, 100),
            ylim=(len(shares) - 0.5, -0.5),
            xlabel="test tracks known from training (%)",
        )
