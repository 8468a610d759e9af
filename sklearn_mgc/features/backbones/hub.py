"""Audio models of Hugging Face's transformers, from its hub or a folder."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sklearn_mgc._optional import require
from sklearn_mgc.audio import as_path
from sklearn_mgc.audio.paths import as_url
from sklearn_mgc.features.backbones.base import Backbone, Card, Grid

_PREFIX = "hub:"
USAGE = (
    '"hub:NAME" or a folder: an audio model of Hugging Face\'s transformers (wav2vec 2.0, MERT, '
    'HuBERT, WavLM, Data2Vec, AST, CLAP, Whisper, ...), such as "hub:m-a-p/MERT-v1-95M"'
)
_WINDOW = 5.0  # of networks that take any length
_SHORTEST = 0.1
_FILES = ["*.json", "README.md", "model.safetensors", "model-*-of-*.safetensors"]
_OLD_FILES = ["pytorch_model*.bin"]
_UNUSED = ("masked_spec_embed",)  # weights that are read in training alone


def owns(model) -> bool:
    """Tell whether a network is one of these."""
    if not isinstance(model, (str, os.PathLike)):
        return False
    return os.fspath(model).startswith(_PREFIX) or location(model) is not None


def location(model) -> Path | None:
    """Give the folder, if it is one."""
    text = os.fspath(model).removeprefix(_PREFIX)
    if as_url(text):  # such as "onnx:/net.onnx", which is another backbone's
        return None
    folder = as_path(text)
    return folder if folder.is_dir() else None


def fetch(model, source=None) -> Path:
    """Put a model of the hub into its cache, and give the folder."""
    if source is not None:
        raise ValueError(f"{model!r} comes from the hub; a folder is a model by itself")
    return _folder(model, None, False, False)


def load(model, *, revision=None, trust_remote_code=False, local_files_only=False) -> HubModel:
    """Read a model."""
    folder = _folder(model, revision, trust_remote_code, local_files_only)
    return HubModel(os.fspath(model), folder, trust_remote_code is True)


def _folder(model, revision, trust_remote_code: bool, local_files_only: bool) -> Path:
    """The files of a model, downloaded unless they are here."""
    if (folder := location(model)) is not None:
        return folder
    hub = require("huggingface_hub", extra="hub", what="models of the hub")
    name = os.fspath(model).removeprefix(_PREFIX)
    patterns = _FILES + (["*.py"] if trust_remote_code else [])

    def download(patterns: list[str]) -> Path:
        return Path(
            hub.snapshot_download(
                name,
                revision=revision,
                local_files_only=local_files_only,
                allow_patterns=patterns,
            )
        )

    try:
        folder = download(patterns)
        return folder if _weights(folder) else download(patterns + _OLD_FILES)
    except hub.errors.HFValidationError as error:
        raise ValueError(
            f"{name!r} is neither a folder here nor a name of the hub such as "
            "'facebook/wav2vec2-base'"
        ) from error
    except hub.errors.GatedRepoError as error:
        raise PermissionError(
            f"{name} is gated: ask for access on https://huggingface.co/{name}, and log in with "
            "`hf auth login`"
        ) from error
    except hub.errors.RevisionNotFoundError as error:
        raise ValueError(f"{name} has no revision {revision!r}") from error
    except hub.errors.RepositoryNotFoundError as error:
        raise ValueError(
            f"the hub has no model {name!r}, or a private one: `hf auth login` shows yours"
        ) from error
    except OSError as error:
        raise FileNotFoundError(
            f"{name} is not on this machine, and could not be brought ({error}): fetch it where "
            f"there is a network by `python -m sklearn_mgc models fetch {_PREFIX}{name}`, or pass "
            "a folder"
        ) from error


def _weights(folder: Path) -> list[Path]:
    new = [file for pattern in _FILES[2:] for file in sorted(folder.glob(pattern))]
    return new or sorted(folder.glob(_OLD_FILES[0]))


def _hash(folder: Path, with_code: bool) -> str:
    """Hash of the files that determine an embedding, the same for a copy elsewhere."""
    names = ["config.json", "preprocessor_config.json", "processor_config.json"]
    files = [folder / name for name in names] + _weights(folder)
    if with_code:
        files += sorted(folder.glob("*.py"))
    digest = hashlib.sha256()
    for file in files:
        if file.is_file():
            with open(file, "rb") as opened:
                content = hashlib.file_digest(opened, "sha256").hexdigest()
            digest.update(f"{file.name} {content}\n".encode())
    return digest.hexdigest()


class HubModel(Backbone):
    """What makes a model's input of sound, and the part of the model that hears it."""

    def __init__(self, name: str, folder: Path, trust: bool):
        self._name = name
        self._extractor, whole = self._read(folder, trust)
        self._rate = int(self._extractor.sampling_rate)
        self._length = _fixed_length(self._extractor)
        self._network = _hearing_part(whole)
        self._project = getattr(whole, "audio_projection", None)
        self.weights_hash = _hash(folder, trust)
        length = self._length or round(_WINDOW * self._rate)
        noise = np.random.default_rng(0).normal(0, 0.1, (1, length)).astype(np.float32)
        layers = {n: v.shape[1] for n, v in self._layers(noise, "cpu").items()}
        n_weights = sum(weight.numel() for weight in self._network.parameters())
        self.card = Card(
            name=name,
            title=f"{type(self._network).__name__} of transformers",
            source=f"https://huggingface.co/{name.removeprefix(_PREFIX)}, commit {folder.name}"
            if location(name) is None
            else "a folder on this machine",
            sample_rate=self._rate,
            window=length / self._rate,
            layers=layers,
            default_layer="last",
            size=f"{n_weights:,} weights",
            **_about(folder),
        )

    def grid(self, window: float, hop: float) -> Grid:
        """Lay out windows; a network of one length hears shorter ones repeated."""
        limit = np.inf if self._length is None else self._length / self._rate
        if not _SHORTEST <= window <= limit:
            most = "" if limit == np.inf else f" and at most {limit:g} s"
            raise ValueError(
                f"{self._name} hears at least {_SHORTEST} s{most}, window cannot be {window:g}"
            )
        return super().grid(window, hop)

    def embed(self, y, n_windows, grid, layers, device):
        """As `Backbone.embed`."""
        found = self._layers(grid.cut(y, n_windows), device, layers)
        return np.concatenate([found[layer] for layer in layers], axis=1)

    def _read(self, folder: Path, trust: bool) -> tuple[Any, Any]:
        transformers = require("transformers", extra="hub", what="models of the hub")
        if not (folder / "config.json").is_file():
            raise ValueError(f"{folder}: holds no model of transformers: no config.json is there")
        if not _weights(folder):
            raise FileNotFoundError(
                f"{folder}: holds no weights, model.safetensors or pytorch_model.bin"
            )
        options = {"trust_remote_code": trust, "local_files_only": True}
        with _quiet(transformers):
            try:
                config = transformers.AutoConfig.from_pretrained(folder, **options)
            except ValueError as error:
                raise self._refusal(folder, trust, error) from error
            try:
                extractor = transformers.AutoFeatureExtractor.from_pretrained(folder, **options)
            except (OSError, ValueError) as error:
                extractor = None
                reason: Exception | None = error
            else:
                reason = None
            if not hasattr(extractor, "sampling_rate"):
                raise ValueError(
                    f"{self._name} ({config.model_type}) has no feature extractor for sound: it is "
                    "no audio model, or preprocessor_config.json is missing beside it"
                ) from reason
            try:
                whole, report = transformers.AutoModel.from_pretrained(
                    folder, config=config, output_loading_info=True, **options
                )
            except Exception as error:  # of safetensors, pickle, zip, transformers
                raise self._refusal(folder, trust, error) from error
        whole = whole.float().eval()
        _check_complete(folder, whole, report)
        return extractor, whole

    def _refusal(self, folder: Path, trust: bool, error: Exception) -> Exception:
        has_code = "auto_map" in json.loads((folder / "config.json").read_text("utf-8"))
        if has_code and not trust:
            return PermissionError(
                f"{self._name} comes with code of its own, which would run here: pass "
                'model_params={"trust_remote_code": True} if you would run a program from there'
            )
        return ValueError(
            f"{self._name}: is damaged, or no model that this version of transformers knows "
            f"({type(error).__name__}: {error})"
        )

    def _layers(self, windows: np.ndarray, device: str, wanted=None) -> dict[str, np.ndarray]:
        """Means over time."""
        if self._length is not None:
            windows = np.stack([np.resize(y, self._length) for y in windows])
        inputs = self._extractor(list(windows), sampling_rate=self._rate, return_tensors="pt")
        if "is_longer" in inputs:  # CLAP's draws one at random
            inputs["is_longer"] = torch.zeros(len(windows), 1, dtype=torch.bool)
        network = self.on(device, self._network)
        with torch.inference_mode():
            found = network(**inputs.to(device), output_hidden_states=True)
            states = {f"layer{i}": state for i, state in enumerate(found.hidden_states or ())}
            states["last"] = found.last_hidden_state
            if found.get("pooler_output") is not None:
                states["pooled"] = found.pooler_output
                if self._project is not None:
                    states["projected"] = self._project(found.pooler_output.cpu())
            return {
                name: _mean(state).float().cpu().numpy()
                for name, state in states.items()
                if wanted is None or name in wanted
            }


def _mean(state: torch.Tensor) -> torch.Tensor:
    """Mean over time; images (n, channels, frequencies, time) have channels first."""
    if state.ndim == 4:
        return state.mean(dim=(2, 3))
    return state.mean(dim=1) if state.ndim == 3 else state


def _fixed_length(extractor) -> int | None:
    """Samples that fill the input of a network of one length."""
    for name in ("n_samples", "nb_max_samples"):  # Whisper, CLAP
        if hasattr(extractor, name):
            return int(getattr(extractor, name))
    if hasattr(extractor, "num_mel_bins") and hasattr(extractor, "max_length"):  # AST
        # Frames of 25 ms, 10 ms apart.
        return round(((extractor.max_length - 1) * 0.010 + 0.025) * extractor.sampling_rate)
    return None


def _hearing_part(whole) -> Any:
    """The encoder of sound in a model that does more."""
    if hasattr(whole, "audio_model"):
        return whole.audio_model
    return whole.get_encoder() if whole.config.is_encoder_decoder else whole


def _check_complete(folder: Path, whole, report: dict) -> None:
    heard = {id(weight) for weight in _hearing_part(whole).parameters()}
    names = {name for name, weight in whole.named_parameters() if id(weight) in heard}
    missing = [
        name for name in report["missing_keys"] if name in names and not name.endswith(_UNUSED)
    ]
    if missing:
        raise ValueError(
            f"{folder}: lacks {len(missing)} of the model's weights, such as {sorted(missing)[0]}"
        )


def _about(folder: Path) -> dict[str, Any]:
    """What the page of the model says at its head of licence and training data."""
    hub = require("huggingface_hub", extra="hub", what="models of the hub")
    if not (folder / "README.md").is_file():
        return {}
    try:
        said = hub.metadata_load(folder / "README.md") or {}
    except ValueError:
        return {}
    names = {"licence": "license", "training_data": "datasets"}
    found = {ours: said[theirs] for ours, theirs in names.items() if said.get(theirs)}
    return {ours: ", ".join(v) if isinstance(v, list) else str(v) for ours, v in found.items()}


@contextmanager
def _quiet(transformers) -> Iterator[None]:
    """Keep its progress bars and reports away; what matters is raised."""
    logging = transformers.utils.logging
    level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()
