"""musicnn, a small network that names tags; written anew for torch, on the published weights."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from sklearn_mgc._optional import require
from sklearn_mgc.features.backbones.base import Card, Grid
from sklearn_mgc.features.backbones.log_mel import LogMelBackbone
from sklearn_mgc.features.backbones.weights import (
    Source,
    fetch_weights,
    read_weights,
    weights_file,
)

_RATE, _HOP, _N_FFT, _BANDS = 16000, 256, 512, 96
_EPSILON = 1e-3
_TAPS = 7  # of all filters along time, but for those of rhythm
_RHYTHM = (128, 64, 32)
_FRAMES_IN_CACHE, _BANDS_IN_CACHE = 16, 12

_MSD_TAGS = (
    "rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s",
    "alternative rock", "jazz", "beautiful", "metal", "chillout", "male vocalists",
    "classic rock", "soul", "indie rock", "Mellow", "electronica", "80s", "folk", "90s", "chill",
    "instrumental", "punk", "oldies", "blues", "hard rock", "ambient", "acoustic",
    "experimental", "female vocalist", "guitar", "Hip-Hop", "70s", "party", "country",
    "easy listening", "sexy", "catchy", "funk", "electro", "heavy metal", "Progressive rock",
    "60s", "rnb", "indie pop", "sad", "House", "happy",
)  # fmt: skip
_MTT_TAGS = (
    "guitar", "classical", "slow", "techno", "strings", "drums", "electronic", "rock", "fast",
    "piano", "ambient", "beat", "violin", "vocal", "synth", "female", "indian", "opera", "male",
    "singing", "vocals", "no vocals", "harpsichord", "loud", "quiet", "flute", "woman",
    "male vocal", "no vocal", "pop", "soft", "sitar", "solo", "man", "classic", "choir", "voice",
    "new age", "dance", "male voice", "female vocal", "beats", "harp", "cello", "no voice",
    "weird", "country", "metal", "female voice", "choral",
)  # fmt: skip


def _card(name: str, title: str, training_data: str, leakage: str, tags: tuple) -> Card:
    return Card(
        name=name,
        title=title,
        source="the package musicnn 0.1.0 of the Python package index",
        licence="ISC",
        commercial_use="the licence of code and weights allows it",
        training_data=training_data,
        leakage=leakage,
        sample_rate=_RATE,
        window=3.0,
        layers={"tags": 50, "penultimate": 200, "max_pool": 753, "mean_pool": 753},
        default_layer="penultimate",
        size="787 thousand weights, 3 MB",
        reference="J. Pons and X. Serra, musicnn: pre-trained convolutional neural networks for "
        "music audio tagging, late-breaking demo of ISMIR 2019",
        tags=tags,
    )


CARDS = {
    "musicnn": _card(
        "musicnn",
        "50 tags of the Million Song Dataset, mostly genres",
        "201,680 songs of the Million Song Dataset with tags of Last.fm",
        "its songs are commercial recordings up to 2010, as GTZAN's are: it may have heard some "
        "of them, under tags that are genres; whether Magnatune's (Emotify) are in it is "
        "not known",
        _MSD_TAGS,
    ),
    "musicnn-mtt": _card(
        "musicnn-mtt",
        "50 tags of MagnaTagATune: instruments, voices, genres",
        "about 19,000 clips of the MagnaTagATune dataset",
        "its clips are Magnatune's, as Emotify's are: scores on those are too good",
        _MTT_TAGS,
    ),
}
SOURCES = {
    name: Source(
        requirement="musicnn==0.1.0",
        package="musicnn",
        wheel_hash="f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa",
        folder=folder,
        weights_hash=weights_hash,
    )
    for name, folder, weights_hash in (
        (
            "musicnn",
            "MSD_musicnn",
            "a435820f343a66206c37970a0547fcb66a005f2ade016b2b53f6cf51f33f8569",
        ),
        (
            "musicnn-mtt",
            "MTT_musicnn",
            "7e01a96749979f48bc7b25078a8e03cd8e06b4bb6f3b1de2930a92eaa7b1d114",
        ),
    )
}


def owns(model) -> bool:
    """Tell whether a network is one of these."""
    return isinstance(model, str) and model in CARDS


def location(model: str) -> Path:
    """Give the file of the weights."""
    return weights_file(model)


def fetch(model: str, source: str | Path | None = None) -> Path:
    """Put the weights into the data home."""
    return fetch_weights(model, SOURCES[model], source)


def load(model: str) -> Musicnn:
    """Give the network with its weights."""
    return Musicnn(CARDS[model], SOURCES[model].weights_hash, read_weights(model, SOURCES[model]))


class Musicnn(LogMelBackbone):
    """Spectrum and network."""

    def __init__(self, card: Card, weights_hash: str, weights: dict[str, np.ndarray]):
        self.card = card
        self.weights_hash = weights_hash
        self.network = MusicnnNetwork(weights).eval()

    def grid(self, window: float, hop: float) -> Grid:
        """Whole frames: 3 s are 187 of them, 1 s is 62, as in the authors' code."""
        frames = max(1, int(window * _RATE) // _HOP)
        return Grid((frames - 1) * _HOP, max(1, int(hop * _RATE) // _HOP) * _HOP, _N_FFT // 2)

    def patches(self, y, n_windows, grid, device):
        """As `LogMelBackbone.patches`, from one spectrum for all windows."""
        frames, step = grid.length // _HOP + 1, grid.step // _HOP
        mel = self.on(device, self.network).log_mel(torch.from_numpy(y).to(device))
        return mel.unfold(0, frames, step)[:n_windows].transpose(1, 2)

    def spectrogram(self, grid):
        """As `LogMelBackbone.spectrogram`."""
        filters = _mel_filters().astype(np.float32)
        bands, bins = np.nonzero(filters)
        return {
            "sample_rate": _RATE,
            "n_fft": _N_FFT,
            "hop_length": _HOP,
            "window": "hann, periodic",
            "padding": f"{grid.margin} zeros before and after the clip",
            "values": "log10(1 + 10000 * sum over bins of weight * abs(spectrum)**2)",
            "weights": "[band, bin, weight] of each that is not 0",
            "mel": [
                [int(i), int(j), float(filters[i, j])] for i, j in zip(bands, bins, strict=True)
            ],
            "n_frames": grid.length // _HOP + 1,
            "frames_from_window_to_window": grid.step // _HOP,
            "n_bands": _BANDS,
        }


class MusicnnNetwork(nn.Module):
    """Patches of a log-mel spectrogram to tags; each normalization is folded into its neighbours.

    The filters of timbre are 7 frames long and 38 or 67 of the 96 bands high, and only the
    maximum over the bands is used of what they give. They are nine tenths of the arithmetic, and
    take a fifth of it when each frame's 96 bands are Fourier transformed: a correlation along the
    bands is then a product, seven taps are a matrix of 14 rows for each of the 49 frequencies,
    and the way back is a sum of cosines E and one of sines O. With the middle band as the origin,
    the bands at a distance f from it get E(f) + O(f) and E(f) - O(f), of which the larger is
    E(f) + abs(O(f)): half of the bands need not be computed.
    """

    mel: torch.Tensor
    hann: torch.Tensor
    fourier: torch.Tensor
    input: torch.Tensor
    front: torch.Tensor
    dense: torch.Tensor
    dense_bias: torch.Tensor
    dense_norm: torch.Tensor
    tags: torch.Tensor
    tags_bias: torch.Tensor

    def __init__(self, weights: dict[str, np.ndarray]):
        super().__init__()
        w = {name: torch.from_numpy(np.array(v, dtype=np.float64)) for name, v in weights.items()}

        def norm(i: int) -> tuple[torch.Tensor, torch.Tensor]:
            name = f"batch_normalization_{i}" if i else "batch_normalization"
            scale = w[f"{name}/gamma"] / torch.sqrt(w[f"{name}/moving_variance"] + _EPSILON)
            return scale, w[f"{name}/beta"] - w[f"{name}/moving_mean"] * scale

        def keep(name: str, values: torch.Tensor) -> None:
            self.register_buffer(name, values.float().contiguous())

        keep("mel", torch.from_numpy(_mel_filters().T.astype(np.float64)))
        keep("hann", torch.hann_window(_N_FFT, dtype=torch.float64))
        keep("fourier", _fourier())
        scale, shift = norm(0)
        keep("input", torch.cat([scale, shift]))
        front: list[tuple[torch.Tensor, ...]] = []
        for i in range(5):
            name = f"conv2d_{i}" if i else "conv2d"
            scale, shift = norm(i + 1)
            # A negative scale makes the largest value of a filter the smallest: turn the filter.
            sign = torch.where(scale < 0, -1.0, 1.0).double()
            kernel = w[f"{name}/kernel"] * sign
            if i < 2:
                parts = _in_fourier_domain(kernel[:, :, 0])
                for part, values in zip(("real", "imag", "cos", "sin"), parts, strict=True):
                    keep(f"timbre{i}_{part}", values)
            else:
                keep(f"rhythm{i - 2}", kernel[:, 0, 0])
            front.append((sign, w[f"{name}/bias"], scale, shift))
        keep("front", torch.stack([torch.cat(v) for v in zip(*front, strict=True)]))
        for i in range(3):
            kernel = w[f"conv2d_{5 + i}/kernel"][:, :, 0]  # taps, channels, filters
            keep(f"middle{i}", kernel.permute(2, 1, 0))
            keep(f"middle{i}_bias", w[f"conv2d_{5 + i}/bias"])
            keep(f"middle{i}_norm", torch.stack(norm(6 + i))[:, :, None])
        scale, shift = norm(9)
        keep("dense", (scale[:, None] * w["dense/kernel"]).T)
        keep("dense_bias", shift @ w["dense/kernel"] + w["dense/bias"])
        keep("dense_norm", torch.stack(norm(10)))
        keep("tags", w["dense_1/kernel"].T)
        keep("tags_bias", w["dense_1/bias"])

    def log_mel(self, y: torch.Tensor) -> torch.Tensor:
        """Spectrogram (n_frames, 96) of samples with a margin of half a frame at both ends."""
        frames = y.unfold(0, _N_FFT, _HOP) * self.hann
        power = torch.fft.rfft(frames).abs().square()
        return torch.log10(1e4 * (power @ self.mel) + 1)

    def forward(self, patches: torch.Tensor) -> dict[str, torch.Tensor]:
        """Layers by name, of patches (n, n_frames, 96)."""
        x = patches * self.input[0] + self.input[1]
        # On a CPU a patch at a time, in blocks; a graph is for any number of patches.
        at_once = x.device.type != "cpu" or torch.compiler.is_compiling()
        parts = [x] if at_once else x.split(1)
        front = torch.cat([self._front(part, in_blocks=not at_once) for part in parts])
        sign, bias, scale, shift = self.front
        front = (torch.relu(front * sign + bias) * scale + shift).transpose(1, 2)
        layers, last = [front], None
        for i in range(3):
            x = F.conv1d(
                front if last is None else last,
                getattr(self, f"middle{i}"),
                getattr(self, f"middle{i}_bias"),
                padding=_TAPS // 2,
            )
            scale, shift = getattr(self, f"middle{i}_norm")
            x = torch.relu(x) * scale + shift
            last = x if last is None else x + last
            layers.append(last)
        x = torch.cat(layers, dim=1)
        max_pool, mean_pool = x.amax(2), x.mean(2)
        pooled = torch.stack([max_pool, mean_pool], dim=2).flatten(1)
        scale, shift = self.dense_norm
        penultimate = torch.relu(F.linear(pooled, self.dense, self.dense_bias)) * scale + shift
        return {
            "tags": torch.sigmoid(F.linear(penultimate, self.tags, self.tags_bias)),
            "penultimate": penultimate,
            "max_pool": max_pool,
            "mean_pool": mean_pool,
        }

    def _front(self, x: torch.Tensor, in_blocks: bool) -> torch.Tensor:
        """Largest value over the bands of each of 561 filters, (n, n_frames, 561).

        What the filters give is hundreds of times the size of the patch: in blocks of frames or
        bands it stays in a CPU's cache until the largest value is found.
        """
        n, n_frames, _ = x.shape
        found = [*self._timbre(x, in_blocks), *self._rhythm(x, in_blocks)]
        return torch.cat(found, dim=1).view(n, n_frames, -1)

    def _timbre(self, x: torch.Tensor, in_blocks: bool) -> list[torch.Tensor]:
        n, n_frames, _ = x.shape
        padded = F.pad(x, (0, 0, _TAPS // 2, _TAPS // 2))
        # (49 frequencies, n, frames, real and imaginary part)
        spectrum = (padded @ self.fourier).unflatten(2, (-1, 2)).permute(2, 0, 1, 3)
        taps = spectrum.unfold(2, _TAPS, 1).transpose(3, 4)
        taps = taps.reshape(len(spectrum), n * n_frames, 2 * _TAPS)
        blocks = taps.split(_FRAMES_IN_CACHE, dim=1) if in_blocks else [taps]
        found = []
        for i in range(2):
            to_real, to_imag = getattr(self, f"timbre{i}_real"), getattr(self, f"timbre{i}_imag")
            cos, sin = getattr(self, f"timbre{i}_cos"), getattr(self, f"timbre{i}_sin")
            largest = []
            for block in blocks:
                even = cos @ torch.bmm(block, to_real).flatten(1)
                odd = sin @ torch.bmm(block, to_imag).flatten(1)
                largest.append(odd.abs_().add_(even).amax(0).view(block.shape[1], -1))
            found.append(torch.cat(largest))
        return found

    def _rhythm(self, x: torch.Tensor, in_blocks: bool) -> list[torch.Tensor]:
        n, n_frames, _ = x.shape
        longest = _RHYTHM[0]
        padded = F.pad(x.transpose(1, 2), ((longest - 1) // 2, longest // 2)).transpose(0, 1)
        found: list[list[torch.Tensor]] = [[] for _ in _RHYTHM]
        for bands in padded.split(_BANDS_IN_CACHE) if in_blocks else [padded]:
            taps = bands.unfold(2, longest, 1).reshape(-1, longest)
            for i, length in enumerate(_RHYTHM):
                start = (longest - length) // 2
                values = taps[:, start : start + length] @ getattr(self, f"rhythm{i}")
                found[i].append(values.view(len(bands), n * n_frames, -1).amax(0))
        return [torch.stack(values).amax(0) for values in found]


def _fourier() -> torch.Tensor:
    """The Fourier transform of 96 bands, as a matrix of 49 pairs of columns."""
    angle = _angles(torch.arange(_BANDS, dtype=torch.float64))
    return torch.stack([torch.cos(angle), -torch.sin(angle)], dim=2).flatten(1)


def _angles(bands: torch.Tensor) -> torch.Tensor:
    frequencies = torch.arange(_BANDS // 2 + 1, dtype=torch.float64)
    return 2 * math.pi / _BANDS * bands[:, None] * frequencies


def _in_fourier_domain(kernel: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """What turns the transformed taps of frames into those of outputs, and the way back."""
    _, height, _ = kernel.shape  # taps, bands, filters
    n_out = _BANDS - height + 1
    angle = _angles(torch.arange(height) + (n_out - 1) / 2)
    real = torch.einsum("tbc,bf->ftc", kernel, torch.cos(angle))
    imag = torch.einsum("tbc,bf->ftc", kernel, torch.sin(angle))
    # Rows: the real and imaginary part of each tap.
    to_real = torch.stack([real, -imag], dim=2).flatten(1, 2)
    to_imag = torch.stack([imag, real], dim=2).flatten(1, 2)
    half = _angles(torch.arange((n_out - 1) % 2 / 2, n_out / 2, dtype=torch.float64))
    weight = torch.full((half.shape[1],), 2 / _BANDS, dtype=torch.float64)
    weight[0] = weight[-1] = 1 / _BANDS
    return to_real, to_imag, weight * torch.cos(half), weight * torch.sin(half)


@lru_cache(maxsize=1)
def _mel_filters() -> np.ndarray:
    """Librosa's filterbank, with the roll-off of the resampler that the training sound went by.

    That one (librosa's "kaiser_best" of 2019) takes away from 7.2 kHz on, more than today's soxr
    does. The two highest bands show it, and cymbals live there: without this, a clip's mean tag is
    up to 0.05 off the published ones, with it 0.006.
    """
    soxr = require("soxr", what="changes of the sample rate")
    mel = require("librosa.filters", what="spectrograms").mel

    # 64 zero crossings of a sinc at 0.9476 of the band, in a Kaiser window.
    oversampling, crossings, cutoff, beta = 8, 64, 0.9475937167399596, 14.769656459379492
    time = np.arange(-crossings * oversampling, crossings * oversampling + 1) / oversampling
    sinc = cutoff * np.sinc(cutoff * time) * np.kaiser(len(time), beta) / oversampling
    then = np.abs(np.fft.rfft(sinc, _N_FFT * oversampling))[: _N_FFT // 2 + 1]
    impulse = np.zeros(_N_FFT * 3)
    impulse[len(impulse) // 2] = 3.0
    now = np.abs(np.fft.rfft(soxr.resample(impulse, 3 * _RATE, _RATE, quality="HQ"), _N_FFT))
    ratio = np.minimum(then / np.maximum(now, 1e-9), 1.0)
    return mel(sr=_RATE, n_fft=_N_FFT, n_mels=_BANDS) * ratio**2
