"""Sound to arrays: transformers from paths or waveforms to what classifiers read."""

from sklearn_mgc.features._extract import extract
from sklearn_mgc.features.base import AudioTransformer
from sklearn_mgc.features.handcrafted import HandcraftedFeatures
from sklearn_mgc.features.mel import MelScaler, MelSpectrogram
from sklearn_mgc.features.relative_variances import RelativeVariances
from sklearn_mgc.features.store import FeatureStore

__all__ = [
    "AudioTransformer",
    "FeatureStore",
    "HandcraftedFeatures",
    "MelScaler",
    "MelSpectrogram",
    "RelativeVariances",
    "extract",
]
