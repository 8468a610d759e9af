"""Arrays to genres: skorch networks, and what beats them on few descriptors."""

import sys

if sys.flags.optimize > 1:
    raise ImportError(
        "sklearn_mgc.classifiers cannot be imported under `python -OO`: skorch, which trains the "
        "networks, reads docstrings, and they are removed; run python without -OO (-O works)"
    )

from sklearn_mgc.classifiers.cnn2d import CNN2DClassifier
from sklearn_mgc.classifiers.crnn import CRNNClassifier
from sklearn_mgc.classifiers.dnn import DNNClassifier
from sklearn_mgc.classifiers.parallel_crnn import ParallelCRNNClassifier
from sklearn_mgc.classifiers.rda import RegularizedDiscriminantAnalysis
from sklearn_mgc.classifiers.segment_voting import SegmentVotingClassifier
from sklearn_mgc.classifiers.temperature import TemperatureScaledClassifier, fit_temperature

__all__ = [
    "CNN2DClassifier",
    "CRNNClassifier",
    "DNNClassifier",
    "ParallelCRNNClassifier",
    "RegularizedDiscriminantAnalysis",
    "SegmentVotingClassifier",
    "TemperatureScaledClassifier",
    "fit_temperature",
]
