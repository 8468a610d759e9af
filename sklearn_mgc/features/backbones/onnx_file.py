"""Networks in ONNX files, run by onnxruntime."""

from __future__ import annotations

import hashlib
import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_mgc._optional import require
from sklearn_mgc.audio import as_path
from sklearn_mgc.features.backbones.own import Own

_PREFIX = "onnx:"
USAGE = (
    '"onnx:FILE": an ONNX file that takes waveforms (n, samples), or what '
    'model_params={"front_end": MelSpectrogram(...)} makes of them'
)


def owns(model) -> bool:
    """Tell whether a network is one of these."""
    return isinstance(model, str) and model.startswith(_PREFIX)


def location(model: str) -> Path:
    """Give the file."""
    path = as_path(model.removeprefix(_PREFIX))
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such ONNX file")
    return path


def load(model: str, *, sample_rate=None, front_end=None) -> Own:
    """Read a file; all of its weights must be in it."""
    path = location(model)
    content = path.read_bytes()
    sessions = {"cpu": _session(path, content, "cpu")}
    shape = _input_shape(path, sessions["cpu"], front_end)
    window = None
    if front_end is None and sample_rate and isinstance(shape[1], int):
        window = shape[1] / sample_rate
    return Own(
        path.name,
        partial(_run, path, content, sessions, shape[0] == 1),
        partial(str, hashlib.sha256(content).hexdigest()),
        sample_rate=sample_rate,
        front_end=front_end,
        source="an ONNX file of your own",
        window=window,
    )


def _session(path: Path, content: bytes, device: str) -> Any:
    onnxruntime = require("onnxruntime", extra="onnx", what="networks in ONNX files")
    provider = "CPUExecutionProvider" if device == "cpu" else "CUDAExecutionProvider"
    if provider not in onnxruntime.get_available_providers():
        raise ValueError(f"this onnxruntime knows no {device!r}; use device='cpu'")
    options = onnxruntime.SessionOptions()
    if threads := os.environ.get("OMP_NUM_THREADS"):
        options.intra_op_num_threads = int(threads)
    options.log_severity_level = 4  # what fails is raised
    try:
        return onnxruntime.InferenceSession(content, options, providers=[provider])
    except Exception as error:  # onnxruntime's own have no common class
        raise ValueError(
            f"{path}: onnxruntime cannot read it as a whole network, with its weights inside "
            f"({str(error).strip()})"
        ) from error


def _input_shape(path: Path, session: Any, front_end) -> list:
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type != "tensor(float)":
        found = ", ".join(f"{i.name}: {i.type}" for i in inputs)
        raise ValueError(f"{path}: must have one input of float32 values, has {found}")
    shape = inputs[0].shape
    if front_end is None and len(shape) != 2:
        raise ValueError(
            f"{path}: takes {shape}, and not waveforms (n, samples): pass what makes its input, "
            'such as model_params={"front_end": MelSpectrogram(...)}'
        )
    if isinstance(shape[0], int) and shape[0] != 1:
        raise ValueError(f"{path}: takes just {shape[0]} windows; export it for any number of them")
    return shape


def _run(path: Path, content: bytes, sessions: dict, one: bool, x: np.ndarray, device: str) -> dict:
    if device not in sessions:
        sessions[device] = _session(path, content, device)
    session = sessions[device]
    names = [output.name for output in session.get_outputs()]
    feeds = [{session.get_inputs()[0].name: part} for part in (np.split(x, len(x)) if one else [x])]
    try:
        found = [session.run(None, feed) for feed in feeds]
    except Exception as error:
        text = str(error).strip()
        if "allocate" in text or "bad_alloc" in text:
            raise MemoryError(text) from error
        raise ValueError(f"{path}: does not run on input of shape {x.shape}: {text}") from error
    return dict(zip(names, map(np.concatenate, zip(*found, strict=True)), strict=True))
