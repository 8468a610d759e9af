"""What a decoder has to be given of a file, one part after the other, and what is wrong with it."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from sklearn_mgc.audio import chunks, mpeg, ogg
from sklearn_mgc.audio.beginnings import beginnings
from sklearn_mgc.audio.decoders import note_missing
from sklearn_mgc.audio.formats import Content
from sklearn_mgc.audio.source import Source
from sklearn_mgc.audio.stream import Note

JUNK = 1024  # bytes between frames that are worth a note
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
        parts = _ogg_parts(source, note)
        return parts if content.kind == "ogg" else [Part()]  # PyAV reads all of them by itself
    if content.kind in PLAIN:
        return _chunk_parts(source, note)
    with source.open() as file:
        starts = [0, *beginnings(file, 1, content.label)]
    if len(starts) < 2:
        return [Part()]
    _note_streams(note, len(starts))
    return [Part(source.read(a, b - a)) for a, b in pairwise([*starts, source.size])]


def _chunk_parts(source: Source, note: Note) -> list[Part]:
    with source.open() as file:
        links = chunks.walk(file, source.size)
    missing = max(link.missing for link in links)
    if missing:
        note("truncated", f"breaks off: {100 * missing:.0f} % of its samples are missing")
    n_after = links[-1].n_after
    if n_after > JUNK and Content(source.after(source.size - n_after)).kind:
        note("several streams", "is followed by a file of another format, which is not read")
    if len(links) > 1:
        _note_streams(note, len(links))
        data = source.read()
        return [Part(data[link.start : link.stop]) for link in links]
    if links[0].unsized is not None:
        return [Part(chunks.with_length(source.read(), links[0].unsized))]
    return [Part()]


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
    if n_junk - n_zeros > (JUNK if len(runs) == n_streams else 0):
        note("damaged", f"has {n_junk} bytes between its frames that are not audio")
    if n_streams > 1:
        _note_streams(note, n_streams)
    if len(runs) == 1 and n_junk <= JUNK and (runs[0].constant or runs[0].promised is not None):
        return [Part(counted=False)]
    return [_run_part(data, run) for run in runs]


def _run_part(data: bytes, run: mpeg.Run) -> Part:
    frames = data[run.start : run.stop]
    if run.promised is None and not run.constant:
        frames = mpeg.with_count(frames, run.n_frames)
    return Part(frames, counted=False)


def _ogg_parts(source: Source, note: Note) -> list[Part]:
    data = source.read()
    walk = ogg.walk(data)
    if not walk.whole:
        note("truncated", "breaks off: the page that ends an Ogg stream is missing")
    if walk.n_damaged:
        note("damaged", f"has {walk.n_damaged} damaged pages, which are left out")
    if walk.n_junk:
        note("damaged", f"has {walk.n_junk} bytes between its pages that are not audio")
    if len(walk.links) < 2:
        return [Part()]
    _note_streams(note, len(walk.links))
    return [Part(data[start:stop]) for start, stop in walk.links]
