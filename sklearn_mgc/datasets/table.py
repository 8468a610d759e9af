"""Audio files that a table lists."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_mgc.audio import AudioError
from sklearn_mgc.audio.zip import describe_member, split_member
from sklearn_mgc.datasets._csv import places, read_csv
from sklearn_mgc.datasets._gtzan_parquet import read_parquet
from sklearn_mgc.datasets._gtzan_table import folds_of
from sklearn_mgc.datasets.artists import name_groups, number_groups
from sklearn_mgc.datasets.bunch import as_path, count, make_bunch
from sklearn_mgc.datasets.folder import about_groups

_GUESSES = {
    "path": ("path", "file", "filename", "file_name", "filepath"),
    "label": ("genre", "label", "target", "class"),
    "group": ("group", "artist", "artist_id", "artist_name"),
    "split": ("split", "set", "partition", "subset"),
}
_PARTS = {
    "training": "train", "validation": "valid", "val": "valid", "dev": "valid", "testing": "test",
    "evaluation": "test", "eval": "test",
}  # fmt: skip

_DESCR = """\
Audio table {source}
{n} tracks; genres from the column {label!r}: {counts}.
{groups}
"""


def load_audio_table(
    table,
    *,
    path: str | None = None,
    label: str | None = None,
    group: str | None = None,
    split: str | None = None,
    root: str | os.PathLike | None = None,
    return_X_y: bool = False,
    as_frame: bool = False,
):
    """List the audio files of a CSV, TSV or Parquet table, or of a DataFrame.

    Parameters
    ----------
    table : str, path-like or DataFrame
        A table with a row per track.
    path : str, default=None
        The column of the files. By default the first of path, file, filename, file_name,
        filepath that is there.
    label : str, default=None
        The column of the genres; by default genre, label, target or class.
    group : str, default=None
        The column of artists (or albums) to keep apart; by default group, artist,
        artist_id or artist_name, or none.
    split : str, default=None
        The column of an official split; by default split, set, partition or subset, or
        none. "training", "validation" and "val" become "train" and "valid".
    root : str or path-like, default=None
        The folder that relative paths start from; the table's own by default.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects.

    Returns
    -------
    Bunch
        ``data`` (object array of paths), ``target`` (genres), ``target_names``, ``groups``
        (integers, or None; a row without one is a group of its own), ``n_ungrouped`` (how
        many those are), ``group_names`` (the name at each integer, or None), ``split`` (or
        None), ``cv`` (list of index arrays (train, test), or None), ``errors`` (rows left
        out, and why), ``frame`` and ``DESCR``.

    Raises
    ------
    FileNotFoundError
        If there is no table.
    ValueError
        If a column is missing or no row can be used.

    Examples
    --------
    >>> import pandas as pd, tempfile
    >>> from sklearn_mgc.datasets import load_audio_table, make_music
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     music = make_music(n_tracks=12, duration=0.5, folder=folder, random_state=0)
    ...     table = pd.DataFrame(
    ...         {"path": music.data, "genre": music.target, "artist": music.groups})
    ...     loaded = load_audio_table(table)
    >>> len(loaded.data), len(set(loaded.groups))
    (12, 12)
    """
    source, names, rows = _read(table)
    columns = {
        "path": _column(source, names, "path", path),
        "label": _column(source, names, "label", label),
        "group": _column(source, names, "group", group),
        "split": _column(source, names, "split", split),
    }
    base = as_path(root) if root is not None else _base(table)
    place = places(names, source, [name for name in columns.values() if name])
    errors: list[dict[str, str]] = []
    kept: dict[str, dict[str, str]] = {}
    for row in rows:
        cells = {name: _text(row, place[column]) for name, column in columns.items() if column}
        file = _file(base, cells["path"])
        if len(row) > len(names):
            error = "more cells in its row than the table has columns"
        elif not cells["path"]:
            error = "a row without a path"
        elif not cells["label"]:
            error = "no genre"
        elif str(file) in kept:
            error = "listed twice"
        else:
            error = "" if _exists(file) else "no such file"
        if error:
            errors.append({"path": str(file) if cells["path"] else "", "error": error})
        else:
            kept[str(file)] = cells
    if not kept:
        raise ValueError(
            f"{source}: none of {len(rows)} rows can be used; the first: "
            + (f"{errors[0]['path']}: {errors[0]['error']}" if errors else "there is none")
            + ". Relative paths start from the table's folder: pass root for another"
        )
    target = [cells["label"] for cells in kept.values()]
    groups = group_names = parts = None
    n_unknown = 0
    extra: dict[str, Any] = {}
    if columns["group"]:
        artists = [cells["group"] for cells in kept.values()]
        groups, n_unknown = number_groups(artists), artists.count("")
        group_names = name_groups(artists, groups)
    if columns["split"]:
        words = [cells["split"].lower() for cells in kept.values()]
        parts = np.array([_PARTS.get(word, word) for word in words], dtype=object)
    for name, values in (("groups", groups), ("split", parts)):
        if values is not None:
            extra[name] = values
    return make_bunch(
        list(kept),
        target,
        name="path",
        columns=extra,
        **{name: None for name in ("groups", "split") if name not in extra},
        group_names=group_names,
        cv=_cv(parts),
        n_ungrouped=n_unknown,
        errors=errors,
        return_X_y=return_X_y,
        as_frame=as_frame,
        DESCR=_DESCR.format(
            source=source,
            n=len(kept),
            label=columns["label"],
            counts=count(target),
            groups=about_groups(
                f"the column {columns['group']!r}" if columns["group"] else None, groups, n_unknown
            ),
        ),
    )


def _read(table) -> tuple[str, list[str], list[Sequence]]:
    """A name for the table, its columns and its rows."""
    if hasattr(table, "columns"):
        names = [str(name) for name in table.columns]
        pandas = hasattr(table, "itertuples")  # else polars
        cells = table.itertuples(index=False, name=None) if pandas else table.iter_rows()
        return "DataFrame", names, list(cells)
    path = as_path(table)
    if path.suffix.lower() in (".parquet", ".pq") and path.is_file():
        records = list(read_parquet(path))
        return str(path), list(records[0]) if records else [], [[*r.values()] for r in records]
    header, lines = read_csv(path)
    return str(path), [name.strip() for name in header], [row for _, row in lines]


def _base(table) -> Path:
    return Path() if hasattr(table, "columns") else as_path(table).parent


def _column(
    source: str,
    names: list[str],
    what: str,
    given: str | None,
) -> str | None:
    if given is None:
        lowered = {name.lower(): name for name in reversed(names)}
        found = next((lowered[name] for name in _GUESSES[what] if name in lowered), None)
        if found or what in ("group", "split"):
            return found
    elif given in names:
        return given
    wanted = repr(given) if given else f"for the {what} (such as {_GUESSES[what][0]!r})"
    raise ValueError(
        f"{source}: no column {wanted}; it has {', '.join(names) or 'none'}. Name it with {what}="
    )


def _text(row: Sequence, place: int) -> str:
    """A cell as text; empty cells of any kind are ""."""
    value = row[place] if place < len(row) else None
    try:
        empty = value is None or bool(value != value)
    except (TypeError, ValueError):  # the one that pandas calls NA; an array
        empty = True
    return "" if empty else str(value).strip()


def _file(base: Path, name: str) -> Path:
    """The file of a cell; tables made on Windows are read elsewhere, too."""
    file = base / os.path.expanduser(name)
    if "\\" in name and os.sep == "/" and not _exists(file):
        file = base / name.replace("\\", "/")
    return file


def _exists(file: Path) -> bool:
    found = os.path.isfile(file)  # Path.is_file raises for a name that is too long
    member = split_member(file)
    if found or member is None:
        return found
    try:
        describe_member(*member)
    except AudioError:
        return False
    return True


def _cv(parts: np.ndarray | None) -> list[tuple[np.ndarray, np.ndarray]] | None:
    if parts is None or not {"train", "test"} <= set(parts):
        return None
    return folds_of(parts)
