"""One reader of any file: by its content, to its end, with a word on what is wrong."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import chain

import numpy as np

from sklearn_mgc.audio.decoders import (
    Blocks,
    Cut,
    UndecodableError,
    by_pyav,
    by_soundfile,
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
from sklearn_mgc.audio.parts import JUNK, PLAIN, Part, mpeg_parts, parts_of
from sklearn_mgc.audio.resampling import resampled, with_channels
from sklearn_mgc.audio.source import Source
from sklearn_mgc.audio.stream import AudioStream, Note

# The longest sound that is read in one piece, in seconds.
BLOCK_SECONDS = 300.0
# Rates outside are damaged headers, which would have a second resampled to gigabytes.
_RATES = (1_000, 1_000_000)
_ZEROS = 0.1  # share of a file that does not come about by padding
_LISTS = (".m3u", ".m3u8", ".pls", ".xspf", ".cue")
_GUESSED = {"AAC", "AC-3", "DTS", "MP3", "MPEG", "MPEG transport stream", ""}


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
    plain = content.kind in PLAIN
    n_zeros = 0 if plain else content.source.n_last_zeros()
    if n_zeros > max(JUNK, _ZEROS * source.size):
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
    parts = parts_of(source, content, note) if content.kind == "pyav" else []
    try:
        if len(parts) > 1:
            yield from _trimmed(_joined(parts, cut, note), cut, 0)
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
    hint = "replace it by a complete copy, or leave it out"
    if source.suffix in _LISTS:
        detail, hint = ": it is a list of files", "pass the files in it"
    return CorruptAudioError(source.name, f"cannot be decoded as audio{detail}", hint)


def _by_soundfile(source: Source, content: Content, cut: Cut, note: Note) -> Iterator:
    n_read, rate = 0, 1

    def heard(kind: str, message: str) -> None:
        if content.kind == "mp3" and kind == "truncated":  # lost among damaged headers
            raise UndecodableError(message, n_read, rate)
        note(kind, message)

    parts = parts_of(source, content, note)
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
            parts = mpeg_parts(source, content, note)
            if parts[0].data is None:
                raise
    yield from _trimmed(_joined(parts, cut, note), cut, n_read)


def _joined(parts: list[Part], cut: Cut, note: Note) -> Iterator:
    """Streams one after the other, at the first one's rate and channels."""
    form, failure = None, None
    whole = Cut(0.0, None, cut.block_duration)
    for part in parts:
        assert part.data is not None  # only a part that is the whole file has none
        blocks: Blocks
        try:
            if part.counted:
                content = Content(Source(part.data))
                blocks = _decoded(content.source, content, whole, note)
            else:  # frames of an MP3
                blocks = by_soundfile(io.BytesIO(part.data), whole, note, counted=False)
            first = next(blocks, None)
            if first is None:
                continue
            form = form or (first[1], first[0].shape[1])
            alike = (
                (with_channels(samples, form[1]), rate) for samples, rate in chain([first], blocks)
            )
            for samples in resampled(alike, form[0]):
                yield samples, form[0]
        except (UndecodableError, CorruptAudioError, UnsupportedAudioError) as error:
            detail = getattr(error, "detail", getattr(error, "problem", ""))
            failure = UndecodableError(detail)
            note("damaged", f"has a stream that cannot be decoded ({detail})")
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
