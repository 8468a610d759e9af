"""The two decoders, soundfile and PyAV: samples as the file has them, block by block."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from sklearn_mgc._optional import require
from sklearn_mgc.audio.quiet import quiet_decoder
from sklearn_mgc.audio.stream import Note

# For headers that promise a thousand channels, the most numbers of a block.
_BLOCK_SAMPLES = 2**26
_UNKNOWN_LENGTH = 2**62  # what libsndfile says of a FLAC that does not tell
_TOLERANCE = 0.1  # seconds that may be missing: what an encoder fills up
# What libmpg123 says of a damaged frame, of a damaged header, and of the frames with which a clip
# begins that was cut out of a song.
_FAULTS, _CUT_OFF = (b"error:", b"to resync"), b"available bit count"


class Cut(NamedTuple):
    """Which part of the sound is wanted, in seconds."""

    offset: float
    duration: float | None
    block_duration: float  # roughly


class UndecodableError(Exception):
    """A decoder's refusal, which another decoder may not share.

    ``n_read`` samples of a channel came before it, at ``rate`` (0 if the file could not even be
    opened); ``supported`` says whether the decoder knows the format at all.
    """

    def __init__(self, detail: str, n_read: int = 0, rate: int = 0, supported: bool = True):
        super().__init__(detail)
        self.detail, self.n_read, self.rate = detail, n_read, rate
        self.supported = supported


Blocks = Iterator[tuple[np.ndarray, int]]


def by_soundfile(file, cut: Cut, note: Note, counted: bool = True) -> Blocks:
    """Decode with libsndfile; where a file is not ``counted``, its length is a guess."""
    soundfile = require("soundfile", what="sound files")

    n_read = rate = 0
    said: list[bytes] = []
    try:
        with quiet_decoder():
            opened = soundfile.SoundFile(_name(file))
        with opened:
            if opened.frames >= _UNKNOWN_LENGTH:
                raise UndecodableError("its length is unknown", supported=False)
            rate, step = opened.samplerate, _step(opened, cut)
            start = min(int(cut.offset * rate), opened.frames)
            with quiet_decoder():
                _skip(opened, start)
            left = opened.frames - start
            if cut.duration is not None:
                left = min(left, int(cut.duration * rate))
            while left > 0:
                with quiet_decoder(said):
                    samples = opened.read(min(step, left), dtype="float32", always_2d=True)
                if not len(samples):
                    if counted:
                        note_missing(note, opened.frames / rate, (start + n_read) / rate)
                    break
                left -= len(samples)
                n_read += len(samples)
                yield samples, rate
        lines = b"".join(said).splitlines()
        if n_errors := sum(map(_is_fault, lines)):
            note("damaged", f"has damaged frames: its decoder met {n_errors} errors")
    except (soundfile.SoundFileError, RuntimeError, MemoryError, TypeError, ValueError) as error:
        # Before the colon stands the name, in memory an object's.
        detail = getattr(error, "error_string", str(error))
        known = not any(word in detail for word in ("unimplemented", "unsupported"))
        raise UndecodableError(detail, n_read, rate, known) from error


def _is_fault(line: bytes) -> bool:
    return any(word in line for word in _FAULTS) and _CUT_OFF not in line


def note_missing(note: Note, promised: float, found: float) -> None:
    """Note that a file is shorter (s) than it says, unless that is an encoder's rounding."""
    if promised - found > max(_TOLERANCE, 0.005 * promised):
        note("truncated", f"breaks off: {promised:.1f} s are promised, {found:.1f} s are there")


def _name(file):
    # libsndfile takes names that are not UTF-8 as bytes; on Windows all names are text.
    if isinstance(file, os.PathLike):
        return os.fspath(file) if sys.platform == "win32" else os.fsencode(file)
    return file


def _step(opened, cut: Cut) -> int:
    step = max(int(cut.block_duration * opened.samplerate), 1)
    return min(step, _BLOCK_SAMPLES // opened.channels)


def _skip(opened, n: int) -> None:
    """Go to a sample; by reading, in formats such as GSM that have no way to seek."""
    if not n:
        return
    try:
        opened.seek(n)
    except RuntimeError:
        while n > 0:
            n_read = len(opened.read(min(n, 2**16), dtype="float32", always_2d=True))
            if not n_read:
                return
            n -= n_read


def by_pyav(file, cut: Cut, note: Note, counted: bool = True) -> Blocks:
    """Decode with PyAV; parameters and results are `by_soundfile`'s."""
    av = require("av", extra="av", what="files of this format")

    n_read = rate = 0
    try:
        # Tags in an odd encoding are no reason to refuse the sound (PyAV 19 takes them as they
        # are), and a playlist must not have other files or addresses opened.
        odd = {} if int(av.__version__.partition(".")[0]) > 18 else {"metadata_errors": "replace"}
        with av.open(file, options={"protocol_whitelist": "none"}, **odd) as container:
            if not container.streams.audio:
                raise UndecodableError("it has no audio stream")
            stream = container.streams.audio[0]
            if stream.codec_context is None:
                raise UndecodableError("its codec is unknown")
            rate = stream.rate
            promised = _promised(av, container, stream) if counted else 0.0
            frames = _frames(av, container, stream, promised, note)
            for samples in _blocks(_cut(frames, rate, cut), rate, cut):
                n_read += len(samples)
                yield samples, rate
    except (av.FFmpegError, OSError, ValueError, RuntimeError, MemoryError, TypeError) as error:
        raise UndecodableError(str(error), n_read, rate) from error


def _promised(av, container, stream) -> float:
    """The length (s) that a container tells; 0 if it tells none. Matroska's tells only its own."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / av.time_base if len(container.streams) == 1 else 0.0


def _frames(av, container, stream, promised: float, note: Note) -> Iterator[np.ndarray]:
    """Frames as floats, of the first one's rate and channels whatever comes later."""
    resampler: Any = None
    layout = seen = None
    n_good = n_bad = 0
    n_seconds = end = 0.0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:  # which the packets are also after an error of their own
                break
            frames = packet.decode()
        except av.FFmpegError as error:
            n_bad += 1
            failure = error
            continue
        for frame in frames:
            n_good += 1
            n_seconds += frame.samples / frame.rate
            end = (frame.time or 0.0) + frame.samples / frame.rate
            if seen != (seen := (frame.format.name, frame.layout.name, frame.rate)):
                layout = layout or frame.layout
                resampler = av.AudioResampler(format="fltp", layout=layout, rate=stream.rate)
            for block in resampler.resample(frame):
                yield block.to_ndarray().T
    if n_bad and not n_good:
        raise failure
    if n_bad:
        note("damaged", f"{n_bad} of {n_bad + n_good} packets cannot be decoded")
    # What was cut out of a recording may keep its times, and tell its length or when it ends.
    note_missing(note, promised, max(n_seconds, end))


def _cut(frames: Iterator[np.ndarray], rate: int, cut: Cut) -> Iterator[np.ndarray]:
    skip = int(cut.offset * rate)
    left = sys.maxsize if cut.duration is None else int(cut.duration * rate)
    for samples in frames:
        skipped = min(skip, len(samples))
        skip -= skipped
        samples = samples[skipped : skipped + left]
        left -= len(samples)
        yield samples
        if left <= 0:
            return


def _blocks(frames: Iterator[np.ndarray], rate: int, cut: Cut) -> Iterator[np.ndarray]:
    """Frames joined to blocks, which are never empty."""
    waiting: list[np.ndarray] = []
    n_waiting = 0
    for samples in frames:
        waiting.append(samples)
        n_waiting += len(samples)
        if n_waiting > cut.block_duration * rate:
            yield np.concatenate(waiting)
            waiting, n_waiting = [], 0
    if n_waiting:
        yield np.concatenate(waiting)
