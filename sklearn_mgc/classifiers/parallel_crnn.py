"""Two-dimensional convolutions and a bidirectional GRU on spectrograms, side by side."""

from __future__ import annotations

from numbers import Integral

from sklearn_mgc._sklearn_compat import Interval
from sklearn_mgc.classifiers.base import BaseGenreClassifier
from sklearn_mgc.networks import ParallelCRNN


class ParallelCRNNClassifier(BaseGenreClassifier):
    """Classify spectrograms with 2-D convolutions and a bidirectional GRU, side by side.

    Both read the spectrogram; a linear layer decides on what both found.

    Parameters
    ----------
    channels, kernel_size, pool_sizes, rnn_pool_size, rnn_hidden_size, dropout, lr : shared
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
    CRNNClassifier : One after the other.
    sklearn_mgc.recipes.published.parallel_crnn : With the settings it was published with.

    References
    ----------
    L. Feng, S. Liu and J. Yao, *Music genre classification with paralleling recurrent
    convolutional neural network*, arXiv:1712.08370, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc import ParallelCRNNClassifier
    >>> X = np.random.default_rng(0).normal(size=(8, 32, 16))
    >>> y = ["jazz", "rock"] * 4
    >>> model = ParallelCRNNClassifier(max_epochs=1, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (8, 2)
    """

    _module = ParallelCRNN
    _module_params = (
        "channels",
        "kernel_size",
        "pool_sizes",
        "rnn_pool_size",
        "rnn_hidden_size",
        "dropout",
    )
    _reads_mel = True

    _parameter_constraints: dict = {
        **BaseGenreClassifier._parameter_constraints,
        "channels": ["array-like"],
        "kernel_size": ["array-like"],
        "pool_sizes": ["array-like"],
        "rnn_pool_size": ["array-like"],
        "rnn_hidden_size": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        channels=(16, 32, 64, 64, 64),
        *,
        kernel_size=(3, 1),
        pool_sizes=((2, 2), (2, 2), (2, 2), (4, 4), (4, 4)),
        rnn_pool_size=(4, 2),
        rnn_hidden_size=64,
        dropout=0.0,
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
