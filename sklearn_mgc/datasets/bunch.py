"""What every loader returns, and where data sets are kept."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import Bunch

from sklearn_mgc._home import locate_data_home
from sklearn_mgc._optional import require
from sklearn_mgc.audio import as_path
from sklearn_mgc.datasets.files import NOT_AUDIO, Errors
from sklearn_mgc.datasets.names import Groups

_PARTS = {
    "training": "train", "validation": "valid", "val": "valid", "dev": "valid", "testing": "test",
    "evaluation": "test", "eval": "test",
}  # fmt: skip


def get_data_home(data_home: str | os.PathLike | None = None) -> Path:
    """Folder of the data sets, made if it is not there.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder. None is the environment variable ``SKLEARN_MGC_DATA``, or
        ``~/sklearn_mgc_data`` where it is not set.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    OSError
        If the folder cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_mgc.datasets import get_data_home
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     get_data_home(folder + "/music").name
    'music'
    """
    folder = locate_data_home(data_home)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise type(error)(
            f"{folder}: cannot be made ({error.strerror}); name another folder by data_home or by "
            "the environment variable SKLEARN_MGC_DATA"
        ) from error
    return folder


def clear_data_home(data_home: str | os.PathLike | None = None) -> None:
    """Delete the folder of the data sets and everything in it.

    Parameters
    ----------
    data_home : str or path-like, default=None
        As in :func:`get_data_home`.

    Returns
    -------
    None
        The folder is gone.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklearn_mgc.datasets import clear_data_home, get_data_home
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     home = get_data_home(folder + "/music")
    ...     clear_data_home(home)
    ...     os.path.exists(home)
    False
    """
    folder = locate_data_home(data_home)
    if folder.exists():
        shutil.rmtree(folder)


def find_data(path: str | os.PathLike | None, data_home, name: str, hint: str) -> Path:
    """The path given, or `name` below the data home; a helpful error if nothing is there."""
    found = as_path(path) if path is not None else locate_data_home(data_home) / name
    if not found.exists():
        raise FileNotFoundError(f"{found}: no such file or folder; {hint}")
    return found


def part_name(word: str) -> str:
    """The part that a table means: "Training" is "train", "dev" is "valid"."""
    word = word.strip().lower()
    return _PARTS.get(word, word)


def folds_of(parts: np.ndarray | None) -> list[tuple[np.ndarray, np.ndarray]] | None:
    """Index arrays (train, test) of parts "train" and "test", or of numbered folds.

    Those of a validation part, and of no part (""), are in neither. None is what parts that
    say neither come to.
    """
    if parts is None:
        return None
    known = set(parts.tolist())
    if {"train", "test"} <= known:
        return [(np.flatnonzero(parts == "train"), np.flatnonzero(parts == "test"))]
    folds = sorted(part for part in known if isinstance(part, int))
    if len(folds) < 2:
        return None
    return [
        (np.flatnonzero((parts != fold) & (parts != "")), np.flatnonzero(parts == fold))
        for fold in folds
    ]


def make_bunch(
    data: np.ndarray | list,
    target: Iterable,
    *,
    name: str,
    return_X_y: bool,
    as_frame: bool,
    feature_names: list[str] | None = None,
    columns: Mapping[str, Sequence | np.ndarray | None],
    errors: Errors,
    merged: Mapping[str, Mapping[str, list[str]]] | None = None,
    **extra,
):
    """A Bunch of data, target, one array per column and anything else, or just (X, y).

    `name` is what the data are called in a frame when they are not a table. A column that is None
    is a key of the Bunch, and not a column of the frame. With a column "split" there is ``cv``.
    """
    target = _objects(target)
    if feature_names is None:
        data = _objects(data)
    else:
        extra["feature_names"] = feature_names
    arrays = {
        key: values if values is None or isinstance(values, np.ndarray) else _objects(values)
        for key, values in columns.items()
    }
    if "split" in arrays:
        extra["cv"] = folds_of(arrays["split"])
    genres = sorted(set(target))
    frame = None
    if as_frame:
        pd = require("pandas", extra="data", what="frames (as_frame=True)")
        # Not pandas' own text: names that are not UTF-8 do not go into it.
        target = pd.Series(target, name="genre", dtype=object)
        if feature_names is None:
            data = pd.Series(data, name=name, dtype=object)
        else:
            data = pd.DataFrame(data, columns=feature_names)
        known = (
            pd.Series(values.tolist(), name=key, dtype=object if _is_text(values) else None)
            for key, values in arrays.items()
            if values is not None
        )
        frame = pd.concat([data, target, *known], axis=1)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        target_names=genres,
        frame=frame,
        **arrays,
        errors=errors,
        merged={key: dict(names) for key, names in (merged or {}).items() if names},
        **extra,
    )


def _objects(values: Iterable) -> np.ndarray:
    """An array of objects, tuples among them."""
    values = list(values)
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _is_text(values: Iterable) -> bool:
    return any(isinstance(value, str) for value in values)


def about_artists(artists: Groups, genres: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
    """What a Bunch says of artists, and of names that were spelled in several ways."""
    return {
        "group_names": artists.names,
        "n_ungrouped": artists.n_unknown,
        "merged": {"genres": genres or {}, "artists": artists.others},
    }


def count(values: Iterable) -> str:
    """``jazz 100, rock 99``."""
    return ", ".join(f"{value} {n}" for value, n in sorted(Counter(values).items()))


def left_out(bunch: Bunch) -> str:
    """Sum up in one line what a loader left out and which names it merged.

    Parameters
    ----------
    bunch : Bunch
        What a loader returned, or any Bunch with ``errors``.

    Returns
    -------
    str
        For example ``"left out: 3 not an audio file (.jpg), 1 no such file; taken for one: Rock
        (also rock, ROCK)"``; empty if there is nothing to say.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_mgc.datasets import left_out, load_audio_folder, make_music
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = make_music(n_tracks=6, duration=0.5, folder=folder, random_state=0)
    ...     _ = open(f"{folder}/rock/cover.jpg", "w").close()
    ...     music = load_audio_folder(folder)
    >>> left_out(music)
    'left out: 1 not an audio file (.jpg)'
    """
    parts = []
    kinds: dict[str, list[dict[str, str]]] = {}
    for row in bunch.errors:
        # Names and numbers of a row are behind a semicolon or in brackets.
        kinds.setdefault(row["error"].partition(";")[0].partition(" (")[0], []).append(row)
    if kinds:
        often = sorted(kinds.items(), key=lambda item: -len(item[1]))
        told = [f"{len(rows)} {kind}{_suffixes(kind, rows)}" for kind, rows in often[:6]]
        rest = sum(len(rows) for _, rows in often[6:])
        parts.append("left out: " + ", ".join(told) + (f", {rest} for other reasons" * bool(rest)))
    names = [
        f"{shown} (also {', '.join(others)})"
        for found in bunch.get("merged", {}).values()
        for shown, others in found.items()
    ]
    if names:
        more = f" and {len(names) - 4} more" if len(names) > 4 else ""
        parts.append("taken for one: " + ", ".join(names[:4]) + more)
    return "; ".join(parts)


def _suffixes(kind: str, rows: list[dict[str, str]]) -> str:
    """Which kinds of files were not audio: who misses music sees it there."""
    if kind != NOT_AUDIO:
        return ""
    found = Counter(os.path.splitext(row["path"])[1].lower() or "no suffix" for row in rows)
    return f" ({', '.join(name for name, _ in found.most_common(5))})"
