"""The two kinds of files of AcousticBrainz: descriptors as JSON, genres as TSV."""

from __future__ import annotations

import bz2
import csv
import io
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sklearn_mgc.datasets.bunch import part_name
from sklearn_mgc.datasets.files import Errors

SOURCES = ("allmusic", "discogs", "lastfm", "tagtraum")
_SECTIONS = ("lowlevel", "rhythm", "tonal")
# As many numbers as there are beats, and matrices of which the means and variances say most.
_LEFT_OUT = {"beats_position", "cov", "icov"}
_MBID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Recording(NamedTuple):
    """A row of a table of genres."""

    group: str
    genres: tuple[str, ...]
    subgenres: tuple[str, ...]
    split: str


class Descriptors(NamedTuple):
    """What a file of descriptors holds."""

    names: tuple[str, ...]
    values: np.ndarray
    group: str
    genres: tuple[str, ...]


def recording_of(file: Path) -> tuple[str, int] | None:
    """Recording and number of the submission: ``be9e...-0.json``; None for other files."""
    match = re.fullmatch(rf"({_MBID})(?:-(\d+))?\.json", file.name.lower())
    return (match[1], int(match[2] or 0)) if match else None


def is_table(file: Path) -> bool:
    """Whether a file is named like a table of genres."""
    return file.name.lower().endswith((".tsv", ".tsv.bz2"))


def source_of(file: Path) -> str:
    """Who gave the genres of a table, by its name; "" if that does not say."""
    words = re.findall("[a-z]+", file.name.lower())
    return next((name for name in SOURCES if name in words), "")


def split_of(file: Path) -> str:
    """Tell "train", "valid", "test" or "" by the words in the name of a table."""
    words = map(part_name, re.findall("[a-z]+", file.name.lower()))
    return next((word for word in words if word in ("train", "valid", "test")), "")


def read_table(file: Path, errors: Errors) -> Iterator[tuple[str, Recording]]:
    """Recordings of a table with their genres."""
    split = split_of(file)
    try:
        content = file.read_bytes()
        if file.suffix.lower() == ".bz2":
            content = bz2.decompress(content)
        lines = io.StringIO(content.decode("utf-8-sig"), newline="")
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        header = [name.strip().lower() for name in next(rows, [])]
    except (UnicodeDecodeError, EOFError, ValueError) as error:
        raise ValueError(f"{file}: not a table in UTF-8 ({error})") from error
    except OSError as error:
        raise ValueError(f"{file}: cannot be read ({error})") from error
    for name in ("recordingmbid", "releasegroupmbid", "genre1"):
        if name not in header:
            raise ValueError(
                f"{file}: the column {name} is missing; expected recordingmbid, "
                f"releasegroupmbid, genre1, genre2, ... separated by tabs"
            )
    genre_columns = [i for i, name in enumerate(header) if re.fullmatch(r"genre\d+", name)]
    at, group_at = header.index("recordingmbid"), header.index("releasegroupmbid")
    for number, row in enumerate(rows, start=2):
        cells = [cell.strip() for cell in row] + [""] * (len(header) - len(row))
        mbid = cells[at].lower()
        labels = [cells[i] for i in genre_columns if cells[i]]
        if re.fullmatch(_MBID, mbid) and labels:
            yield mbid, Recording(cells[group_at].lower(), *_levels(labels), split)
        elif any(cells):
            fault = "no genre" if not labels else f"not a recording id: {cells[at][:60]!r}"
            errors.add(f"{file}:{number}", fault, mbid[:60])


def _levels(labels: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Genres and subgenres, in order; "rock---indie" is both."""
    genres = dict.fromkeys(label.split("---")[0] for label in labels)
    subgenres = dict.fromkeys(label for label in labels if "---" in label)
    return tuple(genres), tuple(subgenres)


def read_descriptors(file: Path) -> Descriptors:
    """Descriptors of a recording by name, and what its tags say."""
    try:
        content = json.loads(file.read_bytes())
    except OSError as error:
        raise ValueError(f"unreadable: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"broken JSON ({error})") from error
    if not isinstance(content, dict) or not isinstance(content.get("lowlevel"), dict):
        other = isinstance(content, dict) and "highlevel" in content
        raise ValueError(
            "high-level classifications, not low-level descriptors"
            if other
            else "no low-level descriptors in it"
        )
    names: list[str] = []
    numbers: list[float] = []
    for section in _SECTIONS:
        _flatten(section, content.get(section), names, numbers)
    with np.errstate(over="ignore"):
        values = np.array(numbers, dtype=np.float64).astype(np.float32)
    values[~np.isfinite(values)] = np.nan
    tags = content.get("metadata")
    tags = tags.get("tags") if isinstance(tags, dict) else None
    tags = tags if isinstance(tags, dict) else {}
    return Descriptors(
        tuple(names),
        values,
        next(iter(_texts(tags.get("musicbrainz_releasegroupid"))), "").lower(),
        tuple(_texts(tags.get("genre"))),
    )


def _flatten(name: str, value, names: list[str], numbers: list[float]) -> None:
    """Append the numbers in a value, and their names."""
    kind = type(value)
    if kind is float or kind is int:
        names.append(name)
        numbers.append(_number(value))
    elif kind is dict:
        for key in sorted(value):
            if key not in _LEFT_OUT:
                _flatten(f"{name}.{key}", value[key], names, numbers)
    elif kind is list and set(map(type, value)) == {float}:
        names += _numbered(name, len(value))
        numbers += value
    elif kind is list:
        for i, item in enumerate(value):
            _flatten(f"{name}.{i}", item, names, numbers)


@lru_cache(maxsize=4096)
def _numbered(name: str, n: int) -> tuple[str, ...]:
    """Names of a list's items, made once for all files."""
    return tuple(f"{name}.{i}" for i in range(n))


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return np.nan


def _texts(value) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [item.strip() for item in values if isinstance(item, str) and item.strip()]


def stack(rows: list[Descriptors]) -> tuple[np.ndarray, list[str]]:
    """A table with a column per descriptor that any recording has; NaN where one has not."""
    layouts = dict.fromkeys(row.names for row in rows)
    names: dict[str, None] = {}
    for layout in layouts:
        names.update(dict.fromkeys(layout))
    if len(layouts) > 1:
        names = dict.fromkeys(sorted(names, key=_natural))
    index = {name: i for i, name in enumerate(names)}
    indices = {layout: np.array([index[name] for name in layout], dtype=int) for layout in layouts}
    table = np.full((len(rows), len(index)), np.nan, dtype=np.float32)
    for out, row in zip(table, rows, strict=True):
        out[indices[row.names]] = row.values
    return table, list(index)


def _natural(name: str) -> list[tuple[int, int | str]]:
    """Sections and keys by name, list items by number."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in name.split(".")]
