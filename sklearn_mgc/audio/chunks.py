"""How many bytes of samples the header of a WAV, AIFF or AU file promises."""

from __future__ import annotations

from typing import BinaryIO, Literal

# Written by programs that do not know yet how long the sound will be.
_UNKNOWN = {0, 0xFFFFFFFF, 0x7FFFFFFF, 0xFFFFFFFFFFFFFFFF, 0x7FFFFFFFFFFFFFFF}
_Order = Literal["little", "big"]
_MOST_CHUNKS = 1000
_TOLERANCE = 4096  # bytes that may be missing


def missing_share(file: BinaryIO, size: int) -> float:
    """The share of the promised samples that is not there, unless it is tiny.

    Parameters
    ----------
    file : binary file
        The file, which is read from its beginning.
    size : int
        Its bytes.
    """
    file.seek(0)
    head = file.read(12)
    start, promised = 0, None
    if head[:4] in (b"RIFF", b"RIFX", b"FORM"):
        order: _Order = "little" if head[:4] == b"RIFF" else "big"
        start, promised = _find_chunk(file, size, order)
    elif head[:4] in (b".snd", b"dns."):
        order = "big" if head[:4] == b".snd" else "little"
        start, promised = (int.from_bytes(head[k : k + 4], order) for k in (4, 8))
    if promised is None or promised in _UNKNOWN or promised >= 0xFFFFFF00:
        return 0.0
    missing = promised - max(size - start, 0)
    return missing / promised if missing > max(_TOLERANCE, 0.005 * promised) else 0.0


def _find_chunk(file: BinaryIO, size: int, order: _Order) -> tuple[int, int | None]:
    """Where the samples begin, and how many bytes they are said to be."""
    at = 12
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            break
        length = int.from_bytes(head[4:], order)
        if head[:4] in (b"data", b"SSND"):
            return at + 8, length
        at += 8 + length + length % 2
        if at >= size:
            break
    return 0, None
