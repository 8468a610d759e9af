"""What is worth searching over, for each classifier."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from sklearn_mgc._optional import require
from sklearn_mgc.classifiers import (
    CNN2DClassifier,
    CRNNClassifier,
    DNNClassifier,
    ParallelCRNNClassifier,
    RegularizedDiscriminantAnalysis,
    SegmentVotingClassifier,
)

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

# The paper's three, and a flat one.
_HIDDEN_SIZES: list[Any] = [
    (256, 128, 64, 32),
    (512, 256, 128, 64),
    (128, 64, 32, 16),
    (512, 256),
]


def space(estimator) -> dict[str, BaseDistribution]:
    """Give the search space of a classifier, or of the last step of a pipeline.

    Parameters
    ----------
    estimator : estimator
        One of this package's classifiers, ``LogisticRegression`` or ``SVC``, alone, in a
        `SegmentVotingClassifier`, or at the end of a pipeline.

    Returns
    -------
    dict of str to optuna.distributions.BaseDistribution
        Ranges by name of the parameter, as :func:`objective` and optuna-integration's
        ``OptunaSearchCV`` take them. Change it as you like.

    Raises
    ------
    ImportError
        If optuna is not installed.
    TypeError
        If there is no ready space for the classifier.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_mgc import DNNClassifier, search
    >>> model = make_pipeline(StandardScaler(), DNNClassifier())
    >>> sorted(search.space(model))[:2]
    ['dnnclassifier__batch_size', 'dnnclassifier__dropout']
    """
    prefix = ""
    while True:
        if isinstance(estimator, Pipeline):
            name, estimator = estimator.steps[-1]
        elif isinstance(estimator, SegmentVotingClassifier):
            name, estimator = "estimator", estimator.estimator
        else:
            break
        prefix += f"{name}__"
    with warnings.catch_warnings():
        # Tuples do not survive a storage; objective stores their text.
        warnings.simplefilter("ignore", UserWarning)
        ranges = _ranges()
    for kind in type(estimator).__mro__:
        if kind in ranges:
            return {f"{prefix}{name}": values for name, values in ranges[kind].items()}
    raise TypeError(
        f"there is no ready space for {type(estimator).__name__}; pass space={{name: "
        "optuna.distributions.FloatDistribution(low, high), ...}"
    )


def _ranges() -> dict[type, dict[str, Any]]:
    require("optuna", extra="optuna", what="search spaces")
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    training = {
        "lr": FloatDistribution(1e-4, 1e-2, log=True),
        "weight_decay": FloatDistribution(1e-5, 1e-1, log=True),
        "label_smoothing": FloatDistribution(0.0, 0.2),
        "lr_schedule": CategoricalDistribution([None, "onecycle", "cosine"]),
    }
    of_spectrograms = {
        **training,
        "batch_size": CategoricalDistribution([16, 32, 64]),
        "dropout": FloatDistribution(0.0, 0.6),
        "mixup": FloatDistribution(0.0, 0.4),
        "spec_augment": FloatDistribution(0.0, 0.3),
    }
    return {
        DNNClassifier: {
            **training,
            "batch_size": CategoricalDistribution([8, 16, 32, 64]),
            "dropout": FloatDistribution(0.0, 0.6),
            "hidden_sizes": CategoricalDistribution(_HIDDEN_SIZES),
        },
        CNN2DClassifier: of_spectrograms,
        CRNNClassifier: {
            **of_spectrograms,
            "rnn_hidden_size": CategoricalDistribution([16, 32, 64]),
            "bidirectional": CategoricalDistribution([False, True]),
        },
        ParallelCRNNClassifier: {
            **of_spectrograms,
            "rnn_hidden_size": CategoricalDistribution([32, 64, 128]),
        },
        RegularizedDiscriminantAnalysis: {
            "pooling": FloatDistribution(0.0, 1.0),
            "shrinkage": FloatDistribution(0.01, 0.5, log=True),
        },
        LogisticRegression: {"C": FloatDistribution(1e-3, 1e2, log=True)},
        SVC: {
            "C": FloatDistribution(1e-1, 1e3, log=True),
            "gamma": FloatDistribution(1e-4, 1e0, log=True),
        },
    }
