"""The paper's first classifier: dense layers on handcrafted descriptors."""

from __future__ import annotations

from sklearn_mgc.classifiers.base import BaseGenreClassifier
from sklearn_mgc.classifiers.compiled import DenseNet
from sklearn_mgc.networks import DNN


class DNNClassifier(BaseGenreClassifier):
    """Classify descriptors with dense layers, batch normalization and dropout.

    Standardize the descriptors first: put a ``StandardScaler`` before it in a pipeline.

    Parameters
    ----------
    hidden_sizes, dropout, lr, batch_size, max_epochs, weight_decay, label_smoothing : shared
    lr_schedule, class_weight, early_stopping, validation_fraction, n_iter_no_change : shared
    callbacks, warm_start, device, precision, compile, random_state, verbose : shared
    **net_params : shared

    Attributes
    ----------
    classes_, n_features_in_, n_iter_, best_epoch_, net_, module_, history_, device_ : shared

    See Also
    --------
    HandcraftedFeatures : The descriptors it reads.
    CRNNClassifier : Reads spectrograms.

    References
    ----------
    G. Gállego, C. Garcia, A. Cuxart and G. Cortès, *Music Genre Classification*, 2019.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_mgc import DNNClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), DNNClassifier(max_epochs=20, random_state=0))
    >>> bool(model.fit(X, y).score(X, y) > 0.9)
    True
    """

    _module = DNN
    _net = DenseNet
    _module_params = (
        "hidden_sizes",
        "dropout",
    )
    _reads_mel = False

    _parameter_constraints: dict = {
        **BaseGenreClassifier._parameter_constraints,
        "hidden_sizes": ["array-like"],
    }

    def __init__(
        self,
        hidden_sizes=(256, 128, 64, 32),
        *,
        dropout=0.5,
        lr=3e-3,
        batch_size=32,
        max_epochs=50,
        weight_decay=0.1,
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
