"""Labelled audio: paths, genres and, where they are known, artists."""

from sklearn_mgc.datasets.acousticbrainz import load_acousticbrainz
from sklearn_mgc.datasets.bunch import clear_data_home, get_data_home, left_out
from sklearn_mgc.datasets.check import check_audio
from sklearn_mgc.datasets.fma import fetch_fma, load_fma
from sklearn_mgc.datasets.fma_features import fetch_fma_features, load_fma_features
from sklearn_mgc.datasets.folder import load_audio_folder
from sklearn_mgc.datasets.gtzan import fetch_gtzan, load_gtzan
from sklearn_mgc.datasets.gtzan_features import load_gtzan_features
from sklearn_mgc.datasets.homburg import load_homburg
from sklearn_mgc.datasets.synthetic import make_music
from sklearn_mgc.datasets.table import load_audio_table

__all__ = [
    "check_audio",
    "clear_data_home",
    "fetch_fma",
    "fetch_fma_features",
    "fetch_gtzan",
    "get_data_home",
    "left_out",
    "load_acousticbrainz",
    "load_audio_folder",
    "load_audio_table",
    "load_fma",
    "load_fma_features",
    "load_gtzan",
    "load_gtzan_features",
    "load_homburg",
    "make_music",
]
