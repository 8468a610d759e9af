"""What a file can have against being heard: one error class for each reason."""

from __future__ import annotations


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
