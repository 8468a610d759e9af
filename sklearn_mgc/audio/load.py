"""Sound in: one function that reads any audio file, and the errors it can raise.

Decoding is soundfile's (wav, au, flac, ogg, mp3), resampling soxr's; m4a and AAC go through
PyAV where it is installed. Values equal ``librosa.load``. Sound comes in blocks, of which a
song is one: hours of it never lie in memory at once.
"""

from __future__ import annotations

import io
import os
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from sklearn_mgc.audio.errors import (
    AudioError,
    CorruptAudioError,
    EmptyAudioError,
    MissingAudioError,
    UnsupportedAudioError,
)
from sklearn_mgc.audio.zip import read_member, split_member

# Part of every cache key: a change of the samples below must change it too.
AUDIO_VERSION = 1

# The longest sound that is read in one piece, in seconds; and, for headers that promise a
# thousand channels, the most numbers.
BLOCK_SECONDS = 300.0
_BLOCK_SAMPLES = 2**26
# Rates outside are damaged headers, which would have a second resampled to gigabytes.
_RATES = (1_000, 1_000_000)

_AAC_SUFFIXES = {".m4a", ".aac", ".mp4", ".wma"}


def load_audio(
    source: str | os.PathLike,
    *,
    sample_rate: int = 22050,
    offset: float = 0.0,
    duration: float | None = None,
) -> np.ndarray:
    """Read an audio file as a mono waveform.

    Parameters
    ----------
    source : str or path-like
        A wav, au, flac, ogg or mp3 file; m4a and AAC with the ``av`` extra. It may be in a
        zip archive, which is not unpacked: ``"fma_small.zip/fma_small/000/000002.mp3"``.
    sample_rate : int, default=22050
        Rate of the returned waveform in Hz; the file is resampled with soxr's high quality.
    offset : float, default=0.0
        Where to start reading, in seconds.
    duration : float, default=None
        How many seconds to read; to the end by default.

    Returns
    -------
    ndarray of shape (n_samples,), dtype float32
        The waveform, channels averaged, full scale at 1.

    Raises
    ------
    AudioError
        `MissingAudioError`, `EmptyAudioError`, `CorruptAudioError` or
        `UnsupportedAudioError`, naming the file and the remedy.
    ValueError
        If ``sample_rate``, ``offset`` or ``duration`` is out of range.

    See Also
    --------
    stream_audio : The same in blocks.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> from sklearn_mgc import load_audio
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tone = np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)
    ...     soundfile.write(f"{folder}/a.wav", np.stack([tone, tone], axis=1), 44100)
    ...     load_audio(f"{folder}/a.wav").shape
    (22050,)
    """
    blocks = list(stream_audio(source, sample_rate=sample_rate, offset=offset, duration=duration))
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def stream_audio(
    source: str | os.PathLike,
    *,
    sample_rate: int = 22050,
    offset: float = 0.0,
    duration: float | None = None,
    block_duration: float = BLOCK_SECONDS,
) -> Iterator[np.ndarray]:
    """Read an audio file as a mono waveform, block by block.

    The blocks together are `load_audio`'s waveform, to the last bit.

    Parameters
    ----------
    source : str or path-like
        As in `load_audio`.
    sample_rate : int, default=22050
        Rate of the waveform in Hz.
    offset : float, default=0.0
        Where to start reading, in seconds.
    duration : float, default=None
        How many seconds to read; to the end by default.
    block_duration : float, default=300.0
        Length of a block in seconds, roughly.

    Returns
    -------
    iterator of ndarray of shape (n_samples,), dtype float32
        At least one block, none of them empty.

    Raises
    ------
    AudioError
        As in `load_audio`; while iterating, where the damage lies later.
    ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> from sklearn_mgc.audio import stream_audio
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     soundfile.write(f"{folder}/a.wav", np.ones(22050), 22050)
    ...     [len(y) for y in stream_audio(f"{folder}/a.wav", block_duration=0.4)]
    [8820, 8820, 4410]
    """
    if sample_rate <= 0:
        raise ValueError(f"sample_rate must be positive (Hz), got {sample_rate!r}")
    if offset < 0 or (duration is not None and duration <= 0):
        raise ValueError(
            f"offset must be >= 0 s and duration > 0 s, got {offset!r} and {duration!r}"
        )
    if not block_duration > 0:
        raise ValueError(f"block_duration must be positive (s), got {block_duration!r}")
    return _stream(Path(source), sample_rate, offset, duration, block_duration)


def decode_blocks(
    path: Path, offset: float, duration: float | None, block_duration: float
) -> Generator[tuple[np.ndarray, int], None, None]:
    """Yield (samples x channels, rate) as the file has them, checked.

    Parameters
    ----------
    path : Path
        A file, or a member of a zip archive.
    offset : float
        Where to start, in seconds.
    duration : float or None
        How many seconds to read.
    block_duration : float
        Length of a block in seconds.

    Raises
    ------
    AudioError
        As in `load_audio`; also when there is not one sample.
    """
    file, head = _find(path)
    decode = _decode_av if _needs_av(path, head) else _decode_soundfile
    empty = True
    with closing(decode(path, file, offset, duration, block_duration)) as blocks:
        for samples, rate in blocks:
            if not _RATES[0] <= rate <= _RATES[1]:
                raise CorruptAudioError(
                    path, f"has a sample rate of {rate} Hz", "export the file again"
                )
            if not np.isfinite(samples).all():
                raise CorruptAudioError(
                    path, "holds NaN or infinite samples", "export the file again"
                )
            empty = False
            yield samples, rate
    if empty:
        raise EmptyAudioError(
            path,
            "holds no samples" + (f" after {offset} s" if offset else ""),
            "remove the file, replace it by a complete copy, or lower the offset",
        )


def _stream(path, sample_rate, offset, duration, block_duration) -> Iterator[np.ndarray]:
    resampler = None
    with closing(decode_blocks(path, offset, duration, block_duration)) as blocks:
        for samples, native_rate, first, last in _with_ends(blocks):
            y = _downmix(samples)
            if native_rate != sample_rate:
                import soxr

                if first and last:
                    y = soxr.resample(y, native_rate, sample_rate, quality="HQ")
                else:
                    resampler = resampler or soxr.ResampleStream(
                        native_rate, sample_rate, 1, dtype="float32", quality="HQ"
                    )
                    y = resampler.resample_chunk(y, last=last)
            if len(y) or (first and last):
                yield np.ascontiguousarray(y, dtype=np.float32)


def _with_ends(blocks):
    """Add to each (samples, rate) whether it is the first, and whether it is the last."""
    before, first = next(blocks, None), True
    while before is not None:
        after = next(blocks, None)
        yield *before, first, after is None
        before, first = after, False


def _find(path: Path) -> tuple[Path | io.BytesIO, bytes]:
    """What to decode (the file, or a zip member's bytes) and how it begins."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise MissingAudioError(
                path,
                "is a directory, not an audio file",
                "pass the files in it, or load_audio_folder",
            )
        if size == 0:
            raise EmptyAudioError(path, "is empty (0 bytes)", "download or copy it again")
        with path.open("rb") as file:
            return path, file.read(16)
    except PermissionError as error:
        raise CorruptAudioError(path, "cannot be opened", "check its permissions") from error
    except AudioError:
        raise
    except (OSError, ValueError) as error:
        member = split_member(path)
        if member is None:
            raise MissingAudioError(
                path, "no such file", "check the path and the working directory"
            ) from error
    data = read_member(*member)
    if not data:
        raise EmptyAudioError(path, "is empty (0 bytes)", "download the archive again")
    return io.BytesIO(data), data[:16]


def _needs_av(path: Path, head: bytes) -> bool:
    """What the file is counts more than what it is called."""
    if head[4:8] == b"ftyp" or head[:4] in (b"\x30\x26\xb2\x75", b"\x1a\x45\xdf\xa3"):
        return True  # mp4, wma, webm
    if head[:4] in (b"RIFF", b"fLaC", b"OggS", b".snd", b"FORM"):
        return False
    return path.suffix.lower() in _AAC_SUFFIXES


def _decode_soundfile(path, file, offset, duration, block_duration):
    import soundfile

    try:
        with soundfile.SoundFile(file) as opened:
            rate = opened.samplerate
            start = int(offset * rate)
            if start:
                opened.seek(min(start, opened.frames))
            left = opened.frames if duration is None else int(duration * rate)
            step = min(max(int(block_duration * rate), 1), _BLOCK_SAMPLES // opened.channels)
            while left > 0:
                samples = opened.read(min(step, left), dtype="float32", always_2d=True)
                if not len(samples):
                    break
                left -= len(samples)
                yield samples, rate
    except (soundfile.SoundFileError, RuntimeError, MemoryError, TypeError, ValueError) as error:
        # libsndfile says "does not exist" of a file whose format it cannot tell.
        detail = "" if "does not exist" in str(error) else f" ({error})"
        raise CorruptAudioError(
            path,
            f"cannot be decoded as audio{detail}",
            "replace it by a complete copy, or leave it out",
        ) from error


def _decode_av(path, file, offset, duration, block_duration):
    try:
        import av
    except ImportError as error:
        raise UnsupportedAudioError(
            path,
            f"{path.suffix} needs PyAV",
            "run `pip install sklearn_mgc[av]`, or convert the file to flac or mp3",
        ) from error
    try:
        source = file if isinstance(file, io.BytesIO) else str(file)
        # Tags in an odd encoding are no reason to refuse the sound.
        with av.open(source, metadata_errors="replace") as container:
            if not container.streams.audio:
                raise CorruptAudioError(path, "has no audio stream", "leave it out")
            stream = container.streams.audio[0]
            if stream.codec_context is None:
                raise CorruptAudioError(
                    path, "has an unknown codec", "convert it to flac, or replace it"
                )
            rate = stream.rate
            resampler = av.AudioResampler(format="fltp", rate=rate)
            skip = int(offset * rate)
            left = np.inf if duration is None else int(duration * rate)
            waiting, n_waiting = [], 0
            for frame in container.decode(stream):
                for block in resampler.resample(frame):
                    samples = block.to_ndarray().T
                    skipped = min(skip, len(samples))
                    skip -= skipped
                    samples = samples[skipped : skipped + int(min(left, len(samples)))]
                    left -= len(samples)
                    n_waiting += len(samples)
                    waiting.append(samples)
                if n_waiting > block_duration * rate:
                    yield np.concatenate(waiting), rate
                    waiting, n_waiting = [], 0
                if left <= 0:
                    break
            if n_waiting:
                yield np.concatenate(waiting), rate
    except (av.FFmpegError, OSError, ValueError, RuntimeError, MemoryError, TypeError) as error:
        if isinstance(error, AudioError):
            raise
        raise CorruptAudioError(
            path, f"cannot be decoded as audio ({error})", "replace it by a complete copy"
        ) from error


def _downmix(samples: np.ndarray) -> np.ndarray:
    """Mean over channels; adding strided columns is a tenth of the cost of mean(axis=1)."""
    n_channels = samples.shape[1]
    y = samples[:, 0]
    if n_channels == 1:
        return np.ascontiguousarray(y)
    y = y.copy()
    for channel in range(1, n_channels):
        y += samples[:, channel]
    y /= np.float32(n_channels)
    return y
