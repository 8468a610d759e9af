"""Our best classifiers, by what represents the sound."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, PowerTransformer, StandardScaler

from sklearn_mgc.classifiers import (
    CRNNClassifier,
    RegularizedDiscriminantAnalysis,
    SegmentVotingClassifier,
)
from sklearn_mgc.features import (
    HandcraftedFeatures,
    MelSpectrogram,
    PretrainedEmbedding,
    RelativeVariances,
)
from sklearn_mgc.recipes.candidates import calibrated_svc


def best(representation: str = "embedding", *, random_state=None) -> Pipeline:
    """Make the best pipeline from audio files to genres for a representation.

    The best on Emotify-30, with artists kept apart: see "Which representation" in the user guide
    for the accuracies and their intervals.

    Parameters
    ----------
    representation : {"embedding", "descriptors", "spectrograms"}, default="embedding"
        The embedding of a pretrained network (``musicnn``, whose weights must be on this machine)
        with a linear discriminant analysis; the descriptors of ``HandcraftedFeatures("rich")`` with
        a support vector machine; or mel-spectrograms in five segments with a recurrent network,
        `voting_crnn`.
    random_state : int, RandomState instance or None, default=None
        Seed of the network of ``"spectrograms"``; the others use no random numbers.

    Returns
    -------
    Pipeline
        An unfitted classifier of paths or waveforms; its first step takes ``cache``, ``n_jobs``
        and ``verbose`` by ``set_params``.

    Raises
    ------
    ValueError
        If there is no such representation.

    Examples
    --------
    >>> from sklearn_mgc.datasets import make_music
    >>> from sklearn_mgc.recipes import best
    >>> music = make_music(n_tracks=18, duration=1.0, random_state=0)
    >>> model = best("descriptors").fit(music.data, music.target)
    >>> model.predict_proba(music.data).shape
    (18, 6)
    """
    if representation not in _BEST:
        raise ValueError(f"representation must be one of {list(_BEST)}, got {representation!r}")
    return make_pipeline(*_BEST[representation](random_state))


_BEST: dict[str, Callable[[object], list]] = {
    "embedding": lambda seed: [
        PretrainedEmbedding("musicnn", layer="penultimate", statistics=("mean",)),
        StandardScaler(),
        LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.8),
    ],
    "descriptors": lambda seed: [HandcraftedFeatures("rich"), StandardScaler(), calibrated_svc()],
    "spectrograms": lambda seed: [
        MelSpectrogram(),
        *(step for _, step in voting_crnn(random_state=seed).steps),
    ],
}


def best_handcrafted(*, search: bool = False) -> Pipeline | GridSearchCV:
    """Make our best classifier of the 57 descriptors of ``HandcraftedFeatures("kaggle")``.

    Relative variances, transformed to be normal, and a discriminant analysis with a covariance per
    genre that is mostly the common one. It scored best in folds by artist of the training and
    validation clips of GTZAN's fault-filtered split.

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
    """Make the CRNN that did best among networks of spectrograms on few clips.

    Each spectrogram is cut into five segments that vote. Decibels stay relative to the loudest
    moment of the clip, so that quiet segments remain quiet. This is the system "crnn_segments" of
    the results on Emotify-30.

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
    """Cut spectrograms into five segments each."""
    mel = np.asarray(mel)
    return mel.reshape(len(mel), 5, -1, mel.shape[2])
