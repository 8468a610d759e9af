"""Paths as people write them, and names as they can be shown."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

# Control characters move the cursor of a terminal, separators break lines, marks of direction turn
# text around, other formats hide in it, and surrogates (bytes that are not UTF-8) have no code.
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Joiners are formats that hold emoji and some scripts together, and move nothing.
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/{1,3}(?=[^/])", re.IGNORECASE)  # "C:/" is a drive
_JOINERS = "\u200c\u200d"


def as_path(path: str | bytes | os.PathLike) -> Path:
    """A path as people write it: text, bytes or path-like, ``~`` for their own folder.

    Parameters
    ----------
    path : str, bytes or path-like
        Names that are not UTF-8 may come as bytes, or as `os.fsdecode` gives them.

    Returns
    -------
    Path
        The same path with ``~`` and ``~user`` expanded.

    Raises
    ------
    ValueError
        If it is a URL.

    Examples
    --------
    >>> from sklearn_mgc.audio import as_path
    >>> as_path(b"music/a.wav").name
    'a.wav'
    >>> as_path("~/music").is_absolute()
    True
    """
    if url := as_url(path):
        raise ValueError(f"{printable(url)}: {NO_PATH[0]}; {NO_PATH[1]}")
    return Path(os.path.expanduser(os.fsdecode(path)))


# What a URL is instead, and what to do.
NO_PATH = ("is a URL and not a path", "download it first, and name the file")


def as_url(path: str | bytes | os.PathLike) -> str:
    """The URL that was given for a path, as it was before `Path` took it; else an empty string."""
    text = os.fsdecode(path)
    found = _ADDRESS.match(text)
    if not found or os.path.lexists(text):
        return ""
    scheme = found[0].rstrip("/")
    return scheme + ("///" if scheme.lower() == "file:" else "//") + text[found.end() :]


def printable(name) -> str:
    r"""A name as it can be shown: what a terminal would not show as it is, is escaped.

    Parameters
    ----------
    name : str or path-like
        The name of a file, a genre, an artist.

    Returns
    -------
    str
        Control and format characters, line separators and bytes that are not UTF-8 as escapes;
        every other character as it is.

    Examples
    --------
    >>> from sklearn_mgc.audio import printable
    >>> print(printable("caf\udce9\n.wav"))
    caf\xe9\n.wav
    >>> print(printable("Ænima ♫.mp3"))
    Ænima ♫.mp3
    """
    return "".join(map(_shown, str(name)))


def _shown(char: str) -> str:
    if unicodedata.category(char) not in _UNPRINTABLE or char in _JOINERS:
        return char
    if "\udc80" <= char <= "\udcff":  # a byte, as os.fsdecode keeps it
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape", "surrogatepass").decode()
