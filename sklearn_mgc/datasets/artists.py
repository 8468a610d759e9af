"""Genre and artist from the tags of audio files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np


def read_tags(path: str | Path) -> dict[str, str]:
    """Genre and artist as the file's tags have them, "" where it has none."""
    try:
        import mutagen
    except ImportError as error:
        raise ImportError(
            "reading tags needs mutagen: run `pip install sklearn_mgc[data]`"
        ) from error
    try:
        file = mutagen.File(path, easy=True)
    except Exception:  # its parsers of damaged files end in anything
        file = None
    tags = getattr(file, "tags", None) or {}
    found = {}
    for name, keys in (("genre", ("genre",)), ("artist", ("artist", "albumartist"))):
        # A WAV file's tags are plain ID3 frames, which have no easy names.
        frames = {"genre": ("TCON",), "artist": ("TPE1", "TPE2")}[name]
        values = [_text(tags, key) for key in (*keys, *frames)]
        found[name] = next((value for value in values if value), "")
    return found


def _text(tags, key: str) -> str:
    try:
        value = tags[key]
    except (KeyError, ValueError):
        return ""
    value = getattr(value, "genres", None) or getattr(value, "text", value)
    value = value[0] if isinstance(value, (list, tuple)) and value else value
    return str(value).strip() if value else ""


def number_groups(names: Iterable[str]) -> np.ndarray:
    """Integers for names, spelled in any case; each "" is somebody of its own."""
    numbers: dict[str, int] = {}
    keys = [name.strip().casefold() or f"\0{i}" for i, name in enumerate(names)]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=int)


def name_groups(names: Iterable[str], numbers: np.ndarray) -> np.ndarray:
    """The name of each number, as it is spelled first; "" is unknown."""
    found = np.full(len(set(numbers.tolist())), "", dtype=object)
    for name, number in reversed(list(zip(names, numbers, strict=True))):
        found[number] = name.strip()
    return found
