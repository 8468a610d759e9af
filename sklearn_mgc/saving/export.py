"""A fitted pipeline as an ONNX file, for programs without Python."""

from __future__ import annotations

import copy
import json
import os
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted
from torch import nn

from sklearn_mgc._atomic import write_whole
from sklearn_mgc._optional import require
from sklearn_mgc._versions import versions
from sklearn_mgc.audio import as_path
from sklearn_mgc.classifiers import SegmentVotingClassifier, TemperatureScaledClassifier
from sklearn_mgc.classifiers.base import BaseGenreClassifier
from sklearn_mgc.features import AudioTransformer, PretrainedEmbedding

_OLDEST_TORCH = (2, 13)  # tried; the exporters of 2.9 and before stumble over some of these graphs


def to_onnx(estimator, path: str | os.PathLike) -> Path:
    """Write a fitted classifier, with its scaler, segment votes and temperature, as ONNX.

    The file takes descriptors or spectrograms, "X", as float32 and for any number of clips
    and segments, and returns "probabilities". Decoding and features stay outside; what they
    were is in the file's metadata: "genres" (a JSON list, in the order of the columns),
    "features" (class and parameters, where the pipeline has them), "input" (shape of a
    clip), "model" and "versions".

    With `PretrainedEmbedding` ("musicnn") the network is in the file, too: "X" is the log-mel
    spectrogram of each window, (n_clips, n_windows, n_frames, n_bands), which
    ``log_mel_windows`` computes here, and "features" says how to compute it elsewhere.

    Parameters
    ----------
    estimator : estimator
        A fitted network of this package, ``LogisticRegression`` or
        ``LinearDiscriminantAnalysis``; one within `SegmentVotingClassifier` (soft) or
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
        If onnx and onnxscript are not installed, or torch is older than 2.13.
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
    if tuple(map(int, torch.__version__.split(".")[:2])) < _OLDEST_TORCH:
        raise ImportError(
            "ONNX files need torch 2.13 or later, this is "
            f"{torch.__version__}: pip install -U torch"
        )
    graph = translate(estimator)
    names = {0: "n_clips", **{i: n for i, n in enumerate(graph.clip, 1) if isinstance(n, str)}}
    example = torch.zeros(2, *(3 if isinstance(n, str) else n for n in graph.clip))
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")  # the exporter's own
        program = torch.onnx.export(
            graph.module.eval().cpu(),
            (example,),
            input_names=["X"],
            output_names=["probabilities"],
            dynamic_shapes=({i: torch.export.Dim(name) for i, name in names.items()},),
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # it is None for files written by the exporter itself
    model = program.model_proto
    described = {
        "genres": json.dumps([str(genre) for genre in graph.last.classes_], ensure_ascii=False),
        "input": json.dumps(list(graph.clip)),
        "model": type(graph.last).__name__,
        "features": "null" if graph.features is None else json.dumps(_settings(graph.features)),
        "versions": json.dumps(versions()),
    }
    onnx.helper.set_model_props(model, described)
    onnx.checker.check_model(model)
    with write_whole(path) as part:
        onnx.save(model, part)
    return as_path(path)


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


class _Graph(NamedTuple):
    """What is exported: from the rows of clips, or what comes before them, to probabilities."""

    features: AudioTransformer | None
    module: nn.Module
    clip: tuple[int | str, ...]  # shape of a clip's input; free axes are names
    last: Any  # the classifier within

    def after(self, features: AudioTransformer | None, modules: list[nn.Module]) -> _Graph:
        """Put steps in front."""
        if isinstance(features, PretrainedEmbedding):
            row, spectrogram = features.as_module()
            patch = spectrogram["n_frames"], spectrogram["n_bands"]
            clip = (*self.clip[:-1], "n_windows", *patch)
            return _Graph(features, nn.Sequential(row, *modules, self.module), clip, self.last)
        module = nn.Sequential(*modules, self.module)
        return _Graph(features or self.features, module, self.clip, self.last)


class _Linear(nn.Module):
    """What a fitted linear classifier of scikit-learn does."""

    coef: torch.Tensor
    intercept: torch.Tensor

    def __init__(self, classifier: LogisticRegression | LinearDiscriminantAnalysis):
        super().__init__()
        several = len(classifier.classes_) > 2
        one_by_one = getattr(classifier, "solver", None) == "liblinear" or (
            getattr(classifier, "multi_class", None) == "ovr"
        )
        if several and one_by_one:
            raise TypeError("to_onnx cannot export LogisticRegression with one class at a time")
        if not several and getattr(classifier, "multi_class", None) == "multinomial":
            raise TypeError("to_onnx cannot export LogisticRegression of two classes as of several")
        self.several = several
        self.register_buffer("coef", torch.as_tensor(classifier.coef_).float())
        self.register_buffer("intercept", torch.as_tensor(classifier.intercept_).float())

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Probabilities of rows."""
        scores = X @ self.coef.T + self.intercept
        if self.several:
            return torch.softmax(scores, dim=1)
        second = torch.sigmoid(scores)
        return torch.cat([1 - second, second], dim=1)


def translate(estimator) -> _Graph:
    """Write the steps of a fitted estimator as a torch module."""
    *steps, last = _flat(estimator)
    features = steps.pop(0) if steps and isinstance(steps[0], AudioTransformer) else None
    check_is_fitted(last)
    modules: list[nn.Module] = []
    for step in steps:
        if not isinstance(step, StandardScaler):
            raise TypeError(
                f"to_onnx cannot export {type(step).__name__}: the steps may be features, "
                "StandardScaler or MelScaler, and a classifier"
            )
        modules.append(_Scale(step))
    return _head(last).after(features, modules)


def _head(last) -> _Graph:
    """A classifier."""
    if isinstance(last, BaseGenreClassifier):
        module = nn.Sequential(copy.deepcopy(last.module_), nn.Softmax(dim=1))
        return _Graph(None, module, last._input_shape, last)
    if isinstance(last, (LogisticRegression, LinearDiscriminantAnalysis)):
        return _Graph(None, _Linear(last), (last.n_features_in_,), last)
    if isinstance(last, TemperatureScaledClassifier):
        inner = translate(last.estimator_)
        return inner._replace(module=nn.Sequential(inner.module, _Temper(last.temperature)))
    if not isinstance(last, SegmentVotingClassifier):
        raise TypeError(
            "to_onnx exports the networks of sklearn_mgc, LogisticRegression and "
            "LinearDiscriminantAnalysis, alone or within SegmentVotingClassifier or "
            f"TemperatureScaledClassifier, not {type(last).__name__}; skl2onnx exports more of "
            "scikit-learn's classifiers"
        )
    if last.voting != "soft":
        raise TypeError("to_onnx cannot export voting='hard'; voting='soft' can be exported")
    inner = translate(last.estimator_)
    return inner._replace(module=_Vote(inner.module), clip=("n_segments", *inner.clip))


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
    if isinstance(features, PretrainedEmbedding):
        card = features.card
        settings |= {"weights_hash": features.weights_hash_, "licence": card.licence}
        settings["spectrogram"] = features.as_module()[1]
    if hasattr(features, "column_names"):
        settings["names"] = features.column_names()
    return json.loads(json.dumps(settings, default=str))
