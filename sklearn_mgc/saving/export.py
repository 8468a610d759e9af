"""A fitted network as an ONNX file, for programs without Python."""

from __future__ import annotations

import json
import os
import warnings
from importlib.metadata import version
from pathlib import Path

import torch
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted
from torch import nn

from sklearn_mgc.classifiers.base import BaseGenreClassifier
from sklearn_mgc.features import AudioTransformer


def to_onnx(estimator, path: str | os.PathLike) -> Path:
    """Write a fitted network, and the scaler before it, as ONNX.

    The file takes descriptors or spectrograms, "X", as float32 and for any number of clips,
    and gives "probabilities". Decoding and features stay outside; what they were is in the
    file's metadata: "genres" (a JSON list, in the order of the columns), "features" (class
    and parameters, where the pipeline has them), "input" (shape of a clip), "model" and
    "versions".

    Parameters
    ----------
    estimator : estimator
        A fitted `DNNClassifier`, `CNN2DClassifier` or `CRNNClassifier`, or a pipeline of
        features, ``StandardScaler`` or `MelScaler`, and such a network; the first two may
        be missing.
    path : str or path-like
        File to write, such as "genres.onnx".

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ImportError
        If onnx and onnxscript are not installed.
    TypeError
        If a step cannot be exported.
    NotFittedError
        If the estimator is not fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc import DNNClassifier
    >>> from sklearn_mgc.saving import to_onnx
    >>> X, y = np.eye(4, dtype="float32"), ["jazz", "pop"] * 2
    >>> model = DNNClassifier((8,), max_epochs=1, random_state=0).fit(X, y)
    >>> to_onnx(model, "genres.onnx")  # doctest: +SKIP
    """
    try:
        import onnx
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ImportError("to_onnx needs onnx: pip install 'sklearn_mgc[onnx]'") from error
    features, scaler, network = _parts(estimator)
    check_is_fitted(network)
    shape = network._input_shape
    module = _Exported(scaler, network.module_).eval().cpu()
    path = Path(path).expanduser()
    example = torch.zeros(2, *shape)
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")  # the exporter's own
        program = torch.onnx.export(
            module,
            (example,),
            input_names=["X"],
            output_names=["probabilities"],
            dynamic_shapes=({0: torch.export.Dim("n_clips")},),
            dynamo=True,
            verbose=False,
        )
    network.module_.to(network.device_)
    assert program is not None  # it is None for files written by the exporter itself
    model = program.model_proto
    described = {
        "genres": json.dumps([str(genre) for genre in network.classes_], ensure_ascii=False),
        "input": json.dumps(list(shape)),
        "model": type(network).__name__,
        "features": "null" if features is None else json.dumps(_settings(features)),
        "versions": json.dumps({n: version(n) for n in ("sklearn_mgc", "torch", "librosa")}),
    }
    onnx.helper.set_model_props(model, described)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


class _Exported(nn.Module):
    """Scaler, network and softmax."""

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, scaler: StandardScaler | None, network: nn.Module):
        super().__init__()
        mean = getattr(scaler, "mean_", None)
        scale = getattr(scaler, "scale_", None)
        self.register_buffer("mean", torch.tensor(0.0 if mean is None else mean).float())
        self.register_buffer("scale", torch.tensor(1.0 if scale is None else scale).float())
        self.network = network

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Probabilities of clips."""
        return torch.softmax(self.network((X - self.mean) / self.scale), dim=1)


def _parts(estimator):
    """Features, scaler and network; the first two may be None."""
    steps = [estimator] if not isinstance(estimator, Pipeline) else _flat(estimator)
    network = steps.pop()
    if not isinstance(network, BaseGenreClassifier):
        raise TypeError(
            f"to_onnx exports the networks of sklearn_mgc, not {type(network).__name__}; "
            "skl2onnx exports scikit-learn's classifiers"
        )
    features = steps.pop(0) if steps and isinstance(steps[0], AudioTransformer) else None
    scaler = steps.pop(0) if steps and isinstance(steps[0], StandardScaler) else None
    if steps:
        raise TypeError(
            f"to_onnx cannot export {type(steps[0]).__name__}: the steps may be features, "
            "StandardScaler or MelScaler, and a network"
        )
    return features, scaler, network


def _flat(pipeline: Pipeline) -> list:
    steps = []
    for _, step in pipeline.steps:
        if isinstance(step, Pipeline):
            steps += _flat(step)
        elif step is not None and step != "passthrough":
            steps.append(step)
    return steps


def _settings(features: AudioTransformer) -> dict:
    """What someone needs to compute the same features elsewhere."""
    # Where results are kept and how many workers there are changes no value.
    skipped = ("cache", "n_jobs", "verbose", "on_error", "out")
    params = {k: v for k, v in features.get_params().items() if k not in skipped}
    settings = {"class": type(features).__name__, **params}
    if hasattr(features, "column_names"):
        settings["names"] = features.column_names()
    return json.loads(json.dumps(settings, default=str))
