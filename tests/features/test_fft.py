"""MKL's FFT where it is installed, scipy's elsewhere: the same features."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import scipy.fft
from numpy.testing import assert_allclose

from sklearn_mgc.features import HandcraftedFeatures, MelSpectrogram, spectrum


@pytest.fixture
def choose():
    """The choice is made once a process: forget it before and after."""
    spectrum.fastest_rfft.cache_clear()
    yield spectrum.fastest_rfft
    spectrum.fastest_rfft.cache_clear()


def test_scipy_without_mkl(choose, monkeypatch):
    monkeypatch.setitem(sys.modules, "mkl_fft", None)
    assert choose() is scipy.fft.rfft


def test_features_equal_with_mkl(choose, clips, monkeypatch):
    mkl_fft = pytest.importorskip("mkl_fft")
    assert choose() is mkl_fft.rfft
    transformers = [HandcraftedFeatures(), MelSpectrogram(n_frames=60)]
    with_mkl = [transformer.transform(clips) for transformer in transformers]
    monkeypatch.setattr(spectrum, "fastest_rfft", lambda: scipy.fft.rfft)
    without = [transformer.transform(clips) for transformer in transformers]
    assert_allclose(with_mkl[0], without[0], rtol=2e-4, atol=1e-3)
    loud = without[1] > -60
    assert_allclose(with_mkl[1][loud], without[1][loud], atol=1e-3)


@pytest.mark.parametrize("n_fft", [64, 2048, 2050])
def test_mkl_transforms_in_float32(n_fft):
    mkl_fft = pytest.importorskip("mkl_fft")
    frames = np.random.default_rng(0).standard_normal((7, n_fft)).astype(np.float32)
    found = mkl_fft.rfft(frames, axis=1)
    assert found.dtype == np.complex64 and found.flags.c_contiguous
    assert_allclose(found, scipy.fft.rfft(frames, axis=1), atol=1e-4)
