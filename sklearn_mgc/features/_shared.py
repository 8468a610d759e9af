"""Spectra that several transformers read: the frames of a waveform are transformed once."""

from __future__ import annotations

import numpy as np

from sklearn_mgc.features._spectral import N_MELS, Spectrum, mel_filters

_FRAMES_PER_BLOCK = 32


class Spectra:
    """The spectra of one waveform, by their frames; each is computed when first asked for.

    Parameters
    ----------
    y : float32 array of shape (n_samples,)
    """

    def __init__(self, y: np.ndarray):
        self.y = y
        self._known: list[tuple[dict, Spectrum]] = []

    def describe(self, names: tuple[str, ...], **params) -> dict[str, np.ndarray]:
        """As `_spectral.describe`, of this waveform."""
        spectrum = next((s for known, s in self._known if known == params), None)
        if spectrum is None:
            spectrum = self._spectrum(**params)
            self._known.append((params, spectrum))
        return {name: getattr(spectrum, name) for name in names}

    def mel_spectrogram(
        self, *, n_mels: int, fmin: float, fmax: float | None, **params
    ) -> np.ndarray:
        """As `_spectral.mel_spectrogram`; out of a spectrum among whose frames are these."""
        for known, spectrum in self._known:
            step, between = divmod(params["hop_length"], known["hop_length"])
            if between or {**known, **params, "hop_length": known["hop_length"]} != known:
                continue
            return self._reduced(spectrum, step, n_mels, fmin, fmax)
        return self._spectrum(**params).mel(n_mels, fmin, fmax)

    def _spectrum(self, **params) -> Spectrum:
        return Spectrum(self.y, **params)

    def _reduced(self, spectrum: Spectrum, step: int, *bands) -> np.ndarray:
        """Mel bands of every ``step``-th frame of a spectrum that is there."""
        if bands == (N_MELS, 0.0, None):
            return spectrum._pass["mel"][::step]
        filters = mel_filters(spectrum.sample_rate, spectrum.n_fft, *bands)
        power = spectrum._pass["power"][::step]
        mel = np.empty((len(power), bands[0]), dtype=np.float32)
        for start in range(0, len(power), _FRAMES_PER_BLOCK):
            rows = slice(start, start + _FRAMES_PER_BLOCK)
            spectrum.fused.band_rows(np.ascontiguousarray(power[rows]), *filters, mel[rows])
        return mel
