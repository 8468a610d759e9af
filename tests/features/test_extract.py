"""One reading of each clip for several transformers, on the processor and in torch batches."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile as sf
import torch
from numpy.testing import assert_allclose

from sklearn_mgc.audio import AudioError
from sklearn_mgc.features import (
    AudioTransformer,
    HandcraftedFeatures,
    MelSpectrogram,
    _torch,
    base,
    extract,
)
from sklearn_mgc.features._presets import DESCRIPTORS
from sklearn_mgc.features._spectral import Spectrum

# Two computations may differ in the last bits: where FFT buffers lie decides their rounding.
SAME = {"rtol": 1e-5, "atol": 1e-5}


class Peak(AudioTransformer):
    """What somebody writes who knows only the base class."""

    backend = "fused"

    def __init__(self, sample_rate=22050, cache=None):
        self.sample_rate, self.cache = sample_rate, cache
        self.offset, self.duration, self.n_segments, self.n_fft, self.hop_length = (
            0,
            None,
            None,
            64,
            64,
        )
        self.on_error, self.n_jobs, self.verbose = "raise", None, 0

    def _output_shape(self):
        return (1,)

    def _recipe(self):
        return {"transformer": "Peak"}

    def _extract(self, y):
        return np.abs(y).max(keepdims=True)


@pytest.fixture
def on_torch(monkeypatch):
    """Make every device the processor, seen by torch."""
    monkeypatch.setattr(_torch, "pick_device", lambda name: torch.device("cpu"))


@pytest.fixture
def count(monkeypatch):
    """How often files were opened and frames transformed."""
    counts = {"decoded": 0, "transformed": 0}
    stream_audio, power_blocks = base.stream_audio, Spectrum.power_blocks

    def counted_stream(*args, **kwargs):
        counts["decoded"] += 1
        return stream_audio(*args, **kwargs)

    def counted_blocks(self, *args):
        counts["transformed"] += 1
        return power_blocks(self, *args)

    monkeypatch.setattr(base, "stream_audio", counted_stream)
    monkeypatch.setattr(Spectrum, "power_blocks", counted_blocks)
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
    assert_allclose(table, handcrafted.transform(clips[:2]), **SAME)
    assert_allclose(spectrograms, other.transform(clips[:2]), **SAME)


def test_workers_caches_and_own_transformers(clip_paths, tmp_path, count):
    pair = [
        HandcraftedFeatures(cache=tmp_path / "store", n_jobs=2),
        MelSpectrogram(n_frames=60, cache=tmp_path / "store", out=tmp_path / "mel.npy"),
        Peak(),
    ]
    pair[0].transform(clip_paths[:2])
    first = extract(clip_paths, *pair)
    assert isinstance(first[1], np.memmap)
    count.update(decoded=0, transformed=0)
    again = extract(clip_paths, *pair[:2])
    assert count["decoded"] == 0
    for a, b in zip(again, first[:2], strict=True):
        assert_allclose(a, b, **SAME)
    assert_allclose(first[2], Peak().transform(clip_paths), **SAME)


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


@pytest.mark.parametrize("pad_mode", ["constant", "reflect", "edge"])
def test_torch_batches_equal_the_kernel(clips, on_torch, pad_mode):
    """Clips of different lengths and loudness, so that padding and masks matter."""
    rng = np.random.default_rng(0)
    clips = [
        *clips,
        clips[0][:2048],
        0.001 * clips[1][:30001],
        rng.normal(size=9000),
        np.ones(5000),
    ]
    names = [name for name in DESCRIPTORS if name not in ("harmony", "perceptr")]
    statistics = ("mean", "std", "min", "max")
    table = HandcraftedFeatures(names, statistics=statistics, pad_mode=pad_mode)
    mel = MelSpectrogram(n_frames=60, pad_mode=pad_mode)
    expected = table.transform(clips), mel.transform(clips)
    deep = np.array(["contrast" in name for name in table.get_feature_names_out()])
    on_device = [t.set_params(device="cuda") for t in (table, mel)]
    for found in (extract(clips, *on_device), [t.transform(clips) for t in on_device]):
        assert_allclose(found[0][:-1, ~deep], expected[0][:-1, ~deep], rtol=2e-4, atol=2e-3)
        # A valley may be a single bin, and that as deep as the rounding of the transform; what
        # a constant has above 0 Hz is nothing but rounding.
        assert_allclose(found[0], expected[0], rtol=2e-4, atol=0.2)
        # Far below the peak there is little but the rounding of the transform.
        assert_allclose(found[1], expected[1], atol=5e-3)
        loud = expected[1] > -60
        assert_allclose(found[1][loud], expected[1][loud], atol=1e-3)


@pytest.mark.realdata
def test_torch_batches_equal_librosa_on_real_music(shared_data, on_torch):
    paths = sorted(shared_data.glob("emotify30/*/*.mp3"))[::100]
    found = extract(paths, HandcraftedFeatures(device="cuda"), MelSpectrogram(device="cuda"))
    expected = extract(
        paths, HandcraftedFeatures(backend="librosa"), MelSpectrogram(backend="librosa")
    )
    assert_allclose(found[0], expected[0], rtol=2e-4, atol=1e-3)
    assert_allclose(found[1], expected[1], atol=1e-3)


def test_torch_workers_segments_caches_and_failures(clip_paths, tmp_path, on_torch, monkeypatch):
    monkeypatch.setattr("sklearn_mgc.features._together._BATCH_SAMPLES", 50_000)
    silent = tmp_path / "silent.wav"
    sf.write(silent, np.zeros(22050), 22050)
    paths = [*clip_paths, str(silent)]
    options = {"n_segments": 2, "on_error": "nan"}
    with pytest.warns(UserWarning, match="1 of 5"):
        expected = HandcraftedFeatures(**options).transform(paths)
    batched = HandcraftedFeatures(device="auto", n_jobs=2, cache=tmp_path / "store", **options)
    for _ in range(2):
        with pytest.warns(UserWarning, match="1 of 5"):
            assert_allclose(batched.transform(paths), expected, rtol=2e-4, atol=1e-3)
    assert batched.failed_[0]["error"] == "SilentAudioError"
    assert base.FeatureStore(tmp_path / "store").info()["rows"] == 4


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_equals_the_kernel(clips):
    found = extract(
        clips, HandcraftedFeatures("rich", device="cuda"), MelSpectrogram(device="cuda")
    )
    expected = extract(clips, HandcraftedFeatures("rich"), MelSpectrogram())
    assert_allclose(found[0], expected[0], rtol=2e-4, atol=2e-3)
    loud = expected[1] > -60
    assert_allclose(found[1][loud], expected[1][loud], atol=1e-3)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"device": "gpu"}, "device must be"),
        ({"device": 0}, "device must be"),
        ({"device": "cuda", "backend": "librosa"}, "backend='fused'"),
        ({"device": "cuda:99"}, "device='auto'"),
    ],
)
@pytest.mark.parametrize("transformer", [HandcraftedFeatures, MelSpectrogram])
def test_bad_devices_are_named(clips, transformer, params, message):
    with pytest.raises(ValueError, match=message):
        transformer(**params).transform(clips)
