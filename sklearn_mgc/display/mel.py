"""The mel-spectrogram as an image: what the convolutional networks see."""

from __future__ import annotations

import numpy as np

from sklearn_mgc._optional import require
from sklearn_mgc.display.axes import AxesDisplay

_TICKS = (125, 250, 500, 1000, 2000, 4000, 8000)
"""Octaves in Hz: they lie nearly evenly on the mel axis."""


class MelSpectrogramDisplay(AxesDisplay):
    """A log-mel spectrogram over time.

    Parameters
    ----------
    spectrogram : ndarray of shape (n_frames, n_mels)
        Log-mel spectrogram in dB, as :class:`~sklearn_mgc.MelSpectrogram` gives it.
    frame_duration : float
        Seconds from one frame to the next (hop length divided by sample rate).
    mel_frequencies : ndarray of shape (n_mels,)
        Centre frequency of each band in Hz.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc.display import MelSpectrogramDisplay
    >>> y = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050).astype("float32")
    >>> MelSpectrogramDisplay.from_audio(y).ax_.get_xlabel()
    'time (s)'
    """

    def __init__(self, spectrogram, *, frame_duration: float, mel_frequencies):
        self.spectrogram = spectrogram
        self.frame_duration = frame_duration
        self.mel_frequencies = mel_frequencies

    @classmethod
    def from_audio(cls, audio, *, transformer=None, ax=None) -> MelSpectrogramDisplay:
        """Compute and plot the mel-spectrogram of a file or a waveform.

        Parameters
        ----------
        audio : path-like or ndarray of shape (n_samples,)
            An audio file, or a waveform at the transformer's sample rate.
        transformer : MelSpectrogram, default=None
            The transformer to use; by default ``MelSpectrogram()``, without the frames
            that would only fill up a shorter clip.
        ax : matplotlib Axes, default=None
            Axes to draw into; new ones by default.

        Returns
        -------
        MelSpectrogramDisplay
            The drawn display.
        """
        mel_frequencies = require("librosa", what="spectrograms").mel_frequencies
        from sklearn_mgc.audio import load_audio
        from sklearn_mgc.features import MelSpectrogram

        mel = MelSpectrogram() if transformer is None else transformer
        if transformer is None:
            if not isinstance(audio, np.ndarray):
                audio = load_audio(audio, sample_rate=mel.sample_rate)
            mel.n_frames = min(mel.n_frames, 1 + len(audio) // mel.hop_length)
        fmax = mel.sample_rate / 2 if mel.fmax is None else mel.fmax
        bands = mel_frequencies(mel.n_mels + 2, fmin=mel.fmin, fmax=fmax)[1:-1]
        display = cls(
            mel.fit_transform([audio])[0],
            frame_duration=mel.hop_length / mel.sample_rate,
            mel_frequencies=bands,
        )
        return display.plot(ax=ax)

    def _size(self):
        return 8, 4

    def _draw(self, ax):
        spectrogram = np.asarray(self.spectrogram, dtype=np.float32)
        if spectrogram.ndim != 2:
            raise ValueError(
                f"expected one spectrogram (n_frames, n_mels), got shape {spectrogram.shape}"
            )
        n_frames, n_mels = spectrogram.shape
        image = ax.imshow(
            spectrogram.T,
            origin="lower",
            aspect="auto",
            cmap="magma",
            extent=(0, n_frames * self.frame_duration, 0, n_mels),
        )
        bands = np.asarray(self.mel_frequencies)
        places = np.interp(_TICKS, bands, np.arange(n_mels) + 0.5, left=np.nan, right=np.nan)
        points = ax.get_window_extent().height / ax.figure.dpi * 72 / n_mels  # of one band
        # Low octaves are close together: in small axes the lowest would overlap.
        room = np.append(np.diff(places) * points, np.inf)
        ticks = [
            (place, f"{hz // 1000}k" if hz >= 1000 else f"{hz}")
            for hz, place, free in zip(_TICKS, places, room, strict=True)
            if not np.isnan(place) and not free < 7
        ]
        ax.set_yticks(*zip(*ticks, strict=True), fontsize=8)
        ax.set(xlabel="time (s)", ylabel="frequency (Hz)")
        ax.figure.colorbar(image, ax=ax, label="dB")
