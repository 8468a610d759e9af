"""The paper's first representation: 25 descriptors of a clip."""

from __future__ import annotations

import numpy as np

from sklearn_mgc.features import _spectral as spectral
from sklearn_mgc.features._base import AudioTransformer, _check_number

_SHAPE_DESCRIPTORS = (
    "chroma_stft",
    "spectral_centroid",
    "spectral_bandwidth",
    "spectral_rolloff",
    "zero_crossing_rate",
)


class HandcraftedFeatures(AudioTransformer):
    """Means over time of librosa's descriptors: 25 numbers per clip.

    Chroma (mean over the twelve classes), spectral centroid, bandwidth and roll-off
    in Hz, zero-crossing rate and 20 MFCCs, with librosa's definitions and defaults,
    all from one STFT per clip.

    Parameters
    ----------
    n_mfcc : int, default=20
        Number of MFCCs.
    sample_rate : int, default=22050
        Rate in Hz to which files are resampled, and of waveforms that are passed.
    offset : float, default=0.0
        Where in each clip to start, in seconds.
    duration : float, default=None
        How many seconds of each clip to use; to its end by default.
    n_segments : int, default=None
        Cut each clip into this many equal segments and return them as an axis of
        their own; the clip stays the sample.
    n_fft : int, default=2048
        Frame length in samples.
    hop_length : int, default=512
        Step between frames in samples.
    pad_mode : {"constant", "reflect", "edge"}, default="constant"
        How the signal is padded at its ends. librosa before 0.9 (and so the paper)
        used "reflect".
    backend : {"fused", "librosa"}, default="fused"
        "librosa" calls librosa's own functions, one STFT each: the slow reference.
    on_error : {"raise", "nan"}, default="raise"
        What to do with a clip that cannot be used: raise its error, or go on with a
        row of NaN, one warning, and an entry in ``failed_``.
    n_jobs : int, default=None
        Number of threads, as in joblib.
    verbose : int, default=0
        1 shows a progress bar.

    Attributes
    ----------
    failed_ : list of dict
        After ``transform``: index, path, error class and message of each failed clip.

    See Also
    --------
    MelSpectrogram : The input of the convolutional networks.

    References
    ----------
    G. Gállego, C. Garcia, A. Cuxart and G. Cortès, *Music Genre Classification*, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc import HandcraftedFeatures
    >>> t = np.arange(22050) / 22050
    >>> tones = np.stack([np.sin(2 * np.pi * f * t) for f in (440, 880)])
    >>> X = HandcraftedFeatures().fit_transform(tones)
    >>> X.shape
    (2, 25)
    >>> names = HandcraftedFeatures().get_feature_names_out()
    >>> [str(name) for name in names[:2]]
    ['chroma_stft_mean', 'spectral_centroid_mean']
    """

    def __init__(
        self,
        *,
        n_mfcc=20,
        sample_rate=22050,
        offset=0.0,
        duration=None,
        n_segments=None,
        n_fft=2048,
        hop_length=512,
        pad_mode="constant",
        backend="fused",
        on_error="raise",
        n_jobs=None,
        verbose=0,
    ):
        self.n_mfcc = n_mfcc
        self.sample_rate = sample_rate
        self.offset = offset
        self.duration = duration
        self.n_segments = n_segments
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.pad_mode = pad_mode
        self.backend = backend
        self.on_error = on_error
        self.n_jobs = n_jobs
        self.verbose = verbose

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Names of the columns.

        Parameters
        ----------
        input_features : array-like, default=None
            Not used.

        Returns
        -------
        ndarray of str objects of shape (n_features,)
            Such as ``"spectral_centroid_mean"``; with segments, prefixed by ``"segment0_"``.
        """
        mfccs = [f"mfcc{i}" for i in range(1, self.n_mfcc + 1)]
        return np.asarray([f"{name}_mean" for name in (*_SHAPE_DESCRIPTORS, *mfccs)], dtype=object)

    def _output_shape(self) -> tuple[int, ...]:
        return (len(_SHAPE_DESCRIPTORS) + self.n_mfcc,)

    def _check_params(self) -> None:
        _check_number("n_mfcc", self.n_mfcc, 1)
        if self.n_mfcc > 128:
            raise ValueError(f"n_mfcc must be at most 128, the number of mel bands: {self.n_mfcc}")
        if self.backend not in ("fused", "librosa"):
            raise ValueError(f"backend must be 'fused' or 'librosa', got {self.backend!r}")
        if self.pad_mode not in ("constant", "reflect", "edge"):
            raise ValueError(
                f"pad_mode must be 'constant', 'reflect' or 'edge', got {self.pad_mode!r}"
            )

    def _warm_up(self) -> None:
        spectral.mel_filters(self.sample_rate, self.n_fft, 128, 0.0, None)

    def _extract(self, y: np.ndarray) -> np.ndarray:
        describe = _describe_fused if self.backend == "fused" else _describe_librosa
        return describe(
            y,
            sample_rate=self.sample_rate,
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            pad_mode=self.pad_mode,
            n_mfcc=self.n_mfcc,
        )


def _describe_fused(y, *, sample_rate, n_fft, hop_length, pad_mode, n_mfcc) -> np.ndarray:
    power = spectral.power_spectrogram(y, n_fft, hop_length, pad_mode)
    magnitude = np.sqrt(power)
    centroid, bandwidth = spectral.spectral_moments(magnitude, sample_rate, n_fft)
    series = [
        spectral.chroma(power, sample_rate, n_fft),
        centroid,
        bandwidth,
        spectral.spectral_rolloff(magnitude, sample_rate, n_fft),
        # librosa's default frame of 2048 samples, whatever the FFT's.
        spectral.zero_crossing_rate(y, 2048, hop_length),
    ]
    cepstrum = spectral.mfcc(power, sample_rate, n_fft, n_mfcc)
    means = [np.mean(values, dtype=np.float64) for values in series]
    return np.r_[means, cepstrum.mean(axis=0, dtype=np.float64)].astype(np.float32)


def _describe_librosa(y, *, sample_rate, n_fft, hop_length, pad_mode, n_mfcc) -> np.ndarray:
    from librosa import feature

    stft = {"n_fft": n_fft, "hop_length": hop_length, "pad_mode": pad_mode}
    series = [
        feature.chroma_stft(y=y, sr=sample_rate, **stft),
        feature.spectral_centroid(y=y, sr=sample_rate, **stft),
        feature.spectral_bandwidth(y=y, sr=sample_rate, **stft),
        feature.spectral_rolloff(y=y, sr=sample_rate, **stft),
        feature.zero_crossing_rate(y, hop_length=hop_length),
    ]
    cepstrum = feature.mfcc(y=y, sr=sample_rate, n_mfcc=n_mfcc, **stft)
    return np.r_[[values.mean() for values in series], cepstrum.mean(axis=1)].astype(np.float32)
