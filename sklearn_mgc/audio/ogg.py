"""Which streams follow each other in an Ogg file, and whether the last one is whole.

Decoders read the first stream of a chain (``cat a.ogg b.ogg``, a recorded web radio) and take
it for the file.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

_BEGINS, _ENDS = 2, 4  # flags of a page


class Walk(NamedTuple):
    """What walking from page to page has found."""

    links: list[tuple[int, int]]  # first byte and end of each; streams side by side are one
    n_junk: int  # bytes before the last page that belong to none
    whole: bool  # whether the last page is there and ends the stream


def walk(data: bytes) -> Walk:
    """Walk through an Ogg file."""
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
