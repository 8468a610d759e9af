"""What the two transformers of the paper share: both look at frames of the spectrum."""

from __future__ import annotations

import numpy as np

from sklearn_mgc.features.base import AudioTransformer, check_choice
from sklearn_mgc.features.sound import Sound
from sklearn_mgc.features.spectrum import KERNEL_VERSION, FrameParams


class FramedTransformer(AudioTransformer):
    """Base class of transformers that have ``extract_sound`` and these parameters.

    Parameters
    ----------
    n_fft : int
        Frame length in samples.
    hop_length : int
        Step between frames in samples.
    pad_mode : {"constant", "reflect", "edge"}
        How the signal is padded at its ends. librosa before 0.9 (and so the paper) used
        "reflect".
    backend : {"fused", "librosa"}
        "librosa" calls librosa's own functions, one STFT each: the slow reference.
    """

    n_fft: int
    hop_length: int
    pad_mode: str
    backend: str

    @property
    def releases_lock(self) -> bool:  # type: ignore[override]
        """The compiled loops do, librosa does not."""
        return self.backend == "fused"

    @property
    def _frames(self) -> FrameParams:
        """How a sound is cut into frames."""
        return FrameParams(self.sample_rate, self.n_fft, self.hop_length, self.pad_mode)

    def cache_key(self):
        return {**super().cache_key(), "kernel": KERNEL_VERSION}

    def min_samples(self):
        return self.n_fft

    def check_params(self):
        for name, low, what in (("n_fft", 64, "an even integer"), ("hop_length", 1, "an integer")):
            value = getattr(self, name)
            if not isinstance(value, (int, np.integer)) or value < low or (low > 1 and value % 2):
                raise ValueError(f"{name} must be {what} >= {low}, got {value!r}")
        check_choice("pad_mode", self.pad_mode, ("constant", "edge", "reflect"))
        check_choice("backend", self.backend, ("fused", "librosa"))

    def warm_up(self):
        noise = np.random.default_rng(0).standard_normal(2 * self.n_fft)
        self.extract(noise.astype(np.float32))

    def extract(self, y):
        return self.extract_sound(Sound.of(y, "waveform", self.sample_rate))
