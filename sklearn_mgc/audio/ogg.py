"""Which streams follow each other in an Ogg file, and whether the last one is whole.

Decoders read the first stream of a chain (``cat a.ogg b.ogg``, a recorded web radio) and take
it for the file.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

_BEGINS, _ENDS = 2, 4  # flags of a page
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class Walk(NamedTuple):
    """What walking from page to page has found."""

    starts: list[int]  # of streams that follow each other; streams side by side are one
    n_junk: int  # bytes before the last page that belong to none
    n_damaged: int  # pages without their checksum, which decoders leave out
    whole: bool  # whether the last page is there and ends the stream
    stop: int  # where the last page ends


def walk(data: bytes) -> Walk:
    """Walk through an Ogg file."""
    starts: list[int] = []
    n_junk = n_damaged = after = flags = 0
    at = data.find(b"OggS")
    while at >= 0 and at + 27 <= len(data):
        n_junk += at - after
        begins_beside = flags & _BEGINS
        flags, n_segments = data[at + 5], data[at + 26]
        if flags & _BEGINS and not begins_beside:
            starts.append(at)
        after = at + 27 + n_segments + sum(data[at + 27 : at + 27 + n_segments])
        n_damaged += after <= len(data) and not _is_sound(data[at:after])
        at = after if data.startswith(b"OggS", after) else data.find(b"OggS", at + 4)
    whole = bool(flags & _ENDS) and after <= len(data)
    stop = min(after, len(data))
    return Walk(starts, n_junk, n_damaged, whole, stop)


def _is_sound(page: bytes) -> bool:
    """Whether a page has its checksum, which is zlib's with all bits in the other order."""
    bits = page.translate(_MIRRORED)
    checksum = zlib.crc32(bits[:22], 0xFFFFFFFF)
    checksum = zlib.crc32(bits[26:], zlib.crc32(bytes(4), checksum)) ^ 0xFFFFFFFF
    return checksum == int.from_bytes(bits[22:26], "big")
