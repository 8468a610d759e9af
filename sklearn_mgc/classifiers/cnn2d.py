"""The paper's second classifier: two-dimensional convolutions on spectrograms."""

from __future__ import annotations

from numbers import Integral

from sklearn_mgc._sklearn_compat import Interval
from sklearn_mgc.classifiers.base import BaseGenreClassifier
from sklearn_mgc.networks import CNN2D


class CNN2DClassifier(BaseGenreClassifier):
    """Classify spectrograms as images, with three blocks of 2-D convolutions.

    Parameters
    ----------
    channels, kernel_size, pool_sizes, dropout, batch_norm, dense_sizes, lr : shared
    batch_size, max_epochs, weight_decay, normalize_input, mixup, spec_augment : shared
    label_smoothing, lr_schedule, class_weight, early_stopping, validation_fraction : shared
    n_iter_no_change, callbacks, warm_start, device, precision, compile, random_state : shared
    verbose, **net_params : shared

    Attributes
    ----------
    classes_, n_features_in_, n_iter_, best_epoch_, net_, module_, history_, device_ : shared

    See Also
    --------
    MelSpectrogram : The spectrograms it reads.
    MelScaler : Standardizes their bands.
    sklearn_mgc.recipes.published : The same class with the settings of related work.

    References
    ----------
    G. Gállego, C. Garcia, A. Cuxart and G. Cortès, *Music Genre Classification*, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc import CNN2DClassifier
    >>> X = np.random.default_rng(0).normal(size=(8, 32, 16))
    >>> y = ["jazz", "rock"] * 4
    >>> model = CNN2DClassifier((4, 8, 8), max_epochs=1, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (8, 2)
    """

    _module = CNN2D
    _module_params = (
        "channels",
        "kernel_size",
        "pool_sizes",
        "dropout",
        "batch_norm",
        "dense_sizes",
    )
    _reads_mel = True

    _parameter_constraints: dict = {
        **BaseGenreClassifier._parameter_constraints,
        "channels": ["array-like"],
        "kernel_size": [Interval(Integral, 1, None, closed="left")],
        "pool_sizes": ["array-like"],
        "batch_norm": ["boolean"],
        "dense_sizes": ["array-like"],
    }

    def __init__(
        self,
        channels=(32, 64, 128),
        *,
        kernel_size=5,
        pool_sizes=((4, 2), (5, 4), (16, 8)),
        dropout=0.5,
        batch_norm=True,
        dense_sizes=(),
        lr=1e-3,
        batch_size=32,
        max_epochs=50,
        weight_decay=0.0,
        normalize_input=True,
        mixup=0.0,
        spec_augment=0.0,
        label_smoothing=0.0,
        lr_schedule=None,
        class_weight=None,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=20,
        callbacks=None,
        warm_start=False,
        device="auto",
        precision="float32",
        compile=False,
        random_state=None,
        verbose=0,
        **net_params,
    ):
        self._store(locals())
