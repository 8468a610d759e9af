"""Sound to arrays: transformers from paths or waveforms to what classifiers read."""

from sklearn_mgc.features.base import AudioTransformer
from sklearn_mgc.features.embeddings import PretrainedEmbedding
from sklearn_mgc.features.extraction import extract
from sklearn_mgc.features.handcrafted import HandcraftedFeatures
from sklearn_mgc.features.mel import MelSpectrogram
from sklearn_mgc.features.mel_scaler import MelScaler
from sklearn_mgc.features.relative_variances import RelativeVariances
from sklearn_mgc.features.sound import Sound
from sklearn_mgc.features.store import FeatureStore

__all__ = [
    "AudioTransformer",
    "FeatureStore",
    "HandcraftedFeatures",
    "MelScaler",
    "MelSpectrogram",
    "PretrainedEmbedding",
    "RelativeVariances",
    "Sound",
    "extract",
]
