"""The CSV tables of fma_metadata, from a folder or straight out of its zip archive."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from sklearn_mgc._optional import require
from sklearn_mgc.audio import as_path
from sklearn_mgc.datasets.files import ZIP_TROUBLE, is_archive

if TYPE_CHECKING:
    import pandas as pd

SUBSETS = ("small", "medium", "large", "full")
_HINT = (
    "It is in fma_metadata.zip (https://os.unil.cloud.switch.ch/fma/fma_metadata.zip, 342 MiB), "
    "which fetch_fma downloads; put it, zipped or not, next to the audio"
)
_COLUMNS = {
    "genre": ("track", "genre_top"),  # "" where the track has none or several
    "artist": ("artist", "id"),
    "album": ("album", "id"),
    "split": ("set", "split"),
    "subset": ("set", "subset"),
    "licence": ("track", "license"),
    "genres": ("track", "genres"),
}


def metadata_folders(audio: Path, metadata=None) -> list[Path]:
    """Where the tables may be: as given, or in or beside the audio's folder or archive."""
    if metadata is not None:
        given = as_path(metadata)
        if not given.exists():
            raise FileNotFoundError(f"{given}: no such folder or archive of tables")
        return [given.parent if given.suffix.lower() == ".csv" else given, given / "fma_metadata"]
    folder = audio if audio.is_dir() else audio.parent
    return [
        place / name
        for place in (folder, folder.parent)
        for name in ("", "fma_metadata", "fma_metadata.zip")
    ] + ([audio] if audio.is_file() else [])


@contextmanager
def _open(folders: list[Path], name: str) -> Iterator[tuple[Path, TextIO]]:
    """The first table of this name in a list of folders and zip archives."""
    for place in folders:
        if place.is_dir() and (place / name).is_file():
            with _trouble(place / name), (place / name).open(newline="", encoding="utf-8-sig") as f:
                yield place / name, f
            return
        if is_archive(place):
            with _trouble(place), zipfile.ZipFile(place) as archive:
                found = [n for n in archive.namelist() if n.rsplit("/", 1)[-1] == name]
                if found:
                    path = place / found[0]
                    with _trouble(path), archive.open(found[0]) as file:
                        yield path, io.TextIOWrapper(file, "utf-8-sig", newline="")
                    return
    tried = ", ".join(str(place) for place in folders[:3])
    raise FileNotFoundError(f"{name} not found in {tried}. {_HINT}")


@contextmanager
def _trouble(path: Path) -> Iterator[None]:
    """Name the table that cannot be read."""
    try:
        yield
    except ZIP_TROUBLE as error:
        if str(path) in str(error):
            raise
        raise ValueError(f"{path}: not a complete table ({error}); unpack it again") from error


def _header(path: Path, file: TextIO, n: int, lines: str) -> list[tuple[str, ...]]:
    """Names of the columns, of several lines, which the name of the index ends."""
    *levels, last = [next(csv.reader([file.readline()]), []) for _ in range(n + 1)]
    if last[:1] != ["track_id"]:
        raise ValueError(
            f"{path}: should be the {path.name} of fma_metadata.zip with its header of {lines}"
        )
    return list(zip(*levels, strict=False))


def read_tracks(folders: list[Path], subset: str) -> pd.DataFrame:
    """The tracks of a subset (those of the smaller subsets are in it), sorted, by id."""
    pandas = require("pandas", extra="data", what="the tables of FMA")
    if subset not in SUBSETS:
        raise ValueError(f"unknown subset {subset!r}; choose from {', '.join(SUBSETS)}")
    with _open(folders, "tracks.csv") as (path, file):
        header = _header(path, file, 2, "two lines")
        missing = ["/".join(pair) for pair in _COLUMNS.values() if pair not in header]
        if missing:
            raise ValueError(f"{path}: columns {', '.join(missing)} are missing; {_HINT}")
        index = {0: "id"} | {header.index(pair): name for name, pair in _COLUMNS.items()}
        table = pandas.read_csv(
            file, header=None, usecols=list(index), dtype=str, keep_default_na=False
        ).rename(columns=index)
    cut = (table[["split", "subset", "genres"]] == "").any(axis=1)
    if cut.any():
        row = table.index[cut][0] + 4
        raise ValueError(f"{path}, row {row}: ends early; unpack the table again")
    # fma_full has no tracks that fma_large lacks: the table calls both large.
    table = table[table["subset"].isin(SUBSETS[: SUBSETS.index(subset) + 1])]
    if table.empty:
        raise ValueError(f"{path}: no track of the subset {subset!r} in it")
    for name in ("id", "artist", "album", "genres"):
        table[name] = [_parse(path, row + 4, name, cell) for row, cell in table[name].items()]
    if table["id"].duplicated().any():
        number = table["id"][table["id"].duplicated()].iloc[0]
        raise ValueError(f"{path}: track {number} occurs twice")
    return table.set_index("id").sort_index()


def _parse(path: Path, row: int, name: str, cell: str) -> Any:
    try:
        if name == "genres":
            return tuple(map(int, json.loads(cell or "[]")))
        return int(cell) if cell or name == "id" else -1
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{path}, row {row}: not the numbers of a track ({error}); unpack the table again"
        ) from error


def read_genres(folders: list[Path]) -> dict[int, dict]:
    """The tree of genres by id: title, parent, top_level and the path of titles to it."""
    with _open(folders, "genres.csv") as (path, file):
        reader = csv.DictReader(file)
        missing = {"genre_id", "parent", "title", "top_level"} - set(reader.fieldnames or ())
        if missing:
            raise ValueError(f"{path}: columns {sorted(missing)} are missing")
        tree: dict[int, dict] = {}
        for row in reader:
            try:
                tree[int(row["genre_id"])] = {
                    "title": row["title"],
                    "parent": int(row["parent"]),
                    "top_level": int(row["top_level"]),
                }
            except (ValueError, TypeError) as error:
                raise ValueError(
                    f"{path}, row {reader.line_num}: not a genre ({error}); unpack the table again"
                ) from error
    for number, genre in tree.items():
        titles: list[str] = []
        seen: set[int] = set()
        while number in tree and number not in seen:
            seen.add(number)
            titles.insert(0, tree[number]["title"])
            number = tree[number]["parent"]
        genre["path"] = " > ".join(titles)
    return tree


def read_features(folders: list[Path], wanted: pd.Index, choose) -> tuple[list[str], pd.DataFrame]:
    """Descriptors of some tracks by id, NaN for what is not a number.

    `choose` gets a list of our names of all columns and returns those to read, in order, or
    raises a ValueError. Parsing the rest would take a minute.
    """
    pandas = require("pandas", extra="data", what="the tables of FMA")
    with _open(folders, "features.csv") as (path, file):
        header = _header(path, file, 3, "three lines: feature, statistics, number")[1:]
        if not header or not all(number.isdecimal() for *_, number in header):
            raise ValueError(
                f"{path}: should be the features.csv of fma_metadata.zip with its header of three "
                "lines: feature, statistics, number"
            )
        names = [_our_name(*column) for column in header]
        try:
            chosen = choose(names)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        index = {names.index(name) + 1: name for name in chosen}
        chunks = pandas.read_csv(
            file, header=None, usecols=[0, *index], index_col=0, chunksize=4000
        )
        table = pandas.concat([chunk[chunk.index.isin(wanted)] for chunk in chunks])
    if table.index.has_duplicates:
        number = table.index[table.index.duplicated()][0]
        raise ValueError(f"{path}: track {number} occurs twice")
    table = table.rename(columns=index)[chosen].apply(pandas.to_numeric, errors="coerce")
    return chosen, table.astype(np.float64).replace([np.inf, -np.inf], np.nan)


def _our_name(feature: str, statistic: str, number: str) -> str:
    feature = {"zcr": "zero_crossing_rate", "rmse": "rms"}.get(feature, feature)
    many = feature.startswith(("chroma", "mfcc", "tonnetz")) or feature == "spectral_contrast"
    return f"{feature}{int(number)}_{statistic}" if many else f"{feature}_{statistic}"
