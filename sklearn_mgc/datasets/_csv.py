"""Text tables, as spreadsheets and programs of all kinds write them."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path


def read_csv(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Header, and the rows that are not empty with their lines, of a CSV or TSV file.

    Raises
    ------
    OSError
        If there is no such file.
    ValueError
        If it is no table in UTF-8; the message names it.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path}: is a folder; pass the table in it")
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such table")
    with path.open(newline="", encoding="utf-8-sig") as file:
        try:
            first = file.readline()
            file.seek(0)
            # Spreadsheets of half of Europe write semicolons.
            rows = csv.reader(file, delimiter=max("\t;,", key=first.count))
            header = next(rows, [])
            lines = [(rows.line_num, row) for row in rows if any(map(str.strip, row))]
        except (UnicodeDecodeError, csv.Error) as error:
            raise ValueError(
                f"{path}: not a table in UTF-8 ({error}); save it as CSV in UTF-8"
            ) from error
    return header, lines


def places(header: list[str], source: str, wanted: list[str]) -> dict[str, int]:
    """Where the columns are that are read."""
    twice = [name for name, n in Counter(header).items() if n > 1 and name in wanted]
    if twice:
        raise ValueError(f"{source}: several columns are called {twice[0]!r}; rename all but one")
    return {name: header.index(name) for name in wanted}
