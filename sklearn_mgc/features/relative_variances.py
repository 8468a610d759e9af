"""Variances of descriptors, relative to what they vary around."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_mgc._sklearn_compat import DocumentedMixin, StrOptions, _fit_context, validate_data

# The variance of ... is divided by the squared mean of ...
_LEVELS = {
    "rms": "rms",
    "harmony": "rms",
    "perceptr": "rms",
    "spectral_centroid": "spectral_centroid",
    "spectral_bandwidth": "spectral_bandwidth",
    "spectral_rolloff": "spectral_rolloff",
    "zero_crossing_rate": "zero_crossing_rate",
}
_FLOOR = 1e-9


class RelativeVariances(DocumentedMixin, OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Turn variances of descriptors into logarithms of relative variances.

    The variance of a loud clip's RMS is large because the clip is loud, that of a bright
    clip's centroid because it is bright. Here each is divided by the square of the level
    it goes with, and the logarithm is taken; so is that of the levels of centroid,
    bandwidth, rolloff and zero crossings. MFCCs are logarithms already: only that of their
    variance is taken. All other columns stay as they are.

    Parameters
    ----------
    names : {"kaggle"} or sequence of str, default="kaggle"
        Names of the columns, as ``HandcraftedFeatures.get_feature_names_out`` gives them:
        ``rms_mean``, ``rms_var``, ... "kaggle" are the 57 of
        ``HandcraftedFeatures("kaggle")`` and of the public GTZAN table.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns.
    names_ : list of str
        Names of the columns.

    See Also
    --------
    HandcraftedFeatures : Makes the columns.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc.features import RelativeVariances
    >>> relative = RelativeVariances(["rms_mean", "rms_var"])
    >>> quiet_and_loud = np.array([[0.1, 0.001], [0.2, 0.004]])
    >>> relative.fit_transform(quiet_and_loud)[:, 1].round(3)
    array([-2.303, -2.303])
    """

    _parameter_constraints: dict = {"names": [StrOptions({"kaggle"}), "array-like"]}

    def __init__(self, names="kaggle"):
        self.names = names

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check the names; nothing is learnt.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Descriptors.
        y : array-like, default=None
            Not read.

        Returns
        -------
        self
            The transformer.

        Raises
        ------
        ValueError
            If there are more or fewer columns than names.
        """
        X = validate_data(self, X, dtype=np.float64)
        self.names_ = _kaggle() if isinstance(self.names, str) else [str(n) for n in self.names]
        if len(self.names_) != X.shape[1]:
            raise ValueError(
                f"X has {X.shape[1]} columns, but names has {len(self.names_)}: pass the names of "
                "the columns, as HandcraftedFeatures.get_feature_names_out gives them"
            )
        return self

    def transform(self, X):
        """Give the columns with relative variances.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Descriptors.

        Returns
        -------
        ndarray of shape (n_samples, n_features), dtype float64
            The same columns, on their new scale.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        result = X.copy()
        columns = {name: i for i, name in enumerate(self.names_)}
        for name, i in columns.items():
            descriptor, _, statistic = name.rpartition("_")
            level = columns.get(f"{_LEVELS.get(descriptor)}_mean")
            if statistic == "var" and level is not None:
                values = X[:, i] / (np.abs(X[:, level]) + _FLOOR) ** 2
            elif _is_log_scaled(descriptor, statistic):
                values = X[:, i]
            else:
                continue
            result[:, i] = np.log(np.maximum(values, 0) + _FLOOR)
        return result


def _is_log_scaled(descriptor: str, statistic: str) -> bool:
    if statistic == "var":
        return descriptor.startswith("mfcc")
    return statistic == "mean" and descriptor in _LEVELS.values() and descriptor != "rms"


def _kaggle() -> list[str]:
    from sklearn_mgc.features.handcrafted import HandcraftedFeatures

    return [str(name) for name in HandcraftedFeatures("kaggle").get_feature_names_out()]
