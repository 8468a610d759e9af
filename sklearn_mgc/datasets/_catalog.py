"""The public data sets: what they are, and how to come by them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sklearn_mgc.datasets import acousticbrainz, fma, homburg
from sklearn_mgc.datasets._gtzan_descr import descr
from sklearn_mgc.datasets.bunch import get_data_home
from sklearn_mgc.datasets.folder import about_groups


class DataSet(NamedTuple):
    """A line of the list."""

    title: str
    tracks: str
    genres: str
    groups: str
    size: str
    get: str
    load: str
    describe: Callable[[str], str]


CATALOG = {
    "gtzan": DataSet(
        "GTZAN", "1000 clips of 30 s", "10 genres", "artists", "1.1 GiB",
        "by hand (no host), or fetch_gtzan(mirrors=...)", "load_gtzan",
        lambda found: descr(found, None),
    ),
    "fma": DataSet(
        "FMA", "8000 to 106,574 tracks", "8 to 16 genres", "artists",
        "7.2 to 879 GiB, tables 342 MiB", "fetch_fma, fetch_fma_features",
        "load_fma, load_fma_features",
        lambda found: fma._DESCR.format(found=found),
    ),
    "homburg": DataSet(
        "Music Audio Benchmark (Homburg)", "1886 clips of 10 s", "9 genres", "artists, by tags", "",
        "by hand", "load_homburg",
        lambda found: homburg._DESCR.format(found=found, groups=about_groups(None, None)),
    ),
    "acousticbrainz": DataSet(
        "AcousticBrainz", "descriptors without audio", "genres of four sources",
        "release groups", "", "by hand", "load_acousticbrainz",
        lambda found: acousticbrainz._DESCR.format(
            found=found, several=acousticbrainz.SEVERAL["first"]
        ),
    ),
}  # fmt: skip


def place(name: str, data_home) -> Path | None:
    """Where a data set is in the data home; None if it is not."""
    folder = get_data_home(data_home) / name
    return folder if folder.is_dir() and any(folder.iterdir()) else None
