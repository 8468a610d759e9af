"""Which clips are the same bit by bit, and which one recording, whatever was done to it.

The fingerprint is that of J. Haitsma and T. Kalker, *A highly robust audio fingerprinting
system*, ISMIR 2002: for each frame 32 bits, each the sign of how the difference of two
neighbouring bands between 300 and 2000 Hz changes in time. Two clips that agree on many whole
words at one and the same lag are candidates; they are one recording if, at that lag, at most
20 of 100 bits differ, where unrelated music differs in 50. (The paper allows 35, but there the
database is of performances: two takes of one loop or one sequencer program differ in 23 and
more. MP3s at 32 kbit/s differ in 13 at most, clips in noise 10 dB below them in 18.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from sklearn_mgc._optional import require
from sklearn_mgc.audio import AudioError, decode_blocks, load_audio
from sklearn_mgc.features.inputs import as_clips
from sklearn_mgc.features.workers import run

_RATE = 5512
_FRAME, _HOP = 2048, 64  # 0.37 s and 11.6 ms: frames overlap so that any start will do
_BANDS = 33
_MAX_BIT_ERRORS = 0.2
_MIN_OVERLAP = 258  # frames, 3 s
_MIN_WORDS = 4  # in agreement, for a pair to be looked at
_MAX_PLACES = 64  # a word in more places is no sign of anything
_QUIET = 1e-6  # of the loudest frame's power: bits of silence are noise


class Fingerprint(NamedTuple):
    """Words of the frames of a clip, and which of them are audible."""

    words: np.ndarray
    audible: np.ndarray


def fingerprint(clip, sample_rate: int) -> Fingerprint | None:
    """Fingerprint of a path, or of a waveform at ``sample_rate``; None if it has no frame."""
    from scipy.fft import rfft

    try:
        if isinstance(clip, np.ndarray):
            soxr = require("soxr", what="changes of the sample rate")

            y = soxr.resample(clip.astype(np.float32), sample_rate, _RATE, quality="HQ")
        else:
            y = load_audio(clip, sample_rate=_RATE)
    except AudioError:
        return None
    if len(y) < _FRAME + _HOP or not np.isfinite(y).all():
        return None
    frames = np.lib.stride_tricks.sliding_window_view(y, _FRAME)[::_HOP]
    window = np.hanning(_FRAME).astype(np.float32)
    edges = _edges()
    energy = np.empty((len(frames), _BANDS), dtype=np.float32)
    for start in range(0, len(frames), 64):  # blocks that stay in the cache
        block = rfft(frames[start : start + 64] * window, axis=1)
        power = block.real**2 + block.imag**2
        energy[start : start + 64] = np.add.reduceat(power, edges, axis=1)[:, :-1]
    slope = np.diff(energy, axis=1)
    bits = np.diff(slope, axis=0) > 0
    words = np.packbits(bits, axis=1).view(">u4").ravel().astype(np.uint32)
    loudness = energy[1:].sum(axis=1)
    return Fingerprint(words, loudness > _QUIET * loudness.max())


def same_recordings(prints: Sequence[Fingerprint | None]) -> np.ndarray:
    """Pairs (i, j), i < j, of clips that are one recording; shape (n_pairs, 2)."""
    known = {i: found for i, found in enumerate(prints) if found is not None}
    if not known:
        return np.empty((0, 2), dtype=int)
    lengths = [len(found.words) for found in known.values()]
    clip = np.repeat(list(known), lengths)
    frame = np.concatenate([np.arange(length) for length in lengths])
    word = np.concatenate([found.words for found in known.values()])
    use = np.concatenate([found.audible for found in known.values()])
    lags: dict[tuple[int, int], list[int]] = {}
    for i, j, lag in _agreements(word[use], clip[use], frame[use]):
        lags.setdefault((i, j), []).append(lag)
    found = [
        (i, j)
        for (i, j), candidates in lags.items()
        if any(_is_same(known[i], known[j], lag) for lag in candidates)
    ]
    return np.array(sorted(found), dtype=int).reshape(-1, 2)


def _agreements(word: np.ndarray, clip: np.ndarray, frame: np.ndarray):
    """(i, j, lag) of clips that have several words in common at about one lag."""
    order = np.argsort(word, kind="stable")
    word, clip, frame = word[order], clip[order], frame[order]
    starts = np.flatnonzero(np.r_[True, word[1:] != word[:-1]])
    sizes = np.diff(np.r_[starts, len(word)])
    rare = np.repeat(sizes <= _MAX_PLACES, sizes)
    word, clip, frame = word[rare], clip[rare], frame[rare]
    votes = []
    # All pairs of equal words: neighbours in the sorted list, next ones, and so on.
    for step in range(1, min(_MAX_PLACES, len(word))):
        left = np.flatnonzero(word[:-step] == word[step:])
        if not len(left):
            break
        i, j, lag = clip[left], clip[left + step], frame[left + step] - frame[left]
        other = i != j  # stable: clips are in order within a word
        votes.append(np.column_stack([i, j, lag])[other])
    if not votes:
        return
    # A lag between two frames falls to either: bins of four, and the same shifted by two.
    pairs = np.concatenate(votes)
    seen = set()
    for shift in (0, 2):
        binned = pairs.copy()
        binned[:, 2] = (binned[:, 2] + shift) // 4
        _unique, first, count = np.unique(binned, axis=0, return_index=True, return_counts=True)
        for row in first[count >= _MIN_WORDS]:
            key = tuple(int(v) for v in pairs[row])
            if key not in seen:
                seen.add(key)
                yield key


def _is_same(a: Fingerprint, b: Fingerprint, lag: int) -> bool:
    """Whether frame k of a is frame k + lag of b, give or take two."""
    for near in range(lag - 2, lag + 3):
        start, stop = max(0, -near), min(len(a.words), len(b.words) - near)
        if stop - start < min(_MIN_OVERLAP, len(a.words), len(b.words)):
            continue
        here, there = slice(start, stop), slice(start + near, stop + near)
        use = a.audible[here] & b.audible[there]
        if use.sum() < 0.5 * (stop - start):
            continue
        differ = a.words[here][use] ^ b.words[there][use]
        if np.unpackbits(differ.view(np.uint8)).mean() <= _MAX_BIT_ERRORS:
            return True
    return False


def _edges() -> np.ndarray:
    """First FFT bins of the bands, and the end of the last."""
    hertz = np.geomspace(300, 2000, _BANDS + 1)
    return np.round(hertz / _RATE * _FRAME).astype(int)


def listen(X, near: bool, sample_rate: int, n_jobs: int | None, verbose: int):
    """Hashes of clips, and pairs of clips that are one recording (none if not searched)."""
    clips = as_clips(X)
    tasks = ((clip, near, sample_rate) for clip in clips)
    results = run(_hear, tasks, n_jobs=n_jobs, prefer="threads")
    bar = tqdm(results, "leakage_report", len(clips), unit="clip", disable=not verbose)
    hashes, prints = zip(*bar, strict=True)
    return hashes, same_recordings(prints) if near else np.empty((0, 2), dtype=int)


def _hear(clip, near: bool, sample_rate: int):
    digest = hash_rows([clip])[0] if isinstance(clip, np.ndarray) else _hash_file(clip)
    return digest, fingerprint(clip, sample_rate) if near and digest else None


def _hash_file(path) -> str:
    """Hash of what is decoded, so that a copy in another lossless format is one; "" if none is."""
    content = hashlib.sha256()
    try:
        for samples, rate in decode_blocks(path):
            content.update(f"{rate} {samples.shape[1]}".encode())
            content.update(np.ascontiguousarray(samples).data)
    except AudioError:
        return ""
    return content.hexdigest()


def hash_rows(X: Sequence) -> list[str]:
    """Hash of each row of an array or list of arrays, "" where a number is not finite."""
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    hashes = []
    for row in X:
        row = np.asarray(row)
        if row.dtype == object:
            row = row.astype(np.float64)
        finite = row.dtype.kind not in "fc" or bool(np.isfinite(row).all())
        # Adding zero makes one zero of the two.
        data = np.ascontiguousarray(row + row.dtype.type(0) if row.dtype.kind == "f" else row)
        hashes.append(hashlib.sha256(data.data).hexdigest() if finite else "")
    return hashes
