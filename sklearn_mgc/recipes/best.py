"""Our best classifiers: of descriptors, and of spectrograms."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, PowerTransformer

from sklearn_mgc.classifiers import (
    CRNNClassifier,
    RegularizedDiscriminantAnalysis,
    SegmentVotingClassifier,
)
from sklearn_mgc.features import RelativeVariances


def best_handcrafted(*, search: bool = False) -> Pipeline | GridSearchCV:
    """Make our best classifier of the 57 descriptors of ``HandcraftedFeatures("kaggle")``.

    Relative variances, made normal, and a discriminant analysis with a covariance per genre
    that is mostly the common one. It scored best in artist-grouped folds of the training
    and validation clips of GTZAN's fault-filtered split.

    Parameters
    ----------
    search : bool, default=False
        Choose how much of the covariance is pooled and shrunk by artist-grouped folds
        inside the training data, which needs ``fit(X, y, groups=artists)``. False takes
        0.8 and 0.05.

    Returns
    -------
    Pipeline or GridSearchCV
        An unfitted classifier.

    Examples
    --------
    >>> from sklearn_mgc.recipes import best_handcrafted
    >>> [step for step, _ in best_handcrafted().steps]
    ['relativevariances', 'powertransformer', 'regularizeddiscriminantanalysis']
    """
    model = make_pipeline(
        RelativeVariances(), PowerTransformer(), RegularizedDiscriminantAnalysis()
    )
    if not search:
        return model
    grid = {
        "regularizeddiscriminantanalysis__pooling": [0.7, 0.8, 0.9],
        "regularizeddiscriminantanalysis__shrinkage": [0.02, 0.05, 0.1],
    }
    inner = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    return GridSearchCV(model, grid, cv=inner)


def voting_crnn(*, random_state=None) -> Pipeline:
    """Make the CRNN that did best of all networks of spectrograms on few clips.

    Each spectrogram is cut into five segments that vote. Its decibels stay relative to the
    loudest moment of the clip: a quiet segment is quiet. This is the system "crnn_segments"
    of the results on Emotify-30.

    Parameters
    ----------
    random_state : int, RandomState instance or None, default=None
        Seed of the network.

    Returns
    -------
    Pipeline
        An unfitted classifier, for the spectrograms of ``MelSpectrogram()``.

    Examples
    --------
    >>> from sklearn_mgc.recipes import voting_crnn
    >>> [step for step, _ in voting_crnn().steps]
    ['functiontransformer', 'segmentvotingclassifier']
    """
    network = CRNNClassifier(
        average_steps=True,
        lr_schedule="onecycle",
        weight_decay=0.05,
        mixup=0.3,
        spec_augment=0.2,
        label_smoothing=0.1,
        random_state=random_state,
    )
    return make_pipeline(FunctionTransformer(five_segments), SegmentVotingClassifier(network))


def five_segments(mel: np.ndarray) -> np.ndarray:
    """Cut spectrograms into five segments each.

    Parameters
    ----------
    mel : ndarray of shape (n_samples, n_frames, n_mels)
        Spectrograms; the number of frames is a multiple of five.

    Returns
    -------
    ndarray of shape (n_samples, 5, n_frames // 5, n_mels)
        The same numbers.
    """
    mel = np.asarray(mel)
    return mel.reshape(len(mel), 5, -1, mel.shape[2])
