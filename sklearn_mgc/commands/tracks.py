"""What commands share: tracks, their artists, what was left out, folds, and how long it takes."""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch

from sklearn_mgc.audio import as_path, printable
from sklearn_mgc.datasets import left_out, load_audio_folder, load_audio_table
from sklearn_mgc.datasets.check import list_audio
from sklearn_mgc.datasets.files import Errors, is_audio, walk
from sklearn_mgc.datasets.readers import TABLE_SUFFIXES, read_table
from sklearn_mgc.datasets.table import find_column
from sklearn_mgc.evaluation.folds import draw_folds

SOURCES = (
    "a folder genre/*.mp3, a zip archive of one, a pattern of files ('music/*/*.mp3'), or a table "
    "of files"
)
_UNKNOWN = (
    "ARTISTS UNKNOWN ({why}): folds are random, so an artist may be on both sides, and scores may "
    "be much too high. Write artist tags, or list the files in a table with a column of artists."
)


def add_left_out(parser: argparse.ArgumentParser) -> None:
    """Declare the argument of `tell_left_out`."""
    parser.add_argument(
        "--left-out", action="store_true", help="list every file that was left out, and why"
    )


def tell_left_out(bunch: Bunch, every: bool = False) -> None:
    """Print what was left out and what was taken for one name, in a line or row by row."""
    line = left_out(bunch)
    if line:
        hint = "" if every or not bunch.errors else " (--left-out lists them)"
        print(printable(f"{line}{hint}"), file=sys.stderr)
    for row in bunch.errors if every else ():
        place = row.get("path") or row.get("id", "")
        print(printable(f"left out: {place}: {row['error']}"), file=sys.stderr)


def load_tracks(source: Path, groups: str | None = None, *, every: bool = False) -> Bunch:
    """Load and tell the tracks of a folder ``genre/*.mp3``, an archive, a pattern or a table.

    ``groups`` is "artist" (the files' tags), a table's column, "none", or None: whichever is
    there, a table in the folder that names the artists included. The Bunch's ``groups`` are
    None where no artist is known; ``about_groups`` says in words what is. ``every`` lists
    what was left out.
    """
    source = as_path(source)
    table = source if _is_table(source) else None
    if table is None and groups not in (None, "artist", "none"):
        table = _table_in(source, groups)
        if table is None:
            raise ValueError(
                f"--groups {groups}: a folder has no columns; use `artist` for the files' tags, or "
                "put a table with this column into the folder"
            )
    if table is None:
        music, why = _folder(source, groups)
        nobody = music.groups is None or music.n_ungrouped == len(music.data)
        table = _table_in(source, None) if nobody and groups is None else None
    if table is not None:
        column = None if groups == "none" else groups
        music = load_audio_table(table, group_column=column)
        why = "an empty column" if music.groups is not None else "no column of artists"
        if groups == "none":
            music.groups, why = None, "--groups none"
        if source.is_dir():
            music.errors += _not_listed(source, table, music)
    tell_left_out(music, every)
    named = f" ({table.name})" if table is not None and table != source else ""
    return _about_groups(music, why, named)


def _about_groups(music: Bunch, why: str, named: str) -> Bunch:
    n = len(music.data)
    if music.groups is None or music.n_ungrouped == n:
        music.groups = None
        music.about_groups = _UNKNOWN.format(why=why)
        return music
    n_known = len(set(music.groups.tolist())) - music.n_ungrouped
    music.about_groups = f"{n_known} artists{named}, none on both sides of a fold."
    if music.n_ungrouped:
        music.about_groups += (
            f" ARTIST UNKNOWN for {music.n_ungrouped} of {n} tracks: each counts as an artist of "
            "its own; if that is wrong, scores are too high."
        )
    return music


def _folder(folder: Path, groups: str | None) -> tuple[Bunch, str]:
    if groups == "none":
        return load_audio_folder(folder), "--groups none"
    try:
        return load_audio_folder(folder, groups="artist"), "no file has an artist tag"
    except ImportError as error:
        if groups is not None:
            raise
        return load_audio_folder(folder), str(error)


def _is_table(path: Path) -> bool:
    return path.suffix.lower() in TABLE_SUFFIXES and path.is_file()


def _table_in(folder: Path, groups: str | None) -> Path | None:
    """A table in a folder that lists files with genres and artists; tracks.csv before others."""
    if not folder.is_dir():
        return None
    tables = filter(_is_table, folder.iterdir())
    for file in sorted(tables, key=lambda file: (file.stem != "tracks", file.name)):
        try:
            table = read_table(file)
            columns = [find_column(table, what) for what in ("path", "label")]
            if all(columns) and find_column(table, "group", groups):
                return file
        except (ValueError, OSError, ImportError):
            continue  # a table of something else
    return None


def _not_listed(folder: Path, table: Path, music: Bunch) -> Errors:
    """Audio files of a folder that the table in it does not speak of."""
    known = {*map(_absolute, music.data), *(_absolute(row["path"]) for row in music.errors)}
    errors = Errors()
    for file in walk(folder, errors):
        if is_audio(file) and _absolute(file) not in known:
            errors.add(file, f"not listed in {table.name}")
    return errors


def _absolute(path: str | Path) -> Path:
    return Path(path).absolute()


def list_files(sources: Iterable[Path], *, every: bool = False) -> list[Path]:
    """Audio files that sources stand for, whatever kind they are, told like `load_tracks`."""
    errors = Errors()
    files = []
    for source in map(as_path, sources):
        found = list(list_audio(source, errors))
        if not found:
            why = f". {errors.first()}" if errors else ""
            raise ValueError(f"{source}: there are no audio files in it{why}")
        files += found
    tell_left_out(Bunch(errors=errors), every)
    return files


def load_files(source: Path, *, every: bool = False) -> tuple[list[str], list[str]]:
    """Audio files of a source and the genre of each, "" for those of a flat folder."""
    source = as_path(source)
    try:
        music = load_audio_table(source) if _is_table(source) else load_audio_folder(source)
    except ValueError:  # no genres: a flat folder, a table of paths alone
        files = list_files([source], every=every)
        return [str(file) for file in files], [""] * len(files)
    tell_left_out(music, every)
    return music.data.tolist(), music.target.tolist()


def count_folds(genres, groups, wanted: int) -> int:
    """As many folds as wanted, or as the smallest genre has artists (or tracks)."""
    names = np.unique(genres)
    if len(names) < 2:
        raise ValueError(f"need at least two genres to tell apart, found only {names.tolist()}")
    units = np.arange(len(genres)) if groups is None else np.asarray(groups)
    counts = [len(np.unique(units[genres == name])) for name in names]
    if min(counts) < 2:
        what = "track" if groups is None else "artist"
        raise ValueError(
            f"genre {str(names[np.argmin(counts)])!r} has a single {what}, so no fold can test "
            f"it: add {what}s or leave the genre out"
        )
    return min(wanted, *counts)


def check_folds(genres, groups, n_folds: int, seed: int, inner=None, needed: int = 1) -> None:
    """Refuse folds without enough tracks of a genre to learn from, before anything takes time.

    ``inner`` draws folds within the training tracks of each, as a search does.
    """
    for train, _ in draw_folds(n_folds, genres, groups, seed=seed):
        for part in [train] if inner is None else _inner_folds(train, genres, groups, inner):
            for name in np.unique(genres):
                n_left = np.count_nonzero(genres[part] == name)
                if n_left >= needed:
                    continue
                n, what = int(np.count_nonzero(genres == name)), "tracks"
                if groups is not None:
                    n, what = len(np.unique(groups[genres == name])), "artists"
                raise ValueError(
                    f"genre {str(name)!r} has {n} {what}: in some fold{' of a fold' * bool(inner)} "
                    f"{n_left} of its tracks are left to learn from, where {needed} are needed. "
                    f"Add {what} or leave the genre out"
                    + ("" if inner is None else "; --model svc or dnn needs fewer than auto")
                )


def _inner_folds(train, genres, groups, splitter) -> list[np.ndarray]:
    """The training sides of folds within the training tracks of a fold."""
    by_artist = None if groups is None else groups[train]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of too few tracks, which is looked at
        try:
            return [train[part] for part, _ in draw_folds(splitter, genres[train], by_artist)]
        except ValueError:  # more folds than tracks or artists
            return [train[:0]]


def describe(transformer, paths, *, tell: bool = True) -> np.ndarray:
    """Features of all files, NaN for those that cannot be read, which are printed."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*clips could not be used", UserWarning)
        X = transformer.set_params(on_error="nan", verbose=1).fit_transform(paths)
    for failure in transformer.failed_ if tell else ():
        print(f"left out: {failure['message']}", file=sys.stderr)
    return X


def describe_all(transformers: dict, paths) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """What each transformer makes of all files, by its name, and which of them all could read."""
    parts: dict[str, np.ndarray] = {}
    for name, transformer in transformers.items():
        parts[name] = describe(transformer, paths, tell=not parts)
        transformer.set_params(n_jobs=None, on_error="raise", verbose=0)
    finite = [np.isfinite(part).reshape(len(part), -1).all(axis=1) for part in parts.values()]
    return parts, np.all(finite, axis=0)


def network_of(model):
    """The network at the end of a pipeline, or of the segments that vote there."""
    last = model[-1] if isinstance(model, Pipeline) else model
    return getattr(last, "estimator", last)


def announce(model, X, y, n_folds: int) -> None:
    """Say how long cross-validation and the last fit will take, by one epoch."""
    network, one = network_of(model), clone(model)
    network_of(one).set_params(max_epochs=1)
    started = time.perf_counter()
    one.fit(X, y)
    epoch = time.perf_counter() - started
    # Each fold trains on all folds but one, and the model that is kept on all.
    total = epoch * network.max_epochs * n_folds
    told = f"{total / 60:.0f} min" if total > 90 else f"{total:.0f} s"
    print(f"{type(network).__name__}: {epoch:.1f} s an epoch, about {told} in all.")
