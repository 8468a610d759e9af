"""What a decoder has to be given of a file, one part after the other, and what is wrong with it."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from sklearn_mgc.audio import chunks, frames, mpeg, ogg
from sklearn_mgc.audio.beginnings import MARKED, beginnings
from sklearn_mgc.audio.decoders import UndecodableError, note_missing
from sklearn_mgc.audio.formats import Content
from sklearn_mgc.audio.source import Source
from sklearn_mgc.audio.stream import Note

JUNK = 1024  # bytes between frames that are worth a note
_TAGS = 2**18  # bytes at the end of a file that may be tags
PLAIN = ("wav", "aiff", "au", "caf")


class Part(NamedTuple):
    """A stretch of a file that a decoder reads to its end."""

    data: bytes | None = None  # None for the file as it is
    counted: bool = True  # whether it says how long it is


def parts_of(source: Source, content: Content, note: Note) -> list[Part]:
    """What a decoder has to be given, one after the other."""
    if content.kind == "mp3":
        end = source.read(max(source.size - 512, 0))
        if mpeg.is_plain(content.head, content.start, end, source.size):
            return [Part()]
        return mpeg_parts(source, content, note)
    if content.head[:4] == b"OggS":
        return _split(source, _ogg_starts(source, note), note)
    if content.kind in PLAIN:
        return _chunk_parts(source, note)
    if content.label in ("AAC", "AC-3"):
        return _split(source, _row_starts(source, content.label), note)
    if content.label == "MPEG-4":
        return _split(source, _atom_starts(source), note)
    starts = _marked_starts(source, content)
    if len(starts) == 1 and not _is_whole_flac(source, content.head):
        uncounted = _flac_frame(content.head, 1)
        if uncounted and uncounted.search(source.read()):
            raise UndecodableError("it is longer than its header tells", supported=False)
    return _split(source, starts, note)


def _split(source: Source, starts: list[int], note: Note) -> list[Part]:
    """A file of one or several, in any formats, by where each begins."""
    if len(starts) < 2:
        return [Part()]
    _note_streams(note, len(starts))
    return [Part(source.read(a, b - a)) for a, b in pairwise([*starts, source.size])]


def _behind(source: Source, stop: int) -> list[int]:
    """Where another file begins, if one follows where the first one ends."""
    if source.size - stop <= JUNK:
        return []
    content = Content(source.between(stop, source.size))
    head = content.source.read(content.start, JUNK * 32)
    return [stop] * bool(content.kind and not frames.is_chance(head, 0, content.label))


def _chunk_parts(source: Source, note: Note) -> list[Part]:
    with source.open() as file:
        links = chunks.walk(file, source.size)
    missing = max(link.missing for link in links)
    if missing:
        note("truncated", f"breaks off: {100 * missing:.0f} % of its samples are missing")
    n_after = links[-1].n_after
    behind = _behind(source, source.size - n_after)
    if not behind and not chunks.is_little(n_after, source.size):
        note(
            "damaged", f"has {n_after} bytes after its samples, which are not read: its header lies"
        )
    starts = [link.start for link in links] + behind
    if len(starts) == 1 and links[0].unsized is not None:
        return [Part(chunks.with_length(source.read(), links[0].unsized))]
    return _split(source, starts, note)


def _atom_starts(source: Source) -> list[int]:
    """Where the files in an MPEG-4 file begin: at atoms that say so, and behind the last one."""
    starts, at = [0], 0
    with source.open() as file:
        while at < source.size:
            file.seek(at)
            head = file.read(16)
            length, name = int.from_bytes(head[:4], "big"), head[4:8]
            if length == 1:
                length = int.from_bytes(head[8:], "big")
            if not name.isalnum() or 0 < length < 8:
                break
            starts += [at] * (at > 0 and name == b"ftyp")
            at = at + length if length else source.size
    return starts + _behind(source, at)


def _marked_starts(source: Source, content: Content) -> list[int]:
    """Where files begin by their first bytes, as nothing says where one ends."""
    alike = _ends_alike(source, content)
    starts = [0]
    with source.open() as file:
        for at in beginnings(file, 1, content.label if alike else None):
            # Not the header in a header, as Ogg has FLAC's and packers keep a WAV file's.
            if at - starts[-1] > JUNK and _fits(source.read(at, 8), source.size - at):
                starts.append(at)
    return starts if alike or len(starts) > 1 else starts + _frames_behind(source, content.label)


def _ends_alike(source: Source, content: Content) -> bool:
    """Whether a file is its format's to the end, or nothing would tell."""
    if content.label == "MPEG transport stream":
        return source.size % 188 == 0 and source.read(source.size - 188, 1) == b"G"
    return content.label not in MARKED or _is_whole_flac(source, content.head)


def _is_whole_flac(source: Source, head: bytes) -> bool:
    """Whether the last frame that a FLAC counts lies where the file ends."""
    longest = int.from_bytes(head[15:18], "big")
    frame = _flac_frame(head, 0) if longest else None
    end = source.read(max(source.size - longest - JUNK, 0))
    return frame is not None and frame.search(end) is not None


def _flac_frame(head: bytes, n: int) -> re.Pattern[bytes] | None:
    """How the frame begins that lies ``n`` after the last one that a FLAC counts, if it tells."""
    block, n_samples = int.from_bytes(head[10:12], "big"), int.from_bytes(head[21:26], "big")
    n_samples &= 0xFFFFFFFFF
    if head[:4] != b"fLaC" or head[8:10] != head[10:12] or not (n_samples and block):
        return None
    number = chr(min((n_samples - 1) // block + n, 0x10FFFF)).encode("utf-8", "surrogatepass")
    return re.compile(rb"\xff[\xf8\xf9].." + re.escape(number), re.DOTALL)


def _fits(head: bytes, size: int) -> bool:
    """Whether a WAV or AIFF file is not longer than what is there."""
    if head[:4] not in (b"RIFF", b"FORM"):
        return True
    return 36 <= int.from_bytes(head[4:], "little" if head[:1] == b"R" else "big") <= size


def _frames_behind(source: Source, label: str) -> list[int]:
    """Where frames begin that have no file around them, if some are near the end."""
    if frames.first_row(source.read(max(source.size - _TAGS, 0)), but=label) is None:
        return []
    start = frames.first_row(source.read(), 1, but=label)
    return [] if start is None else [start]


def _row_starts(source: Source, label: str) -> list[int]:
    """Where rate or channels change, and where another file follows."""
    data, starts, at, before = source.read(), [], 0, None
    while (found := frames.row(data, at, label)).n_frames:
        starts += [at] * (found.form != before)
        at, before = mpeg.after_tags(data, found.stop), found.form
    return starts + _behind(source, at)


def _note_streams(note: Note, n_streams: int) -> None:
    note("several streams", f"consists of {n_streams} streams, which were all read")


def mpeg_parts(source: Source, content: Content, note: Note) -> list[Part]:
    """The runs of frames of an MP3: one after each hole, whatever lies in it."""
    data = source.read()
    runs, n_junk, breaks_off = mpeg.walk(data, content.start)
    if not runs:
        return [Part()]
    n_zeros = source.n_last_zeros()
    for promised, found in mpeg.promises(runs):
        note_missing(note, promised, found)
    if breaks_off:
        note("truncated", "breaks off within a frame")
    n_streams = mpeg.n_streams(runs)
    behind = _behind(source, mpeg.after_tags(data, runs[-1].stop))
    n_junk -= sum(source.size - at for at in behind)
    if n_junk - n_zeros > (JUNK if len(runs) == n_streams else 0):
        note("damaged", f"has {n_junk} bytes between its frames that are not audio")
    if n_streams + len(behind) > 1:
        _note_streams(note, n_streams + len(behind))
    elif len(runs) == 1 and n_junk <= JUNK and (runs[0].constant or runs[0].promised is not None):
        return [Part(counted=False)]
    return [*(_run_part(data, run) for run in runs), *(Part(data[at:]) for at in behind)]


def _run_part(data: bytes, run: mpeg.Run) -> Part:
    part = data[run.start : run.stop]
    if run.promised is None and not run.constant:
        part = mpeg.with_count(part, run.n_frames)
    return Part(part, counted=False)


def _ogg_starts(source: Source, note: Note) -> list[int]:
    walk = ogg.walk(source.read())
    if not walk.whole:
        note("truncated", "breaks off: the page that ends an Ogg stream is missing")
    if walk.n_damaged:
        note("damaged", f"has {walk.n_damaged} damaged pages, which are left out")
    if walk.n_junk:
        note("damaged", f"has {walk.n_junk} bytes between its pages that are not audio")
    return [*walk.starts, *_behind(source, walk.stop)]
