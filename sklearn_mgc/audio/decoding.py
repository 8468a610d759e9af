"""One reader of any file: by its content, to its end, with a word on what is wrong."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np

from sklearn_mgc.audio import chunks, mpeg, ogg
from sklearn_mgc.audio.beginnings import beginnings
from sklearn_mgc.audio.decoders import (
    Blocks,
    Cut,
    UndecodableError,
    by_pyav,
    by_soundfile,
    note_missing,
)
from sklearn_mgc.audio.errors import (
    AudioError,
    CorruptAudioError,
    EmptyAudioError,
    UnsupportedAudioError,
    unreadable,
)
from sklearn_mgc.audio.formats import Content
from sklearn_mgc.audio.measuring import Measurements
from sklearn_mgc.audio.resampling import resampled, with_channels
from sklearn_mgc.audio.source import Source
from sklearn_mgc.audio.stream import AudioStream, Note

# The longest sound that is read in one piece, in seconds.
BLOCK_SECONDS = 300.0
# Rates outside are damaged headers, which would have a second resampled to gigabytes.
_RATES = (1_000, 1_000_000)
_JUNK = 1024  # bytes between frames that are worth a note
_PLAIN = ("wav", "aiff", "au", "caf")
_ZEROS = 0.1  # share of a file that does not come about by padding
_GUESSED = {"AAC", "AC-3", "DTS", "MP3", "MPEG", "MPEG transport stream", ""}


class Part(NamedTuple):
    """A stretch of a file that a decoder reads to its end."""

    data: bytes | None = None  # None for the file as it is
    counted: bool = True  # whether it says how long it is


def decode_blocks(
    source,
    *,
    offset: float = 0.0,
    duration: float | None = None,
    block_duration: float = BLOCK_SECONDS,
    strict: bool = False,
) -> AudioStream[tuple[np.ndarray, int]]:
    """Read an audio file as it is, block by block.

    Parameters
    ----------
    source : str, path-like, bytes or binary file
        As in `load_audio`.
    offset : float, default=0.0
        Where to start, in seconds.
    duration : float, default=None
        How many seconds to read; to the end by default.
    block_duration : float, default=300.0
        Length of a block in seconds, roughly.
    strict : bool, default=False
        Whether a truncated file is an error.

    Returns
    -------
    AudioStream of (ndarray of shape (n_samples, n_channels), int)
        Finite float32 samples and their rate in Hz, which like the number of channels is the
        first stream's where a file consists of several.

    Raises
    ------
    AudioError
        As in `load_audio`; also when there is not one sample.
    """
    opened = Source(source)
    cut = Cut(offset, duration, block_duration)
    return AudioStream(opened.name, lambda note: _read(opened, cut, note), strict)


def _read(source: Source, cut: Cut, note: Note) -> Generator:
    try:
        yield from _checked(source, cut, note)
    except AudioError:
        raise
    except OSError as error:  # a drive that fails, a share that went away
        raise unreadable(source.name, error) from error


def _checked(source: Source, cut: Cut, note: Note) -> Generator:
    content = Content(source)
    plain = content.kind in _PLAIN
    n_zeros = 0 if plain else content.source.n_last_zeros()
    if n_zeros > max(_JUNK, _ZEROS * source.size):
        note("truncated", f"breaks off: its last {n_zeros} bytes are zeros")
    measurements = Measurements(note, plain)
    empty = True
    with closing(_decoded(content.source, content, cut, note)) as blocks:
        for samples, rate in blocks:
            if not _RATES[0] <= rate <= _RATES[1]:
                raise CorruptAudioError(
                    source.name, f"has a sample rate of {rate} Hz", "export the file again"
                )
            if not np.isfinite(samples).all():
                raise CorruptAudioError(
                    source.name, "holds NaN or infinite samples", "export the file again"
                )
            measurements.add(samples, rate)
            empty = False
            yield samples, rate
    if empty:
        raise EmptyAudioError(
            source.name,
            "holds no samples" + (f" after {cut.offset} s" if cut.offset else ""),
            "remove the file, replace it by a complete copy, or lower the offset",
        )
    measurements.end()


def _decoded(source: Source, content: Content, cut: Cut, note: Note) -> Generator:
    """Whichever decoder can."""
    failure = None
    if content.kind != "pyav":
        try:
            yield from _by_soundfile(source, content, cut, note)
            return
        except UndecodableError as error:
            failure = error
        if failure.rate:  # it is damaged somewhere, and PyAV goes on where it can
            cut = _rest(cut, failure)
    counted = content.label not in _GUESSED
    parts = _parts(source, content, note) if content.kind == "pyav" else []
    try:
        if len(parts) > 1:
            yield from _trimmed(_joined(parts, cut, note, by_pyav), cut, 0)
            return
        with source.open() as file:
            yield from by_pyav(file, cut, note, counted)
    except UndecodableError as error:
        raise _corrupt(source, failure or error) from error
    except ImportError as error:
        if failure and failure.supported and (content.kind or not content.label):
            raise _corrupt(source, failure) from failure
        raise UnsupportedAudioError(
            source.name,
            f"{content.label or 'this format'} cannot be read without PyAV: {error}",
            "or convert the file to flac or mp3",
        ) from error
    if failure and failure.rate:
        note("damaged", f"is damaged: {failure.detail}")


def _rest(cut: Cut, failure: UndecodableError) -> Cut:
    """What is left of a cut; half a sample keeps rounding from another sample's side."""
    seconds = failure.n_read / failure.rate
    if not seconds:
        return cut
    left = None if cut.duration is None else cut.duration - seconds
    return Cut(cut.offset + seconds + 0.5 / failure.rate, left, cut.block_duration)


def _corrupt(source: Source, failure: UndecodableError) -> CorruptAudioError:
    # libsndfile says "does not exist" of a file whose format it cannot tell.
    detail = "" if "does not exist" in failure.detail else f" ({failure.detail})"
    return CorruptAudioError(
        source.name,
        f"cannot be decoded as audio{detail}",
        "replace it by a complete copy, or leave it out",
    )


def _by_soundfile(source: Source, content: Content, cut: Cut, note: Note) -> Iterator:
    n_read, rate = 0, 1

    def heard(kind: str, message: str) -> None:
        if content.kind == "mp3" and kind == "truncated":  # lost among damaged headers
            raise UndecodableError(message, n_read, rate)
        note(kind, message)

    parts = _parts(source, content, note)
    if len(parts) == 1:
        file = source.path if parts[0].data is None else io.BytesIO(parts[0].data)
        try:
            for samples, rate in by_soundfile(file or source.open(), cut, heard, parts[0].counted):
                n_read += len(samples)
                yield samples, rate
            return
        except UndecodableError:
            if content.kind != "mp3" or parts[0].data is not None:
                raise
            parts = _mpeg_parts(source, content, note)
            if parts[0].data is None:
                raise
    yield from _trimmed(_joined(parts, cut, note), cut, n_read)


def _parts(source: Source, content: Content, note: Note) -> list[Part]:
    """What a decoder has to be given, one after the other."""
    if content.kind == "mp3":
        end = source.read(max(source.size - 512, 0))
        if mpeg.is_plain(content.head, content.start, end, source.size):
            return [Part()]
        return _mpeg_parts(source, content, note)
    if content.head[:4] == b"OggS":
        parts = _ogg_parts(source, note)
        return parts if content.kind == "ogg" else [Part()]  # PyAV reads all of them by itself
    if content.kind in _PLAIN:
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
    if n_after > _JUNK and Content(source.after(source.size - n_after)).kind:
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


def _mpeg_parts(source: Source, content: Content, note: Note) -> list[Part]:
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
    if n_junk - n_zeros > (_JUNK if len(runs) == n_streams else 0):
        note("damaged", f"has {n_junk} bytes between its frames that are not audio")
    if n_streams > 1:
        _note_streams(note, n_streams)
    if len(runs) == 1 and n_junk <= _JUNK and (runs[0].constant or runs[0].promised is not None):
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


def _joined(parts: list[Part], cut: Cut, note: Note, decode=by_soundfile) -> Iterator:
    """Streams one after the other, at the first one's rate and channels."""
    form, failure = None, None
    whole = Cut(0.0, None, cut.block_duration)
    for part in parts:
        assert part.data is not None  # only a part that is the whole file has none
        blocks: Blocks = decode(io.BytesIO(part.data), whole, note, part.counted)
        try:
            first = next(blocks, None)
            if first is None:
                continue
            form = form or (first[1], first[0].shape[1])
            alike = (
                (with_channels(samples, form[1]), rate) for samples, rate in chain([first], blocks)
            )
            for samples in resampled(alike, form[0]):
                yield samples, form[0]
        except UndecodableError as error:
            failure = error
            note("damaged", f"has a stream that cannot be decoded ({error.detail})")
    if form is None and failure:
        raise failure


def _trimmed(blocks: Iterator, cut: Cut, n_read: int) -> Iterator:
    """Leave out what comes before the cut, or was read already, and what comes after it."""
    at = 0
    for samples, rate in blocks:
        first = int(cut.offset * rate)
        last = None if cut.duration is None else first + int(cut.duration * rate)
        low = max(first + n_read - at, 0)
        high = len(samples) if last is None else min(len(samples), last - at)
        at += len(samples)
        if low < high:
            yield samples[low:high], rate
        if last is not None and at >= last:
            return
