"""Arrays to genres: scikit-learn classifiers that own a skorch network."""

from sklearn_mgc.classifiers.cnn2d import CNN2DClassifier
from sklearn_mgc.classifiers.crnn import CRNNClassifier
from sklearn_mgc.classifiers.dnn import DNNClassifier

__all__ = ["CNN2DClassifier", "CRNNClassifier", "DNNClassifier"]
