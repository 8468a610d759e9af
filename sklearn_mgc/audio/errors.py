"""What a file can have against being heard: an error if it cannot, a note if it can."""

from __future__ import annotations

from typing import NamedTuple

from sklearn_mgc.audio.paths import printable


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
        super().__init__(f"{printable(path)}: {problem}; {remedy}")
        self.path, self.problem, self.remedy = str(path), problem, remedy

    def __reduce__(self):
        return type(self), (self.path, self.problem, self.remedy)


class MissingAudioError(AudioError, FileNotFoundError):
    """The path does not exist or is not a file."""

    # OSError's own __str__ would print errno and file name instead of the message.
    __str__ = ValueError.__str__


class UnreadableAudioError(AudioError):
    """The file is there but cannot be read: permissions, or a drive that fails."""


class EmptyAudioError(AudioError):
    """The file has no bytes, or no samples."""


class CorruptAudioError(AudioError):
    """The bytes are not audio, or break off, or hold NaN."""


class TruncatedAudioError(AudioError):
    """The file promises more sound than it holds, and was read with ``strict=True``."""


class UnsupportedAudioError(AudioError):
    """A format that needs an optional decoder."""


class SilentAudioError(AudioError):
    """Every sample is zero."""


class TooShortError(AudioError):
    """Fewer samples than the features need."""


def unreadable(path, error: OSError) -> UnreadableAudioError:
    """What to raise for the system's refusal to read a file."""
    return UnreadableAudioError(
        path, f"cannot be read ({error.strerror or error})", "check its permissions and its drive"
    )


class AudioNote(NamedTuple):
    """What is worth saying about a file that can be heard.

    Parameters
    ----------
    kind : {"truncated", "several streams", "damaged", "channels cancel", "scale"}
        ``"truncated"``: less sound than the file promises, or zeros in place of its end.
        ``"several streams"``: files joined into one, all of which are read.
        ``"damaged"``: parts of the file cannot be decoded as they should, or were skipped.
        ``"channels cancel"``: the mean of the channels is far quieter than they are.
        ``"scale"``: samples far beyond full scale.
    message : str
        The same in a sentence without the file's name.
    """

    kind: str
    message: str


class AudioWarning(UserWarning):
    """A file could be read, but its sound may not be what was meant; see `AudioNote`."""
