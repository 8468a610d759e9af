"""Audio files that a table lists."""

from __future__ import annotations

import os

from sklearn_mgc.audio import as_path
from sklearn_mgc.audio.paths import NO_PATH, as_url
from sklearn_mgc.datasets.bunch import about_artists, count, make_bunch, part_name
from sklearn_mgc.datasets.files import Errors, Finder, exists
from sklearn_mgc.datasets.folder import about_groups
from sklearn_mgc.datasets.names import Groups, group_by_name, is_placeholder, merge_spellings
from sklearn_mgc.datasets.readers import Table, cell_text, column_index, read_table

_GUESSES = {
    "path": ("path", "file", "filename", "file_name", "filepath"),
    "label": ("genre", "label", "target", "class"),
    "group": ("group", "artist", "artist_id", "artist_name"),
    "split": ("split", "set", "partition", "subset"),
}

_DESCR = """\
Audio table {source}
{n} tracks; genres from the column {label!r}: {counts}.
{groups}
"""


def load_audio_table(
    table,
    *,
    path_column: str | None = None,
    label_column: str | None = None,
    group_column: str | None = None,
    split_column: str | None = None,
    root: str | os.PathLike | None = None,
    return_X_y: bool = False,
    as_frame: bool = False,
):
    """List the audio files of a CSV, TSV or Parquet table, or of a DataFrame.

    Parameters
    ----------
    table : str, path-like or DataFrame
        A table with a row per track.
    path_column : str, default=None
        The column of the files; by default path, file, filename, file_name or filepath.
    label_column : str, default=None
        The column of the genres; by default genre, label, target or class.
    group_column : str, default=None
        The column of artists (or albums) to keep apart; by default group, artist,
        artist_id or artist_name, or none.
    split_column : str, default=None
        The column of an official split; by default split, set, partition or subset, or
        none. "training", "validation" and "val" become "train" and "valid".
    root : str or path-like, default=None
        The folder that relative paths start from; the table's own by default.
    return_X_y, as_frame : bool, default=False
        Return ``(data, target)`` instead of a Bunch; return pandas objects.

    Returns
    -------
    Bunch
        ``data`` (object array of paths), ``target`` (genres), ``target_names``, ``groups``
        (integers, or None; a row without one is a group of its own), ``n_ungrouped`` (how
        many those are), ``group_names`` (the name at each integer, or None), ``split`` (or
        None), ``cv`` (list of index arrays (train, test), or None), ``errors`` (rows left
        out, and why), ``merged`` (dict of the genres and artists that were spelled in several
        ways), ``frame`` and ``DESCR``.

    Raises
    ------
    FileNotFoundError
        If there is no table.
    ValueError
        If a column is missing or no row can be used.

    See Also
    --------
    left_out : What was left out, in a line.

    Notes
    -----
    Files are found even if their names differ from those in the table in case or Unicode form.
    Genres and artists that differ only in case, blanks or Unicode form count as one name and get
    the most common spelling. Placeholders such as "Unknown Artist" or "nan" count as empty cells.

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
    read = read_table(table)
    given = {"path": path_column, "label": label_column, "group": group_column,
             "split": split_column}  # fmt: skip
    columns = {what: find_column(read, what, name) for what, name in given.items()}
    errors = Errors()
    kept = _rows(read, columns, Finder(read.base if root is None else as_path(root)), errors)
    if not kept:
        raise ValueError(
            f"{read.source}: none of {len(read.rows)} rows can be used. "
            f"{errors.first() or 'There is none'}. Relative paths start from the table's folder: "
            "pass root for another"
        )
    genres = merge_spellings(cells["label"] for cells in kept.values())
    groups, parts = Groups(), None
    if columns["group"]:
        groups = group_by_name(cells["group"] for cells in kept.values())
    if columns["split"]:
        parts = [part_name(cells["split"]) for cells in kept.values()]
    return make_bunch(
        list(kept),
        genres.shown,
        name="path",
        columns={"groups": groups.numbers, "split": parts},
        errors=errors,
        **about_artists(groups, genres.others),
        return_X_y=return_X_y,
        as_frame=as_frame,
        DESCR=_DESCR.format(
            source=read.source,
            n=len(kept),
            label=columns["label"],
            counts=count(genres.shown),
            groups=about_groups(f"the column {columns['group']!r}", groups),
        ),
    )


def _rows(
    table: Table, columns: dict[str, str | None], find: Finder, errors: Errors
) -> dict[str, dict[str, str]]:
    """The cells of each row that can be used, by its file."""
    index = column_index(table.header, table.source, [name for name in columns.values() if name])
    kept: dict[str, dict[str, str]] = {}
    for _, row in table.rows:
        cells = {what: cell_text(row, index[name]) for what, name in columns.items() if name}
        if url := as_url(cells["path"]):
            errors.add(url, NO_PATH[0])
            continue
        file = find(cells["path"])
        found = bool(cells["path"]) and exists(file)
        if len(row) > len(table.header):
            error = "more cells in its row than the table has columns"
        elif not found and is_placeholder(cells["path"]):
            error = "a row without a path"
        elif is_placeholder(cells["label"]):
            error = "no genre"
        elif str(file) in kept:
            error = "listed twice"
        else:
            error = "" if found else "no such file"
        if error:
            errors.add(file if cells["path"] else "", error)
        else:
            kept[str(file)] = cells
    return kept


def find_column(table: Table, what: str, given: str | None = None) -> str | None:
    """The column given, or the first of the usual names; an error if there must be one."""
    if given is None:
        lowered = {name.lower(): name for name in reversed(table.header)}
        found = next((lowered[name] for name in _GUESSES[what] if name in lowered), None)
        if found or what in ("group", "split"):
            return found
    elif given in table.header:
        return given
    wanted = repr(given) if given else f"for the {what} (such as {_GUESSES[what][0]!r})"
    raise ValueError(
        f"{table.source}: no column {wanted}; it has {', '.join(table.header) or 'none'}. "
        f"Name it with {what}_column="
    )


def table_paths(table, errors: Errors) -> list[str]:
    """The files that a table lists, with or without genres; missing ones go into `errors`."""
    read = read_table(table)
    columns = {"path": find_column(read, "path")}
    index = column_index(read.header, read.source, [str(columns["path"])])
    find = Finder(read.base)
    paths = []
    for line, row in read.rows:
        name = cell_text(row, index[str(columns["path"])])
        if url := as_url(name):
            errors.add(url, NO_PATH[0])
        elif is_placeholder(name) and not exists(find(name)):
            errors.add(f"{read.source}:{line}", "a row without a path")
        else:
            paths.append(str(find(name)))
    return paths
