"""The networks that the paper compares itself with, layer for layer.

Each function returns an estimator with the published layers. Its page says what the source does not
state or what we changed: Adam instead of RMSprop, bands standardized in the network. PyTorch's
recurrent layers have two biases where Keras has one, which adds a few hundred parameters and no
capacity. The published accuracies were measured on other data and other splits and cannot be
compared with one another.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.fft import dct
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_mgc.classifiers import (
    CNN2DClassifier,
    CRNNClassifier,
    DNNClassifier,
    ParallelCRNNClassifier,
)
from sklearn_mgc.features import MelSpectrogram


def singh(
    *, n_mfcc: int = 20, hidden_sizes: tuple[int, ...] = (256, 128), **params: Any
) -> Pipeline:
    """Make Singh's network: a sequence of MFCCs, flattened, and two dense layers.

    The paper quotes it as 20 MFCCs over time, two dense layers, accuracy 0.53. The widths
    of the layers and the training are not stated; they are chosen here.

    Parameters
    ----------
    n_mfcc : int, default=20
        Cepstral coefficients of each frame.
    hidden_sizes : tuple of int, default=(256, 128)
        Widths of the dense layers.
    **params : dict
        Parameters of `DNNClassifier`.

    Returns
    -------
    Pipeline
        For the spectrograms of ``MelSpectrogram()``, of which MFCCs are a cosine transform.

    Examples
    --------
    >>> from sklearn_mgc.recipes import published
    >>> published.singh()[-1].hidden_sizes
    (256, 128)
    """
    given = {"max_epochs": 50, "batch_size": 32, "lr": 1e-3, "weight_decay": 0.0}
    return make_pipeline(
        FunctionTransformer(mfcc_sequence, kw_args={"n_mfcc": n_mfcc}),
        StandardScaler(),
        DNNClassifier(hidden_sizes, **(given | params)),
    )


def mfcc_sequence(mel: np.ndarray, n_mfcc: int = 20) -> np.ndarray:
    """Compute the MFCCs of spectrograms, all frames in a row.

    Parameters
    ----------
    mel : ndarray of shape (n_samples, n_frames, n_mels)
        Spectrograms in dB.
    n_mfcc : int, default=20
        Coefficients of each frame.

    Returns
    -------
    ndarray of shape (n_samples, n_frames * n_mfcc)
        Type-2 cosine transform of the bands, orthonormal, as librosa's.
    """
    cepstrum = dct(np.asarray(mel), axis=-1, norm="ortho")[..., :n_mfcc]
    return cepstrum.reshape(len(mel), -1)


def lachmish(**params: Any) -> CNN2DClassifier:
    """Make Lachmish's network: three 2-D convolutions and one wide dense layer.

    149, 73 and 35 kernels of 4 x 4, ReLU, pools of 4, 2 and 2, then 8192 units: 87 million weights
    of the dense layer at the published 599 x 128 frames. Dropout keeps 0.75; Adam, learning rate
    1e-3, batches of 64. The source reads two channels, this one reads one; its initial weights have
    a standard deviation of 1, these are PyTorch's; the number of epochs is our choice.

    Parameters
    ----------
    **params : dict
        Parameters of `CNN2DClassifier`.

    Returns
    -------
    CNN2DClassifier
        For the spectrograms of ``MelSpectrogram()``.

    References
    ----------
    M. Lachmish, *Music genre classification*, 2016,
    https://github.com/mlachmish/MusicGenreClassification

    Examples
    --------
    >>> from sklearn_mgc.recipes import published
    >>> published.lachmish().channels
    (149, 73, 35)
    """
    given = {
        "channels": (149, 73, 35),
        "kernel_size": 4,
        "pool_sizes": ((4, 4), (2, 2), (2, 2)),
        "batch_norm": False,
        "dense_sizes": (8192,),
        "dropout": 0.25,
        "lr": 1e-3,
        "batch_size": 64,
        "max_epochs": 50,
    }
    return CNN2DClassifier(**(given | params))


def deepsound(**params: Any) -> CRNNClassifier:
    """Make Deepsound's network: a genre at every time step, averaged over the clip.

    Three Conv1d of 256 kernels of length 5 with ReLU and pools of 2, an LSTM of 256, and at
    each of its steps a softmax; dropout 0.5 before and after the LSTM. Batches of 32, 100
    epochs, learning rate 1e-5 with RMSprop, here Adam. Convolutions are padded here, which
    adds a few steps and no parameter.

    Parameters
    ----------
    **params : dict
        Parameters of `CRNNClassifier`, for example ``lr=1e-3``: 1e-5 is too low for a thousand
        clips.

    Returns
    -------
    CRNNClassifier
        For the spectrograms of ``MelSpectrogram()``.

    References
    ----------
    P. Kozakowski and B. Michalak, *Music genre recognition*, 2016,
    https://github.com/deepsound-project/genre-recognition

    Examples
    --------
    >>> from sklearn_mgc.recipes import published
    >>> published.deepsound().average_steps
    True
    """
    given = {
        "channels": (256, 256, 256),
        "kernel_sizes": (5, 5, 5),
        "pool_sizes": (2, 2, 2),
        "batch_norm": False,
        "dropout": 0.5,
        "rnn_hidden_size": 256,
        "rnn_layers": 1,
        "rnn_dropout": 0.5,
        "average_steps": True,
        "lr": 1e-5,
        "batch_size": 32,
        "weight_decay": 0.0,
        "max_epochs": 100,
    }
    return CRNNClassifier(**(given | params))


def choi_crnn(**params: Any) -> CRNNClassifier:
    """Make the CRNN of Choi, Fazekas, Sandler and Cho: four Conv2d and two GRUs.

    64, 128, 128 and 128 kernels of 3 x 3 with batch normalization and ELU, pools of 2, 3, 4 and 4
    and dropout 0.1 after each, two GRUs of 32, dropout 0.3. That leaves 15 steps of one band of the
    spectrograms of `choi_spectrogram`. The source predicts tags (50 sigmoids, early stopping), this
    one a single genre; epochs and batch size are our choice. Bands are standardized by the training
    data instead of a batch normalization over frames.

    Parameters
    ----------
    **params : dict
        Parameters of `CRNNClassifier`.

    Returns
    -------
    CRNNClassifier
        For the spectrograms of `choi_spectrogram`.

    References
    ----------
    K. Choi, G. Fazekas, M. Sandler and K. Cho, *Convolutional recurrent neural networks for
    music classification*, ICASSP 2017, arXiv:1609.04243; layers as in
    https://github.com/keunwoochoi/music-auto_tagging-keras

    Examples
    --------
    >>> from sklearn_mgc.recipes import published
    >>> published.choi_crnn().channels
    (64, 128, 128, 128)
    """
    given = {
        "channels": (64, 128, 128, 128),
        "kernel_sizes": (3, 3, 3, 3),
        "pool_sizes": (2, 3, 4, 4),
        "convolution": "2d",
        "activation": "elu",
        "dropout": (0.1, 0.1, 0.1, 0.1),
        "rnn": "gru",
        "rnn_hidden_size": 32,
        "rnn_layers": 2,
        "rnn_dropout": 0.3,
        "lr": 1e-3,
        "batch_size": 32,
        "weight_decay": 0.0,
        "max_epochs": 50,
    }
    return CRNNClassifier(**(given | params))


def choi_spectrogram(**params: Any) -> MelSpectrogram:
    """Make the spectrogram that `choi_crnn` reads: 96 bands at 12 kHz.

    The source computes 1366 frames (29.1 s) and pads them to 1440 with zeros, half on each
    side; here they are padded at the end with silence.

    Parameters
    ----------
    **params : dict
        Further parameters of `MelSpectrogram`.

    Returns
    -------
    MelSpectrogram
        Frames of 512 samples every 256 at 12,000 Hz, 96 bands.

    Examples
    --------
    >>> from sklearn_mgc.recipes import published
    >>> published.choi_spectrogram().n_mels
    96
    """
    given: dict[str, Any] = {
        "n_mels": 96,
        "n_frames": 1440,
        "n_fft": 512,
        "hop_length": 256,
        "sample_rate": 12000,
        "duration": 1365 * 256 / 12000,
    }
    return MelSpectrogram(**(given | params))


def parallel_crnn(**params: Any) -> ParallelCRNNClassifier:
    """Make Dwivedi's version of the parallel network of Feng, Liu and Yao.

    Five Conv2d of 3 x 1 with 16, 32, 64, 64 and 64 kernels, ReLU and pools of 2, 2, 2, 4 and
    4, beside a pool of 4 x 2 and a bidirectional GRU of 64; their 256 + 128 values go to the
    genres. Batches of 64, 50 epochs, learning rate 5e-4 with RMSprop, here Adam, and without
    its halving on a plateau.

    Parameters
    ----------
    **params : dict
        Parameters of `ParallelCRNNClassifier`.

    Returns
    -------
    ParallelCRNNClassifier
        For the spectrograms of ``MelSpectrogram()``.

    References
    ----------
    L. Feng, S. Liu and J. Yao, *Music genre classification with paralleling recurrent
    convolutional neural network*, arXiv:1712.08370, 2017; layers as in
    https://github.com/priya-dwivedi/Music_Genre_Classification

    Examples
    --------
    >>> from sklearn_mgc.recipes import published
    >>> published.parallel_crnn().rnn_hidden_size
    64
    """
    given = {"lr": 5e-4, "batch_size": 64, "max_epochs": 50}
    return ParallelCRNNClassifier(**(given | params))
