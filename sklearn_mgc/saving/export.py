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

from sklearn_mgc._atomic import write_whole
from sklearn_mgc._optional import require
from sklearn_mgc.classifiers import SegmentVotingClassifier, TemperatureScaledClassifier
from sklearn_mgc.classifiers.base import BaseGenreClassifier
from sklearn_mgc.features import AudioTransformer


def to_onnx(estimator, path: str | os.PathLike) -> Path:
    """Write a fitted network, with its scaler, segment votes and temperature, as ONNX.

    The file takes descriptors or spectrograms, "X", as float32 and for any number of clips
    and segments, and returns "probabilities". Decoding and features stay outside; what they
    were is in the file's metadata: "genres" (a JSON list, in the order of the columns),
    "features" (class and parameters, where the pipeline has them), "input" (shape of a
    clip), "model" and "versions".

    Parameters
    ----------
    estimator : estimator
        A fitted network of this package; one within `SegmentVotingClassifier` (soft) or
        `TemperatureScaledClassifier`; or a pipeline of features, ``StandardScaler`` or
        `MelScaler`, and such a classifier. The features and the scaler may be missing.
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
        If a step cannot be exported; the message says which, and what can.
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
    onnx = require("onnx", extra="onnx", what="ONNX files")
    require("onnxscript", extra="onnx", what="ONNX files")
    features, module, network = _translate(estimator)
    shape, sizes = network._input_shape, {0: torch.export.Dim("n_clips")}
    if any(isinstance(part, _Vote) for part in module.modules()):
        shape, sizes = (3, *shape), {**sizes, 1: torch.export.Dim("n_segments")}
    example = torch.zeros(2, *shape)
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")  # the exporter's own
        program = torch.onnx.export(
            module.eval().cpu(),
            (example,),
            input_names=["X"],
            output_names=["probabilities"],
            dynamic_shapes=(sizes,),
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
    with write_whole(path) as part:
        onnx.save(model, part)
    return Path(path).expanduser()


class _Scale(nn.Module):
    """What a fitted StandardScaler or MelScaler does."""

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, scaler: StandardScaler):
        super().__init__()
        mean = scaler.mean_ if scaler.with_mean else 0.0
        scale = scaler.scale_ if scaler.with_std else 1.0
        self.register_buffer("mean", torch.as_tensor(mean).float())
        self.register_buffer("scale", torch.as_tensor(scale).float())

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Standardized values."""
        return (X - self.mean) / self.scale


class _Vote(nn.Module):
    """Mean of the probabilities of segments."""

    def __init__(self, of_segments: nn.Module):
        super().__init__()
        self.of_segments = of_segments

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Probabilities of clips of shape (n_clips, n_segments, ...)."""
        return self.of_segments(X.flatten(0, 1)).unflatten(0, X.shape[:2]).mean(dim=1)


class _Temper(nn.Module):
    """Probabilities at another temperature."""

    def __init__(self, temperature: float):
        super().__init__()
        self.temperature = temperature

    def forward(self, probabilities: torch.Tensor) -> torch.Tensor:
        """Probabilities of the same order."""
        return torch.softmax(torch.log(probabilities.clamp(min=1e-12)) / self.temperature, dim=1)


def _translate(estimator) -> tuple[AudioTransformer | None, nn.Module, BaseGenreClassifier]:
    """Features or None, what follows them as a torch module, and the network within it."""
    *steps, last = _flat(estimator)
    features = steps.pop(0) if steps and isinstance(steps[0], AudioTransformer) else None
    check_is_fitted(last)
    modules: list[nn.Module] = []
    for step in steps:
        if not isinstance(step, StandardScaler):
            raise TypeError(
                f"to_onnx cannot export {type(step).__name__}: the steps may be features, "
                "StandardScaler or MelScaler, and a network"
            )
        modules.append(_Scale(step))
    if isinstance(last, BaseGenreClassifier):
        return features, nn.Sequential(*modules, last.module_, nn.Softmax(dim=1)), last
    if isinstance(last, SegmentVotingClassifier) and last.voting != "soft":
        raise TypeError("to_onnx cannot export voting='hard'; voting='soft' can be exported")
    if not isinstance(last, (SegmentVotingClassifier, TemperatureScaledClassifier)):
        raise TypeError(
            f"to_onnx exports the networks of sklearn_mgc, alone or within "
            "SegmentVotingClassifier or TemperatureScaledClassifier, not "
            f"{type(last).__name__}; skl2onnx exports scikit-learn's classifiers"
        )
    inner_features, inner, network = _translate(last.estimator_)
    if isinstance(last, SegmentVotingClassifier):
        modules.append(_Vote(inner))
    else:
        modules += [inner, _Temper(last.temperature)]
    return features or inner_features, nn.Sequential(*modules), network


def _flat(estimator) -> list:
    """Steps of a pipeline and of those within it."""
    if not isinstance(estimator, Pipeline):
        return [estimator]
    steps = (step for _, step in estimator.steps if step is not None and step != "passthrough")
    return [inner for step in steps for inner in _flat(step)]


def _settings(features: AudioTransformer) -> dict:
    """What someone needs to compute the same features elsewhere."""
    # Where results are kept and how many workers there are changes no value.
    skipped = ("cache", "n_jobs", "verbose", "on_error", "out")
    params = {k: v for k, v in features.get_params().items() if k not in skipped}
    settings = {"class": type(features).__name__, **params}
    if hasattr(features, "column_names"):
        settings["names"] = features.column_names()
    return json.loads(json.dumps(settings, default=str))
