"""Sound in: files to waveforms, and the errors that tell why one cannot be heard."""

from sklearn_mgc.audio.errors import (
    AudioError,
    CorruptAudioError,
    EmptyAudioError,
    MissingAudioError,
    SilentAudioError,
    TooShortError,
    UnsupportedAudioError,
)
from sklearn_mgc.audio.load import load_audio, stream_audio

__all__ = [
    "AudioError",
    "CorruptAudioError",
    "EmptyAudioError",
    "MissingAudioError",
    "SilentAudioError",
    "TooShortError",
    "UnsupportedAudioError",
    "load_audio",
    "stream_audio",
]
