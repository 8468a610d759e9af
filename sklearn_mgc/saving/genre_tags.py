"""Genres in the tags of audio files, written so that each file can be had back as it was."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from sklearn_mgc._atomic import write_whole
from sklearn_mgc._optional import require
from sklearn_mgc.audio import as_path
from sklearn_mgc.audio.zip import split_member
from sklearn_mgc.datasets.check import measure
from sklearn_mgc.saving.tag_journal import TagJournal

_WHAT = "tags of audio files"


class TagError(ValueError):
    """A file whose tags cannot be written, and why."""


class NoTagsError(TagError):
    """A file that is as it should be, but not for tags to be written."""


def check_taggable(path: str | os.PathLike) -> None:
    """Raise a TagError for a file into which no genre can be written."""
    path = as_path(path)
    if split_member(path) is not None:
        raise NoTagsError("in a zip archive")
    if not os.access(path, os.W_OK):
        raise NoTagsError("write-protected")
    _open(path)


def spelled(genre: str) -> str:
    """A genre as the ID3 standard, and so most players, spell it; others as they are.

    Examples
    --------
    >>> from sklearn_mgc.saving.genre_tags import spelled
    >>> spelled("hiphop"), spelled("synth-pop of 1984")
    ('Hip-Hop', 'synth-pop of 1984')
    """
    return _standard().get(_letters(genre), genre)


@lru_cache
def _standard() -> dict[str, str]:
    names = require("mutagen.id3", extra="data", what=_WHAT).TCON.GENRES
    return {_letters(name): name for name in reversed(names)}


def _letters(genre: str) -> str:
    return re.sub(r"[\W_]", "", genre).casefold()


def write_genres(path: str | os.PathLike, genres: Sequence[str], journal: TagJournal) -> None:
    """Write genres into the tags of a file in place of those that are there.

    A copy gets the genres. It takes the place of the file once its sound is found to be the
    same, sample by sample, and every other tag, too, and once the journal, on the drive, has
    what is needed to undo it. So the file is at any time the old one or the new one.
    """
    target = as_path(path).resolve()
    before = target.stat()
    with write_whole(target) as part:
        journal.begin(part)
        shutil.copy2(target, part)
        file, options = _open(part)
        _set_genres(file.tags, genres)
        try:
            file.save(**options)
        except Exception as error:  # of its parsers, as in `_open`
            raise TagError(f"its tags cannot be written ({error})") from error
        _compare(target, part)
        now = target.stat()
        if (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise TagError("was changed by another program in the meantime")
        journal.add(target, part)


def _open(path: Path) -> tuple[Any, dict[str, Any]]:
    """A file with its tags, and the options to save them in the version in which they are."""
    mutagen = require("mutagen", extra="data", what=_WHAT)
    id3 = require("mutagen.id3", extra="data", what=_WHAT)
    try:
        file = mutagen.File(path)
        tags = getattr(file, "tags", None)
        version = getattr(tags, "version", ())[:2]
        if isinstance(tags, id3.ID3):
            # As they are; mutagen cannot write version 2.2, whose frames 2.3 has by other names.
            is_old = version == (2, 2)
            file = type(file)(path, translate=is_old, v2_version=3 if is_old else 4)
    except Exception as error:  # parsers of damaged files end in anything
        raise TagError(f"its tags cannot be read ({error})") from error
    if tags is None:
        try:
            file.add_tags()
        except (AttributeError, NotImplementedError, mutagen.MutagenError):  # of no known format
            raise NoTagsError("format without tags") from None
    if not isinstance(file.tags, id3.ID3):
        return file, {}
    # Several values of a frame stay several.
    return file, {"v2_version": 3 if version in ((2, 2), (2, 3)) else 4, "v23_sep": None}


def _set_genres(tags, genres: Sequence[str]) -> None:
    id3 = require("mutagen.id3", extra="data", what=_WHAT)
    if isinstance(tags, id3.ID3):
        tags.setall("TCON", [id3.TCON(encoding=3, text=list(genres))])
    else:
        tags[_KEYS.get(type(tags).__name__, "genre")] = list(genres)


_KEYS = {"APEv2": "Genre", "MP4Tags": "\xa9gen", "ASFTags": "WM/Genre"}
_GENRE_KEYS = {"tcon", "genre", *map(str.lower, _KEYS.values())}


def _compare(old: Path, new: Path) -> None:
    """Raise if more than the genre differs."""
    if _others(old) != _others(new):
        raise TagError("its other tags would not survive")
    sounds = {measure(path)["audio_hash"] for path in (old, new)}
    if len(sounds) != 1 or "" in sounds:
        raise TagError("its sound would not survive")


def _others(path: Path) -> list[str]:
    """All tags but the genre, as text; frames may change their encoding."""
    file, _ = _open(path)
    tags = file.tags
    # Vorbis comments may hold a key several times.
    pairs = list(tags) if isinstance(tags, list) else list(tags.items())
    told = [f"{k}={v!r}" for k, v in pairs if k.lower() not in _GENRE_KEYS]
    told += map(repr, getattr(tags, "unknown_frames", ()))
    return sorted(re.sub(r"encoding=<[^>]*>", "", text) for text in told)
