"""Which streams follow each other in an Ogg file, and whether the last one is whole.

Decoders read the first stream of a chain (``cat a.ogg b.ogg``, a recorded web radio) and take
it for the file.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

_BEGINS, _ENDS = 2, 4  # flags of a page


class Walk(NamedTuple):
    """What walking from page to page has found.

    Parameters
    ----------
    links : list of (int, int)
        Where the streams of a chain begin and end, in bytes. Streams that run side by side,
        as sound and pictures do, begin together and are one link.
    n_junk : int
        Bytes before the last page that belong to none.
    whole : bool
        Whether the last page is there as a whole and says that the stream ends.
    """

    links: list[tuple[int, int]]
    n_junk: int
    whole: bool


def walk(data: bytes) -> Walk:
    """Walk through an Ogg file.

    Parameters
    ----------
    data : bytes
        The file.
    """
    starts: list[int] = []
    n_junk = after = flags = 0
    at = data.find(b"OggS")
    while at >= 0 and at + 27 <= len(data):
        n_junk += at - after
        begins_beside = flags & _BEGINS
        flags, n_segments = data[at + 5], data[at + 26]
        if flags & _BEGINS and not begins_beside:
            starts.append(at)
        after = at + 27 + n_segments + sum(data[at + 27 : at + 27 + n_segments])
        at = after if data.startswith(b"OggS", after) else data.find(b"OggS", at + 4)
    whole = bool(flags & _ENDS) and after <= len(data)
    return Walk(list(pairwise([*starts, len(data)])), n_junk, whole)
