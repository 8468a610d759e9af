"""What X may be: every container of paths and waveforms, and what is said of all others."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_mgc import HandcraftedFeatures
from sklearn_mgc.features.inputs import as_clips

PATHS = ["b.wav", "a.wav", "c ü.wav"]
WAVES = np.random.default_rng(0).uniform(-0.9, 0.9, (3, 4000)).astype(np.float32)


def _polars(X, what="Series", **params):
    return getattr(pytest.importorskip("polars"), what)(X, **params)


def _arrow_dtype(X):
    pa = pytest.importorskip("pyarrow")
    return pd.Series(X, dtype=pd.ArrowDtype(pa.string()))


@pytest.mark.parametrize(
    "form",
    [
        lambda X: pd.Series(X, index=[7, 0, 1], dtype="string"),
        lambda X: pd.Series(X, dtype="category"),
        lambda X: pd.Series([Path(x) for x in X], dtype=object),
        _arrow_dtype,
        lambda X: pd.DataFrame({"path": X}),
        lambda X: pd.array(X, dtype="string"),
        pd.Index,
        _polars,
        lambda X: _polars({"path": X}, "DataFrame"),
        lambda X: pytest.importorskip("pyarrow").array(X),
        lambda X: pytest.importorskip("pyarrow").chunked_array([X[:1], X[1:]]),
        lambda X: [x.encode() for x in X],
        lambda X: dict.fromkeys(X).keys(),
    ],
)
def test_paths(form):
    assert as_clips(form(PATHS)) == PATHS


@pytest.mark.parametrize(
    "form",
    [
        list,
        tuple,
        lambda X: X.tolist(),
        lambda X: X.astype(np.float64),
        lambda X: X.astype(">f4"),
        pd.DataFrame,
        lambda X: _polars(X, "DataFrame"),
        lambda X: pytest.importorskip("torch").tensor(X),
    ],
)
def test_waveforms(form):
    for given, expected in zip(as_clips(form(WAVES)), WAVES, strict=True):
        assert given.dtype == np.float32 and given.dtype.isnative
        np.testing.assert_array_equal(given, expected)


def closed_file():
    file = io.BytesIO(b"RIFF")
    file.close()
    return file


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_32", "PCM_U8"])
def test_integers_are_scaled_as_in_a_file(tmp_path, subtype):
    import soundfile
    from scipy.io import wavfile

    path = tmp_path / "a.wav"
    soundfile.write(path, WAVES[0], 22050, subtype=subtype)
    _, integers = wavfile.read(path)
    assert integers.dtype.kind in "iu"
    extract = HandcraftedFeatures()
    expected = extract.transform([path])
    np.testing.assert_allclose(extract.transform([integers]), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(extract.transform(integers[None]), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ((path for path in PATHS), TypeError, r"generator.*pass a list"),
        (map(str, PATHS), TypeError, r"map.*pass a list"),
        (set(PATHS), TypeError, r"set.*order"),
        ({"a": "a.wav"}, TypeError, r"dict.*list\(X.values\(\)\)"),
        (["a.wav", ""], ValueError, r"item 1 of X is an empty string"),
        ([closed_file()], ValueError, r"item 0 of X is a file that is closed"),
        (["a.wav", None], TypeError, r"item 1 of X .*leave it out"),
        (WAVES[0], TypeError, r"one waveform, pass \[X\]"),
        ([WAVES[:2]], TypeError, r"item 0 .*\(2, 4000\); average its channels.*axis=0"),
        ([WAVES[0], WAVES[:2].T], TypeError, r"item 1 .*\(4000, 2\); average.*axis=1"),
        (np.stack([WAVES[:2]] * 3), TypeError, r"\(3, 2, 4000\).*channels averaged"),
        ([(WAVES[0], 22050)], TypeError, r"item 0 of X .*tuple"),
        ([WAVES[0] > 0], TypeError, r"item 0 .*bool.*pass floats"),
        ([np.arange(9000)], TypeError, r"item 0 .*int64.*int16"),
        (np.arange(18000).reshape(2, -1), TypeError, r"item 0 .*int64"),
        (pd.DataFrame({"a": PATHS, "b": PATHS}), TypeError, r"\(3, 2\)"),
        ([], ValueError, "empty"),
        (np.empty((0, 4000)), ValueError, "empty"),
        (5, TypeError, "sequence"),
    ],
)
def test_what_is_no_sequence_of_clips(X, error, message):
    with pytest.raises(error, match=f"(?s){message}"):
        HandcraftedFeatures().fit_transform(X)


def test_no_samples_are_too_few():
    with pytest.warns(UserWarning, match="waveform 1: has 0 samples"):
        rows = HandcraftedFeatures(on_error="nan").transform([WAVES[0], []])
    assert np.isnan(rows).all(axis=1).tolist() == [False, True]
