"""What decided: which seconds and which bands a model misses when they are taken away."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.signal import istft, stft
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklearn_mgc._optional import require
from sklearn_mgc.audio import load_audio, printable
from sklearn_mgc.display.tables import Report
from sklearn_mgc.inspection.gradients import HOLES, integrated_gradients
from sklearn_mgc.inspection.windows import probabilities_of, probabilities_of_whole

_SAMPLE_RATE = 22050
_FADE = 0.05
"""Seconds over which sound is faded: a hard cut would be a click, a sound of its own."""


@dataclass(repr=False)
class Explanation(Report):
    """How much the probability of a genre falls without a part of the sound.

    Made by :func:`explain`.

    Parameters
    ----------
    name : str
        The clip.
    genre : str
        The genre that is explained.
    probability : float
        Of that genre, for the whole clip.
    seconds : ndarray of shape (n_parts + 1,)
        Ends of the parts in time, in seconds.
    bands : ndarray of shape (n_bands + 1,)
        Ends of the bands, in Hz, equally wide in mel.
    seconds_drop : dict of str to ndarray of shape (n_parts,)
        For "silence" and "noise" in place of a part: what the probability loses. Negative
        where the genre becomes more probable; NaN where the model refuses what is left.
    bands_drop : dict of str to ndarray of shape (n_bands,)
        The same for bands.
    method : {"occlusion", "integrated_gradients"}, default="occlusion"
        With integrated gradients, losses of all parts add up to what the probability loses if
        the whole clip is taken away, and so do those of all bands.
    """

    name: str
    genre: str
    probability: float
    seconds: np.ndarray
    bands: np.ndarray
    seconds_drop: dict[str, np.ndarray]
    bands_drop: dict[str, np.ndarray]
    method: str = "occlusion"

    _display = "ExplanationDisplay"

    def to_frame(self):
        """Give a row per part and kind of hole.

        Returns
        -------
        pandas.DataFrame
            ``axis`` ("seconds" or "Hz"), ``low`` and ``high`` ends, ``hole`` ("silence" or
            "noise") and ``drop`` of the probability.
        """
        pd = require("pandas", extra="data", what="tables")

        return pd.DataFrame(
            {"axis": axis, "low": low, "high": high, "hole": hole, "drop": drop}
            for axis, ends, drops in (
                ("seconds", self.seconds, self.seconds_drop),
                ("Hz", self.bands, self.bands_drop),
            )
            for hole, values in drops.items()
            for low, high, drop in zip(ends[:-1], ends[1:], values, strict=True)
        )

    def _rows(self) -> list[list]:
        """The three parts and the three bands that it loses most without."""
        rows = []
        for unit, form, ends, drops in (
            ("s", ".3g", self.seconds, self.seconds_drop),
            ("Hz", ".0f", self.bands, self.bands_drop),
        ):
            mean = np.nanmean([drops[hole] for hole in HOLES], axis=0)
            for i in np.argsort(-np.nan_to_num(mean, nan=-np.inf))[:3]:
                part = f"{ends[i]:{form}} to {ends[i + 1]:{form}} {unit}"
                rows.append([part, *(float(drops[hole][i]) for hole in HOLES)])
        return rows

    def _table(self):
        return ["part", *HOLES], self._rows()

    def _summary(self) -> str:
        return printable(f"{self.name}: {self.genre} {self.probability:.2f}")

    def _lines(self) -> list[str]:
        return [f"{self._summary()}; what it loses without"]

    def _brief(self) -> str:
        rows = self._rows()
        first = [next(part for part, *_ in rows if part.endswith(unit)) for unit in (" s", " Hz")]
        return f"{self._summary()}, loses most without {' and '.join(first)}"


def explain(
    estimator,
    source,
    *,
    genre: str | None = None,
    method: str = "occlusion",
    part: float = 2.0,
    n_bands: int = 12,
    random_state=0,
) -> Explanation:
    """Find the seconds and the bands of a clip that matter to its prediction.

    By occlusion [1]_, one part after another is taken away - faded to silence, and to noise of
    the clip's level and spectrum, because a model may take either for a sign of its own - and
    the model is asked again. This works for any pipeline.

    Integrated gradients [2]_ ask a network of spectrograms how the probability grows on the way
    from silence, or from noise in which each band has the clip's median level, to the clip, and
    give each value of the spectrogram its share. That takes 64 passes back and forth through the
    network, however many parts there are; 256 where that is too coarse, and a warning where
    256 are.

    Parameters
    ----------
    estimator : Pipeline
        Fitted on paths, with ``predict_proba``.
    source : str, path-like, bytes or binary file
        The clip; songs are best cut to the length of the clips that were trained on.
    genre : str, default=None
        What to explain; the genre that is predicted by default.
    method : {"occlusion", "integrated_gradients"}, default="occlusion"
        "integrated_gradients" needs captum (extra ``explain``), and a pipeline of
        `MelSpectrogram`, `MelScaler` or none, and a network, which may stand within
        `SegmentVotingClassifier` or `TemperatureScaledClassifier`.
    part : float, default=2.0
        Length of a part in seconds.
    n_bands : int, default=12
        Bands between 0 and 11,025 Hz, equally wide in mel.
    random_state : int, RandomState instance or None, default=0
        Seed of the noise of occlusion.

    Returns
    -------
    Explanation
        What the genre's probability loses without each part.

    Raises
    ------
    AudioError
        If the clip cannot be read, or is too short or silent.
    ValueError
        If the genre is unknown to the model, or ``method``, ``part`` or ``n_bands`` is out of
        range.
    TypeError
        If the pipeline has no gradients.

    See Also
    --------
    descriptor_importance : What a classifier of descriptors rests on, over many clips.

    References
    ----------
    .. [1] M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks",
       ECCV 2014.
    .. [2] M. Sundararajan, A. Taly and Q. Yan, "Axiomatic attribution for deep networks",
       ICML 2017.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_mgc import HandcraftedFeatures
    >>> from sklearn_mgc.datasets import make_music
    >>> from sklearn_mgc.inspection import explain
    >>> from sklearn_mgc.inspection.windows import as_file
    >>> music = make_music(24, duration=4.0, random_state=0)
    >>> model = make_pipeline(HandcraftedFeatures(), StandardScaler(), LogisticRegression())
    >>> _ = model.fit(music.data, music.target)
    >>> explanation = explain(model, as_file(music.data[0]), n_bands=4)
    >>> explanation.seconds.tolist()
    [0.0, 2.0, 4.0]
    """
    check_is_fitted(estimator)
    if method not in ("occlusion", "integrated_gradients"):
        raise ValueError(f"method must be 'occlusion' or 'integrated_gradients', got {method!r}")
    if not part > 0:
        raise ValueError(f"part must be a number of seconds above 0, got {part!r}")
    if n_bands < 2:
        raise ValueError(f"n_bands must be at least 2, got {n_bands!r}")
    name = "clip" if hasattr(source, "read") or isinstance(source, bytes) else str(source)
    y = load_audio(source, sample_rate=_SAMPLE_RATE)
    whole = probabilities_of_whole(estimator, y, name)
    classes = np.asarray(estimator.classes_)
    chosen = classes[np.argmax(whole)] if genre is None else genre
    if chosen not in classes:
        raise ValueError(f"genre={genre!r} is not one of {', '.join(map(str, classes))}")
    column = int(np.flatnonzero(classes == chosen)[0])
    n_parts = max(1, round(len(y) / _SAMPLE_RATE / part))
    seconds = np.linspace(0, len(y) / _SAMPLE_RATE, n_parts + 1)
    bands = _mel_edges(n_bands)
    if method == "integrated_gradients":
        drops = integrated_gradients(estimator, y, _SAMPLE_RATE, column, (seconds, bands))
    else:
        drops = _occlusion(estimator, y, whole, column, (seconds, bands), random_state)
    return Explanation(name, str(chosen), float(whole[column]), seconds, bands, *drops, method)


def _occlusion(estimator, y, whole, column, ends, random_state):
    """What the probability loses without each part and each band, by kind of hole."""
    noise = _noise_like(y, check_random_state(random_state))

    def drops(altered) -> np.ndarray:
        found = [probabilities_of(estimator, [wave])[0, column] for wave in altered]
        return whole[column] - np.array(found)

    replacements = dict(zip(HOLES, (np.zeros_like(y), noise), strict=True))
    return tuple(
        {hole: drops(without(y, other, edges)) for hole, other in replacements.items()}
        for without, edges in zip((_without_seconds, _without_bands), ends, strict=True)
    )


def _noise_like(y: np.ndarray, rng) -> np.ndarray:
    """Noise with the clip's spectrum: its phases drawn anew."""
    spectrum = np.abs(np.fft.rfft(y))
    # Smooth over a third of an octave or so: single tones would go on sounding.
    width = max(1, len(spectrum) // 200)
    level = np.sqrt(np.convolve(spectrum**2, np.ones(width) / width, mode="same"))
    phase = np.exp(2j * np.pi * rng.uniform(size=len(spectrum)))
    return np.fft.irfft(level * phase, n=len(y)).astype(np.float32)


def _without_seconds(y, other, seconds):
    t = np.arange(len(y)) / _SAMPLE_RATE
    for begin, end in itertools.pairwise(seconds):
        # 1 inside the part, 0 outside, a ramp at either end.
        hole = np.clip(np.minimum(t - begin, end - t) / _FADE + 0.5, 0, 1).astype(np.float32)
        yield y * (1 - hole) + other * hole


def _without_bands(y, other, bands):
    frequencies, _, spectrum = stft(y, _SAMPLE_RATE, nperseg=2048)
    replaced = stft(other, _SAMPLE_RATE, nperseg=2048)[2]
    for low, high in itertools.pairwise(bands):
        inside = (frequencies >= low) & (frequencies < high)
        altered = np.where(inside[:, None], replaced, spectrum)
        yield istft(altered, _SAMPLE_RATE, nperseg=2048)[1][: len(y)].astype(np.float32)


def _mel_edges(n_bands: int) -> np.ndarray:
    librosa = require("librosa", what="descriptors")
    edges = librosa.mel_frequencies(n_mels=n_bands + 1, fmin=0.0, fmax=_SAMPLE_RATE / 2)
    edges[-1] += 1  # the last bin belongs to the last band
    return edges
