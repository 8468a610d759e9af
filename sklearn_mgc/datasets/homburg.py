"""The Music Audio Benchmark Data Set of the University of Dortmund."""

from __future__ import annotations

import os
import re
import warnings

from sklearn_mgc.datasets.bunch import about_artists, count, find_data, make_bunch
from sklearn_mgc.datasets.catalog import DataSet
from sklearn_mgc.datasets.files import Errors, is_system_folder, problem
from sklearn_mgc.datasets.folder import about_groups, artist_groups, by_folder
from sklearn_mgc.datasets.names import Groups

COUNTS = {
    "alternative": 145, "blues": 120, "electronic": 113, "folkcountry": 222, "funksoulrnb": 47,
    "jazz": 319, "pop": 116, "raphiphop": 300, "rock": 504,
}  # fmt: skip

DATA_SET = DataSet(
    name="homburg",
    title="Music Audio Benchmark (Homburg)",
    tracks="1886 clips of 10 s",
    genres="9 genres",
    groups="artists, by tags",
    get="by hand",
    load="load_homburg",
    parts={"groups": about_groups("", Groups())},
)


def load_homburg(
    path: str | os.PathLike | None = None,
    *,
    groups: str | None = None,
    data_home: str | os.PathLike | None = None,
    return_X_y: bool = False,
    as_frame: bool = False,
):
    """List the clips of the Music Audio Benchmark Data Set with their genres.

    Parameters
    ----------
    path : str or path-like, default=None
        The folder with a folder per genre, or the folder above it. Genres are recognised in
        any spelling, such as "Folk/Country" or "folkcountr". None is ``data_home/homburg``.
    groups : {"artist"}, default=None
        Read artists from the files' tags (needs mutagen).
    data_home : str or path-like, default=None
        See :func:`get_data_home`.
    return_X_y, as_frame : bool, default=False
        Return ``(data, target)`` instead of a Bunch; return pandas objects.

    Returns
    -------
    Bunch
        ``data`` (object array of paths), ``target`` (genres), ``target_names``, ``groups``
        (artists as integers, or None), ``group_names``, ``n_ungrouped``, ``errors`` (what was
        left out, and why), ``merged``, ``frame`` and ``DESCR``; see :func:`load_audio_folder`.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If it holds none of the nine genres.

    Warns
    -----
    UserWarning
        If a genre holds fewer clips than published.

    Examples
    --------
    >>> from sklearn_mgc.datasets import load_homburg
    >>> homburg = load_homburg("benchmarkdata", groups="artist")  # doctest: +SKIP
    """
    if groups not in ("artist", None):
        raise ValueError(f"groups must be 'artist' or None, got {groups!r}")
    folder = find_data(
        path, data_home, "homburg",
        "the clips are at http://www-ai.cs.uni-dortmund.de/audio.html: unpack them and pass the "
        "folder of the nine genres",
    )  # fmt: skip
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder}: is a file; unpack it and pass the folder of genres")
    inner = [e for e in folder.iterdir() if e.is_dir() and not is_system_folder(e.name)]
    if len(inner) == 1 and genre_of(inner[0].name) is None:
        folder = inner[0]
    errors = Errors()
    data: list[str] = []
    target: list[str] = []
    for file, name in by_folder(folder, errors):
        genre = genre_of(name)
        error = problem(file) if genre else f"in the folder {name!r}, which is none of the genres"
        if error:
            errors.add(file, error)
        elif genre:
            data.append(str(file))
            target.append(genre)
    if not data:
        raise ValueError(f"{folder}: no audio in folders named {', '.join(COUNTS)}")
    short = {g: target.count(g) for g, n in COUNTS.items() if target.count(g) < n}
    if short:
        warnings.warn(
            f"{folder}: fewer clips than published in "
            + ", ".join(f"{genre} ({n} of {COUNTS[genre]})" for genre, n in short.items()),
            stacklevel=2,
        )
    artists = Groups() if groups is None else artist_groups(data)
    return make_bunch(
        data,
        target,
        name="path",
        columns={"groups": artists.numbers},
        errors=errors,
        **about_artists(artists),
        return_X_y=return_X_y,
        as_frame=as_frame,
        DESCR=DATA_SET.describe(
            found=f"{len(data)} clips from {folder}: {count(target)}.",
            groups=about_groups("artists", artists),
        ),
    )


def genre_of(folder: str) -> str | None:
    """One of the nine genres; "Funk-Soul-RnB" and the cut-off "folkcountr" count."""
    letters = re.sub(r"[^a-z]", "", folder.lower().replace("r&b", "rnb"))
    return next((genre for genre in COUNTS if letters in (genre, genre[:10])), None)
