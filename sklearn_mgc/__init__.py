"""Music genre classification with scikit-learn estimators.

Sound in, features, network, genre::

    make_pipeline(HandcraftedFeatures(), StandardScaler(), DNNClassifier()).fit(paths, genres)

Public names are imported on first use (PEP 562), so that ``import sklearn_mgc``
costs nothing: torch, librosa and matplotlib are loaded by what needs them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "AudioError": "sklearn_mgc.audio",
    "CNN2DClassifier": "sklearn_mgc.classifiers",
    "CRNNClassifier": "sklearn_mgc.classifiers",
    "DNNClassifier": "sklearn_mgc.classifiers",
    "HandcraftedFeatures": "sklearn_mgc.features",
    "MelScaler": "sklearn_mgc.features",
    "MelSpectrogram": "sklearn_mgc.features",
    "ParallelCRNNClassifier": "sklearn_mgc.classifiers",
    "RegularizedDiscriminantAnalysis": "sklearn_mgc.classifiers",
    "RelativeVariances": "sklearn_mgc.features",
    "SegmentVotingClassifier": "sklearn_mgc.classifiers",
    "TRUSTED_TYPES": "sklearn_mgc.saving",
    "load_audio": "sklearn_mgc.audio",
    "model_card": "sklearn_mgc.saving",
    "to_onnx": "sklearn_mgc.saving",
}
_MODULES = (
    "audio",
    "classifiers",
    "datasets",
    "display",
    "evaluation",
    "features",
    "networks",
    "recipes",
    "search",
)

__all__ = sorted([*_HOME, *_MODULES, "__version__"])

if TYPE_CHECKING:
    from sklearn_mgc.audio import AudioError as AudioError
    from sklearn_mgc.audio import load_audio as load_audio
    from sklearn_mgc.classifiers import CNN2DClassifier as CNN2DClassifier
    from sklearn_mgc.classifiers import CRNNClassifier as CRNNClassifier
    from sklearn_mgc.classifiers import DNNClassifier as DNNClassifier
    from sklearn_mgc.classifiers import ParallelCRNNClassifier as ParallelCRNNClassifier
    from sklearn_mgc.classifiers import (
        RegularizedDiscriminantAnalysis as RegularizedDiscriminantAnalysis,
    )
    from sklearn_mgc.classifiers import SegmentVotingClassifier as SegmentVotingClassifier
    from sklearn_mgc.features import HandcraftedFeatures as HandcraftedFeatures
    from sklearn_mgc.features import MelScaler as MelScaler
    from sklearn_mgc.features import MelSpectrogram as MelSpectrogram
    from sklearn_mgc.features import RelativeVariances as RelativeVariances
    from sklearn_mgc.saving import TRUSTED_TYPES as TRUSTED_TYPES
    from sklearn_mgc.saving import model_card as model_card
    from sklearn_mgc.saving import to_onnx as to_onnx


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name in _MODULES:
        return importlib.import_module(f"sklearn_mgc.{name}")
    raise AttributeError(f"module 'sklearn_mgc' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
