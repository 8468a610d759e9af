"""Sound to arrays: transformers from paths or waveforms to what classifiers read."""

from sklearn_mgc.features._base import AudioTransformer
from sklearn_mgc.features._extract import extract
from sklearn_mgc.features._store import FeatureStore
from sklearn_mgc.features.handcrafted import HandcraftedFeatures
from sklearn_mgc.features.mel import MelScaler, MelSpectrogram
from sklearn_mgc.features.relative import RelativeVariances

__all__ = [
    "AudioTransformer",
    "FeatureStore",
    "HandcraftedFeatures",
    "MelScaler",
    "MelSpectrogram",
    "RelativeVariances",
    "extract",
]
