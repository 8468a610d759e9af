"""Plain torch modules: arrays in, logits out. They know nothing of scikit-learn."""

from sklearn_mgc.networks.cnn2d import CNN2D
from sklearn_mgc.networks.crnn import CRNN
from sklearn_mgc.networks.dnn import DNN
from sklearn_mgc.networks.parallel_crnn import ParallelCRNN

__all__ = ["CNN2D", "CRNN", "DNN", "ParallelCRNN"]
