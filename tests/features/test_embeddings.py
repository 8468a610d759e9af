"""Pretrained networks: musicnn's arithmetic, where its weights come from, rows of clips."""

from __future__ import annotations

import json
import pickle
import shutil
import struct
import sys
from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal.windows import hann as hann_window
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch.nn import functional as F

from sklearn_mgc.__main__ import main
from sklearn_mgc.classifiers import TemperatureScaledClassifier
from sklearn_mgc.datasets import make_music
from sklearn_mgc.features import PretrainedEmbedding, Sound, backbones, extract
from sklearn_mgc.features.backbones import musicnn, weights
from sklearn_mgc.features.backbones.base import Grid, hash_weights
from sklearn_mgc.features.backbones.tf_checkpoint import read_checkpoint
from sklearn_mgc.saving import model_card, to_onnx
from tests.processes import fetch_musicnn, finish, start

RATE = 16000


def random_weights(seed: int = 0) -> dict[str, np.ndarray]:
    """Weights of musicnn's shapes, as many of them negative as not."""
    rng = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {"conv2d": (7, 38, 1, 204), "conv2d_1": (7, 67, 1, 204)}
    shapes |= {f"conv2d_{i}": (n, 1, 1, 51) for i, n in ((2, 128), (3, 64), (4, 32))}
    shapes |= {"conv2d_5": (7, 561, 1, 64), "conv2d_6": (7, 64, 1, 64), "conv2d_7": (7, 64, 1, 64)}
    shapes |= {"dense": (1506, 200), "dense_1": (200, 50)}
    values = {}
    for name, shape in shapes.items():
        values[f"{name}/kernel"] = rng.normal(0, np.prod(shape[:-1]) ** -0.5, shape)
        values[f"{name}/bias"] = rng.normal(0, 0.3, shape[-1])
    for i, size in enumerate([1, 204, 204, 51, 51, 51, 64, 64, 64, 1506, 200]):
        name = f"batch_normalization_{i}" if i else "batch_normalization"
        for part in ("beta", "gamma", "moving_mean"):
            values[f"{name}/{part}"] = rng.normal(0, 0.5, size)
        values[f"{name}/moving_variance"] = rng.uniform(0.5, 2, size)
    return {name: value.astype(np.float32) for name, value in values.items()}


def plain_musicnn(values: dict[str, np.ndarray], patches: torch.Tensor) -> dict[str, torch.Tensor]:
    """The authors' graph, step by step, in float64."""
    w = {name: torch.from_numpy(value).double() for name, value in values.items()}

    def norm(x, i):
        name = f"batch_normalization_{i}" if i else "batch_normalization"
        scale = w[f"{name}/gamma"] / torch.sqrt(w[f"{name}/moving_variance"] + 1e-3)
        return (x - w[f"{name}/moving_mean"]) * scale + w[f"{name}/beta"]

    def conv(x, i, before, after):  # x: n, time, height, 1
        name = f"conv2d_{i}" if i else "conv2d"
        x = F.pad(x.permute(0, 3, 1, 2), (0, 0, before, after))
        x = F.conv2d(x, w[f"{name}/kernel"].permute(3, 2, 0, 1), w[f"{name}/bias"])
        return norm(torch.relu(x).permute(0, 2, 3, 1), i + 1)

    x = norm(patches.double()[..., None], 0)
    pads = [(3, 3), (3, 3), (63, 64), (31, 32), (15, 16)]
    layers = [torch.cat([conv(x, i, *pad).amax(2) for i, pad in enumerate(pads)], dim=2)]
    for i in range(3):
        found = conv(layers[-1][..., None], 5 + i, 3, 3)[:, :, 0]
        layers.append(found + layers[-1] if i else found)
    x = torch.cat(layers, dim=2)
    pools = x.amax(1), x.mean(1)
    x = norm(torch.stack(pools, dim=2).flatten(1), 9)
    x = norm(torch.relu(x @ w["dense/kernel"] + w["dense/bias"]), 10)
    tags = torch.sigmoid(x @ w["dense_1/kernel"] + w["dense_1/bias"])
    return {"tags": tags, "penultimate": x, "max_pool": pools[0], "mean_pool": pools[1]}


@pytest.mark.parametrize("n_frames", [1, 62, 187])
def test_the_fast_network_is_the_plain_one(n_frames):
    values = random_weights()
    patches = torch.from_numpy(np.random.default_rng(1).uniform(0, 4, (2, n_frames, 96))).float()
    found = musicnn.MusicnnNetwork(values).eval()(patches)
    for name, expected in plain_musicnn(values, patches).items():
        spread = float(expected.std())
        assert_allclose(found[name], expected, rtol=0, atol=1e-4 * spread, err_msg=name)


def write_checkpoint(folder, values: dict[str, np.ndarray]) -> None:
    """A checkpoint as TensorFlow writes it, keys that share prefixes included."""

    def varint(n: int) -> bytes:
        return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)

    def text(number: int, value: bytes) -> bytes:
        return varint(number << 3 | 2) + varint(len(value)) + value

    def block(entries: list[tuple[bytes, bytes]]) -> bytes:
        found, before = b"", b""
        for key, value in entries:
            shared = next(
                (i for i, (a, b) in enumerate(zip(before, key, strict=False)) if a != b),
                min(len(before), len(key)),
            )
            found += varint(shared) + varint(len(key) - shared) + varint(len(value))
            found, before = found + key[shared:] + value, key
        return found + struct.pack("<II", 0, 1)

    entries, data = [(b"", varint(8) + varint(1))], b""
    for name in sorted(values):
        value = np.asarray(values[name], dtype="<f4")
        shape = b"".join(text(2, varint(8) + varint(n)) for n in value.shape)
        message = varint(8) + varint(1) + text(2, shape) + varint(32) + varint(len(data))
        message += varint(40) + varint(value.nbytes) + varint(6 << 3 | 5) + b"\0\0\0\0"
        entries.append((name.encode(), message))
        data += value.tobytes()
    blocks = [entries[: len(entries) // 2], entries[len(entries) // 2 :]]
    table, handles = b"", []
    for part in blocks:
        written = block(part)
        handles.append((part[-1][0], varint(len(table)) + varint(len(written))))
        table += written + b"\0\0\0\0\0"  # no compression, and a checksum
    index = block(handles)
    footer = varint(0) + varint(0) + varint(len(table)) + varint(len(index))
    table += index + b"\0\0\0\0\0" + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".index").write_bytes(table)
    (folder / ".data-00000-of-00001").write_bytes(data)


@pytest.fixture(scope="module")
def values():
    return random_weights()


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SKLEARN_MGC_DATA", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def source(tmp_path, values, home, monkeypatch):
    """A folder with a checkpoint of random weights, which pass for musicnn's."""
    optimizer = {"dense/bias/Adam": np.ones(200), "beta1_power": np.ones(())}
    write_checkpoint(tmp_path / "MSD_musicnn", values | optimizer)
    known = musicnn.SOURCES["musicnn"]._replace(weights_hash=hash_weights(values))
    monkeypatch.setitem(musicnn.SOURCES, "musicnn", known)
    backbones._load.cache_clear()
    yield tmp_path
    backbones._load.cache_clear()


@pytest.fixture
def fetched(source):
    return backbones.fetch("musicnn", source)


def make_clip(seed: int = 0, seconds: float = 7.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * RATE)).astype(np.float32)


def test_a_checkpoint_is_read_without_tensorflow(tmp_path, values):
    write_checkpoint(tmp_path, values)
    index = (tmp_path / ".index").read_bytes()
    data = (tmp_path / ".data-00000-of-00001").read_bytes()
    found = read_checkpoint(index, data)
    assert found.keys() == values.keys()
    for name, value in values.items():
        assert_array_equal(found[name], value)
    for damaged in (b"", index[:-1], index[: len(index) // 2], b"\xff" * 100, index[-48:]):
        with pytest.raises(ValueError, match="checkpoint"):
            read_checkpoint(damaged, data)
    with pytest.raises(ValueError, match="ends before"):
        read_checkpoint(index, data[:-4])


def test_fetch_from_folder_package_and_data_home(source, home, tmp_path, monkeypatch, capsys):
    assert main(["models", "fetch", "musicnn", "--source", str(source)]) == 0
    file = home / "models" / "musicnn.npz"
    assert file.is_file() and str(file) in capsys.readouterr().out
    assert backbones.fetch("musicnn") == file  # nothing is asked of the network
    assert main(["models"]) == 0
    assert "ISC" in capsys.readouterr().out
    # An environment where the package is installed needs no fetch; its code is not run.
    package = tmp_path / "site" / "musicnn"
    shutil.copytree(source / "MSD_musicnn", package / "MSD_musicnn")
    (package / "__init__.py").write_text("raise RuntimeError")
    monkeypatch.syspath_prepend(str(package.parent))
    file.unlink()
    assert PretrainedEmbedding(layer="tags").transform([make_clip()]).shape == (1, 100)
    assert "musicnn" not in sys.modules
    assert backbones.fetch("musicnn") == file


def test_weights_that_are_not_there_damaged_or_others(source, home, values):
    with pytest.raises(FileNotFoundError, match="models fetch musicnn"):
        PretrainedEmbedding().transform([make_clip()])
    file = backbones.fetch("musicnn", source)
    whole = file.read_bytes()
    for damaged in (b"", b"<html>404</html>", bytes(9999), whole[: len(whole) // 2]):
        file.write_bytes(damaged)
        with pytest.raises(ValueError, match="npz: is damaged.*models fetch musicnn") as caught:
            PretrainedEmbedding().fit()
        assert "pickle" not in str(caught.value)
    file.unlink()
    file.mkdir()
    with pytest.raises(ValueError, match="npz: .* is a folder, .*models fetch musicnn"):
        PretrainedEmbedding().fit()
    file.rmdir()
    backbones.fetch("musicnn", source)  # brings them anew
    assert PretrainedEmbedding().fit().weights_hash_ == hash_weights(values)
    write_checkpoint(source / "MSD_musicnn", random_weights(1))
    with pytest.raises(ValueError, match="other weights"):
        backbones.fetch("musicnn", source)
    assert file.read_bytes()  # what was right stays
    (source / "musicnn.whl").write_bytes(b"a wheel")
    with pytest.raises(ValueError, match="not the wheel of musicnn==0.1.0"):
        backbones.fetch("musicnn", source / "musicnn.whl")
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        backbones.fetch("musicnn", home)
    with pytest.raises(ValueError, match="no network is called 'music'"):
        backbones.fetch("music")


def test_no_network_and_no_pip(source, monkeypatch):
    for name, value in {"PIP_NO_INDEX": "1", "PIP_RETRIES": "0"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(OSError, match="pip could not download.*--source"):
        backbones.fetch("musicnn")
    find = weights.importlib.util.find_spec
    monkeypatch.setattr(
        weights.importlib.util, "find_spec", lambda name: None if name == "pip" else find(name)
    )
    with pytest.raises(OSError, match="no pip"):
        backbones.fetch("musicnn")


def test_a_data_home_that_cannot_be_written(source, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SKLEARN_MGC_DATA", str(tmp_path / "file" / "home"))
    with pytest.raises(OSError, match="not a folder"):
        backbones.fetch("musicnn", source)


def test_two_processes_fetch_at_once(source, home, values):
    known = musicnn.SOURCES["musicnn"]
    finish(*[start(fetch_musicnn, home, source, known) for _ in range(2)])
    assert [path.name for path in (home / "models").iterdir()] == ["musicnn.npz"]
    assert backbones.load("musicnn").weights_hash == hash_weights(values)


def test_rows(fetched, tmp_path):
    y = make_clip()
    embedding = PretrainedEmbedding(layer=["tags", "mean_pool"], statistics=["mean", "max"])
    rows = embedding.transform([y, make_clip(1)])
    names = embedding.get_feature_names_out()
    assert rows.shape == (2, len(names)) == (2, 2 * (50 + 753))
    assert names[0] == "tags_rock_mean" and names[-1] == "mean_pool_752_max"
    frame = clone(embedding).set_output(transform="pandas").transform([y])
    assert list(frame.columns) == list(names)
    windows = embedding.embed_windows(Sound.of(y, "y", RATE))
    assert windows.shape == (2, 803)
    assert_allclose(rows[0, 0::2], windows.mean(axis=0), rtol=1e-5, atol=1e-6)
    assert_allclose(rows[0, 1::2], windows.max(axis=0), rtol=1e-5, atol=1e-6)
    assert embedding.set_params(n_segments=2).transform([y]).shape == (1, 2, 1606)
    one, two = extract([y], PretrainedEmbedding(layer="tags"), PretrainedEmbedding())
    assert one.shape == (1, 100) and two.shape == (1, 400)


def test_windows_do_not_depend_on_blocks_and_batches(fetched):
    y = make_clip(seconds=11.3)
    whole = Sound.of(y, "y", RATE)
    expected = PretrainedEmbedding(hop=1.0, batch_size=100).embed_windows(whole)
    assert len(expected) == 1 + ((1 + len(y) // 256) - 187) // 62
    for size, n_blocks in ((1, 1), (3, 5), (16, 40)):
        sound = Sound("y", RATE, partial(np.array_split, y, n_blocks), is_long=True)
        found = PretrainedEmbedding(hop=1.0, batch_size=size).embed_windows(sound)
        assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_hours_are_never_in_memory(fetched, monkeypatch):
    sizes = []
    embed = musicnn.Musicnn.embed

    def spy(self, y, *rest):
        sizes.append(len(y))
        return embed(self, y, *rest)

    monkeypatch.setattr(musicnn.Musicnn, "embed", spy)
    block = make_clip(seconds=30)
    sound = Sound("hours", RATE, lambda: (block for _ in range(3)), is_long=True)
    assert PretrainedEmbedding(batch_size=4).embed_windows(sound).shape == (30, 200)
    assert max(sizes) <= 4 * 3 * RATE


def test_short_clips_are_repeated(fetched):
    y = make_clip(seconds=1.0)
    embedding = PretrainedEmbedding(statistics=["mean"])
    repeated = np.resize(y, 186 * 256)  # 187 frames; a longer one has a real margin
    assert_allclose(embedding.transform([y]), embedding.transform([repeated]), rtol=1e-4, atol=1e-4)


def test_cache_names_the_weights(fetched, tmp_path, values, monkeypatch):
    clips = [make_clip(0), make_clip(1)]
    embedding = PretrainedEmbedding(cache=tmp_path / "cache")
    rows = embedding.transform(clips)
    monkeypatch.setattr(musicnn.Musicnn, "embed", None)  # would fail if anything were computed
    assert_array_equal(clone(embedding).set_params(device="cpu").transform(clips), rows)
    with pytest.raises(TypeError):
        clone(embedding).set_params(layer="tags").transform(clips)
    key = embedding.cache_key()
    assert key["weights"] == hash_weights(values)


def test_pickles_hold_a_name_and_a_hash(fetched, source, monkeypatch):
    embedding = PretrainedEmbedding().fit()
    rows = embedding.transform([make_clip()])
    saved = pickle.dumps(embedding)
    assert len(saved) < 2000 and embedding.weights_hash_.encode() in saved
    assert_allclose(pickle.loads(saved).transform([make_clip()]), rows, rtol=1e-5)
    other = random_weights(1)
    write_checkpoint(source / "MSD_musicnn", other)
    known = musicnn.SOURCES["musicnn"]._replace(weights_hash=hash_weights(other))
    monkeypatch.setitem(musicnn.SOURCES, "musicnn", known)
    backbones._load.cache_clear()
    backbones.fetch("musicnn", source)
    with pytest.raises(ValueError, match="fitted with other weights"):
        pickle.loads(saved).transform([make_clip()])


def test_out_of_memory_halves_the_batch(fetched, monkeypatch):
    embed = musicnn.Musicnn.embed

    tried = []

    def small(self, y, n, *rest):
        if n > 2:
            tried.append(n)
            raise RuntimeError("CUDA out of memory. Tried to allocate")
        return embed(self, y, n, *rest)

    y = make_clip(seconds=16)
    expected = PretrainedEmbedding().transform([y])
    monkeypatch.setattr(musicnn.Musicnn, "embed", small)
    with pytest.warns(UserWarning, match="pass batch_size=2"):
        found = PretrainedEmbedding().transform([y, -y, y])
    assert_allclose(found[::2], np.repeat(expected, 2, axis=0), rtol=1e-4, atol=1e-4)
    assert tried == [5]  # windows of the first clip; for the others it is remembered


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"model": "music"}, "no network is called 'music'"),
        ({"layer": "last"}, "layer must be one of tags"),
        ({"layer": []}, "at least one"),
        ({"statistics": ["average"]}, "statistics must be one of mean"),
        ({"window": 0}, "window must be"),
        ({"hop": -1}, "hop must be"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 1.5}, "batch_size must be an integer"),
        ({"on_error": "skip"}, "on_error"),
    ],
)
def test_bad_parameters(fetched, params, message):
    with pytest.raises(ValueError, match=message):
        PretrainedEmbedding(**params).transform([make_clip()])


@pytest.mark.filterwarnings("ignore")  # the exporter's own
def test_a_pipeline_as_onnx(fetched, tmp_path):
    """The published network's way from log-mel spectrograms to genres, in another program."""
    pytest.importorskip("onnxscript", reason="the extra onnx is not installed")
    pytest.importorskip("torch", minversion="2.13")
    runtime = pytest.importorskip("onnxruntime")
    clips = [make_clip(seed, seconds=4.0) * (1 + seed) for seed in range(9)]
    genres = np.array(["jazz", "pop", "rock"] * 3)
    embedding = PretrainedEmbedding(
        layer=["tags", "penultimate"], statistics=["mean", "std", "max"], window=1.0
    )
    head = make_pipeline(StandardScaler(), LinearDiscriminantAnalysis("lsqr", shrinkage=0.5))
    model = make_pipeline(embedding, TemperatureScaledClassifier(head, 2.0)).fit(clips, genres)
    session = runtime.InferenceSession(to_onnx(model, tmp_path / "model.onnx"))
    for y in clips[0], clips[1][: 2 * RATE]:
        patches = embedding.log_mel_windows(Sound.of(y, "y", RATE))
        (found,) = session.run(None, {"X": patches[None]})
        assert_allclose(found, model.predict_proba([y]), atol=1e-4)
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["input"]) == ["n_windows", 62, 96]
    told = json.loads(about["features"])
    assert (told["licence"], told["weights_hash"]) == ("ISC", embedding.weights_hash_)
    # The file says how to compute its input.
    how = told["spectrogram"]
    pad = np.pad(clips[0], how["n_fft"] // 2)
    frames = np.lib.stride_tricks.sliding_window_view(pad, how["n_fft"])[:: how["hop_length"]]
    power = np.abs(np.fft.rfft(frames * hann_window(how["n_fft"], sym=False))) ** 2
    weights = np.zeros((how["n_bands"], power.shape[1]))
    for band, frequency, weight in how["mel"]:
        weights[band, frequency] = weight
    mel = np.log10(1 + 10000 * power @ weights.T)
    patches = embedding.log_mel_windows(Sound.of(clips[0], "y", RATE))
    assert_allclose(patches[1], mel[how["frames_from_window_to_window"] :][:62], atol=1e-3)
    card = model_card(model)
    assert "built on `musicnn`" in card and "- licence: ISC" in card
    assert embedding.weights_hash_ in card


def test_what_cannot_be_onnx(fetched):
    with pytest.raises(TypeError, match="statistics median; mean, std, var"):
        PretrainedEmbedding(statistics=["mean", "median"]).as_module()
    params = {"sample_rate": RATE}
    with pytest.raises(TypeError, match="does not see a log-mel spectrogram"):
        PretrainedEmbedding(torch.nn.Flatten(), model_params=params).as_module()


def test_battery(fetched, battery):
    battery(PretrainedEmbedding(layer="tags"))


def test_grid():
    grid = Grid(10, 4, 2)
    assert [grid.count(n) for n in (9, 10, 13, 14, 18)] == [0, 1, 1, 2, 3]


@pytest.fixture
def real():
    """The published weights, of this machine's data home."""
    if not backbones.weights_file("musicnn").exists():
        pytest.skip("no weights: python -m sklearn_mgc models fetch musicnn")
    return PretrainedEmbedding(layer="tags", statistics=["mean"], hop=1.0)


def test_tags_of_generated_clips(real):
    """Recorded from this port; a float32 network's rounding stays far below the tolerance."""
    X, y = make_music(6, duration=6.0, sample_rate=RATE, random_state=0, return_X_y=True)
    names = [name.split("_")[1] for name in real.get_feature_names_out()]
    recorded = {
        "classical": {"jazz": 0.3173, "female vocalists": 0.1845, "folk": 0.1419},
        "electronic": {"electronic": 0.4384, "dance": 0.2285, "electro": 0.2245},
        "hiphop": {"electronic": 0.2798, "chillout": 0.2009, "jazz": 0.1781},
        "jazz": {"electronic": 0.2898, "chillout": 0.1675, "female vocalists": 0.1366},
        "reggae": {"electronic": 0.4222, "electro": 0.1395, "electronica": 0.1289},
        "rock": {"electronic": 0.4619, "dance": 0.2531, "electro": 0.2265},
    }
    for genre, row in zip(y, real.transform(X), strict=True):
        expected = recorded[str(genre)]
        best = {names[i]: row[i] for i in np.argsort(row)[::-1][:3]}
        assert best == pytest.approx(expected, abs=2e-3), genre


@pytest.mark.realdata
def test_published_tags(real, shared_data):
    """Of a clip of GTZAN, a patch a second, as published with musicnn's weights (ISC).

    What is left, 0.006 of a mean tag, is less than what resamplers of different years make.
    """
    folder = shared_data / "gtzan"
    published = np.load(folder / "musicnn_taggrams/evaluation_data_GTZAN_MSDmusicnn_taggram.npz")
    expected = published["X"][published["IDS"] == "hiphop/hiphop.00000.au"]
    found = real.transform([folder / "audio/hiphop/hiphop.00000.wav"])[0]
    assert_allclose(found, expected.mean(axis=0), rtol=0, atol=0.01)
