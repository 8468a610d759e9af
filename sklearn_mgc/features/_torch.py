"""The spectra of a batch of clips on a torch device, at the values of the compiled kernel.

What is wide (bins, bands) stays on the device; what is narrow (a few dozen columns per
frame) comes back and goes on as if the compiled kernel had made it, so that statistics,
decibels, deltas and tempo have one definition.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

import numpy as np
import torch

from sklearn_mgc.features import _spectral
from sklearn_mgc.features._filters import chroma_filters, hann_window, mel_bank
from sklearn_mgc.features._shared import Spectra
from sklearn_mgc.features._spectral import N_MELS, Spectrum, tuning_from_peaks

_TINY = float(np.finfo(np.float32).tiny)


def pick_device(name: str) -> torch.device | None:
    """The torch device of a ``device`` parameter, or None for the compiled kernel.

    Raises
    ------
    ValueError
        If there is no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cpu":
        return None
    device = torch.device(name)
    if (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(
            f"device={name!r}: torch finds {torch.cuda.device_count()} CUDA devices here; "
            "use device='auto' to take one where there is one"
        )
    return device


class Batch:
    """Waveforms of any lengths, and their spectra by frames, on one device."""

    def __init__(self, waves: list[np.ndarray], device: torch.device):
        self.waves = waves
        self.device = device
        self._known: dict[tuple, BatchSpectrum] = {}

    def spectrum(self, **frames) -> BatchSpectrum:
        """The spectrum with these frames, made once."""
        key = tuple(sorted(frames.items()))
        if key not in self._known:
            self._known[key] = BatchSpectrum(self.waves, self.device, **frames)
        return self._known[key]

    def clips(self) -> list[Spectra]:
        """What a transformer reads, for each waveform."""
        return [ClipSpectra(self, i) for i in range(len(self.waves))]


class BatchSpectrum:
    """Power spectra of a batch, clips x frames x bins, and all that is computed from them.

    Parameters
    ----------
    waves : list of float32 arrays of shape (n_samples,)
    device : torch.device
    sample_rate, n_fft, hop_length : int
    pad_mode : str
    """

    def __init__(self, waves, device, *, sample_rate, n_fft, hop_length, pad_mode):
        self.sample_rate = sample_rate
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.hertz = sample_rate / n_fft
        self.n_frames = [1 + len(y) // hop_length for y in waves]
        self.n_samples = [len(y) for y in waves]
        # A clip that ends before the longest goes on as zeros; frames beyond its own are masked.
        padded = np.zeros((len(waves), max(self.n_samples) + n_fft), dtype=np.float32)
        for row, y in zip(padded, waves, strict=True):
            row[: len(y) + n_fft] = np.pad(y, n_fft // 2, mode=pad_mode)
        self.padded = torch.from_numpy(padded).to(device)
        window = torch.from_numpy(hann_window(n_fft)).to(device)
        spectrum = torch.stft(
            self.padded, n_fft, hop_length, window=window, center=False, return_complex=True
        ).transpose(1, 2)
        real = torch.view_as_real(spectrum)
        self.power = real.square().sum(dim=-1)
        steps = torch.arange(self.power.shape[1], device=device)
        self.outside = steps >= torch.tensor(self.n_frames, device=device)[:, None]
        self.power[self.outside] = 0
        self._host: dict[str, np.ndarray] = {}

    def host(self, name: str) -> np.ndarray:
        """A descriptor of all clips as a NumPy array, clips x frames x columns."""
        if name not in self._host:
            with _full_precision():
                self._host[name] = getattr(self, f"_{name}").cpu().numpy()
        return self._host[name]

    def mel(self, n_mels: int, fmin: float, fmax: float | None) -> np.ndarray:
        """Mel power spectrograms, clips x frames x bands."""
        name = f"mel {n_mels} {fmin} {fmax}"
        if name not in self._host:
            with _full_precision():
                self._host[name] = (self.power @ self._bank(n_mels, fmin, fmax)).cpu().numpy()
        return self._host[name]

    def _bank(self, n_mels: int, fmin: float, fmax: float | None) -> torch.Tensor:
        bank = mel_bank(self.sample_rate, self.n_fft, n_mels, fmin, fmax)
        return torch.from_numpy(bank.T.copy()).to(self.power.device)

    @cached_property
    def _shape(self) -> torch.Tensor:
        """Centroid, bandwidth and roll-off, the last axis, in Hz."""
        magnitude = self.power.sqrt()
        bins = torch.arange(magnitude.shape[2], device=magnitude.device, dtype=torch.float32)
        total = magnitude.sum(dim=2)
        norm = torch.where(total < _TINY, 1.0, total)
        centre = (magnitude @ bins) / norm
        spread = ((bins - centre[..., None]).square_().mul_(magnitude)).sum(dim=2) / norm
        running = magnitude.cumsum(dim=2)
        rolloff = (running < 0.85 * running[..., -1:]).sum(dim=2)
        return torch.stack([centre, spread.sqrt(), rolloff], dim=2) * self.hertz

    @property
    def _log_mel(self) -> torch.Tensor:
        mel = self.power @ self._bank(N_MELS, 0.0, None)
        db = 10 * torch.log10(mel.clamp(min=1e-10))
        floor = db.masked_fill(self.outside[..., None], -torch.inf).amax(dim=(1, 2)) - 80
        return torch.maximum(db, floor[:, None, None])

    def tuning(self) -> list[float]:
        """Deviation of each clip from A440 in fractions of a semitone."""
        low = max(int(np.ceil(150.0 / self.hertz)), 1)
        high = min(
            int(np.ceil(min(4000.0, self.sample_rate / 2) / self.hertz)), self.power.shape[2] - 1
        )
        threshold = 0.1 * self.power.amax(dim=2, keepdim=True)
        here = self.power[..., low:high]
        before, after = self.power[..., low - 1 : high - 1], self.power[..., low + 1 : high + 1]
        beaten = ((here <= before) & (before > threshold)) | (here < after)
        peak = (here > threshold) & ~beaten
        curvature = (after + before - 2 * here)[peak]
        slope = ((after - before) / 2)[peak]
        shift = torch.where(slope.abs() < curvature.abs(), -slope / curvature, 0.0)
        height = (here[peak] + 0.5 * slope * shift).cpu().numpy()
        clip, _, k = (index.cpu().numpy() for index in peak.nonzero(as_tuple=True))
        frequency = ((low + k + shift.cpu().numpy().astype(np.float64)) * self.hertz).astype("f4")
        edges = np.searchsorted(clip, np.arange(len(self.n_frames) + 1))
        parts = [slice(*pair) for pair in zip(edges[:-1], edges[1:], strict=True)]
        return [tuning_from_peaks(frequency[part], height[part]) for part in parts]

    @property
    def _chroma(self) -> torch.Tensor:
        banks = np.stack(
            [chroma_filters(self.sample_rate, self.n_fft, tuning) for tuning in self.tuning()]
        )
        raw = self.power @ torch.from_numpy(banks).to(self.power.device)
        peak = raw.amax(dim=2, keepdim=True)
        return raw / torch.where(peak < _TINY, 1.0, peak)

    @property
    def _zero_crossing_rate(self) -> torch.Tensor:
        half = self.n_fft // 2
        negative = self.padded[:, half:-half] < -1e-10
        changes = (negative[:, 1:] != negative[:, :-1]).cumsum(dim=1, dtype=torch.int32)
        running = torch.nn.functional.pad(changes, (1, 0))
        device = self.padded.device
        start = torch.arange(self.power.shape[1], device=device) * self.hop_length - half
        last = torch.tensor(self.n_samples, device=device)[:, None] - 1
        # Ends are padded by repetition: no change lies outside the signal.
        begin = running.gather(1, torch.minimum(start.clamp(min=0)[None], last))
        end = running.gather(1, torch.minimum((start + self.n_fft - 1).clamp(min=0)[None], last))
        return ((end - begin) / self.n_fft)[..., None]

    @property
    def _rms(self) -> torch.Tensor:
        frames = self.padded.unfold(1, self.n_fft, self.hop_length)
        return frames.square().mean(dim=2).sqrt()[..., None]

    @property
    def _spectral_flatness(self) -> torch.Tensor:
        power = self.power.clamp(min=1e-10)
        return (power.log().mean(dim=2).exp() / power.mean(dim=2))[..., None]

    @property
    def _contrast(self) -> torch.Tensor:
        """Mean peaks, then mean valleys, of seven octave bands."""
        low, high, count = _spectral.contrast_bands(self.sample_rate, self.n_fft)
        magnitude = self.power.sqrt()
        means = [
            magnitude[..., a:b].topk(n, dim=2, largest=largest).values.mean(dim=2)
            for largest in (True, False)
            for a, b, n in zip(low, high, count.tolist(), strict=True)
        ]
        return torch.stack(means, dim=2)


class ClipSpectrum(Spectrum):
    """One clip's part of a batch: what the device does not compute is inherited."""

    def __init__(self, batch: BatchSpectrum, i: int, y, *, n_mfcc=20, **frames):
        self._batch = batch
        self._i = i
        self.y = y
        self.n_mfcc = n_mfcc
        self.n_frames = batch.n_frames[i]
        for name, value in frames.items():
            setattr(self, name, value)

    def _of(self, name: str) -> np.ndarray:
        return self._batch.host(name)[self._i, : self.n_frames]

    def mel(self, n_mels: int, fmin: float, fmax: float | None) -> np.ndarray:
        return self._batch.mel(n_mels, fmin, fmax)[self._i, : self.n_frames]

    chroma = property(lambda self: self._of("chroma"))
    spectral_centroid = property(lambda self: self._of("shape")[:, :1])
    spectral_bandwidth = property(lambda self: self._of("shape")[:, 1:2])
    spectral_rolloff = property(lambda self: self._of("shape")[:, 2:])
    zero_crossing_rate = property(lambda self: self._of("zero_crossing_rate"))
    rms = property(lambda self: self._of("rms"))
    spectral_flatness = property(lambda self: self._of("spectral_flatness"))
    contrast_parts = property(lambda self: self._of("contrast"))
    _log_mel = property(lambda self: self._of("log_mel"))


class ClipSpectra(Spectra):
    """One clip of a batch, as transformers read it."""

    def __init__(self, batch: Batch, i: int):
        super().__init__(batch.waves[i])
        self._batch = batch
        self._i = i

    def _spectrum(self, *, n_mfcc: int = 20, **frames) -> Spectrum:
        batch = self._batch.spectrum(**frames)
        return ClipSpectrum(batch, self._i, self.y, n_mfcc=n_mfcc, **frames)

    def _reduced(self, spectrum, step: int, *bands) -> np.ndarray:
        return spectrum.mel(*bands)[::step]


@contextmanager
def _full_precision() -> Iterator[None]:
    """Products in float32, whatever the program allows for its networks."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
