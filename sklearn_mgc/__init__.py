"""Music genre classification with scikit-learn estimators.

Sound in, features, network, genre::

    make_pipeline(HandcraftedFeatures(), StandardScaler(), DNNClassifier()).fit(paths, genres)

The names of that line are here; everything else lives in its room (``sklearn_mgc.datasets``,
``.evaluation``, ``.search``, ...). Names are imported on first use (PEP 562), so that
``import sklearn_mgc`` costs nothing: torch, librosa and matplotlib are loaded by what needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn_mgc._lazy import lazy

__version__ = "0.1.0"

_LINE = {
    "AudioError": "audio",
    "load_audio": "audio",
    "HandcraftedFeatures": "features",
    "MelScaler": "features",
    "MelSpectrogram": "features",
    "PretrainedEmbedding": "features",
    "RelativeVariances": "features",
    "CNN2DClassifier": "classifiers",
    "CRNNClassifier": "classifiers",
    "DNNClassifier": "classifiers",
    "ParallelCRNNClassifier": "classifiers",
    "RegularizedDiscriminantAnalysis": "classifiers",
    "SegmentVotingClassifier": "classifiers",
}
_ROOMS = (
    "audio",
    "classifiers",
    "datasets",
    "display",
    "evaluation",
    "features",
    "inspection",
    "networks",
    "recipes",
    "saving",
    "search",
)

__getattr__, __dir__, __all__ = lazy(__name__, _LINE, _ROOMS)

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
    from sklearn_mgc.features import PretrainedEmbedding as PretrainedEmbedding
    from sklearn_mgc.features import RelativeVariances as RelativeVariances
