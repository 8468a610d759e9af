"""One reading of each clip for several transformers, and transformers of others."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile as sf
from numpy.testing import assert_allclose
from sklearn.base import clone

from sklearn_mgc.audio import AudioError
from sklearn_mgc.features import (
    AudioTransformer,
    HandcraftedFeatures,
    MelSpectrogram,
    extract,
    sound,
)
from sklearn_mgc.features.spectrum import Block
from tests.features.conftest import assert_same


class Peak(AudioTransformer):
    """What somebody writes who knows only the base class."""

    def __init__(self, power=1, *, n_segments=None, cache=None, n_jobs=None, on_error="raise"):
        self.power = power
        self.n_segments = n_segments
        self.cache = cache
        self.n_jobs = n_jobs
        self.on_error = on_error

    def output_shape(self):
        return (1,)

    def extract(self, y):
        return np.abs(y).max(keepdims=True) ** self.power


class BatchedPeak(Peak):
    """One that works on several clips at once, in the thread that asked."""

    batch_clips = 3

    def extract(self, y):
        return {"peak": np.abs(y).max()}

    def finish(self, results):
        self.sizes = [*getattr(self, "sizes", ()), len(results)]
        return [[result["peak"] ** self.power] for result in results]


@pytest.fixture
def count(monkeypatch):
    """How often files were opened and frames transformed."""
    counts = {"decoded": 0, "transformed": 0}
    stream_audio, power_rows = sound.stream_audio, Block.power_rows

    def counted_stream(*args, **kwargs):
        counts["decoded"] += 1
        return stream_audio(*args, **kwargs)

    def counted_blocks(self, *args):
        counts["transformed"] += 1
        return power_rows(self, *args)

    monkeypatch.setattr(sound, "stream_audio", counted_stream)
    monkeypatch.setattr(Block, "power_rows", counted_blocks)
    return counts


@pytest.mark.parametrize(
    "mel",
    [{}, {"n_mels": 40, "fmin": 50.0, "fmax": 8000.0}, {"hop_length": 512, "n_segments": 2}],
)
@pytest.mark.parametrize("mel_first", [False, True])
def test_one_pass_equals_separate_ones(clip_paths, count, mel, mel_first):
    shared = {"n_segments": mel.get("n_segments")}
    pair = [HandcraftedFeatures("rich", **shared), MelSpectrogram(n_frames=60, **mel)]
    if mel_first:
        pair.reverse()
    expected = [transformer.transform(clip_paths) for transformer in pair]
    count.update(decoded=0, transformed=0)
    found = extract(clip_paths, *pair)
    assert count["decoded"] == len(clip_paths)
    assert count["transformed"] == len(clip_paths) * (shared["n_segments"] or 1)
    for a, b in zip(found, expected, strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype
        assert_allclose(a, b, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    "mel", [{"hop_length": 300}, {"n_fft": 1024}, {"pad_mode": "reflect"}, {"backend": "librosa"}]
)
def test_other_frames_are_transformed_apart(clips, mel):
    handcrafted, other = HandcraftedFeatures(), MelSpectrogram(n_frames=60, **mel)
    table, spectrograms = extract(clips[:2], handcrafted, other)
    assert_same(table, handcrafted.transform(clips[:2]))
    assert_same(spectrograms, other.transform(clips[:2]))


def test_workers_caches_and_own_transformers(clip_paths, tmp_path, count):
    pair = [
        HandcraftedFeatures(cache=tmp_path / "store", n_jobs=2),
        MelSpectrogram(n_frames=60, cache=tmp_path / "store", out=tmp_path / "mel"),
        Peak(),
    ]
    pair[0].transform(clip_paths[:2])
    first = extract(clip_paths, *pair)
    assert isinstance(first[1], np.memmap)
    count.update(decoded=0, transformed=0)
    again = extract(clip_paths, *pair[:2])
    assert count["decoded"] == 0
    for a, b in zip(again, first[:2], strict=True):
        assert_same(a, b)
    assert_same(first[2], Peak().transform(clip_paths))


def test_each_has_its_own_failures(clips, tmp_path):
    short = np.ones(1500, dtype=np.float32)
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    sf.write(tmp_path / "good.wav", clips[0], 22050)
    files = [str(tmp_path / "good.wav"), str(tmp_path / "broken.wav"), short]
    coarse = HandcraftedFeatures(on_error="nan")
    fine = MelSpectrogram(n_frames=60, n_fft=1024, on_error="nan")
    with pytest.warns(UserWarning, match=r"2 of 3") as warned:
        table, spectrograms = extract(files, coarse, fine)
    assert all(w.filename == __file__ for w in warned)
    assert [row["index"] for row in coarse.failed_] == [1, 2]
    assert [row["index"] for row in fine.failed_] == [1]
    assert np.isnan(table[1:]).all() and np.isnan(spectrograms[1]).all()
    assert np.isfinite(table[0]).all() and np.isfinite(spectrograms[[0, 2]]).all()
    with pytest.raises(AudioError, match="1500 samples"):
        extract(files[2:], HandcraftedFeatures(), fine)
    with pytest.raises(AudioError, match="broken"):
        extract(files[1:2], coarse, MelSpectrogram())


@pytest.mark.parametrize(
    ("transformers", "error", "message"),
    [
        ([], ValueError, "no transformers"),
        ([object()], TypeError, "AudioTransformer"),
        ([HandcraftedFeatures(), MelSpectrogram(duration=5.0)], ValueError, "duration"),
        ([HandcraftedFeatures()] * 2, ValueError, "twice"),
    ],
)
def test_unfit_transformers_are_named(clips, transformers, error, message):
    with pytest.raises(error, match=message):
        extract(clips, *transformers)


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("n_segments", [None, 2])
def test_two_methods_make_a_transformer(clip_paths, clips, tmp_path, count, n_jobs, n_segments):
    parts = [np.array_split(clip, n_segments or 1) for clip in clips]
    expected = np.array([[[np.abs(part).max()] for part in parts_] for parts_ in parts])
    expected = expected if n_segments else expected[:, 0]
    for kind in (Peak, BatchedPeak):
        transformer = kind(n_segments=n_segments, n_jobs=n_jobs, cache=tmp_path / kind.__name__)
        assert_allclose(transformer.fit_transform(clip_paths), expected, rtol=1e-6)
        count.update(decoded=0)
        assert_allclose(transformer.transform(clip_paths[::-1]), expected[::-1], rtol=1e-6)
        assert count["decoded"] == 0
        other = clone(transformer).set_params(power=2)
        assert_allclose(other.transform(clip_paths), expected**2, rtol=1e-6)
        assert count["decoded"] == len(clip_paths)


def test_results_are_finished_in_batches_and_failures_left_out(clips):
    silent = np.zeros(5000, dtype=np.float32)
    transformer = BatchedPeak(on_error="nan")
    with pytest.warns(UserWarning, match="1 of 5"):
        X = transformer.transform([*clips[:2], silent, *clips[2:]])
    assert np.isnan(X[:, 0]).tolist() == [False, False, True, False, False]
    assert transformer.sizes == [3, 1]
    assert transformer.failed_[0]["error"] == "SilentAudioError"


def test_what_a_subclass_lacks_is_named(clips):
    with pytest.raises(NotImplementedError, match="AudioTransformer has no output_shape"):
        AudioTransformer().transform(clips)
