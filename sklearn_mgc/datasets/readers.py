"""Tables, as spreadsheets and programs of all kinds write them."""

from __future__ import annotations

import codecs
import csv
import math
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sklearn_mgc._atomic import FORMULAS
from sklearn_mgc._optional import require
from sklearn_mgc.audio import as_path

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".pq")
_PARQUET = (".parquet", ".pq")
_TOLD_DELIMITER = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # for Excel, above the header
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+")


class Table(NamedTuple):
    """A table as it was written: cells are text, or objects where its format has types."""

    source: str
    base: Path  # where its relative paths start
    header: list[str]
    rows: Sequence[tuple[int, Sequence]]  # with the line of each
    delimiter: str  # "" where there is none


def read_table(table) -> Table:
    """Read a CSV, TSV or Parquet file, or a DataFrame of pandas or polars."""
    if hasattr(table, "columns"):
        names = [str(name) for name in table.columns]
        pandas = hasattr(table, "itertuples")  # else polars
        cells = table.itertuples(index=False, name=None) if pandas else table.iter_rows()
        return Table("DataFrame", Path(), names, list(enumerate(cells, start=1)), "")
    path = as_path(table)
    if path.suffix.lower() in _PARQUET and path.is_file():
        records = list(read_parquet(path))
        rows: list[tuple[int, Sequence]] = [(i, [*r.values()]) for i, r in enumerate(records, 1)]
        return Table(str(path), path.parent, list(records[0]) if records else [], rows, "")
    return _read_csv(path)


def _read_csv(path: Path) -> Table:
    if path.is_dir():
        raise IsADirectoryError(f"{path}: is a folder; pass the table in it")
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such table")
    with path.open("rb") as start:
        wide = start.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # Excel's Unicode text
    with path.open(newline="", encoding="utf-16" if wide else "utf-8-sig") as file:
        try:
            first = file.readline()
            told = _TOLD_DELIMITER.fullmatch(first)
            if told is None:
                file.seek(0)
            # Spreadsheets of half of Europe write semicolons.
            delimiter = told[1] if told else max("\t;,", key=first.count)
            rows = csv.reader(file, delimiter=delimiter)
            header = [name.strip() for name in next(rows, [])]
            before = int(told is not None)
            lines = [(before + rows.line_num, row) for row in rows if any(map(str.strip, row))]
        except (UnicodeError, csv.Error) as error:
            raise ValueError(
                f"{path}: not a table in UTF-8 ({error}); save it as CSV in UTF-8"
            ) from error
    return Table(str(path), path.parent, header, lines, delimiter)


def column_index(header: list[str], source: str, wanted: list[str]) -> dict[str, int]:
    """The index of each column that is read."""
    twice = [name for name, n in Counter(header).items() if n > 1 and name in wanted]
    if twice:
        raise ValueError(f"{source}: several columns are called {twice[0]!r}; rename all but one")
    return {name: header.index(name) for name in wanted}


def cell_text(row: Sequence, index: int) -> str:
    """A cell as text; empty cells of any kind are ""."""
    value = row[index] if index < len(row) else None
    try:
        empty = value is None or bool(value != value)
    except (TypeError, ValueError):  # the one that pandas calls NA; an array
        empty = True
    text = "" if empty else str(value).strip()
    return text[1:] if text[:1] == "'" and text[1:].lstrip().startswith(FORMULAS) else text


def numbers_of(cells: Sequence[Sequence[str]], delimiter: str) -> list[list[float]]:
    """Numbers of a table, NaN for what is not one; decimal commas where the table has them."""
    comma = delimiter != "," and any("," in cell for row in cells for cell in row)
    return [[_number(cell.strip(), comma) for cell in row] for row in cells]


def _number(text: str, comma: bool) -> float:
    if comma and ("," in text or _THOUSANDS.fullmatch(text)):
        text = text.replace(".", "").replace(",", ".")
    try:
        value = float(text or "nan")
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def read_parquet(
    file: str | os.PathLike, columns: tuple[str, ...] | None = None
) -> Iterator[dict[str, Any]]:
    """Rows of a parquet file, and of its columns those of these names (None: all)."""
    pq = require("pyarrow.parquet", extra="data", what="parquet files")
    try:
        with pq.ParquetFile(file) as reader:
            names = reader.schema_arrow.names
            wanted = names if columns is None else [name for name in columns if name in names]
            for batch in reader.iter_batches(batch_size=16, columns=wanted):
                yield from batch.to_pylist()
    except Exception as error:  # pyarrow's errors share no base class of their own
        raise ValueError(
            f"{file}: not a complete parquet file ({error}); download it again"
        ) from error
