"""How many frames an MP3 has, by walking through them, whatever its header says.

libmpg123 believes the number of frames in the Xing header, or else guesses it from the file's
size and the first frame's bit rate. Both are wrong of files that were joined or cut, and of
variable bit rates without a header. Walking over the headers of a song takes a few
milliseconds, which `is_plain` saves where the Xing header agrees with the size of the file.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
# Kilobits per second of layers I to III, for MPEG 1 and for MPEG 2 and 2.5.
_BIT_RATES = {
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_FORMAT = 0xFE0C  # bits of a header's second and third byte: version, layer, sample rate
_XING = frozenset((b"Xing", b"Info"))


class Run(NamedTuple):
    """Frames one after the other that one decoder can read."""

    start: int  # a Xing header included
    stop: int
    n_frames: int  # that hold sound
    samples_per_frame: int  # of a channel
    rate: int
    promised: int | None  # frames by a Xing header
    constant: bool  # whether all have one bit rate

    @property
    def frame_seconds(self) -> float:
        """Length of a frame."""
        return self.samples_per_frame / self.rate


class Walk(NamedTuple):
    """What walking through a file has found."""

    runs: list[Run]  # none in a format that cannot be walked through
    n_junk: int  # bytes between and after them that are neither audio nor a tag
    breaks_off: bool  # whether the file ends within a frame


@lru_cache(maxsize=1)
def _lengths() -> dict[int, int]:
    """Bytes of a frame by the second and third byte of its header."""
    lengths = {}
    for second in range(0xE0, 0x100):
        version, layer = second >> 3 & 3, 4 - (second >> 1 & 3)
        if version == 1 or layer == 4:
            continue
        for third in range(256):
            bits, rate, padding = third >> 4, third >> 2 & 3, third >> 1 & 1
            if bits in (0, 15) or rate == 3:
                continue
            speed = 1000 * _BIT_RATES[version == 3, layer][bits - 1]
            hertz = _RATES[version][rate]
            if layer == 1:
                length = 4 * (12 * speed // hertz + padding)
            else:
                slots = 72 if layer == 3 and version != 3 else 144
                length = slots * speed // hertz + padding
            lengths[second << 8 | third] = length
    return lengths


def frame_length(data: bytes, start: int = 0) -> int | None:
    """Bytes of the frame whose header lies at ``start``; None if there is none."""
    if start + 4 > len(data) or data[start] != 0xFF:
        return None
    return _lengths().get(data[start + 1] << 8 | data[start + 2])


def _format_of(data: bytes, start: int) -> tuple[int, bool]:
    """What must not change within a run; whether it is mono comes second."""
    return (data[start + 1] << 8 | data[start + 2]) & _FORMAT, data[start + 3] >> 6 == 3


def _side_information(data: bytes, start: int) -> int:
    """Bytes between a header and what may be a Xing header."""
    form, mono = _format_of(data, start)
    return (17 if mono else 32) if form >> 11 & 3 == 3 else (9 if mono else 17)


def xing(data: bytes, start: int = 0) -> tuple[int | None, int | None] | None:
    """Frames and bytes that a Xing header at ``start`` promises; None if there is none."""
    if frame_length(data, start) is None:
        return None
    at = start + 4 + _side_information(data, start)
    if data[at : at + 4] not in _XING or len(data) < at + 16:
        return None
    flags = data[at + 7]
    numbers = [int.from_bytes(data[at + k : at + k + 4], "big") for k in (8, 12)]
    n_frames = numbers.pop(0) if flags & 1 else None
    return n_frames, numbers.pop(0) if flags & 2 else None


def is_plain(head: bytes, start: int, end: bytes, size: int) -> bool:
    """Whether the Xing header agrees with the size of the file."""
    promised = xing(head)
    if not promised or promised[0] is None or promised[1] is None:
        return False
    tag = 128 if end[-128:-125] == b"TAG" else 0
    return start + promised[1] + tag == size and any(end[-512:])


def walk(data: bytes, start: int = 0) -> Walk:
    """Walk through an MPEG file."""
    runs: list[Run] = []
    n_junk, breaks_off = 0, False
    at = after_tags(data, start)
    while not breaks_off and (found := _next_frame(data, at)) is not None:
        run, breaks_off = _run(data, found)
        if run.n_frames < 2 and found != at:  # chance
            n_junk += found + 1 - at
            at, breaks_off = found + 1, False
            continue
        n_junk += found - at
        # After a hole, a decoder of its own: one that goes on would take other frames' bits.
        if run.n_frames > 2 or not runs:
            runs.append(run)
        at = after_tags(data, run.stop)
    return Walk(runs, n_junk if breaks_off else n_junk + len(data) - at, breaks_off)


def promises(runs: list[Run]) -> Iterator[tuple[float, float]]:
    """Seconds that each Xing header promises, and seconds until the next one."""
    first = None
    promised = found = 0.0
    for run in runs:
        if run.promised is not None:
            if first:
                yield promised, found
            first, promised, found = run, run.promised * run.frame_seconds, 0.0
        found += run.n_frames * run.frame_seconds
    if first:
        yield promised, found


def n_streams(runs: list[Run]) -> int:
    """How many files were joined; a hole in one makes no second."""
    pairs = itertools.pairwise(runs)
    return 1 + sum(
        after.promised is not None or before[3:5] != after[3:5] or after.start - before.stop < 4
        for before, after in pairs
    )


def after_tags(data: bytes, at: int) -> int:
    """Where the tags that begin at ``at`` end."""
    while True:
        mark = data[at : at + 8]
        if mark[:3] == b"ID3" and len(data) >= at + 10:
            at += 10 + id3_size(data[at : at + 10])
        elif mark[:3] == b"TAG":
            at += 128
        elif mark == b"APETAGEX" and len(data) >= at + 32:
            footer = not data[at + 23] & 0x20
            at += 32 + (0 if footer else int.from_bytes(data[at + 12 : at + 16], "little"))
        elif mark == b"LYRICSBE":
            stop = data.find(b"LYRICS200", at)
            at = len(data) if stop < 0 else stop + 9
        else:
            return min(at, len(data))


def id3_size(head: bytes) -> int:
    """Bytes of an ID3v2 tag after its first ten, which are given."""
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 127
    return size + (10 if head[5] & 0x10 else 0)


def _run(data: bytes, start: int) -> tuple[Run, bool]:
    """The run that begins at ``start``, and whether the file ends within its last frame."""
    lengths, size = _lengths(), len(data)
    counts = xing(data, start)
    promised = counts[0] if counts else None
    first = data[start + 1] << 8 | data[start + 2]
    mono = data[start + 3] >= 0xC0
    layer_3 = first & 0x0600 == 0x0200
    low = 4 + _side_information(data, start)
    high = low + 4
    at, n_frames = start, -1 if counts else 0
    most = size if promised is None else promised
    seen, constant, breaks_off = first, True, False
    while at + 4 <= size and data[at] == 0xFF and n_frames < most:
        header = data[at + 1] << 8 | data[at + 2]
        if header | 2 != seen | 2:  # more than a byte that fills up
            if (header ^ first) & _FORMAT or header not in lengths or (constant and not layer_3):
                break
            # The frame of the Xing header has a bit rate of its own.
            constant, seen = constant and not n_frames, header
        if (data[at + 3] >= 0xC0) != mono or (data[at + low : at + high] in _XING and at != start):
            break
        after = at + lengths[header]
        if after > size:
            breaks_off = True
            break
        at = after
        n_frames += 1
    version, layer = first >> 11 & 3, 4 - (first >> 9 & 3)
    samples = 384 if layer == 1 else 576 if layer == 3 and version != 3 else 1152
    rate = _RATES[version][first >> 2 & 3]
    return Run(start, at, n_frames, samples, rate, promised, constant), breaks_off


def _next_frame(data: bytes, start: int) -> int | None:
    """Where the next frame begins that another of its kind, a tag or the end follows."""
    at = data.find(b"\xff", start)
    while at >= 0:
        if length := frame_length(data, at):
            after = at + length
            if after > len(data) - 4 or after_tags(data, after) > after:
                return at
            if frame_length(data, after) and _format_of(data, at)[0] == _format_of(data, after)[0]:
                return at
        at = data.find(b"\xff", at + 1)
    return None


def with_count(data: bytes, n_frames: int) -> bytes:
    """Frames with a Xing header before them, so that a decoder knows their number."""
    # Protection by a checksum off, no padding, and a bit rate whose frames have room.
    head = bytes((0xFF, data[1] | 1, 0x90 | data[2] & 0x0C, data[3]))
    length = _lengths()[head[1] << 8 | head[2]]
    frame = head + bytes(_side_information(data, 0)) + b"Xing" + (3).to_bytes(4, "big")
    frame += n_frames.to_bytes(4, "big") + (length + len(data)).to_bytes(4, "big")
    return frame + bytes(length - len(frame)) + data
