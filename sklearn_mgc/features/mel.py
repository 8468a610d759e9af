"""The paper's second representation: the log-mel spectrogram, and its scaler."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_mgc._sklearn_compat import validate_data
from sklearn_mgc.features import _spectral as spectral
from sklearn_mgc.features._base import AudioTransformer, _check_number


class MelSpectrogram(AudioTransformer):
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
    n_fft : int, default=2048
        Frame length in samples.
    hop_length : int, default=1024
        Step between frames in samples.
    fmin : float, default=0.0
        Lowest frequency in Hz.
    fmax : float, default=None
        Highest frequency in Hz; half the sample rate by default.
    top_db : float, default=80.0
        Values lower than this many dB below the clip's loudest are raised to it.
    sample_rate : int, default=22050
        Rate in Hz to which files are resampled, and of waveforms that are passed.
    offset : float, default=0.0
        Where in each clip to start, in seconds.
    duration : float, default=None
        How many seconds of each clip to use; to its end by default.
    n_segments : int, default=None
        Cut each clip into this many equal segments and return them as an axis of
        their own; the clip stays the sample.
    pad_mode : {"constant", "reflect", "edge"}, default="constant"
        How the signal is padded at its ends.
    on_error : {"raise", "nan"}, default="raise"
        What to do with a clip that cannot be used: raise its error, or go on with NaN,
        one warning, and an entry in ``failed_``.
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
    MelScaler : Standardizes each band.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc import MelSpectrogram
    >>> y = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)
    >>> X = MelSpectrogram().fit_transform([y])
    >>> X.shape, float(X.max()), float(X.min())
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
        on_error="raise",
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
        self.on_error = on_error
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _output_shape(self) -> tuple[int, ...]:
        return (self.n_frames, self.n_mels)

    def _check_params(self) -> None:
        _check_number("n_mels", self.n_mels, 1)
        _check_number("n_frames", self.n_frames, 1)
        _check_number("top_db", self.top_db, 1e-6)
        fmax = self.sample_rate / 2 if self.fmax is None else self.fmax
        if not 0 <= self.fmin < fmax <= self.sample_rate / 2:
            raise ValueError(
                f"need 0 <= fmin < fmax <= sample_rate / 2 (Hz), got fmin={self.fmin}, "
                f"fmax={self.fmax} at {self.sample_rate} Hz"
            )
        if self.pad_mode not in ("constant", "reflect", "edge"):
            raise ValueError(
                f"pad_mode must be 'constant', 'reflect' or 'edge', got {self.pad_mode!r}"
            )

    def _warm_up(self) -> None:
        self._filters()

    def _filters(self) -> np.ndarray:
        return spectral.mel_filters(self.sample_rate, self.n_fft, self.n_mels, self.fmin, self.fmax)

    def _extract(self, y: np.ndarray) -> np.ndarray:
        power = spectral.power_spectrogram(y, self.n_fft, self.hop_length, self.pad_mode)
        mel = power @ self._filters()
        db = spectral.power_to_db(mel, ref=float(mel.max()), top_db=self.top_db)
        out = np.full(self._output_shape(), -self.top_db, dtype=np.float32)
        out[: len(db)] = db[: self.n_frames]
        return out


class MelScaler(TransformerMixin, BaseEstimator):
    """Standardize each mel band over clips and time.

    ``StandardScaler`` for 3-D and 4-D X: zero mean and unit variance of every index of
    the last axis. As a step of a pipeline it is fitted on the training folds only.

    Attributes
    ----------
    mean_ : ndarray of shape (n_mels,)
        Mean of each band over the training clips.
    scale_ : ndarray of shape (n_mels,)
        Standard deviation of each band; 1 for a constant band.
    n_features_in_ : int
        Length of axis 1 of X seen in ``fit``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc import MelScaler
    >>> X = np.random.default_rng(0).normal(5, 3, size=(10, 20, 4))
    >>> Z = MelScaler().fit_transform(X)
    >>> bool(np.allclose(Z.mean(axis=(0, 1)), 0, atol=1e-5))
    True
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    def fit(self, X, y=None):
        """Learn mean and standard deviation of each band.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_frames, n_mels) or (n_clips, n_segments, ...)
            Log-mel spectrograms.
        y : array-like, default=None
            Not used.

        Returns
        -------
        self
            The fitted scaler.
        """
        X = validate_data(self, X, dtype=np.float32, allow_nd=True)
        axes = tuple(range(X.ndim - 1))
        # Accumulated in float64: the float32 mean of millions of values drifts.
        self.mean_ = X.mean(axis=axes, dtype=np.float64).astype(np.float32)
        scale = X.std(axis=axes, dtype=np.float64)
        constant = scale < 1e-6 * np.maximum(np.abs(self.mean_), 1e-30)
        self.scale_ = np.where(constant | (scale == 0), 1, scale).astype(np.float32)
        self._n_bands = X.shape[-1]
        return self

    def transform(self, X) -> np.ndarray:
        """Standardize.

        Parameters
        ----------
        X : array-like of shape (n_clips, n_frames, n_mels) or (n_clips, n_segments, ...)
            Log-mel spectrograms.

        Returns
        -------
        ndarray, same shape as X, dtype float32
            The standardized spectrograms.

        Raises
        ------
        ValueError
            If the number of bands differs from that seen in ``fit``.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, allow_nd=True, reset=False)
        if X.shape[-1] != self._n_bands:
            raise ValueError(
                f"X has {X.shape[-1]} bands, but MelScaler was fitted on {self._n_bands}"
            )
        return (X - self.mean_) / self.scale_
