"""The same descriptors of recordings of any length, a minute at a time.

Two things depend on the whole clip: its tuning and its loudest mel band, 80 dB below which
everything is cut. So the clip is read twice: to find these, and to describe it. Nothing but the
frames' descriptors is kept, some 40 numbers for each 23 ms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

import numpy as np

from sklearn_mgc.features import _reference
from sklearn_mgc.features._spectral import (
    TUNINGS,
    Spectrum,
    contrast_from_parts,
    power_to_db,
    tuning_bins,
)

# Longer clips are streamed. Below, the spectrum of the whole clip is no burden (150 MB).
LONG_SECONDS = 300.0
CHUNK_SECONDS = 10.0
BLOCK_SECONDS = 35.0  # of what is decoded at a time; a usual clip is one block

# What is derived at the end from what is kept of each frame.
_NEEDS = {
    "chroma_stft": "chroma",
    "tonnetz": "chroma",
    "mfcc_delta": "mfcc",
    "mfcc_delta2": "mfcc",
    "spectral_contrast": "contrast_parts",
    "tempo": "onset_strength",
}
# These are of each sample, too many to be kept.
SAMPLES = ("harmony", "perceptr")


class Stream:
    """A waveform that is read as often as needed, in blocks that are never empty.

    Parameters
    ----------
    blocks : callable
        Begins anew: returns an iterator of float32 arrays.
    """

    def __init__(self, blocks: Callable[[], Iterator[np.ndarray]]):
        self._blocks = blocks
        self.heard = False  # whether a sample that was read is not zero

    def __iter__(self) -> Iterator[np.ndarray]:
        for block in self._blocks():
            self.heard = self.heard or bool(block.any())
            yield block


def streamed(y: np.ndarray, limit: float) -> np.ndarray | Stream:
    """A waveform, as a stream if it is longer than ``limit`` samples."""
    if len(y) <= limit:
        return y
    size = int(limit)
    return Stream(lambda: (y[start : start + size] for start in range(0, len(y), size)))


def split(
    wave: np.ndarray | Stream, n: int, limit: float
) -> tuple[Iterable[np.ndarray | Stream], float]:
    """Cut into ``n`` segments as `numpy.array_split`; these, and samples of the shortest."""
    if isinstance(wave, np.ndarray):
        parts = np.array_split(wave, n)
        return [streamed(part, limit) for part in parts], len(parts[-1])
    if n == 1:
        return [wave], limit
    total = sum(map(len, wave))
    return _segments(wave, n, total, limit), total // n


def _segments(wave: Stream, n: int, total: int, limit: float) -> Iterator[np.ndarray | Stream]:
    """One segment after the other, of which one is in memory."""
    lengths = [total // n + (i < total % n) for i in range(n)]
    waiting: list[np.ndarray] = []
    n_waiting = 0
    for block in wave:
        waiting.append(block)
        n_waiting += len(block)
        while lengths and n_waiting >= lengths[0]:
            y = np.concatenate(waiting)
            length = lengths.pop(0)
            waiting, n_waiting = [y[length:].copy()], n_waiting - length
            yield streamed(y[:length], limit)


class _Chunk(Spectrum):
    """Frames out of the middle of a clip, by what is known of the whole."""

    def __init__(self, y, edge, tuning=0.0, loudest=None, before=None, **params):
        super().__init__(y, **{**params, "pad_mode": "none"})
        self.edge = edge  # the same with ends repeated, where sign changes are counted
        self.tuning = tuning
        self.loudest = loudest
        self.before = before

    @property
    def zero_crossing_rate(self) -> np.ndarray:
        self.y = self.edge
        return self._sign_changes(0)

    @cached_property
    def _log_mel(self) -> np.ndarray:
        db = power_to_db(self._pass["mel"], ref=1.0, top_db=None)
        return np.maximum(db, self.loudest - np.float32(80))

    @property
    def onset_strength(self) -> np.ndarray:
        """Mean rise of the bands from each frame to the next; one value less for the first."""
        before = self._log_mel[:1] if self.before is None else self.before
        rise = np.diff(np.concatenate([before, self._log_mel]), axis=0)
        values = np.maximum(rise, 0).mean(axis=1, keepdims=True)
        return values[1:] if self.before is None else values


def describe(stream: Stream, names: tuple[str, ...], **params) -> dict:
    """As `_spectral.describe`, for a stream; of `SAMPLES` there are `Moments`."""
    samples = _separate(stream, **params) if set(SAMPLES) & set(names) else {}
    of_frames = tuple(name for name in names if name not in SAMPLES)
    found = _describe_frames(stream, of_frames, **params) if of_frames else {}
    return {name: samples[name] if name in SAMPLES else found[name] for name in names}


def _describe_frames(stream: Stream, names: tuple[str, ...], **params) -> dict[str, np.ndarray]:
    kept = dict.fromkeys(_NEEDS.get(name, name) for name in names)
    n_frames, whole = _survey(stream, with_tuning="chroma" in kept, **params)
    frames: dict[str, np.ndarray] = {}
    start, before = 0, None
    for y, edge in _chunks(stream, **params):
        chunk = _Chunk(y, edge, before=before, **whole, **params)
        for name in kept:
            values = getattr(chunk, name)
            if name not in frames:
                frames[name] = np.empty((n_frames, values.shape[1]), dtype=np.float32)
            # Of the rises there is one less than of frames.
            first = start - (name == "onset_strength" and start > 0)
            frames[name][first : first + len(values)] = values
        if "onset_strength" in kept:
            before = chunk._log_mel[-1:].copy()
        start += chunk.n_frames
    if "onset_strength" in kept:
        # As librosa: shifted by the lag and by half a frame.
        lead = np.zeros((1 + params["n_fft"] // (2 * params["hop_length"]), 1), dtype=np.float32)
        rises = frames["onset_strength"][: n_frames - 1]
        frames["onset_strength"] = np.concatenate([lead, rises])[:n_frames]
    return {name: _derived(name, frames, **params) for name in names}


def _derived(name: str, frames: dict[str, np.ndarray], sample_rate, hop_length, **_) -> np.ndarray:
    if name == "chroma_stft":
        return frames["chroma"].reshape(-1, 1)
    if name == "tonnetz":
        from librosa.feature import tonnetz

        return tonnetz(chroma=frames["chroma"].T).T
    if name in ("mfcc_delta", "mfcc_delta2"):
        return _reference.delta(frames["mfcc"], 2 if name.endswith("2") else 1)
    if name == "spectral_contrast":
        return contrast_from_parts(frames["contrast_parts"])
    if name == "tempo":
        return _tempo(frames["onset_strength"][:, 0], sample_rate, hop_length)
    return frames[name]


class Moments:
    """Statistics of values that come in parts; all of `STATISTICS` but the median."""

    def __init__(self):
        self.n = 0
        self.sums = np.zeros(5)
        self.low, self.high = np.inf, -np.inf

    def add(self, values: np.ndarray) -> None:
        values = values.astype(np.float64)
        self.n += len(values)
        self.sums += [(values**order).sum() for order in range(5)]
        self.low, self.high = min(self.low, values.min()), max(self.high, values.max())

    def summarize(self, statistics: tuple[str, ...]) -> np.ndarray:
        """As `_spectral.summarize`."""
        _, mean, second, third, fourth = self.sums / self.n
        var = max(second - mean**2, 0)
        std = var**0.5
        flat = std <= 1e-6 * max(abs(self.low), abs(self.high))
        third_central = third - 3 * mean * second + 2 * mean**3
        fourth_central = fourth - 4 * mean * third + 6 * mean**2 * second - 3 * mean**4
        found = {
            "mean": mean, "std": std, "var": var, "min": self.low, "max": self.high,
            "skew": 0 if flat else third_central / std**3,
            "kurtosis": 0 if flat else fourth_central / var**2,
        }  # fmt: skip
        return np.array([found[name] for name in statistics])


def _separate(
    stream: Stream, *, sample_rate: int, n_fft: int, hop_length: int, pad_mode: str, **_
) -> dict[str, Moments]:
    """Statistics of the harmonic and of the percussive samples."""
    # Medians of 31 frames, and frames that overlap: what is further away has no influence.
    halo = (17 + -(-n_fft // hop_length)) * hop_length
    size = max(int(CHUNK_SECONDS * sample_rate) // hop_length * hop_length, 2 * halo)
    parts = Moments(), Moments()

    def add(before, block, after):
        y = np.concatenate([before, block, after])
        inner = slice(len(before), len(before) + len(block))
        stft = {"n_fft": n_fft, "hop_length": hop_length, "pad_mode": pad_mode}
        for moments, values in zip(parts, _reference.harmonic_percussive(y, **stft), strict=True):
            moments.add(values[0, inner])

    before = waiting = np.empty(0, dtype=np.float32)
    for block, first, _last in _blocks(stream, size):
        if not first:
            add(before, waiting, block[:halo])
            before = waiting[-halo:]
        waiting = block
    add(before, waiting, block[:0])
    return dict(zip(SAMPLES, parts, strict=True))


def mel_spectrogram(
    stream: Stream, *, n_frames: int, n_mels: int, fmin: float, fmax: float | None, **params
) -> tuple[np.ndarray, float]:
    """The first frames of the mel power spectrogram, and the loudest value of the whole."""
    parts, found, loudest = [], 0, 0.0
    for y, edge in _chunks(stream, **params):
        mel = _Chunk(y, edge, **params).mel(n_mels, fmin, fmax)
        loudest = max(loudest, float(mel.max()))
        if found < n_frames:
            parts.append(mel[: n_frames - found].copy())
            found += len(parts[-1])
    return np.concatenate(parts), loudest


def _survey(stream: Stream, *, with_tuning: bool, **params) -> tuple[int, dict]:
    """Number of frames; tuning and loudest mel band (dB) of the whole clip."""
    n_frames, loudest, peaks = 0, 0.0, _Peaks()
    for y, edge in _chunks(stream, **params):
        chunk = _Chunk(y, edge, **params)
        n_frames += chunk.n_frames
        found = chunk._pass
        loudest = max(loudest, float(found["mel"].max()))
        if with_tuning:
            peaks.add(found["frequency"], found["height"])
    decibel = power_to_db(np.array([loudest], dtype=np.float32), ref=1.0, top_db=None)
    return n_frames, {"tuning": peaks.tuning(), "loudest": decibel[0]}


class _Peaks:
    """Spectral peaks, counted by height and by deviation from A440; noise has millions."""

    _SHIFT = 16  # of the bits of a float32: heights within 0.8 % are one

    def __init__(self):
        self.counts = np.zeros((1 << (31 - self._SHIFT), 100), dtype=np.int32)

    def add(self, frequency: np.ndarray, height: np.ndarray) -> None:
        # The bits of positive floats are ordered as the floats are.
        np.add.at(self.counts, (height.view(np.int32) >> self._SHIFT, tuning_bins(frequency)), 1)

    def tuning(self) -> float:
        """As `_spectral.tuning_from_peaks`: what most peaks above the median height have."""
        above = self.counts.sum(axis=1)[::-1].cumsum()[::-1]
        if not above[0]:
            return 0.0
        median = np.flatnonzero(above >= above[0] / 2)[-1]
        higher = self.counts[median + 1 :].sum(axis=0)
        share = (above[0] / 2 - higher.sum()) / self.counts[median].sum()
        return float(TUNINGS[np.argmax(higher + share * self.counts[median])])


def _chunks(
    stream: Stream, *, sample_rate: int, n_fft: int, hop_length: int, pad_mode: str, **_
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Stretches of the padded waveform that hold whole frames, and with its ends repeated."""
    half = n_fft // 2
    size = max(int(CHUNK_SECONDS * sample_rate), 2 * n_fft, 2 * hop_length)
    tail, skip = np.empty(0, dtype=np.float32), 0
    for block, first, last in _blocks(stream, size):
        ends = (half if first else 0, half if last else 0)
        y = _joined(tail, block, ends, pad_mode)
        edge = _joined(tail, block, ends, "edge") if any(ends) else y
        y, edge = y[skip:], edge[skip:]
        n_frames = (len(y) - n_fft) // hop_length + 1
        used = (n_frames - 1) * hop_length + n_fft
        yield y[:used], edge[:used]
        tail, skip = y[n_frames * hop_length :].copy(), max(n_frames * hop_length - len(y), 0)


def _joined(tail: np.ndarray, block: np.ndarray, ends: tuple[int, int], mode: str) -> np.ndarray:
    if any(ends):
        block = np.pad(block, ends, mode=mode)  # type: ignore[call-overload]
    return np.concatenate([tail, block])


def _blocks(stream: Stream, size: int) -> Iterator[tuple[np.ndarray, bool, bool]]:
    """Blocks of ``size`` samples, the last up to twice that, whatever the stream's own are."""
    waiting: list[np.ndarray] = []
    n_waiting, first = 0, True
    for block in stream:
        waiting.append(block)
        n_waiting += len(block)
        if n_waiting >= 2 * size:
            y = np.concatenate(waiting)
            starts = range(0, n_waiting - 2 * size + 1, size)
            for start in starts:
                yield y[start : start + size], first, False
                first = False
            waiting = [y[starts[-1] + size :].copy()]
            n_waiting = len(waiting[0])
    yield np.concatenate(waiting), first, True


def _tempo(strength: np.ndarray, sample_rate: int, hop_length: int) -> np.ndarray:
    """As `_reference.tempo`, without the tempogram of the whole clip."""
    from librosa.feature import tempo, tempogram

    window = int(8.0 * sample_rate // hop_length)  # librosa's 8 s
    step = 2_000
    total = np.zeros(window)
    for start in range(0, len(strength), step):
        low, high = max(start - window, 0), min(start + step + window, len(strength))
        grams = tempogram(
            onset_envelope=strength[low:high], sr=sample_rate, hop_length=hop_length,
            win_length=window,
        )  # fmt: skip
        total += grams[:, start - low : min(start + step, len(strength)) - low].sum(axis=1)
    mean = (total / len(strength))[:, None]
    return tempo(tg=mean, sr=sample_rate, hop_length=hop_length)[:, None]
