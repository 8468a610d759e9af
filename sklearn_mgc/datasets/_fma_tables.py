"""The CSV tables of fma_metadata, from a folder or straight out of its zip archive."""

from __future__ import annotations

import csv
import io
import json
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TextIO

from sklearn_mgc.datasets.files import ZIP_TROUBLE

SUBSETS = ("small", "medium", "large", "full")
_PARTS = {"training": "train", "validation": "valid", "test": "test"}
_HINT = (
    "It is in fma_metadata.zip (https://os.unil.cloud.switch.ch/fma/fma_metadata.zip, 342 MiB), "
    "which fetch_fma downloads; put it, zipped or not, next to the audio"
)


class Track(NamedTuple):
    """What we use of a row of tracks.csv."""

    genre: str  # top-level genre, "" where the track has none or several
    artist: int
    album: int
    split: str
    subset: str
    licence: str
    genres: tuple[int, ...]


def metadata_places(path: Path) -> list[Path]:
    """Where the tables may be, given the audio's folder or archive or the folder above it."""
    folder = path if path.is_dir() else path.parent
    return [
        place / name
        for place in (folder, folder.parent)
        for name in ("", "fma_metadata", "fma_metadata.zip")
    ] + ([path] if path.is_file() else [])


@contextmanager
def open_table(places: list[Path], name: str) -> Iterator[tuple[Path, TextIO]]:
    """The first table of this name in a list of folders and zip archives."""
    for place in places:
        if place.is_dir() and (place / name).is_file():
            with _trouble(place / name), (place / name).open(newline="", encoding="utf-8-sig") as f:
                yield place / name, f
            return
        if place.is_file() and zipfile.is_zipfile(place):
            with _trouble(place), zipfile.ZipFile(place) as archive:
                found = [n for n in archive.namelist() if n.rsplit("/", 1)[-1] == name]
                if found:
                    path = place / found[0]
                    with _trouble(path), archive.open(found[0]) as file:
                        yield path, io.TextIOWrapper(file, "utf-8-sig", newline="")
                    return
    tried = ", ".join(str(place) for place in places[:3])
    raise FileNotFoundError(f"{name} not found in {tried}. {_HINT}")


@contextmanager
def _trouble(path: Path) -> Iterator[None]:
    """Name the table that cannot be read."""
    try:
        yield
    except (csv.Error, *ZIP_TROUBLE) as error:
        if str(path) in str(error):
            raise
        raise ValueError(f"{path}: not a complete table ({error}); unpack it again") from error


def read_tracks(places: list[Path], subset: str) -> dict[int, Track]:
    """The tracks of a subset (those of the smaller subsets are in it) by id."""
    if subset not in SUBSETS:
        raise ValueError(f"unknown subset {subset!r}; choose from {', '.join(SUBSETS)}")
    wanted = SUBSETS[: SUBSETS.index(subset) + 1]
    tracks: dict[int, Track] = {}
    with open_table(places, "tracks.csv") as (path, file):
        rows = _rows(path, file, n_header=2)
        columns = _columns(path, next(rows), next(rows))
        for line, row in enumerate(rows, start=3):
            if not row or not row[0].isdecimal():
                continue  # the third line holds the name of the index
            if len(row) <= max(columns.values()):
                raise ValueError(f"{path}, row {line}: ends early; unpack the table again")
            # fma_full has no tracks that fma_large lacks: the table calls both large.
            if row[columns["set", "subset"]] not in wanted:
                continue
            number = int(row[0])
            if number in tracks:
                raise ValueError(f"{path}, row {line}: track {number} occurs twice")
            split = row[columns["set", "split"]]
            try:
                tracks[number] = Track(
                    genre=row[columns["track", "genre_top"]],
                    artist=int(row[columns["artist", "id"]] or -1),
                    album=int(row[columns["album", "id"]] or -1),
                    split=_PARTS.get(split, split),
                    subset=row[columns["set", "subset"]],
                    licence=row[columns["track", "license"]],
                    genres=tuple(map(int, json.loads(row[columns["track", "genres"]] or "[]"))),
                )
            except (ValueError, TypeError, RecursionError) as error:
                raise ValueError(
                    f"{path}, row {line}: not the numbers of a track ({error}); "
                    "unpack the table again"
                ) from error
    if not tracks:
        raise ValueError(f"{path}: no track of the subset {subset!r} in it")
    return tracks


def read_genres(places: list[Path]) -> dict[int, dict]:
    """The tree of genres by id: title, parent, top_level and the path of titles to it."""
    with open_table(places, "genres.csv") as (path, file):
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


def read_features(places: list[Path], wanted: set[int]) -> tuple[list[tuple], dict[int, list[str]]]:
    """Names (feature, statistic, number) of the columns, and the cells of some tracks."""
    with open_table(places, "features.csv") as (path, file):
        rows = _rows(path, file, n_header=3)
        names = list(zip(next(rows)[1:], next(rows)[1:], next(rows)[1:], strict=False))
        if not names or not all(number.isdecimal() for *_, number in names):
            raise ValueError(
                f"{path}: should be the features.csv of fma_metadata.zip with its header of three "
                "lines: feature, statistics, number"
            )
        cells: dict[int, list[str]] = {}
        for row in rows:
            # Parsing half a million cells of tracks nobody asked for would take a minute.
            if row and row[0].isdecimal() and int(row[0]) in wanted:
                if int(row[0]) in cells:
                    raise ValueError(f"{path}: track {row[0]} occurs twice")
                cells[int(row[0])] = row[1:]
    return names, cells


def _rows(path: Path, file: TextIO, n_header: int) -> Iterator[list[str]]:
    limit = csv.field_size_limit(sys.maxsize // 2)  # biographies are longer than the default
    try:
        count = 0
        for row in csv.reader(file):
            count += 1
            yield row
        if count <= n_header:
            raise ValueError(f"{path}: holds no row; unpack it again")
    finally:
        csv.field_size_limit(limit)


def _columns(path: Path, first: list[str], second: list[str]) -> dict[tuple[str, str], int]:
    places = {pair: i for i, pair in enumerate(zip(first, second, strict=False))}
    needed = [
        ("set", "split"), ("set", "subset"), ("track", "genre_top"), ("track", "genres"),
        ("track", "license"), ("artist", "id"), ("album", "id"),
    ]  # fmt: skip
    missing = [f"{a}/{b}" for a, b in needed if (a, b) not in places]
    if missing:
        raise ValueError(
            f"{path}: columns {', '.join(missing)} are missing; it should be the tracks.csv of "
            "fma_metadata.zip with its header of two lines"
        )
    return {pair: places[pair] for pair in needed}
