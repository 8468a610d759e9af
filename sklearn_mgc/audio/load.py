"""Sound in: any audio file as a mono waveform at the rate that is wanted.

Values equal ``librosa.load``. Sound comes in blocks, of which a song is one: hours of it never
lie in memory at once.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Generator
from contextlib import closing
from typing import BinaryIO

import numpy as np

from sklearn_mgc.audio.decoding import BLOCK_SECONDS, decode_blocks
from sklearn_mgc.audio.errors import AudioWarning
from sklearn_mgc.audio.paths import printable
from sklearn_mgc.audio.resampling import downmix, resampled
from sklearn_mgc.audio.stream import AudioStream

# Part of every cache key: a change of the samples below must change it too.
AUDIO_VERSION = 6

AudioSource = str | os.PathLike | bytes | bytearray | memoryview | BinaryIO


def load_audio(
    source: AudioSource,
    *,
    sample_rate: int = 22050,
    offset: float = 0.0,
    duration: float | None = None,
    strict: bool = False,
) -> np.ndarray:
    """Read an audio file as a mono waveform.

    What the file is, its content decides and not its name; it is read to the end of its sound,
    whatever length its header tells.

    Parameters
    ----------
    source : str, path-like, bytes or binary file
        A wav, aiff, au, flac, ogg, opus or mp3 file; m4a, AAC, ALAC, WavPack, AC-3 and others
        with the ``av`` extra. It may be in a zip archive, which is not unpacked:
        ``"fma_small.zip/fma_small/000/000002.mp3"``. Bytes, `io.BytesIO` and open files are
        what an upload is: the content of a file, which is read from its beginning.
    sample_rate : int, default=22050
        Rate of the returned waveform in Hz; the file is resampled with soxr's high quality.
    offset : float, default=0.0
        Where to start reading, in seconds.
    duration : float, default=None
        How many seconds to read; to the end by default.
    strict : bool, default=False
        Whether a file that holds less sound than it promises is an error instead of a warning.

    Returns
    -------
    ndarray of shape (n_samples,), dtype float32
        The waveform, the mean of the channels, full scale at 1.

    Warns
    -----
    AudioWarning
        If the file is truncated or damaged, consists of several streams (which are all read),
        its channels cancel in the mean, or its scale cannot be right.

    Raises
    ------
    AudioError
        `MissingAudioError`, `EmptyAudioError`, `CorruptAudioError` or
        `UnsupportedAudioError`, naming the file and the remedy; `TruncatedAudioError` with
        ``strict``.
    TypeError
        If ``source`` is none of these.
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
    stream = stream_audio(
        source, sample_rate=sample_rate, offset=offset, duration=duration, strict=strict
    )
    blocks = list(stream)
    if stream.notes:
        what = "; ".join(note.message for note in stream.notes)
        warnings.warn(f"{printable(stream.name)} {what}", AudioWarning, stacklevel=2)
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def stream_audio(
    source: AudioSource,
    *,
    sample_rate: int = 22050,
    offset: float = 0.0,
    duration: float | None = None,
    block_duration: float = BLOCK_SECONDS,
    strict: bool = False,
) -> AudioStream[np.ndarray]:
    """Read an audio file as a mono waveform, block by block.

    The blocks together are `load_audio`'s waveform, to the last bit.

    Parameters
    ----------
    source : str, path-like, bytes or binary file
        As in `load_audio`.
    sample_rate : int, default=22050
        Rate of the waveform in Hz.
    offset : float, default=0.0
        Where to start reading, in seconds.
    duration : float, default=None
        How many seconds to read; to the end by default.
    block_duration : float, default=300.0
        Length of a block in seconds, roughly.
    strict : bool, default=False
        Whether a truncated file is an error.

    Returns
    -------
    AudioStream of ndarray of shape (n_samples,), dtype float32
        An iterator of at least one block, none of them empty. Its ``notes`` say, in place of
        `load_audio`'s warning, what is worth knowing about the file; they are complete at
        the end.

    Raises
    ------
    AudioError
        As in `load_audio`; while iterating, where the damage lies later.
    TypeError
        If ``source`` is neither a path nor bytes nor a binary file.
    ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> import numpy as np, soundfile, tempfile
    >>> from sklearn_mgc.audio import stream_audio
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sound = np.stack([np.ones(22050), -np.ones(22050)], axis=1)
    ...     soundfile.write(f"{folder}/a.wav", sound, 22050)
    ...     stream = stream_audio(f"{folder}/a.wav", block_duration=0.4)
    ...     [len(y) for y in stream], [note.kind for note in stream.notes]
    ([8820, 8820, 4410], ['channels cancel'])
    """
    if sample_rate <= 0:
        raise ValueError(f"sample_rate must be positive (Hz), got {sample_rate!r}")
    if offset < 0 or (duration is not None and duration <= 0):
        raise ValueError(
            f"offset must be >= 0 s and duration > 0 s, got {offset!r} and {duration!r}"
        )
    if not block_duration > 0:
        raise ValueError(f"block_duration must be positive (s), got {block_duration!r}")
    blocks = decode_blocks(
        source, offset=offset, duration=duration, block_duration=block_duration, strict=strict
    )
    return blocks.through(lambda decoded: _mono(decoded, sample_rate))


def _mono(blocks: AudioStream[tuple[np.ndarray, int]], sample_rate: int) -> Generator:
    with closing(blocks):
        for y in resampled(((downmix(samples), rate) for samples, rate in blocks), sample_rate):
            yield np.ascontiguousarray(y, dtype=np.float32)
