from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal import get_window

from sklearn_mgc.features.filters import chroma_filters, hann_window, mel_bank


@pytest.mark.parametrize(
    "params",
    [
        (22050, 2048, 128, 0.0, None),
        (22050, 2048, 40, 50.0, 8000.0),
        (44100, 4096, 96, 20.0, None),
        (8000, 512, 20, 1500.0, 4000.0),
    ],
)
def test_mel_bank_is_librosas(params):
    from librosa.filters import mel

    sr, n_fft, n_mels, fmin, fmax = params
    expected = mel(sr=sr, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
    assert_allclose(mel_bank(*params), expected, rtol=1e-5, atol=1e-9)


def test_empty_bands_are_told():
    with pytest.warns(UserWarning, match="mel bands .* n_fft=256"):
        mel_bank(22050, 256, 128, 0.0, None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mel_bank(22050, 2048, 128, 0.0, None)


@pytest.mark.parametrize("tuning", [-0.5, -0.13, 0.0, 0.49])
@pytest.mark.parametrize(("sr", "n_fft"), [(22050, 2048), (44100, 1024)])
def test_chroma_filters_are_librosas(sr, n_fft, tuning):
    from librosa.filters import chroma

    expected = chroma(sr=sr, n_fft=n_fft, tuning=tuning).T
    assert_allclose(chroma_filters(sr, n_fft, tuning), expected, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("n_fft", [64, 2048, 3000])
def test_window_is_scipys(n_fft):
    expected = get_window("hann", n_fft).astype(np.float32)
    assert_allclose(hann_window(n_fft), expected, atol=1e-7)
    assert_array_equal(hann_window(n_fft)[0], 0)
