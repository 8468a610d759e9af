"""Spectrograms larger than memory: written to a file, returned as a map of it."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_mgc.features import HandcraftedFeatures, MelSpectrogram, memmap
from tests.features.conftest import assert_same
from tests.processes import finish, start, write_spectrograms

SMALL = {"n_frames": 40}


@pytest.mark.parametrize("n_segments", [None, 2])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_file_equals_memory(clip_paths, tmp_path, n_segments, n_jobs):
    params = {**SMALL, "n_segments": n_segments, "n_jobs": n_jobs}
    expected = MelSpectrogram(**params).transform(clip_paths)
    X = MelSpectrogram(**params, out=tmp_path / "deep" / "x").transform(clip_paths)
    assert isinstance(X, np.memmap) and not X.flags.writeable
    assert_same(X, expected)
    (file,) = (tmp_path / "deep" / "x").iterdir()
    assert_array_equal(np.load(file), X)


def test_no_file_is_replaced(clip_paths, tmp_path):
    """Joblib's workers open a map by the name of its file."""
    transformer = MelSpectrogram(**SMALL, out=tmp_path)
    found = [transformer.transform(clip_paths[part]) for part in (slice(2), slice(2, 4), slice(2))]
    maps = [X for X in found if isinstance(X, np.memmap)]
    assert len({array.filename for array in maps}) == 3
    for array in maps:
        assert_array_equal(np.load(str(array.filename)), array)
    expected = MelSpectrogram(**SMALL).transform(clip_paths)
    assert_same(np.concatenate(maps[:2]), expected)


@pytest.mark.parametrize("name", ["x.npy", "a file"])
def test_a_file_is_not_a_folder(clip_paths, tmp_path, name):
    (tmp_path / name).write_bytes(b"kept")
    with pytest.raises(FileExistsError, match="must be a folder"):
        MelSpectrogram(**SMALL, out=tmp_path / name).transform(clip_paths)
    assert (tmp_path / name).read_bytes() == b"kept"


def test_failed_rows_are_nan(clip_paths, tmp_path):
    transformer = MelSpectrogram(**SMALL, out=tmp_path / "x", on_error="nan")
    with pytest.warns(UserWarning, match="1 of 2"):
        X = transformer.transform(["missing.wav", clip_paths[0]])
    assert np.isnan(X[0]).all() and np.isfinite(X[1]).all()


def test_nothing_is_left_of_a_failed_run(clip_paths, tmp_path):
    with pytest.raises(ValueError, match="no such file"):
        MelSpectrogram(**SMALL, out=tmp_path).transform([*clip_paths, "missing.wav"])
    assert list(tmp_path.iterdir()) == []


def test_interrupted_run_goes_on_with_cache(clip_paths, tmp_path, monkeypatch):
    transformer = MelSpectrogram(**SMALL, out=tmp_path / "x", cache=tmp_path / "cache")
    with pytest.raises(ValueError, match="no such file"):
        transformer.transform([*clip_paths, "missing.wav"])
    monkeypatch.setattr(MelSpectrogram, "extract_sound", None)
    assert np.isfinite(transformer.transform(clip_paths)).all()


def test_float16(clip_paths, tmp_path):
    expected = MelSpectrogram(**SMALL).transform(clip_paths)
    half = MelSpectrogram(**SMALL, dtype="float16", cache=tmp_path)
    for _ in range(2):
        X = half.transform(clip_paths)
        assert X.dtype == np.float16
        assert_allclose(X, expected, atol=0.04)
    mapped = half.set_params(out=tmp_path / "x").transform(clip_paths)
    assert mapped.dtype == np.float16
    assert_array_equal(mapped, X)


def test_full_disk_is_told_at_once(clip_paths, tmp_path, monkeypatch):
    usage = memmap.shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(memmap.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(OSError, match="GB free; choose another folder for out="):
        MelSpectrogram(**SMALL, out=tmp_path / "x").transform(clip_paths)


@pytest.mark.parametrize("params", [{"dtype": "float64"}, {"out": 3}])
def test_bad_parameter(clip_paths, params):
    with pytest.raises(ValueError, match=next(iter(params))):
        MelSpectrogram(**params).transform(clip_paths)


def test_samples_that_overflow(tmp_path):
    with pytest.raises(ValueError, match="too large"):
        HandcraftedFeatures().transform([np.full(22050, 1e30, dtype=np.float32)])


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_does_not_grow_with_the_file(tmp_path):
    finish(start(write_spectrograms, tmp_path / "x"))
