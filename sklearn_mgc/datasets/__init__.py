"""Labelled audio: paths, genres and, where they are known, artists."""

from sklearn_mgc.datasets._bunch import clear_data_home, get_data_home
from sklearn_mgc.datasets.fma import load_fma, load_fma_features
from sklearn_mgc.datasets.folder import load_audio_folder
from sklearn_mgc.datasets.gtzan import load_gtzan
from sklearn_mgc.datasets.gtzan_features import load_gtzan_features
from sklearn_mgc.datasets.synthetic import make_music

__all__ = [
    "clear_data_home",
    "get_data_home",
    "load_audio_folder",
    "load_fma",
    "load_fma_features",
    "load_gtzan",
    "load_gtzan_features",
    "make_music",
]
