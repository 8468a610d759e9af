"""Sound without a file around it: frames in a row, each of which says where the next one begins."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from sklearn_mgc.audio.mpeg import frame_length

_AC3_SPEEDS = (
    32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640,
)  # fmt: skip


class _Kind(NamedTuple):
    begin: re.Pattern[bytes]
    length: Callable[[bytes], int | None]  # by the first six bytes of a frame
    form: int  # their bits that stay the same in a row
    least: int = 6  # frames in a row that do not come about by chance


def _adts(head: bytes) -> int:
    return (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5


def _ac3(head: bytes) -> int:
    if head[5] >> 3 > 10:  # E-AC-3
        return 2 * ((head[2] & 7) << 8 | head[3]) + 2
    rate, code = divmod(head[4], 64)
    if rate == 3 or code >> 1 >= len(_AC3_SPEEDS):
        return 0
    speed = _AC3_SPEEDS[code >> 1]
    return 2 * (speed * 320 // 147 + code % 2) if rate == 1 else speed * (6 if rate else 4)


_KINDS = {
    "MP3": _Kind(re.compile(rb"\xff[\xe2-\xff]"), frame_length, 0xFFFE_0C00_0000),
    "AAC": _Kind(re.compile(rb"\xff[\xf0\xf1\xf8\xf9]"), _adts, 0xFFFE_FDC0_0000),
    "AC-3": _Kind(re.compile(rb"\x0b\x77"), _ac3, 0xFFFF_0000_C000),
    "MPEG transport stream": _Kind(
        re.compile(rb"(?:G.{187}){5}G", re.DOTALL), lambda head: 188, 0xFF << 40, 1
    ),
}
ROWS = _KINDS.keys() - {"MP3"}


class Row(NamedTuple):
    """Frames that follow each other."""

    stop: int
    n_frames: int
    form: int  # what they have in common


def row(data: bytes, start: int, label: str) -> Row:
    """The frames that begin at ``start``, until their form changes."""
    kind = _KINDS[label]
    at, n_frames, form = start, 0, 0
    while kind.begin.match(data, at) and len(head := data[at : at + 6]) == 6:
        found = int.from_bytes(head, "big") & kind.form
        length = kind.length(head)
        if not length or (n_frames and found != form):
            break
        at, n_frames, form = at + length, n_frames + 1, found
    return Row(min(at, len(data)), n_frames, form)


def is_chance(data: bytes, start: int, label: str) -> bool:
    """Whether what looks like frames are too few in a row."""
    return label in _KINDS and row(data, start, label).n_frames < _KINDS[label].least


def first_row(data: bytes, start: int = 0, but: str = "") -> int | None:
    """Where frames of any kind begin, from ``start`` on."""
    return min(
        (at for label in _KINDS.keys() - {but} if (at := _first(data, start, label)) is not None),
        default=None,
    )


def _first(data: bytes, start: int, label: str) -> int | None:
    places = (found.start() for found in _KINDS[label].begin.finditer(data, start))
    return next((at for at in places if not is_chance(data, at, label)), None)
