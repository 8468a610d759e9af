"""AcousticBrainz: descriptors of recordings, and genres of four sources for them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from sklearn_mgc.audio import as_path
from sklearn_mgc.datasets.acousticbrainz_files import (
    SOURCES,
    Descriptors,
    Recording,
    is_table,
    read_descriptors,
    read_table,
    recording_of,
    source_of,
    stack,
)
from sklearn_mgc.datasets.bunch import count, find_data, make_bunch
from sklearn_mgc.datasets.catalog import DataSet
from sklearn_mgc.datasets.files import Errors, walk
from sklearn_mgc.datasets.names import group_by_name

SEVERAL = {
    "first": "``target`` is the top-level genre listed first",
    "exclude": "those of several top-level genres were left out",
}

DATA_SET = DataSet(
    name="acousticbrainz",
    title="AcousticBrainz",
    tracks="descriptors without audio",
    genres="genres of four sources",
    groups="release groups",
    get="by hand",
    load="load_acousticbrainz",
    parts={"several": SEVERAL["first"]},
)


def load_acousticbrainz(
    path: str | os.PathLike | None = None,
    *,
    annotations: str | os.PathLike | None = None,
    source: str | None = None,
    several: str = "first",
    data_home: str | os.PathLike | None = None,
    return_X_y: bool = False,
    as_frame: bool = False,
    verbose: int = 0,
):
    """Load descriptors and genres of AcousticBrainz.

    Parameters
    ----------
    path : str or path-like, default=None
        A folder with a low-level JSON file per recording, at any depth and named by the
        recording (``be/be9e01e5-8f93-494d-bbaa-ddcc5a52f629.json``), or a table of genres
        alone. None is ``data_home/acousticbrainz``.
    annotations : str or path-like, default=None
        A table of genres (``acousticbrainz-mediaeval-discogs-train.tsv``, or the same as ``.bz2``)
        or a folder of them. By default those found below `path`; if there are none, genres come
        from the recordings' tags.
    source : {"allmusic", "discogs", "lastfm", "tagtraum"}, default=None
        Whose genres to use, if there are tables of several sources.
    several : {"first", "exclude"}, default="first"
        What to do with recordings that have several top-level genres: take the one listed first, or
        leave the recording out.
    data_home : str or path-like, default=None
        See :func:`get_data_home`.
    return_X_y, as_frame : bool, default=False
        Return ``(data, target)`` instead of a Bunch; return pandas objects.
    verbose : int, default=0
        1 shows progress while descriptors are read.

    Returns
    -------
    Bunch
        ``data`` (float32 array of shape (n_recordings, n_descriptors), NaN where a recording
        lacks a descriptor; ids of the recordings where there are tables only), ``target``
        (top-level genres), ``target_names``, ``feature_names`` (such as
        "lowlevel.mfcc.mean.0"), ``ids`` (of recordings), ``groups`` (release groups as
        integers; a recording without one is a group of its own), ``genres`` and
        ``subgenres`` (tuples: ``("rock",)`` and ``("rock---indie",)``), ``split`` ("train",
        "valid" or "test", or None), ``cv`` (list of index arrays (train, test), or None),
        ``errors`` (what was left out, and why), ``frame`` and ``DESCR``.

    Raises
    ------
    FileNotFoundError
        If there is nothing at `path` or `annotations`.
    ValueError
        If a table is broken, an option unknown, or no recording has descriptors and a genre.

    Notes
    -----
    Every number in the sections lowlevel, rhythm and tonal is a column; items of lists are numbered
    from 0. Strings (the key), the positions of the beats and the covariance matrices of MFCC and
    GFCC are left out.

    Examples
    --------
    >>> from sklearn_mgc.datasets import load_acousticbrainz
    >>> music = load_acousticbrainz("acousticbrainz", source="discogs")  # doctest: +SKIP
    >>> train = music.split == "train"  # doctest: +SKIP
    >>> model.fit(music.data[train], music.target[train])  # doctest: +SKIP
    """
    if several not in SEVERAL:
        raise ValueError(f"several must be 'first' or 'exclude', got {several!r}")
    if source not in (None, *SOURCES):
        raise ValueError(f"unknown source {source!r}; choose from {', '.join(SOURCES)}")
    root = find_data(
        path, data_home, "acousticbrainz",
        "the genres and descriptors are at https://zenodo.org/record/2553414 (AllMusic: 2554044); "
        "unpack them and pass the folder",
    )  # fmt: skip
    errors = Errors()
    files = walk(root, errors) if root.is_dir() else [root]
    given = files if annotations is None else _listed(as_path(annotations), errors)
    rows = _annotations([file for file in given if is_table(file)], source, errors)
    if annotations is not None and not rows:
        raise ValueError(f"{annotations}: no table of genres (*.tsv) with a recording")
    json_files = _recordings(files, errors)
    described_at_all = bool(json_files)
    if rows:
        for mbid in sorted(json_files.keys() - rows.keys()):
            errors.add(json_files.pop(mbid), "no row in the tables of genres", mbid)
    described = _read(json_files, errors, verbose)
    if not rows:
        rows = {mbid: Recording(d.group, d.genres, (), "") for mbid, d in described.items()}
    elif described_at_all:
        failed = {row.get("id") for row in errors}
        for mbid in sorted(rows.keys() - described.keys() - failed):
            errors.add("", "no file of descriptors", mbid)
        rows = {mbid: row for mbid, row in rows.items() if mbid in described}
    ids = _with_genre(rows, several, errors)
    if not ids:
        raise ValueError(
            f"{root}: no recording with a genre in {len(files)} files; expected JSON files named "
            f"by the recording (be/be9e01e5-8f93-494d-bbaa-ddcc5a52f629.json), tables *.tsv, or "
            f"both. {errors.first()}"
        )
    data, names = stack([described[mbid] for mbid in ids]) if described else (ids, None)
    kept = [rows[mbid] for mbid in ids]
    target = [row.genres[0] for row in kept]
    parts = [row.split for row in kept] if all(row.split for row in kept) else None
    return make_bunch(
        data,
        target,
        name="recording",
        feature_names=names,
        columns={
            "ids": ids,
            "groups": group_by_name(row.group for row in kept).numbers,
            "genres": [row.genres for row in kept],
            "subgenres": [row.subgenres for row in kept],
            "split": parts,
        },
        errors=errors,
        return_X_y=return_X_y,
        as_frame=as_frame,
        DESCR=DATA_SET.describe(
            found=_found(root, data, names, target, parts),
            several=SEVERAL[several],
        ),
    )


def _listed(place: Path, errors: Errors) -> list[Path]:
    if not place.exists():
        raise FileNotFoundError(f"{place}: no such table or folder of tables")
    return walk(place, errors) if place.is_dir() else [place]


def _annotations(tables: list[Path], source: str | None, errors: Errors) -> dict[str, Recording]:
    """Rows of all tables of one source."""
    sources = sorted({source_of(file) for file in tables})
    if source is None and len(sources) > 1:
        names = ", ".join(name or "one that is not named" for name in sources)
        raise ValueError(f"tables of several sources ({names}); choose one by source=")
    if source is not None:
        tables = [file for file in tables if source_of(file) == source]
        if not tables:
            raise ValueError(f"no table (*.tsv) of the source {source!r}")
    rows: dict[str, Recording] = {}
    for file in tables:
        for mbid, row in read_table(file, errors):
            if mbid in rows:
                error = f"listed twice; the row for {rows[mbid].split or 'the first table'} is used"
                errors.add(file, error, mbid)
            else:
                rows[mbid] = row
    return rows


def _recordings(files: list[Path], errors: Errors) -> dict[str, Path]:
    """File of each recording; of several submissions the first."""
    found: dict[str, tuple[int, Path]] = {}
    for file in files:
        if file.suffix.lower() != ".json":
            continue
        name = recording_of(file)
        if name is None:
            errors.add(file, "not named by a recording")
            continue
        mbid, number = name
        spare: Path | None = file
        if mbid not in found or number < found[mbid][0]:
            spare = found[mbid][1] if mbid in found else None
            found[mbid] = number, file
        if spare is not None:
            errors.add(spare, f"second file of this recording; {found[mbid][1].name} is used", mbid)
    return {mbid: file for mbid, (_, file) in found.items()}


def _read(json_files: dict[str, Path], errors: Errors, verbose: int) -> dict[str, Descriptors]:
    from tqdm import tqdm

    described = {}
    layouts: dict[tuple[str, ...], tuple[str, ...]] = {}
    for mbid, file in tqdm(json_files.items(), "descriptors", unit="file", disable=not verbose):
        try:
            found = read_descriptors(file)
            # Thousands of names are the same in a million files.
            names = layouts.setdefault(found.names, found.names)
            described[mbid] = found._replace(names=names)
        except ValueError as error:
            errors.add(file, str(error), mbid)
    return described


def _with_genre(rows: dict[str, Recording], several: str, errors: Errors) -> list[str]:
    ids = []
    for mbid, row in sorted(rows.items()):
        if not row.genres:
            errors.add("", "no genre in its tags", mbid)
        elif several == "exclude" and len(row.genres) > 1:
            errors.add("", f"several genres: {', '.join(row.genres)}", mbid)
        else:
            ids.append(mbid)
    return ids


def _found(root: Path, data, names, target: list[str], parts) -> str:
    text = f"{len(target)} recordings from {root}: {count(target)}"
    if names is not None:
        text += f"; {len(names)} descriptors, {int(np.isnan(data).sum())} values missing"
    return text + (f"; {count(parts)}." if parts is not None else ".")
