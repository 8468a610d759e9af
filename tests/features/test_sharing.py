"""One transformer in threads, in frames of pandas and polars, from bytes, and in a saved model."""

from __future__ import annotations

import io
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import numba
import numpy as np
import pytest
import sklearn
from numba.core.caching import IndexDataCacheFile
from numpy.testing import assert_array_equal
from sklearn.base import clone
from threadpoolctl import threadpool_info

from sklearn_mgc import _numba
from sklearn_mgc.features import (
    HandcraftedFeatures,
    MelScaler,
    MelSpectrogram,
    RelativeVariances,
)
from sklearn_mgc.features.remembered import remembered
from tests.features.conftest import assert_same

config: Any = numba.config  # numba makes its attributes at import


def test_threads_do_not_wait_for_each_others_clips():
    barrier = Barrier(2)

    class Clip:
        @remembered
        def description(self):
            """Of both at once, or never."""
            return barrier.wait(timeout=30), self

    clips = [Clip(), Clip()]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda clip: clip.description, clips))
    assert [clip for _, clip in found] == clips
    assert all(clip.description is value for clip, value in zip(clips, found, strict=True))


def test_threads_see_their_own_failures(clips):
    transformer = HandcraftedFeatures(on_error="nan")
    barrier = Barrier(8)

    def transform(n_missing: int):
        barrier.wait()
        transformer.transform([*clips[:1], *[f"missing {i}.wav" for i in range(n_missing)]])
        barrier.wait()
        return len(transformer.failed_)

    with ThreadPoolExecutor(8) as pool, pytest.warns(UserWarning, match="could not be used"):
        assert list(pool.map(transform, range(8))) == list(range(8))
    with pytest.raises(AttributeError, match="not transformed"):
        transformer.failed_  # noqa: B018 - this thread has not


def test_threads_leave_the_limits_of_the_process_alone(clips):
    def limits():
        return [(pool["filepath"], pool["num_threads"]) for pool in threadpool_info()]

    HandcraftedFeatures().transform(clips)
    before = limits()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(HandcraftedFeatures(n_jobs=2).transform, [clips] * 8))
    assert limits() == before


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_frames_where_there_are_columns(clips, container):
    pytest.importorskip(container)
    rng = np.random.default_rng(0)
    tables: dict[Any, Any] = {
        HandcraftedFeatures(): clips,
        RelativeVariances(["rms_mean", "rms_var"]): rng.uniform(size=(4, 2)),
    }
    arrays: dict[Any, Any] = {
        HandcraftedFeatures(n_segments=2): clips,
        MelSpectrogram(n_frames=20): clips,
        MelScaler(): rng.normal(size=(4, 20, 8)),
    }
    expected = {id(t): clone(t).fit_transform(X) for t, X in (tables | arrays).items()}
    with sklearn.config_context(transform_output=container):
        for transformer, X in tables.items():
            frame = transformer.fit_transform(X)
            assert frame.shape == expected[id(transformer)].shape
            assert type(frame).__module__.startswith(container)
            assert_same(frame.to_numpy(), expected[id(transformer)])
        for transformer, X in arrays.items():
            found = transformer.fit_transform(X)
            assert isinstance(found, np.ndarray)
            assert_same(found, expected[id(transformer)])


def test_bytes_and_open_files(clip_paths, tmp_path):
    expected = HandcraftedFeatures().transform(clip_paths)
    contents = [Path(path).read_bytes() for path in clip_paths]
    cached = HandcraftedFeatures(cache=tmp_path)
    with open(clip_paths[3], "rb") as file:
        items = [contents[0], bytearray(contents[1]), io.BytesIO(contents[2]), file]
        for _ in range(2):
            assert_same(cached.transform(items), expected)
    with pytest.raises(ValueError, match=r"item 0 \(2000 bytes\).*cannot be decoded") as error:
        cached.transform([b"\0" * 2000])
    assert len(str(error.value)) < 300
    with open(clip_paths[0], encoding="latin-1") as file, pytest.raises(TypeError, match="'rb'"):
        cached.transform([file])


def test_waveforms_that_were_integers_are_told(clips):
    with pytest.warns(UserWarning, match=r"2 of 4 clips .*waveform 1: samples reach .*int16"):
        HandcraftedFeatures().transform([clips[0], clips[1] * 32768, clips[2], clips[3] * 32768])


def test_a_cache_that_cannot_be_written_is_kept_elsewhere(tmp_path, monkeypatch):
    """As with a package, a home and a working directory that are read-only."""
    tries = []

    def njit(function, **options):
        tries.append(config.CACHE_DIR)
        if len(tries) == 1:
            raise RuntimeError("cannot cache function 'f': no locator available for file 'f.py'")

    monkeypatch.setattr(_numba, "njit", njit)
    monkeypatch.setattr(config, "CACHE_DIR", "")
    monkeypatch.setattr(_numba.tempfile, "gettempdir", lambda: str(tmp_path))
    with pytest.warns(UserWarning, match="NUMBA_CACHE_DIR") as caught:
        _numba.find_cache()
    assert len(caught) == 1 and Path(config.CACHE_DIR).parent == tmp_path
    assert Path(config.CACHE_DIR).stat().st_mode & 0o077 == 0
    _numba.find_cache()
    assert len(tries) == 2


def test_a_full_drive_costs_the_cache_and_not_the_result(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(IndexDataCacheFile, "save", fail)
    with pytest.warns(UserWarning, match="No space left on device.*NUMBA_CACHE_DIR"):
        assert _numba.compiled(lambda x: x + 1)(1) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it is told once
        assert _numba.compiled(error_model="numpy")(lambda x: 1 / x)(0.0) == np.inf


def test_threads_share_a_transformer(clips):
    transformer = HandcraftedFeatures("rich")
    expected = transformer.transform(clips)
    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(transformer.transform, [clips] * 4):
            assert_same(found, expected)
    assert_array_equal(transformer.get_feature_names_out(), transformer.column_names())
