"""Networks of one's own: modules, callables and ONNX files, on waveforms or a front end."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from torch import nn

from sklearn_mgc.features import MelSpectrogram, PretrainedEmbedding, Sound, backbones
from sklearn_mgc.saving import load_model, save_model

RATE = 8000
MEL = {"n_mels": 16, "n_frames": 21, "n_fft": 256, "hop_length": 200, "sample_rate": RATE}


class Net(nn.Module):
    """Frames of samples to a few values, over time and in all."""

    def __init__(self, size: int = 5):
        super().__init__()
        self.layer = nn.Conv1d(1, size, 400, stride=200)
        self.drop = nn.Dropout()  # changes what comes out unless the module is evaluated

    def forward(self, x):
        frames = torch.relu(self.drop(self.layer(x[:, None])))
        return {"pool": frames.amax(2), "frames": frames.transpose(1, 2)}


@pytest.fixture
def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Net()


def level(x: np.ndarray) -> np.ndarray:
    """A callable without weights."""
    return np.stack([x.std(axis=1), np.abs(x).max(axis=1)], axis=1)


def make_clip(seed: int = 0, seconds: float = 4.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * RATE)).astype(np.float32)


def embed(model, **params) -> PretrainedEmbedding:
    known = {"window": 1.0, "statistics": ["mean"], "model_params": {"sample_rate": RATE}}
    return PretrainedEmbedding(model, **known | params)


def test_a_module(net):
    y = make_clip()
    found = embed(net.train(), layer=["frames", "pool"]).fit_transform([y])[0]
    with torch.no_grad():
        expected = net.eval()(torch.from_numpy(y.reshape(4, RATE)))
    assert_allclose(found[:5], expected["frames"].mean((0, 1)), rtol=1e-4)
    assert_allclose(found[5:], expected["pool"].mean(0), rtol=1e-4)
    embedding = embed(net).fit()
    assert list(embedding.get_feature_names_out()) == [f"pool_{i}_mean" for i in range(5)]
    assert embedding.sample_rate == RATE and "your own" in embedding.card.describe()


def test_a_callable(tmp_path):
    y = make_clip()
    embedding = embed(level)
    found = embedding.fit_transform([y])
    assert_allclose(found[0], level(y.reshape(4, RATE)).mean(axis=0), rtol=1e-5)
    assert embedding.weights_hash_ is None and embedding.output_shape() == (2,)
    with pytest.raises(ValueError, match="weights_hash"):
        embed(level, cache=tmp_path).fit()

    class Known:
        weights_hash = "of this function"

        def __call__(self, x):
            return level(x)

    known = Known()
    embedding = embed(known, cache=tmp_path)
    assert_allclose(embedding.fit_transform([y]), found)
    known.weights_hash = "of another"
    with pytest.raises(ValueError, match="fitted with other weights"):
        embedding.transform([y])


def test_weights_decide_the_hash(net, tmp_path):
    embedding = embed(net, cache=tmp_path).fit()
    rows = embedding.transform([make_clip()])
    assert clone(embedding).fit().weights_hash_ == embedding.weights_hash_
    again = pickle.loads(pickle.dumps(embedding))
    assert_array_equal(again.transform([make_clip()]), rows)
    with torch.no_grad():
        net.layer.bias += 1
    with pytest.raises(ValueError, match="fitted with other weights"):
        embedding.transform([make_clip()])
    assert not np.allclose(clone(embedding).transform([make_clip()]), rows)


def test_a_front_end_makes_the_input(tmp_path):
    front_end = MelSpectrogram(**MEL)
    model = nn.Flatten()
    embedding = PretrainedEmbedding(
        model, statistics=["mean"], model_params={"front_end": front_end}, cache=tmp_path
    )
    y = make_clip(seconds=1.5)
    assert embedding.fit().card.window == 0.5 and embedding.sample_rate == RATE
    expected = np.mean([front_end.extract(part).ravel() for part in y.reshape(3, -1)], axis=0)
    assert_allclose(embedding.transform([y])[0], expected, rtol=1e-4, atol=1e-4)
    other = clone(embedding)
    other.model_params["front_end"].set_params(top_db=40.0)
    assert other.fit().weights_hash_ != embedding.weights_hash_


@pytest.mark.parametrize(
    ("model", "params", "message"),
    [
        (level, {}, "at which rate does it hear"),
        (level, {"sample_rate": 0}, "at which rate does it hear"),
        (level, {"front_end": level}, "front_end must be an AudioTransformer"),
        (level, {"sample_rate": 1, "front_end": MelSpectrogram()}, "that of the front end 22050"),
        (level, {"revision": "v1"}, "cannot have revision; there are sample_rate, front_end"),
        (lambda x: x[0], {"sample_rate": RATE}, r"must be \(1, size\) or \(1, time, size\)"),
        (lambda x: {}, {"sample_rate": RATE}, "returned no array"),
        (Net, {"sample_rate": RATE}, "no network is called"),
        (3, {"sample_rate": RATE}, "no network is called 3"),
        ("musicnn", {"sample_rate": RATE}, "cannot have sample_rate; there is none"),
    ],
)
def test_what_cannot_be(model, params, message):
    with pytest.raises(ValueError, match=message):
        PretrainedEmbedding(model, model_params=params).fit()
    with pytest.raises(ValueError, match="nothing to fetch"):
        backbones.fetch(level)  # type: ignore[arg-type]  # what is wrong here


def test_hours_stay_in_bounded_memory():
    """Three hours at a low rate, of which no more than a batch is seen at once."""
    seen = []

    def peak(x):
        seen.append(x.shape)
        return x.max(axis=1, keepdims=True)

    rate, block = 100, np.linspace(0, 1, 35 * 100, dtype=np.float32)
    hours = Sound("hours", rate, lambda: (block for _ in range(309)), is_long=True)
    embedding = embed(peak, window=5.0, model_params={"sample_rate": rate}, batch_size=8)
    assert embedding.fit().embed_windows(hours).shape == (309 * 7, 1)
    assert max(seen) == (8, 500)


@pytest.fixture
def onnx_file(net, tmp_path):
    """What torch exports of the network: any number of windows of any length."""
    pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    pytest.importorskip("onnxscript")
    pytest.importorskip("torch", minversion="2.13")
    program = torch.onnx.export(
        net.eval(), (torch.zeros(2, RATE),), dynamic_shapes=({0: "n", 1: "samples"},),
        dynamo=True, verbose=False, output_names=["pool", "frames"],
    )  # fmt: skip
    assert program is not None
    program.save(tmp_path / "net.onnx")
    return tmp_path / "net.onnx"


@pytest.mark.filterwarnings("ignore")  # the exporter's own
def test_an_onnx_file_is_what_the_module_is(net, onnx_file, tmp_path):
    import onnx

    y = make_clip()
    expected = embed(net, layer=["pool", "frames"]).fit_transform([y])
    params = {"layer": ["pool", "frames"], "cache": tmp_path / "cache"}
    embedding = embed(f"onnx:{onnx_file}", **params).fit()
    assert_allclose(embedding.transform([y]), expected, rtol=1e-4, atol=1e-5)
    saved = pickle.dumps(embedding)
    assert len(saved) < 2000
    assert_allclose(pickle.loads(saved).transform([y]), expected, rtol=1e-4, atol=1e-5)
    # One window at a time, of one length.
    model = onnx.load(onnx_file)
    for dim, size in zip(model.graph.input[0].type.tensor_type.shape.dim, (1, RATE), strict=True):
        dim.dim_value = size
    onnx.save(model, tmp_path / "one.onnx")
    fixed = embed(f"onnx:{tmp_path / 'one.onnx'}", window=None)
    assert fixed.fit().card.window == 1.0
    assert_allclose(fixed.transform([y])[0], expected[0, :5], rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="hears 1 s, window cannot be 2"):
        fixed.set_params(window=2.0).fit()
    weight = model.graph.initializer[0]
    values = onnx.numpy_helper.to_array(weight)
    weight.CopyFrom(onnx.numpy_helper.from_array(values + 1, weight.name))
    onnx.save(model, onnx_file)  # other weights, of the same name
    with pytest.raises(ValueError, match="fitted with other weights"):
        embedding.transform([y])


def test_an_onnx_file_of_spectrograms(tmp_path):
    onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")
    pytest.importorskip("onnxruntime")
    file = tmp_path / "mel.onnx"
    kind = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Flatten", ["X"], ["rows"])], "flatten",
        [onnx.helper.make_tensor_value_info("X", kind, ["n", 21, 16])],
        [onnx.helper.make_tensor_value_info("rows", kind, ["n", 21 * 16])],
    )  # fmt: skip
    opset = [onnx.helper.make_opsetid("", 18)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=9), file)
    y = make_clip()
    params = {"front_end": MelSpectrogram(**MEL)}
    embedding = PretrainedEmbedding(f"onnx:{file}", model_params=params).fit()
    expected = PretrainedEmbedding(nn.Flatten(), model_params=params).fit_transform([y])
    assert_allclose(embedding.transform([y]), expected, rtol=1e-4, atol=1e-4)
    pytest.importorskip("skops")
    again = load_model(save_model(embedding, tmp_path / "model.skops"))
    assert_allclose(again.transform([y]), expected, rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match="and not waveforms.*front_end"):
        embed(f"onnx:{file}").fit()
    narrow = {"front_end": MelSpectrogram(**MEL | {"n_mels": 8})}
    with pytest.raises(ValueError, match="does not run on input of shape"):
        PretrainedEmbedding(f"onnx:{file}", model_params=narrow).fit()
    file.write_bytes(b"no network")
    with pytest.raises(ValueError, match="mel.onnx: onnxruntime cannot read it"):
        PretrainedEmbedding(f"onnx:{file}", model_params=params).fit()
    file.unlink()
    with pytest.raises(FileNotFoundError, match="there is no such ONNX file"):
        PretrainedEmbedding(f"onnx:{file}", model_params=params).fit()
