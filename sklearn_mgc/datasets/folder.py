"""Audio files of your own: in folders by genre, or with genres in their tags."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from sklearn_mgc.audio import as_path
from sklearn_mgc.datasets.bunch import about_artists, count, make_bunch
from sklearn_mgc.datasets.files import (
    NOT_AUDIO,
    SUFFIXES,
    Errors,
    expand,
    is_archive,
    is_audio,
    is_pattern,
    is_system_folder,
    matches,
    members,
    tell_system_folder,
    walk,
)
from sklearn_mgc.datasets.names import Groups, group_by_name, merge_spellings, read_tags

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
        A folder such as ``music`` with ``music/jazz/a.mp3`` and ``music/rock/live/b.flac``, a zip
        archive of such a folder, which is read in place, or a pattern of files (``music/*/*.mp3``).
        Sub-folders are searched too; system folders such as ``$RECYCLE.BIN`` are not.
    labels : {"folder", "tags"}, default="folder"
        Where the genres are: the folders directly in `path` (of a pattern, the folder of each
        file), or the files' own tags (needs mutagen).
    groups : {"artist"}, default=None
        Read artists from the files' tags (needs mutagen).
    return_X_y, as_frame : bool, default=False
        Return ``(data, target)`` instead of a Bunch; return pandas objects.

    Returns
    -------
    Bunch
        ``data`` (object array of paths, sorted), ``target`` (genres), ``target_names`` (sorted),
        ``groups`` (artists as integers, each file without an artist in a group of its own; None by
        default), ``n_ungrouped`` (how many those are), ``group_names`` (the artist's name at each
        integer, "" where it is not known; None by default), ``errors`` (list of dict: path and why
        it was left out), ``merged`` (dict of genres and artists that are spelled in several ways),
        ``frame`` and ``DESCR``.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    NotADirectoryError
        If the path is a file and not an archive.
    ValueError
        If there is no audio file with a genre.

    See Also
    --------
    left_out : What was left out, in a line.

    Notes
    -----
    Names that differ only in case, blanks or Unicode form count as one name and get the most common
    spelling. Placeholders such as "Unknown Artist" count as no name.

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
    errors = Errors()
    found = by_folder(folder, errors) if labels == "folder" else _by_tag(folder, errors)
    if not found:
        layout = f"{folder.name}/GENRE/*.mp3" if labels == "folder" else "files with a genre tag"
        raise ValueError(
            f"{folder}: no audio in genre folders; expected {layout} "
            f"(one of {', '.join(sorted(SUFFIXES))})"
        )
    data = [str(file) for file, _ in found]
    genres = merge_spellings([genre for _, genre in found])
    artists = artist_groups(data) if groups else Groups()
    # A folder called "Unknown" is a genre of somebody's.
    target = [shown or genre for shown, (_, genre) in zip(genres.shown, found, strict=True)]
    return make_bunch(
        data,
        target,
        name="path",
        columns={"groups": artists.numbers},
        errors=errors,
        **about_artists(artists, genres.others),
        return_X_y=return_X_y,
        as_frame=as_frame,
        DESCR=_DESCR.format(
            folder=folder,
            n=len(data),
            labels="one sub-folder each" if labels == "folder" else "the files' tags",
            counts=count(target),
            groups=about_groups("artist", artists),
        ),
    )


def artist_groups(paths: list[str]) -> Groups:
    """Artists of files by their tags."""
    return group_by_name(read_tags(path)["artist"] for path in paths)


def about_groups(known: str, groups: Groups) -> str:
    """A sentence about the groups for a description."""
    n = 0 if groups.names is None else len(groups.names) - groups.n_unknown
    if not n:
        return (
            "The artists are not known, so random folds may flatter a classifier: pass artists as\n"
            "``groups`` to cross-validation where you know them."
        )
    return (
        f"``groups``: {known}, {n} of them; keep them apart with ``StratifiedGroupKFold``, random\n"
        "folds flatter a classifier."
        + (
            f" {groups.n_unknown} tracks have none, and are a group each."
            if groups.n_unknown
            else ""
        )
    )


def by_folder(source: Path, errors: Errors) -> list[tuple[Path, str]]:
    """Audio files and the folder, directly in `source`, that each is in."""
    found: list[tuple[Path, str]] = []
    if is_archive(source):
        files = members(source, errors)
        top = _top(source, files)
        inner = [(file, file.relative_to(top).parts) for file in files]
        found = [(file, parts[0] if len(parts) > 1 else "") for file, parts in inner]
    elif is_pattern(source):
        for entry in matches(source):
            files = walk(entry, errors) if entry.is_dir() else [entry]
            genre = entry.name if entry.is_dir() else entry.absolute().parent.name
            found += [(file, genre) for file in files]
    else:
        for entry in sorted(_folder(source).iterdir()):
            if is_system_folder(entry.name):
                tell_system_folder(entry, errors)
            elif os.path.isdir(entry):
                # One at a time: a genre may be a link to another one.
                found += [(file, entry.name) for file in walk(entry, errors)]
            elif is_audio(entry):
                found.append((entry, ""))
    return list(_sorted_out(found, errors, "not in a genre folder"))


def _by_tag(source: Path, errors: Errors) -> list[tuple[Path, str]]:
    """Audio files anywhere in `source` and the genre in their tags."""
    files = _files(source, errors)
    found = [(file, read_tags(file)["genre"] if is_audio(file) else "") for file in files]
    return list(_sorted_out(found, errors, "no genre in its tags"))


def _files(source: Path, errors: Errors) -> list[Path]:
    """Files of a folder, an archive or a pattern."""
    if is_pattern(source):
        return [file for file in expand(source, errors) if file.is_file()]
    return members(source, errors) if is_archive(source) else walk(_folder(source), errors)


def _folder(source: Path) -> Path:
    if not source.exists():
        raise FileNotFoundError(f"{source}: no such folder; pass a folder of genre/*.mp3")
    if not source.is_dir():
        raise NotADirectoryError(
            f"{source}: is a file; pass the folder that holds the genres, or save a table as .csv"
        )
    return source


def _top(archive: Path, files: Iterable[Path]) -> Path:
    """The folder of the genres in an archive, which may have one folder around them."""
    inner = [file.relative_to(archive).parts for file in files if is_audio(file)]
    if inner and len({parts[0] for parts in inner}) == 1 and min(map(len, inner)) > 2:
        return archive / inner[0][0]
    return archive


def _sorted_out(
    found: Iterable[tuple[Path, str]], errors: Errors, without: str
) -> Iterator[tuple[Path, str]]:
    for file, genre in found:
        if is_audio(file) and genre:
            yield file, genre
        else:
            errors.add(file, without if is_audio(file) else NOT_AUDIO)
