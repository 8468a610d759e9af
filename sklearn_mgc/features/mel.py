"""The paper's second representation: the log-mel spectrogram, and its scaler."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from sklearn.preprocessing import StandardScaler

from sklearn_mgc.features import _long, _reference, _spectral
from sklearn_mgc.features._database import recipe_text
from sklearn_mgc.features._fingerprint import digest_of
from sklearn_mgc.features._shared import Spectra
from sklearn_mgc.features.base import AudioTransformer
from sklearn_mgc.features.memmap import npy_file


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
    dtype : {"float32", "float16"}, default="float32"
        Type of the result; "float16" takes half the space and is within 0.04 dB.
    out : str or path-like, default=None
        For results larger than memory: a ``.npy`` file, or a folder (with a file for each
        set of clips), into which ``transform`` writes; it returns a read-only memory map.
        With ``cache``, an interrupted run goes on where it stopped.
    backend : {"fused", "librosa"}, default="fused"
        "librosa" calls librosa's own function: the slow reference.
    device : str, default="cpu"
        "cuda" (or "cuda:1", ...) computes batches of clips on that device while workers
        decode the next, at the same values; "auto" does so where there is a device.
    on_error : {"raise", "nan"}, default="raise"
        What to do with a clip that cannot be used: raise its error, or go on with NaN,
        one warning, and an entry in ``failed_``.
    cache : str, path-like or FeatureStore, default=None
        A folder in which features are kept: a clip that was computed before, by any
        process, is read from there and not decoded again.
    n_jobs : int, default=None
        Number of workers, as in joblib: threads, or what is configured with
        ``joblib.parallel_config``.
    verbose : int, default=0
        1 shows a progress bar.

    Attributes
    ----------
    failed_ : list of dict
        After ``transform``: index, path, error class and message of each failed clip.

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

    _reads_spectra = True

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
        device="cpu",
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
        self.device = device
        self.on_error = on_error
        self.cache = cache
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _output_shape(self) -> tuple[int, ...]:
        return (self.n_frames, self.n_mels)

    def _recipe(self) -> dict:
        plain = ("n_mels", "n_frames", "fmin", "fmax", "top_db", "sample_rate", "n_fft")
        return {
            "transformer": type(self).__name__,
            "kernel": _spectral.KERNEL_VERSION,
            **{name: getattr(self, name) for name in (*plain, "hop_length", "pad_mode", "backend")},
        }

    def _check_params(self) -> None:
        _spectral.check_choice("dtype", self.dtype, ("float32", "float16"))
        if not (self.out is None or isinstance(self.out, (str, os.PathLike))):
            raise ValueError(f"out must be a file or a folder, got {self.out!r}")
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
        _spectral.check_frames(self.n_fft, self.hop_length)
        _spectral.check_choice("pad_mode", self.pad_mode, _spectral.PAD_MODES)
        _spectral.check_choice("backend", self.backend, _spectral.BACKENDS)
        _spectral.check_device(self.device, self.backend)

    @property
    def _dtype(self) -> str:  # type: ignore[override]
        return self.dtype

    def _out_file(self, clips: list) -> Path:
        path = Path(os.fspath(self.out))
        if path.suffix == ".npy":
            return path
        names = [clip if isinstance(clip, str) else digest_of(clip).hex() for clip in clips]
        key = repr((recipe_text(self._full_recipe()), names))
        return path / f"mel-{hashlib.sha256(key.encode(errors='replace')).hexdigest()[:16]}.npy"

    @contextmanager
    def _rows(self, clips: list):
        if self.out is None:
            with super()._rows(clips) as rows:
                yield rows
        else:
            shape = (len(clips), *self._row_shape())
            with npy_file(self._out_file(clips), shape, self.dtype) as rows:
                yield rows

    def _finished(self, rows, clips: list) -> np.ndarray:
        return rows if self.out is None else np.load(self._out_file(clips), mmap_mode="r")

    def _warm_up(self) -> None:
        noise = np.random.default_rng(0).standard_normal(2 * self.n_fft)
        self._extract(noise.astype(np.float32))

    def _extract(self, y) -> np.ndarray:
        names = ("sample_rate", "n_fft", "hop_length", "pad_mode", "n_mels", "fmin", "fmax")
        params = {name: getattr(self, name) for name in names}
        # The peak is the whole clip's, also where it lies beyond the last frame kept.
        if isinstance(y, Spectra):
            mel = y.mel_spectrogram(**params)
            mel, peak = mel[: self.n_frames], float(mel.max())
        elif isinstance(y, _long.Stream):
            mel, peak = _long.mel_spectrogram(y, n_frames=self.n_frames, **params)
        else:
            backend = _reference if self.backend == "librosa" else _spectral
            mel = backend.mel_spectrogram(y, **params)
            mel, peak = mel[: self.n_frames], float(mel.max())
        decibel = _spectral.power_to_db(mel, ref=peak, top_db=None)
        np.maximum(decibel, np.float32(-self.top_db), out=decibel)
        out = np.full(self._output_shape(), -self.top_db, dtype=np.float32)
        out[: len(decibel)] = decibel
        return out


class MelScaler(StandardScaler):
    """Standardize each mel band over all clips and frames.

    scikit-learn's ``StandardScaler`` for arrays whose last axis is the feature: (n_clips,
    n_frames, n_mels) or (n_clips, n_segments, n_frames, n_mels). Put it in the pipeline
    after `MelSpectrogram`, so that its means come from the training fold alone.

    Parameters
    ----------
    copy : bool, default=True
        Leave the input as it is; False saves memory.
    with_mean : bool, default=True
        Subtract the mean of each band.
    with_std : bool, default=True
        Divide by the standard deviation of each band.

    Attributes
    ----------
    mean_ : ndarray of shape (n_mels,)
        Mean of each band.
    scale_ : ndarray of shape (n_mels,)
        Standard deviation of each band; 1 for a constant band.
    n_features_in_ : int
        Number of bands.
    n_samples_seen_ : int
        Number of frames of all clips.

    See Also
    --------
    MelSpectrogram : Makes the arrays.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc.features import MelScaler
    >>> X = np.random.default_rng(0).normal(-40, 10, size=(5, 30, 8))
    >>> Z = MelScaler().fit_transform(X)
    >>> Z.shape, round(float(Z.std()), 3)
    ((5, 30, 8), 1.0)
    """

    def partial_fit(self, X, y=None, sample_weight=None):
        """Update mean and standard deviation of each band; ``fit`` does the same from nothing.

        Parameters
        ----------
        X : array-like of shape (n_clips, ..., n_mels)
            Training clips.
        y : array-like, default=None
            Not read.
        sample_weight : array-like of shape (n_clips,), default=None
            Weight of each clip.

        Returns
        -------
        self
            The fitted scaler.
        """
        frames = _as_frames(X)
        if sample_weight is not None and frames is not X:
            sample_weight = np.repeat(sample_weight, len(frames) // len(X))
        return super().partial_fit(frames, y, sample_weight)

    def transform(self, X, copy=None):
        """Standardize.

        Parameters
        ----------
        X : array-like of shape (n_clips, ..., n_mels)
            Clips with as many bands as in fit.
        copy : bool, default=None
            As in the constructor, for this call only.

        Returns
        -------
        ndarray of the shape of X
            float32 for float32 input, else float64.
        """
        frames = _as_frames(X)
        scaled = super().transform(frames, copy=copy)
        return scaled if frames is X else scaled.reshape(np.shape(X))

    def inverse_transform(self, X, copy=None):
        """Undo `transform`.

        Parameters
        ----------
        X : array-like of shape (n_clips, ..., n_mels)
            Standardized clips.
        copy : bool, default=None
            As in the constructor, for this call only.

        Returns
        -------
        ndarray of the shape of X
            Decibels again.
        """
        frames = _as_frames(X)
        restored = super().inverse_transform(frames, copy=copy)
        return restored if frames is X else restored.reshape(np.shape(X))


def _as_frames(X):
    """All frames of all clips as rows; anything that is not 3-D or 4-D goes on as it is."""
    ndim = np.ndim(X) if isinstance(X, (np.ndarray, list, tuple)) else 2
    return np.asarray(X).reshape(-1, np.shape(X)[-1]) if ndim in (3, 4) else X
