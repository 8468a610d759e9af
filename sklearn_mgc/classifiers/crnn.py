"""The paper's third classifier: one-dimensional convolutions and an LSTM."""

from __future__ import annotations

from numbers import Integral, Real

from sklearn_mgc._sklearn_compat import Interval, StrOptions
from sklearn_mgc.classifiers.base import BaseGenreClassifier
from sklearn_mgc.networks import CRNN


class CRNNClassifier(BaseGenreClassifier):
    """Classify spectrograms with three blocks of 1-D convolutions and a 2-layer LSTM.

    Parameters
    ----------
    channels, kernel_sizes, pool_sizes, rnn_hidden_size, rnn_layers, bidirectional : shared
    dropout, convolution, batch_norm, activation, rnn, rnn_dropout, average_steps, lr : shared
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
    >>> from sklearn_mgc import CRNNClassifier
    >>> X = np.random.default_rng(0).normal(size=(8, 32, 16))
    >>> y = ["jazz", "rock"] * 4
    >>> model = CRNNClassifier(max_epochs=1, random_state=0).fit(X, y)
    >>> model.predict_proba(X).shape
    (8, 2)
    """

    _module = CRNN
    _module_params = (
        "channels",
        "kernel_sizes",
        "pool_sizes",
        "rnn_hidden_size",
        "rnn_layers",
        "bidirectional",
        "dropout",
        "convolution",
        "batch_norm",
        "activation",
        "rnn",
        "rnn_dropout",
        "average_steps",
    )
    _reads_mel = True

    _parameter_constraints: dict = {
        **BaseGenreClassifier._parameter_constraints,
        "channels": ["array-like"],
        "kernel_sizes": ["array-like"],
        "pool_sizes": ["array-like"],
        "rnn_hidden_size": [Interval(Integral, 1, None, closed="left")],
        "rnn_layers": [Interval(Integral, 1, None, closed="left")],
        "bidirectional": ["boolean"],
        "dropout": [Interval(Real, 0, 1, closed="left"), "array-like"],
        "convolution": [StrOptions({"1d", "2d"})],
        "batch_norm": ["boolean"],
        "activation": [StrOptions({"relu", "elu"})],
        "rnn": [StrOptions({"lstm", "gru"})],
        "rnn_dropout": [Interval(Real, 0, 1, closed="left")],
        "average_steps": ["boolean"],
    }

    def __init__(
        self,
        channels=(64, 32, 16),
        *,
        kernel_sizes=(5, 3, 3),
        pool_sizes=(4, 2, 2),
        rnn_hidden_size=32,
        rnn_layers=2,
        bidirectional=False,
        dropout=0.3,
        convolution="1d",
        batch_norm=True,
        activation="relu",
        rnn="lstm",
        rnn_dropout=0.0,
        average_steps=False,
        lr=3e-3,
        batch_size=32,
        max_epochs=60,
        weight_decay=0.05,
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
