"""What was found on both sides of a split, in words and tables."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sklearn_mgc._optional import require
from sklearn_mgc.audio import printable
from sklearn_mgc.display.tables import Report

if TYPE_CHECKING:
    import pandas as pd

# What is said of test tracks that leak, and of those that do not, in this order.
KINDS = {
    "artist": ("share their artist with training tracks", "its artist"),
    "track": ("have segments of their track in training", "a segment of its track"),
    "copy": ("are exact copies of training tracks", "an exact copy"),
    "duplicate": ("are listed as duplicates of training tracks", "a listed duplicate"),
    "near": ("are near-duplicates of training tracks", "a near-duplicate"),
}
_UNCHECKED = {
    "artist": "artists (pass groups=)",
    "copy": "exact copies",
    "near": "near-duplicates",
}
# Near-duplicates that are not found.
_MISSED = {
    "sound": "copies with another pitch (from a quarter of a semitone), tempo (from 0.5 %) or "
    "speed (from 1 %), or with reverberation, are missed",
    "descriptors": "copies in another encoding, or cut elsewhere, are mostly missed",
}


class LeakageError(ValueError):
    """Test tracks are known from training; ``report`` says which.

    Parameters
    ----------
    report : LeakageReport
        What was found.
    """

    def __init__(self, report: LeakageReport):
        super().__init__(str(report))
        self.report = report

    def __reduce__(self):
        return type(self), (self.report,)


class LeakageReport(Report):
    """What `leakage_report` found.

    Parameters
    ----------
    folds : list of dict
        Per fold ``n_train``, ``n_test`` and the number of leaking test tracks of each kind
        that was checked.
    leaks : list of dict
        Per leaking test track and kind: ``fold``, ``kind``, ``test`` (its position in X),
        ``train`` (position of a training track it is known from) and ``group``.
    n_unreadable : int, default=0
        Files that could not be decoded, so that their audio was not compared.
    compared : {"sound", "descriptors"} or None, default=None
        What near-duplicates were looked for in; None where they were not.

    Attributes
    ----------
    verdict : str
        One sentence.
    has_leak : bool
        Whether any test track leaks in any way.
    shares : dict of str to float
        The share of all test tracks that leak, per kind.
    artists : list of (group, int)
        Groups on both sides of a fold, with their number of test tracks, largest first.
    """

    _display = "LeakageDisplay"

    def __init__(
        self,
        folds: list[dict[str, int]],
        leaks: list[dict[str, Any]],
        n_unreadable: int = 0,
        compared: str | None = None,
    ):
        self.folds = folds
        self.leaks = leaks
        self.n_unreadable = n_unreadable
        self.compared = compared

    @property
    def _kinds(self) -> list[str]:
        return [kind for kind in KINDS if kind in self.folds[0]]

    @property
    def _n_test(self) -> int:
        return sum(fold["n_test"] for fold in self.folds)

    def _count(self, kind: str) -> int:
        return sum(fold[kind] for fold in self.folds)

    @property
    def has_leak(self) -> bool:
        """Whether any test track leaks in any way."""
        return bool(self.leaks)

    @property
    def shares(self) -> dict[str, float]:
        """Share of all test tracks that leak, per kind."""
        return {kind: self._count(kind) / self._n_test for kind in self._kinds}

    @property
    def artists(self) -> list[tuple[Any, int]]:
        """Groups on both sides of a fold, with their test tracks, largest first."""
        counts = Counter(leak["group"] for leak in self.leaks if leak["kind"] == "artist")
        return sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))

    @property
    def verdict(self) -> str:
        """The result in one sentence."""
        checked, n = self._kinds, self._n_test
        found = [kind for kind in checked if self._count(kind)]
        if found:
            # The first leak names what it counts; the others go on from there.
            parts = [
                f"{self._count(kind)}{' of ' + str(n) + ' test tracks' if kind == found[0] else ''}"
                f" ({_percent(self._count(kind) / n)}) {KINDS[kind][0]}"
                for kind in found
            ]
            text = f"{', '.join(parts)}: scores from these folds are too high"
        else:
            what = [KINDS[kind][1] for kind in checked]
            listed = ", ".join(what[:-1]) + " or " * (len(what) > 1) + "".join(what[-1:])
            text = (
                f"no leak found: none of {n} test tracks in {_plural(len(self.folds), 'fold')} "
                f"has {listed} in training"
            )
        if not found and self.compared:
            text += f"; near-duplicates by {self.compared}: {_MISSED[self.compared]}"
        missing = [what for kind, what in _UNCHECKED.items() if kind not in checked]
        if missing:
            text += f"; not checked: {', '.join(missing)}"
        if self.n_unreadable:
            text += f"; {_plural(self.n_unreadable, 'file')} could not be read"
        return text

    def to_frame(self, by: str = "fold") -> pd.DataFrame:
        """Return the report as a table.

        Parameters
        ----------
        by : {"fold", "track", "artist"}, default="fold"
            A row per fold (numbers of test tracks), per leaking test track and kind, or
            per artist.

        Returns
        -------
        DataFrame
            With ``by="fold"`` also the shares of the test tracks, as ``artist_share``.

        Raises
        ------
        ValueError
            If ``by`` is unknown.
        """
        pd = require("pandas", extra="data", what="tables")

        if by == "fold":
            frame = pd.DataFrame(self.folds, index=pd.RangeIndex(len(self.folds), name="fold"))
            for kind in self._kinds:
                frame[f"{kind}_share"] = frame[kind] / frame["n_test"]
            return frame
        if by == "track":
            return pd.DataFrame(self.leaks, columns=["fold", "kind", "test", "train", "group"])
        if by == "artist":
            return pd.DataFrame(self.artists, columns=["artist", "n_test"])
        raise ValueError(f"by must be 'fold', 'track' or 'artist', got {by!r}")

    def _table(self) -> tuple[list[str], list[list]]:
        rows = [
            [i, fold["n_train"], fold["n_test"]]
            + [f"{fold[kind]} ({_percent(fold[kind] / fold['n_test'])})" for kind in self._kinds]
            for i, fold in enumerate(self.folds)
        ]
        return ["fold", "train", "test", *self._kinds], rows

    def _lines(self) -> list[str]:
        artists = self.artists
        if not artists:
            return [self.verdict]
        named = ", ".join(f"{name} ({count})" for name, count in artists[:8])
        more = f" and {len(artists) - 8} more" if len(artists) > 8 else ""
        return [self.verdict, printable(f"artists on both sides: {named}{more}")]


def _percent(share: float) -> str:
    if 0 < share < 0.1:
        return f"{100 * share:.2g} %"
    # Neither a few tracks are none, nor all but a few are all.
    return f"{max(100 * share - 0.5, 0):.0f} %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def _plural(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"
