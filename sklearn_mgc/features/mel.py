"""The paper's second representation: the log-mel spectrogram."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mgc._optional import require
from sklearn_mgc.features.base import check_choice
from sklearn_mgc.features.framed import FramedTransformer
from sklearn_mgc.features.sound import Sound
from sklearn_mgc.features.spectrum import FrameParams, mel_spectrogram, power_to_db


class MelSpectrogram(FramedTransformer):
    """Log-mel spectrogram of a clip: 640 frames by 128 bands, in dB.

    ``librosa.power_to_db(librosa.feature.melspectrogram(...), ref=np.max)``, transposed to
    frames x bands. Shorter clips are padded with the floor (``-top_db``), longer
    ones are cut.

    Parameters
    ----------
    n_mels : int, default=128
        Number of mel bands.
    n_frames : int, default=640
        Number of frames; 640 frames of hop 1024 at 22,050 Hz are 29.7 s.
    n_fft, hop_length : shared
    fmin : float, default=0.0
        Lowest frequency in Hz.
    fmax : float, default=None
        Highest frequency in Hz; half the sample rate by default.
    top_db : float, default=80.0
        Values lower than this many dB below the clip's loudest are raised to it.
    sample_rate, offset, duration, n_segments, pad_mode : shared
    dtype : {"float32", "float16"}, default="float32"
        Type of the result; "float16" takes half the space and is within 0.04 dB.
    out, backend, on_error, cache, n_jobs, verbose : shared

    Attributes
    ----------
    failed_ : shared

    See Also
    --------
    FeatureStore : What ``cache`` keeps, and how long.
    MelScaler : Standardizes each band.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc import MelSpectrogram
    >>> y = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)
    >>> X = MelSpectrogram().fit_transform([y])
    >>> X.shape, round(float(X.max()), 3), float(X.min())
    ((1, 640, 128), 0.0, -80.0)
    """

    def __init__(
        self,
        n_mels=128,
        *,
        n_frames=640,
        n_fft=2048,
        hop_length=1024,
        fmin=0.0,
        fmax=None,
        top_db=80.0,
        sample_rate=22050,
        offset=0.0,
        duration=None,
        n_segments=None,
        pad_mode="constant",
        dtype="float32",
        out=None,
        backend="fused",
        on_error="raise",
        cache=None,
        n_jobs=None,
        verbose=0,
    ):
        self.n_mels = n_mels
        self.n_frames = n_frames
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.fmin = fmin
        self.fmax = fmax
        self.top_db = top_db
        self.sample_rate = sample_rate
        self.offset = offset
        self.duration = duration
        self.n_segments = n_segments
        self.pad_mode = pad_mode
        self.dtype = dtype
        self.out = out
        self.backend = backend
        self.on_error = on_error
        self.cache = cache
        self.n_jobs = n_jobs
        self.verbose = verbose

    def output_shape(self):
        return (self.n_frames, self.n_mels)

    @property
    def row_dtype(self) -> str:  # type: ignore[override]
        """The parameter ``dtype``."""
        return self.dtype

    def cache_key(self):
        key = super().cache_key()
        del key["dtype"]  # is in every key
        return key

    def check_params(self):
        super().check_params()
        check_choice("dtype", self.dtype, ("float32", "float16"))
        for name in ("n_mels", "n_frames"):
            value = getattr(self, name)
            if not isinstance(value, (int, np.integer)) or value < 1:
                raise ValueError(f"{name} must be an integer >= 1, got {value!r}")
        if not isinstance(self.top_db, (int, float, np.number)) or not self.top_db > 0:
            raise ValueError(f"top_db must be a number above 0, got {self.top_db!r}")
        fmax = self.sample_rate / 2 if self.fmax is None else self.fmax
        if not 0 <= self.fmin < fmax <= self.sample_rate / 2:
            raise ValueError(
                f"need 0 <= fmin < fmax <= sample_rate / 2 (Hz), got fmin={self.fmin}, "
                f"fmax={self.fmax} at {self.sample_rate} Hz"
            )

    def extract_sound(self, sound: Sound):
        bands = {"n_mels": self.n_mels, "fmin": self.fmin, "fmax": self.fmax}
        # The peak is the whole clip's, also where it lies beyond the last frame kept.
        if self.backend == "librosa":
            mel = _by_librosa(sound.waveform(), self._frames, **bands)
            mel, peak = mel[: self.n_frames], float(mel.max())
        else:
            mel, peak = mel_spectrogram(sound, self._frames, n_frames=self.n_frames, **bands)
        decibel = power_to_db(mel, ref=peak, top_db=None)
        np.maximum(decibel, np.float32(-self.top_db), out=decibel)
        out = np.full(self.output_shape(), -self.top_db, dtype=np.float32)
        out[: len(decibel)] = decibel
        return out


def _by_librosa(y: np.ndarray, frames: FrameParams, **bands) -> np.ndarray:
    """Mel power spectrogram, frames x bands."""
    librosa = require("librosa", what="spectrograms")
    rate, n_fft, hop, pad_mode = frames
    stft: dict[str, Any] = {"n_fft": n_fft, "hop_length": hop, "pad_mode": pad_mode}
    return librosa.feature.melspectrogram(y=y, sr=rate, **stft, **bands).T
