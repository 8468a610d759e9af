"""Labelled audio: paths, genres and, where they are known, artists."""

from sklearn_mgc.datasets.folder import load_audio_folder
from sklearn_mgc.datasets.synthetic import make_music

__all__ = ["load_audio_folder", "make_music"]
