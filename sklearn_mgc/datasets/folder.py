"""Audio files in one folder per genre."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch

from sklearn_mgc.datasets._files import SUFFIXES, is_audio, walk

_DESCR = """\
Audio folder {folder}
{n} tracks in {k} genres, one sub-folder per genre: {counts}.
The artists are not known, so random folds may flatter a classifier: pass artists as
``groups`` to cross-validation where you know them.
"""


def load_audio_folder(path: str | os.PathLike, *, return_X_y: bool = False):
    """List the audio files of a folder with one sub-folder per genre.

    Parameters
    ----------
    path : str or path-like
        A folder such as ``music`` with ``music/jazz/a.mp3`` and ``music/rock/live/b.flac``.
        Sub-folders of a genre are searched too; hidden files and folders are not.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    Bunch
        ``data`` (object array of paths, sorted), ``target`` (genres), ``target_names``
        (sorted), ``errors`` (list of dict: path and why it was left out) and ``DESCR``.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    NotADirectoryError
        If the path is a file.
    ValueError
        If no genre folder holds an audio file.

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
    folder = Path(path)
    if not folder.exists():
        raise FileNotFoundError(f"{folder}: no such folder; pass a folder of genre/*.mp3")
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder}: is a file; pass the folder that holds the genres")
    data: list[str] = []
    target: list[str] = []
    errors: list[dict[str, str]] = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if not entry.is_dir():
            if is_audio(entry):
                errors.append({"path": str(entry), "error": "not in a genre folder"})
            continue
        for file in walk(entry, errors):
            if is_audio(file):
                data.append(str(file))
                target.append(entry.name)
            else:
                errors.append({"path": str(file), "error": "not an audio file"})
    if not data:
        raise ValueError(
            f"{folder}: no audio in genre folders; expected {folder.name}/GENRE/*.mp3 "
            f"(one of {', '.join(sorted(SUFFIXES))})"
        )
    names, counts = np.unique(target, return_counts=True)
    if return_X_y:
        return np.asarray(data, dtype=object), np.asarray(target, dtype=object)
    return Bunch(
        data=np.asarray(data, dtype=object),
        target=np.asarray(target, dtype=object),
        target_names=names.tolist(),
        errors=errors,
        DESCR=_DESCR.format(
            folder=folder,
            n=len(data),
            k=len(names),
            counts=", ".join(f"{name} {count}" for name, count in zip(names, counts, strict=True)),
        ),
    )
