"""Paths as people write them, and names as they can be shown."""

from __future__ import annotations

import os
import re
from pathlib import Path

# Control characters move the cursor of a terminal, separators break lines, marks of direction
# turn text around, and surrogates (bytes of a name that are not UTF-8) cannot be encoded.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


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

    Examples
    --------
    >>> from sklearn_mgc.audio import as_path
    >>> as_path(b"music/a.wav").name
    'a.wav'
    >>> as_path("~/music").is_absolute()
    True
    """
    return Path(os.path.expanduser(os.fsdecode(path)))


def printable(name) -> str:
    r"""A name as it can be shown: what a terminal would not show as it is, is escaped.

    Parameters
    ----------
    name : str or path-like
        The name of a file, a genre, an artist.

    Returns
    -------
    str
        Control characters, line separators, marks of direction and bytes that are not UTF-8
        as escapes; every other character as it is.

    Examples
    --------
    >>> from sklearn_mgc.audio import printable
    >>> print(printable("caf\\udce9\\n.wav"))
    caf\\xe9\\n.wav
    >>> print(printable("Ænima ♫.mp3"))
    Ænima ♫.mp3
    """
    return _UNPRINTABLE.sub(_escape, str(name))


def _escape(match: re.Match) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte, as os.fsdecode keeps it
        return f"\\x{code - 0xDC00:02x}"
    return match[0].encode("unicode_escape").decode()
