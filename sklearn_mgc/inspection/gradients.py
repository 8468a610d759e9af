"""Integrated gradients of a network of spectrograms, summed up over seconds and bands."""

from __future__ import annotations

import warnings

import numpy as np
import torch

from sklearn_mgc._optional import require
from sklearn_mgc.features import MelSpectrogram
from sklearn_mgc.inspection.windows import as_file
from sklearn_mgc.saving.export import translate

HOLES = ("silence", "noise")
"""What stands in place of a part that is taken away."""
_STEPS = (64, 256)  # more only where the network changes its mind too fast for few
_ERROR = 0.05  # of a probability
_BATCH = 8  # spectrograms at a time


def integrated_gradients(
    estimator, y: np.ndarray, sample_rate: int, column: int, ends: tuple[np.ndarray, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Share out a probability over the seconds and the bands of a clip."""
    attr = require("captum.attr", extra="explain", what="integrated gradients")
    features, module, _, last = translate(estimator)
    device = getattr(last, "device_", "cpu")
    if not isinstance(features, MelSpectrogram):
        raise TypeError(
            "integrated gradients need a pipeline that begins with MelSpectrogram: use "
            "method='occlusion', or descriptor_importance for classifiers of descriptors"
        )
    clip = features.transform([as_file(y, sample_rate)])[0].astype(np.float32)
    module.eval().to(device)
    method = attr.IntegratedGradients(module)
    places = _places(features, clip, len(y) / sample_rate, ends)
    found: list[dict[str, np.ndarray]] = [{}, {}]
    for hole, baseline in zip(HOLES, (_silence(clip), _noise(clip)), strict=True):
        pair = [torch.from_numpy(x)[None].to(device) for x in (clip, baseline)]
        weights, error = _shares(method, pair, column)
        if error > _ERROR:
            warnings.warn(
                f"integrated gradients from {hole} miss the probability by {error:.2f}: the "
                "network changes its mind abruptly on the way; compare with method='occlusion'",
                stacklevel=3,
            )
        for drops, place, edges in zip(found, places, ends, strict=True):
            drops[hole] = np.bincount(place.ravel(), weights.ravel(), len(edges) - 1)
    return found[0], found[1]


def _shares(method, pair: list[torch.Tensor], column: int) -> tuple[np.ndarray, float]:
    """Shares of the probability, and by how much they fail to add up."""
    for n_steps in _STEPS:
        # cuDNN has no gradients of recurrent layers that are not in training.
        with torch.backends.cudnn.flags(enabled=False):
            shares, error = method.attribute(
                *pair,
                target=column,
                n_steps=n_steps,
                internal_batch_size=_BATCH,
                return_convergence_delta=True,
            )
        if abs(error.item()) <= _ERROR:
            break
    return shares[0].cpu().numpy().astype(np.float64), abs(error.item())


def _silence(clip: np.ndarray) -> np.ndarray:
    return np.full_like(clip, clip.min())


def _noise(clip: np.ndarray) -> np.ndarray:
    """Each band at its usual level; frames after the end of the clip stay silent."""
    sounds = (clip > clip.min()).any(axis=-1, keepdims=True)
    usual = np.nanmedian(np.where(sounds, clip, np.nan), axis=-2, keepdims=True)
    return np.where(sounds, usual, clip).astype(np.float32)


def _places(features: MelSpectrogram, clip: np.ndarray, length: float, ends) -> list[np.ndarray]:
    """Numbers of the part and of the band of each value of the spectrogram."""
    librosa = require("librosa", what="descriptors")
    heard = length - features.offset
    heard = heard if features.duration is None else min(heard, features.duration)
    frames = np.arange(clip.shape[-2])[:, None] * features.hop_length / features.sample_rate
    segments = np.arange(features.n_segments or 1) * heard / (features.n_segments or 1)
    times = features.offset + frames + segments.reshape(-1, 1, 1)
    fmax = features.sample_rate / 2 if features.fmax is None else features.fmax
    centres = librosa.mel_frequencies(n_mels=features.n_mels + 2, fmin=features.fmin, fmax=fmax)
    return [
        np.broadcast_to(
            np.clip(np.searchsorted(edges, values, "right") - 1, 0, len(edges) - 2),
            (*times.shape[:-1], features.n_mels),
        )
        for values, edges in zip((times, centres[1:-1]), ends, strict=True)
    ]
