"""Sound in: files to waveforms, and what there is to say about a file."""

from sklearn_mgc.audio.decoding import BLOCK_SECONDS, decode_blocks
from sklearn_mgc.audio.errors import (
    AudioError,
    AudioNote,
    AudioWarning,
    CorruptAudioError,
    EmptyAudioError,
    MissingAudioError,
    SilentAudioError,
    TooShortError,
    TruncatedAudioError,
    UnreadableAudioError,
    UnsupportedAudioError,
)
from sklearn_mgc.audio.load import AUDIO_VERSION, load_audio, stream_audio
from sklearn_mgc.audio.paths import as_path, printable
from sklearn_mgc.audio.resampling import downmix
from sklearn_mgc.audio.stream import AudioStream

__all__ = [
    "AUDIO_VERSION",
    "BLOCK_SECONDS",
    "AudioError",
    "AudioNote",
    "AudioStream",
    "AudioWarning",
    "CorruptAudioError",
    "EmptyAudioError",
    "MissingAudioError",
    "SilentAudioError",
    "TooShortError",
    "TruncatedAudioError",
    "UnreadableAudioError",
    "UnsupportedAudioError",
    "as_path",
    "decode_blocks",
    "downmix",
    "load_audio",
    "printable",
    "stream_audio",
]
