"""Types of this package that a saved model may hold."""

from __future__ import annotations

TRUSTED_TYPES = [
    "sklearn_mgc.classifiers.cnn2d.CNN2DClassifier",
    "sklearn_mgc.classifiers.crnn.CRNNClassifier",
    "sklearn_mgc.classifiers.dnn.DNNClassifier",
    "sklearn_mgc.classifiers.parallel_crnn.ParallelCRNNClassifier",
    "sklearn_mgc.classifiers.rda.RegularizedDiscriminantAnalysis",
    "sklearn_mgc.classifiers.segment_voting.SegmentVotingClassifier",
    "sklearn_mgc.features.handcrafted.HandcraftedFeatures",
    "sklearn_mgc.features.mel.MelScaler",
    "sklearn_mgc.features.mel.MelSpectrogram",
    "sklearn_mgc.features.relative_variances.RelativeVariances",
    "sklearn_mgc.recipes.published.mfcc_sequence",
]
"""For ``skops.io.load(path, trusted=TRUSTED_TYPES)``, which runs no code of the file.

Their state is plain parameters and numpy arrays.
"""
