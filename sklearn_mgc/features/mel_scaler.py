"""The scaler of spectrograms: scikit-learn's, band by band."""

from __future__ import annotations

import numpy as np
from sklearn.preprocessing import StandardScaler

from sklearn_mgc._sklearn_compat import DocumentedMixin


# Spectrograms have no columns that a frame could name.
class MelScaler(DocumentedMixin, StandardScaler, auto_wrap_output_keys=None):  # type: ignore[call-arg]  # no stubs
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
