"""Sound files in memory, whole and in the ways in which people have them."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

RATE = 44100


def encoded(wave: np.ndarray, rate: int = RATE, **options) -> bytes:
    """A sound file as bytes."""
    file = io.BytesIO()
    soundfile.write(file, wave, rate, **options)
    return file.getvalue()


def without_xing(mp3: bytes) -> bytes:
    """An MP3 (MPEG 1) as encoders that write to a pipe leave it: its first frame is gone."""
    rates = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    assert b"Xing" in mp3[:64] or b"Info" in mp3[:64]
    bits, padding = mp3[2] >> 4, mp3[2] >> 1 & 1
    return mp3[144_000 * rates[bits] // RATE + padding :]


def mp3(wave: np.ndarray, rate: int = RATE, **options) -> bytes:
    return encoded(wave, rate, format="MP3", subtype="MPEG_LAYER_III", **options)


def vorbis(wave: np.ndarray, rate: int = RATE) -> bytes:
    return encoded(wave, rate, format="OGG", subtype="VORBIS")


@pytest.fixture(scope="session")
def noise():
    """Six seconds in stereo: a loud second, and then a faint tone (so that bit rates vary)."""
    rng = np.random.default_rng(0)
    t = np.arange(6 * RATE) / RATE
    left = np.where(t < 1, 0.3 * rng.standard_normal(len(t)), 0.1 * np.sin(2765 * t))
    return np.stack([left, 0.7 * left], axis=1).astype(np.float32)
