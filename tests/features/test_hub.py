"""Models of transformers: one tiny random model of each family, saved to disk, without network."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import soundfile as sf
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sklearn_mgc.__main__ import main
from sklearn_mgc.features import HandcraftedFeatures, PretrainedEmbedding, backbones, extract
from sklearn_mgc.features.backbones.hub import HubModel
from sklearn_mgc.saving import load_model, save_model

tf = pytest.importorskip("transformers", reason="the extra hub is not installed")
hub = pytest.importorskip("huggingface_hub")

RATE = 16000
SIZES: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
SIZES |= {"intermediate_size": 16}
CONVOLUTIONS: dict[str, Any] = {"conv_dim": (8, 8), "conv_kernel": (20, 16)}
CONVOLUTIONS |= {"conv_stride": (20, 16)}
CONVOLUTIONS |= {"num_feat_extract_layers": 2, "num_conv_pos_embeddings": 2}
WAV2VEC = SIZES | CONVOLUTIONS | {"num_conv_pos_embedding_groups": 2}


def wav2vec2():
    return tf.Wav2Vec2Model(tf.Wav2Vec2Config(**WAV2VEC)), tf.Wav2Vec2FeatureExtractor()


def wav2vec2_ctc():
    return tf.Wav2Vec2ForCTC(tf.Wav2Vec2Config(**WAV2VEC)), tf.Wav2Vec2FeatureExtractor()


def hubert():
    return tf.HubertModel(tf.HubertConfig(**WAV2VEC)), tf.Wav2Vec2FeatureExtractor()


def wavlm():
    return tf.WavLMModel(tf.WavLMConfig(**WAV2VEC)), tf.Wav2Vec2FeatureExtractor()


def data2vec():
    config = tf.Data2VecAudioConfig(**WAV2VEC, conv_pos_kernel_size=3)
    return tf.Data2VecAudioModel(config), tf.Wav2Vec2FeatureExtractor()


def ast():
    config = tf.ASTConfig(**SIZES, max_length=100, num_mel_bins=32)
    return tf.ASTModel(config), tf.ASTFeatureExtractor(max_length=100, num_mel_bins=32)


def clap():
    audio = {"spec_size": 64, "num_mel_bins": 16, "patch_embeds_hidden_size": 8, "depths": [1, 1]}
    audio |= {"num_attention_heads": [2, 2], "hidden_size": 16, "window_size": 4}
    audio |= {"projection_dim": 8, "enable_fusion": True, "num_classes": 5}
    text = SIZES | {"vocab_size": 50, "projection_dim": 8}
    config = tf.ClapConfig(text_config=text, audio_config=audio, projection_dim=8)
    sound = {"feature_size": 16, "max_length_s": 1, "truncation": "fusion", "hop_length": 160}
    extractor = tf.ClapFeatureExtractor(sampling_rate=RATE, frequency_max=8000, **sound)
    return tf.ClapModel(config), extractor


def whisper():
    sizes = {"layers": 2, "attention_heads": 2, "ffn_dim": 16}
    layers = {f"{part}_{name}": n for part in ("encoder", "decoder") for name, n in sizes.items()}
    tokens: dict[str, int | None] = {"vocab_size": 60, "pad_token_id": 0, "bos_token_id": 1}
    tokens |= {"eos_token_id": 2, "decoder_start_token_id": 1}
    tokens |= {"suppress_tokens": None, "begin_suppress_tokens": None}
    lengths = {"max_source_positions": 50, "max_target_positions": 10, "num_mel_bins": 16}
    model = tf.WhisperModel(tf.WhisperConfig(d_model=16, **layers, **tokens, **lengths))
    return model, tf.WhisperFeatureExtractor(feature_size=16, chunk_length=1)


FAMILIES = {make.__name__: make for make in (
    wav2vec2, wav2vec2_ctc, hubert, wavlm, data2vec, ast, clap, whisper
)}  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    place = tmp_path_factory.mktemp("models")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for name, make in FAMILIES.items():
            for part in make():
                part.save_pretrained(place / name)
    return place


@pytest.fixture
def folder(folders, tmp_path):
    """A copy that a test may spoil."""
    return shutil.copytree(folders / "wav2vec2", tmp_path / "wav2vec2")


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if hasattr(hub.constants, name):
            monkeypatch.setattr(hub.constants, name, str(tmp_path / "cache"))
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", True)


def make_clip(seed: int = 0, seconds: float = 10.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * RATE)).astype(np.float32)


def plain_layers(folder: Path, windows: list[np.ndarray]) -> dict[str, torch.Tensor]:
    """What transformers itself makes of windows."""
    extractor = tf.AutoFeatureExtractor.from_pretrained(folder)
    model = tf.AutoModel.from_pretrained(folder).eval()
    inputs = extractor(windows, sampling_rate=RATE, return_tensors="pt")
    with torch.inference_mode():
        if folder.name == "clap":
            inputs["is_longer"] = torch.zeros_like(inputs["is_longer"])
            found = model.audio_model(**inputs, output_hidden_states=True)
            projected = model.audio_projection(found.pooler_output)
        elif folder.name == "whisper":
            found = model.encoder(**inputs, output_hidden_states=True)
        else:
            found = model(**inputs, output_hidden_states=True)
    layers = {"last": found.last_hidden_state, "layer1": found.hidden_states[1]}
    if folder.name == "clap":
        layers = {name: values.mean((2, 3)) for name, values in layers.items()}
        return layers | {"projected": projected}
    layers = {name: values.mean(1) for name, values in layers.items()}
    return layers | ({"pooled": found.pooler_output} if folder.name == "ast" else {})


@pytest.mark.parametrize("name", FAMILIES)
def test_each_family_as_transformers_computes_it(name, folders):
    embedding = PretrainedEmbedding(f"hub:{folders / name}", statistics=["mean", "max"]).fit()
    length = round(embedding.card.window * embedding.sample_rate)
    y = make_clip()
    windows = [y[i : i + length] for i in range(0, len(y) - length + 1, length)]
    expected = plain_layers(folders / name, windows)
    embedding.set_params(layer=list(expected), batch_size=4)
    row = embedding.transform([y])[0].reshape(-1, 2).T
    for k, reduce in enumerate(("mean", "amax")):
        wanted = torch.cat([getattr(v, reduce)(0) for v in expected.values()])
        assert_allclose(row[k], wanted, rtol=1e-3, atol=1e-4)
    names = embedding.get_feature_names_out()
    assert names[0] == "last_0_mean" and len(names) == row.size
    assert "layer2" in embedding.card.layers


def test_a_folder_with_or_without_prefix_is_the_same_model(folders, folder):
    y = make_clip()
    known = PretrainedEmbedding(f"hub:{folders / 'wav2vec2'}").fit()
    rows = known.transform([y])
    for model in (str(folder), folder, f"hub:{folder}"):
        found = PretrainedEmbedding(model).fit()
        assert found.weights_hash_ == known.weights_hash_  # of files, wherever they are
        assert_array_equal(found.transform([y]), rows)


def test_other_files_have_another_hash(folder):
    embedding = PretrainedEmbedding(folder).fit()
    saved = pickle.dumps(embedding)
    config = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").write_text(json.dumps(config | {"do_normalize": False}))
    with pytest.raises(ValueError, match="fitted with other weights"):
        pickle.loads(saved).transform([make_clip()])
    assert clone(embedding).fit().weights_hash_ != embedding.weights_hash_


def test_a_saved_model_holds_no_weights(folder, tmp_path):
    embedding = PretrainedEmbedding(folder, model_params={"local_files_only": True}).fit()
    rows = embedding.transform([make_clip()])
    assert len(pickle.dumps(embedding)) < 2000
    again = load_model(save_model(clone(embedding).fit(), tmp_path / "model.joblib"), trust=True)
    assert_array_equal(again.transform([make_clip()]), rows)
    pytest.importorskip("skops")
    embedding.set_params(model=f"hub:{folder}")
    again = load_model(save_model(embedding, tmp_path / "model.skops"))
    assert_array_equal(again.transform([make_clip()]), rows)


def test_battery(folders, battery):
    battery(PretrainedEmbedding(f"hub:{folders / 'wavlm'}", window=0.5))


def test_rates_and_short_clips(folders, tmp_path):
    embedding = PretrainedEmbedding(f"hub:{folders / 'hubert'}", statistics=["mean"])
    assert embedding.sample_rate == RATE
    y = make_clip(seconds=2.0)
    # A clip shorter than a window is repeated to fill it.
    repeated = np.resize(y, 5 * RATE)
    assert_allclose(embedding.transform([y]), embedding.transform([repeated]), rtol=1e-4, atol=1e-5)
    # Files are resampled to the network's rate.
    tone = np.sin(2 * np.pi * 300 * np.arange(5 * 44100) / 44100)
    sf.write(tmp_path / "tone.wav", tone, 44100)
    same = np.sin(2 * np.pi * 300 * np.arange(5 * RATE) / RATE).astype(np.float32)
    found = embedding.transform([tmp_path / "tone.wav"])
    assert_allclose(found, embedding.transform([same]), atol=0.02)
    with pytest.raises(ValueError, match="sample_rate"):
        extract([y], HandcraftedFeatures(), embedding)
    # A network of one length hears a shorter window repeated, and no longer one.
    whole = PretrainedEmbedding(f"hub:{folders / 'whisper'}", statistics=["mean"])
    half = clone(whole).set_params(window=0.5)
    y = make_clip(seconds=0.5)
    assert_allclose(half.transform([y]), whole.transform([np.tile(y, 2)]), rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="at most 1 s, window cannot be 2"):
        clone(whole).set_params(window=2).fit()
    with pytest.raises(ValueError, match="at least 0.1 s"):
        clone(embedding).set_params(window=0.05).fit()


def test_a_name_is_looked_up_and_its_page_read(folder, monkeypatch, capsys):
    (folder / "README.md").write_text("---\nlicense: cc-by-nc-4.0\ndatasets: [music]\n---\n# M\n")
    asked = Mock(return_value=str(folder))
    monkeypatch.setattr(hub, "snapshot_download", asked)
    params = {"revision": "v1", "local_files_only": True}
    embedding = PretrainedEmbedding("hub:some/model", model_params=params).fit()
    assert asked.call_args.args == ("some/model",)
    assert params.items() <= asked.call_args.kwargs.items()
    assert "*.py" not in asked.call_args.kwargs["allow_patterns"]
    about = embedding.card.describe()
    assert "licence: cc-by-nc-4.0" in about and "trained on: music\n" in about
    assert main(["models", "fetch", "hub:some/model"]) == 0
    assert str(folder) in capsys.readouterr().out


def refuse(kind: str) -> Mock:
    return Mock(side_effect=getattr(hub.errors, kind)("no", response=Mock(headers={})))


@pytest.mark.parametrize(
    ("kind", "error", "message"),
    [
        ("GatedRepoError", PermissionError, "some/model is gated: ask for access"),
        ("RepositoryNotFoundError", ValueError, "the hub has no model 'some/model'"),
        ("RevisionNotFoundError", ValueError, "some/model has no revision"),
        ("HfHubHTTPError", FileNotFoundError, "models fetch hub:some/model"),
    ],
)
def test_what_the_hub_refuses(kind, error, message, monkeypatch):
    monkeypatch.setattr(hub, "snapshot_download", refuse(kind))
    with pytest.raises(error, match=message):
        PretrainedEmbedding("hub:some/model").fit()


def test_no_network_and_wrong_names(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"some/model is not on this machine.*models fetch"):
        PretrainedEmbedding("hub:some/model", model_params={"local_files_only": True}).fit()
    with pytest.raises(ValueError, match="neither a folder here nor a name of the hub"):
        PretrainedEmbedding(f"hub:{tmp_path / 'nothing'}").fit()
    with pytest.raises(ValueError, match="no config.json is there"):
        PretrainedEmbedding(tmp_path).fit()
    with pytest.raises(ValueError, match="cannot have sample_rate; there are revision, trust"):
        PretrainedEmbedding("hub:some/model", model_params={"sample_rate": 8000}).fit()
    with pytest.raises(ValueError, match="model_params must be a dict"):
        PretrainedEmbedding("hub:some/model", model_params="v1").fit()
    with pytest.raises(ValueError, match="a folder is a model by itself"):
        backbones.fetch("hub:some/model", tmp_path)


def test_a_text_model_hears_nothing(tmp_path):
    tf.BertModel(tf.BertConfig(**SIZES, vocab_size=50)).save_pretrained(tmp_path / "bert")
    with pytest.raises(ValueError, match=r"\(bert\) has no feature extractor for sound"):
        PretrainedEmbedding(tmp_path / "bert").fit()


def test_damaged_models(folder):
    from safetensors.torch import load_file, save_file

    file = folder / "model.safetensors"
    weights = load_file(file)
    lacking = {name: v for name, v in weights.items() if "layers.1.attention.k_proj" not in name}
    save_file(lacking, file, metadata={"format": "pt"})
    with pytest.raises(ValueError, match="lacks 2 of the model's weights, such as enc"):
        PretrainedEmbedding(folder).fit()
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ValueError, match="is damaged, or no model that"):
        PretrainedEmbedding(folder).fit()
    file.unlink()
    with pytest.raises(FileNotFoundError, match="holds no weights"):
        PretrainedEmbedding(folder).fit()
    torch.save(weights, folder / "pytorch_model.bin")  # as older models are stored
    assert PretrainedEmbedding(folder).fit_transform([make_clip()]).shape == (1, 32)
    (folder / "config.json").write_text('{"model_type": "unheard_of"}')
    with pytest.raises(ValueError, match="no model that this version of transformers knows"):
        PretrainedEmbedding(folder).fit()


CODE = """
from pathlib import Path
from transformers import HubertConfig, HubertModel
Path(r"{mark}").touch()
class MusicConfig(HubertConfig):
    model_type = "music_of_its_own"
class MusicModel(HubertModel):
    config_class = MusicConfig
"""


def test_code_of_a_repository_runs_only_if_trusted(folders, tmp_path, monkeypatch):
    """As MERT's, which is a HuBERT with a file of its own."""
    monkeypatch.setattr(tf.dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    folder = shutil.copytree(folders / "hubert", tmp_path / "model")
    mark = tmp_path / "it ran"
    (folder / "music.py").write_text(CODE.format(mark=mark))
    config = json.loads((folder / "config.json").read_text())
    names = {"AutoConfig": "music.MusicConfig", "AutoModel": "music.MusicModel"}
    config |= {"model_type": "music_of_its_own", "auto_map": names}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(PermissionError, match="code of its own.*trust_remote_code"):
        PretrainedEmbedding(folder).fit()
    assert not mark.exists()
    trusting = PretrainedEmbedding(folder, model_params={"trust_remote_code": True})
    rows = trusting.fit_transform([make_clip()])
    assert mark.exists()
    known = PretrainedEmbedding(folders / "hubert").fit_transform([make_clip()])
    assert_allclose(rows, known, rtol=1e-5)


def test_cache_and_several_transformers(folders, tmp_path, monkeypatch):
    embedding = PretrainedEmbedding(folders / "wav2vec2", cache=tmp_path / "cache")
    rows = embedding.transform([make_clip()])
    monkeypatch.setattr(HubModel, "embed", None)  # would fail if it were computed
    assert_array_equal(clone(embedding).transform([make_clip()]), rows)
    with pytest.raises(TypeError):
        clone(embedding).set_params(model=folders / "hubert").transform([make_clip()])
