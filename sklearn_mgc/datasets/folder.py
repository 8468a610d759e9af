"""Audio files of your own: in folders by genre, or with genres in their tags."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from sklearn_mgc.datasets.artists import name_groups, number_groups, read_tags
from sklearn_mgc.datasets.bunch import as_path, count, make_bunch
from sklearn_mgc.datasets.files import SUFFIXES, is_audio, walk

_DESCR = """\
Audio folder {folder}
{n} tracks; genres from {labels}: {counts}.
{groups}
"""


def load_audio_folder(
    path: str | os.PathLike,
    *,
    labels: str = "folder",
    groups: str | None = None,
    return_X_y: bool = False,
    as_frame: bool = False,
):
    """List the audio files of a folder with their genres.

    Parameters
    ----------
    path : str or path-like
        A folder such as ``music`` with ``music/jazz/a.mp3`` and ``music/rock/live/b.flac``.
        Sub-folders are searched too; hidden files and folders are not.
    labels : {"folder", "tags"}, default="folder"
        Where the genres are: the folders directly in `path`, or the files' own tags
        (needs mutagen).
    groups : {"artist"}, default=None
        Read artists from the files' tags (needs mutagen).
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects.

    Returns
    -------
    Bunch
        ``data`` (object array of paths, sorted), ``target`` (genres), ``target_names``
        (sorted), ``groups`` (artists as integers, each file without an artist in a group of
        its own; None by default), ``n_ungrouped`` (how many those are), ``group_names`` (the
        artist's name at each integer, "" where it is not known; None by default), ``errors``
        (list of dict: path and why it was left out), ``frame`` and ``DESCR``.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    NotADirectoryError
        If the path is a file.
    ValueError
        If there is no audio file with a genre.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_mgc.datasets import load_audio_folder, make_music
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = make_music(n_tracks=12, duration=0.5, folder=folder, random_state=0)
    ...     music = load_audio_folder(folder)
    >>> len(music.data), len(music.target_names)
    (12, 6)
    """
    if labels not in ("folder", "tags"):
        raise ValueError(f"labels must be 'folder' or 'tags', got {labels!r}")
    if groups not in ("artist", None):
        raise ValueError(f"groups must be 'artist' or None, got {groups!r}")
    folder = as_path(path)
    if not folder.exists():
        raise FileNotFoundError(f"{folder}: no such folder; pass a folder of genre/*.mp3")
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder}: is a file; pass the folder that holds the genres")
    errors: list[dict[str, str]] = []
    found = by_folder(folder, errors) if labels == "folder" else by_tag(folder, errors)
    if not found:
        layout = f"{folder.name}/GENRE/*.mp3" if labels == "folder" else "files with a genre tag"
        raise ValueError(
            f"{folder}: no audio in genre folders; expected {layout} "
            f"(one of {', '.join(sorted(SUFFIXES))})"
        )
    data, target = [str(file) for file, _ in found], [genre for _, genre in found]
    artists, names = (None, None) if groups is None else artist_groups(data)
    n_unknown = 0 if names is None else int((names == "").sum())
    known = "artist" if groups else None
    return make_bunch(
        data,
        target,
        name="path",
        columns={} if artists is None else {"groups": artists},
        **({"groups": None} if artists is None else {}),
        group_names=names,
        n_ungrouped=n_unknown,
        errors=errors,
        return_X_y=return_X_y,
        as_frame=as_frame,
        DESCR=_DESCR.format(
            folder=folder,
            n=len(data),
            labels="one sub-folder each" if labels == "folder" else "the files' tags",
            counts=count(target),
            groups=about_groups(known, artists, n_unknown),
        ),
    )


def artist_groups(paths: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Artists of files by their tags, as integers, and the name of each."""
    names = [read_tags(path)["artist"] for path in paths]
    numbers = number_groups(names)
    return numbers, name_groups(names, numbers)


def about_groups(known: str | None, groups, n_unknown: int = 0) -> str:
    """A sentence about the groups for a description."""
    if known is None or n_unknown == len(groups):
        return (
            "The artists are not known, so random folds may flatter a classifier: pass artists as\n"
            "``groups`` to cross-validation where you know them."
        )
    n = len(set(groups.tolist())) - n_unknown
    return (
        f"``groups``: {known}, {n} of them; keep them apart with ``StratifiedGroupKFold``, random\n"
        "folds flatter a classifier."
        + (f" {n_unknown} tracks have none, and are a group each." if n_unknown else "")
    )


def by_folder(folder: Path, errors: list[dict[str, str]]) -> list[tuple[Path, str]]:
    """Audio files and the folder, directly in `folder`, that each is in."""
    found = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if not entry.is_dir():
            if is_audio(entry):
                errors.append({"path": str(entry), "error": "not in a genre folder"})
            continue
        for file in walk(entry, errors):
            if is_audio(file):
                found.append((file, entry.name))
            else:
                errors.append({"path": str(file), "error": "not an audio file"})
    return found


def by_tag(folder: Path, errors: list[dict[str, str]]) -> list[tuple[Path, str]]:
    """Audio files anywhere below `folder` and the genre in their tags."""
    found = []
    for file in walk(folder, errors):
        genre = read_tags(file)["genre"] if is_audio(file) else ""
        if genre:
            found.append((file, genre))
        else:
            error = "no genre in its tags" if is_audio(file) else "not an audio file"
            errors.append({"path": str(file), "error": error})
    return found
