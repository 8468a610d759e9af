"""Sound in: one function that reads any audio file, and the errors it can raise.

Decoding is soundfile's (wav, au, flac, ogg, mp3), resampling soxr's; m4a and AAC go through
PyAV where it is installed. Values equal ``librosa.load``.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

# Part of every cache key: a change of the samples below must change it too.
AUDIO_VERSION = 1

_AAC_SUFFIXES = {".m4a", ".aac", ".mp4", ".wma"}


class AudioError(ValueError):
    """A file that gives no usable audio; the message names it and the remedy.

    Parameters
    ----------
    path : str
        The file, or a description such as ``"waveform 3"``.
    problem : str
        What is wrong.
    remedy : str
        What to do about it.
    """

    def __init__(self, path, problem: str, remedy: str):
        super().__init__(f"{path}: {problem}; {remedy}")
        self.path, self.problem, self.remedy = str(path), problem, remedy

    def __reduce__(self):
        return type(self), (self.path, self.problem, self.remedy)


class MissingAudioError(AudioError, FileNotFoundError):
    """The path does not exist or is not a file."""

    # OSError's own __str__ would print errno and file name instead of the message.
    __str__ = ValueError.__str__


class EmptyAudioError(AudioError):
    """The file has no bytes, or no samples."""


class CorruptAudioError(AudioError):
    """The bytes are not audio, or break off, or hold NaN."""


class UnsupportedAudioError(AudioError):
    """A format that needs an optional decoder."""


class SilentAudioError(AudioError):
    """Every sample is zero."""


class TooShortError(AudioError):
    """Fewer samples than the features need."""


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
        A wav, au, flac, ogg or mp3 file; m4a and AAC with the ``av`` extra.
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
    if sample_rate <= 0:
        raise ValueError(f"sample_rate must be positive (Hz), got {sample_rate!r}")
    if offset < 0 or (duration is not None and duration <= 0):
        raise ValueError(
            f"offset must be >= 0 s and duration > 0 s, got {offset!r} and {duration!r}"
        )
    path = Path(source)
    _check_file(path)
    decode = _decode_av if path.suffix.lower() in _AAC_SUFFIXES else _decode_soundfile
    samples, native_rate = decode(path, offset, duration)
    if samples.size == 0:
        raise EmptyAudioError(
            path,
            "holds no samples" + (f" after {offset} s" if offset else ""),
            "remove the file, replace it by a complete copy, or lower the offset",
        )
    if not np.isfinite(samples).all():
        raise CorruptAudioError(path, "holds NaN or infinite samples", "export the file again")
    y = _downmix(samples)
    if native_rate != sample_rate:
        import soxr

        y = soxr.resample(y, native_rate, sample_rate, quality="HQ")
    return np.ascontiguousarray(y, dtype=np.float32)


def _check_file(path: Path) -> None:
    try:
        size = path.stat().st_size
    except (OSError, ValueError) as error:
        raise MissingAudioError(
            path, "no such file", "check the path and the working directory"
        ) from error
    if path.is_dir():
        raise MissingAudioError(
            path, "is a directory, not an audio file", "pass the files in it, or load_audio_folder"
        )
    if size == 0:
        raise EmptyAudioError(path, "is empty (0 bytes)", "download or copy it again")


def _decode_soundfile(path: Path, offset: float, duration: float | None):
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            rate = file.samplerate
            start = int(offset * rate)
            if start:
                file.seek(min(start, file.frames))
            n = -1 if duration is None else int(duration * rate)
            return file.read(n, dtype="float32", always_2d=True), rate
    except PermissionError as error:
        raise CorruptAudioError(path, "cannot be opened", "check its permissions") from error
    except (soundfile.SoundFileError, RuntimeError, MemoryError, TypeError) as error:
        # libsndfile says "does not exist" of a file whose format it cannot tell.
        detail = "" if "does not exist" in str(error) else f" ({error})"
        raise CorruptAudioError(
            path,
            f"cannot be decoded as audio{detail}",
            "replace it by a complete copy, or leave it out",
        ) from error


def _decode_av(path: Path, offset: float, duration: float | None):
    try:
        import av
    except ImportError as error:
        raise UnsupportedAudioError(
            path,
            f"{path.suffix} needs PyAV",
            "run `pip install sklearn_mgc[av]`, or convert the file to flac or mp3",
        ) from error
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise CorruptAudioError(path, "has no audio stream", "leave it out")
            stream = container.streams.audio[0]
            resampler = av.AudioResampler(format="fltp")
            blocks = [
                block.to_ndarray()
                for frame in container.decode(stream)
                for block in resampler.resample(frame)
            ]
            rate = stream.rate
    except (av.FFmpegError, OSError) as error:
        raise CorruptAudioError(
            path, f"cannot be decoded as audio ({error})", "replace it by a complete copy"
        ) from error
    if not blocks:
        return np.empty((0, 1), dtype=np.float32), rate
    samples = np.concatenate(blocks, axis=1).T
    start = int(offset * rate)
    stop = None if duration is None else start + int(duration * rate)
    return samples[start:stop], rate


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
