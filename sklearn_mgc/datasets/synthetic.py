"""Generated music: genres and artists made by our own code, for demos, docs and tests.

The genre decides tempo, drum pattern, scale, chords and instruments. Each artist has a sound -
tempo, key, brightness, drive, mix and noise - that is as audible as the genre, so that random folds
flatter a classifier and folds by artist do not.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter
from sklearn.utils import Bunch, check_random_state

from sklearn_mgc._optional import require
from sklearn_mgc.audio import as_path


@dataclass(frozen=True)
class _Genre:
    tempo: tuple[float, float]  # beats per minute
    kick: str  # sixteenths of a bar: x plays
    snare: str
    hat: str
    chords: tuple[tuple[int, ...], ...]  # semitones above the key, one chord per bar
    harmonics: float  # decay of the partials: small is bright
    attack: float  # seconds
    sustain: float  # seconds until a note has died away
    bass: float  # level
    drive: float  # saturation of the mix


_GENRES = {
    "classical": _Genre(
        (70, 110), "." * 16, "." * 16, "." * 16,
        ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)), 1.3, 0.06, 1.6, 0.25, 0.0,
    ),
    "electronic": _Genre(
        (118, 138), "x...x...x...x...", "....x.......x...", "..x...x...x...x.",
        ((0, 3, 7), (0, 3, 7), (8, 12, 15), (10, 14, 17)), 0.7, 0.005, 0.25, 0.9, 0.6,
    ),
    "hiphop": _Genre(
        (78, 98), "x.....x...x.....", "....x.......x...", "x.x.x.x.x.x.x.x.",
        ((0, 3, 7, 10), (0, 3, 7, 10), (5, 8, 12, 15), (3, 7, 10)), 1.6, 0.01, 0.6, 1.0, 0.3,
    ),
    "jazz": _Genre(
        (110, 180), "x...............", "..........x.....", "x...x.xx...xx.x.",
        ((2, 5, 9, 12), (7, 11, 14, 17), (0, 4, 7, 11), (9, 12, 16, 19)), 1.5, 0.015, 0.5, 0.7, 0.0,
    ),
    "reggae": _Genre(
        (68, 90), "........x.......", "........x.......", "x.x.x.x.x.x.x.x.",
        ((0, 4, 7), (7, 11, 14), (9, 12, 16), (5, 9, 12)), 1.0, 0.005, 0.18, 1.1, 0.1,
    ),
    "rock": _Genre(
        (105, 150), "x.....x.x.x.....", "....x.......x...", "x.x.x.x.x.x.x.x.",
        ((0, 7, 12), (5, 12, 17), (7, 14, 19), (0, 7, 12)), 0.6, 0.005, 0.7, 0.6, 2.5,
    ),
}  # fmt: skip

_DESCR = """\
Generated music
{n} clips of {duration} s at {sample_rate} Hz in {k} genres, {artists} artists per genre.
Made by sklearn_mgc.datasets.make_music: no recording was used, genres and artists are
invented, and scores on it say nothing about real music. ``groups`` are the artists: keep
them apart with ``StratifiedGroupKFold``.
"""


def make_music(
    n_tracks: int = 120,
    *,
    genres: Sequence[str] | None = None,
    artists_per_genre: int = 5,
    duration: float = 10.0,
    sample_rate: int = 22050,
    folder: str | os.PathLike | None = None,
    format: str = "wav",
    random_state=None,
    return_X_y: bool = False,
    verbose: int = 0,
):
    """Generate clips of made-up genres by made-up artists.

    Parameters
    ----------
    n_tracks : int, default=120
        Number of clips, spread evenly over genres and artists.
    genres : sequence of str, default=None
        Some of "classical", "electronic", "hiphop", "jazz", "reggae" and "rock"; all
        by default.
    artists_per_genre : int, default=5
        Number of artists in each genre. Nobody plays two genres.
    duration : float, default=10.0
        Length of a clip in seconds.
    sample_rate : int, default=22050
        Rate in Hz.
    folder : str or path-like, default=None
        Write the clips as ``folder/genre/genre.00000.wav`` and return their paths;
        by default waveforms are returned.
    format : {"wav", "flac", "ogg", "mp3"}, default="wav"
        Format of the files.
    random_state : int, RandomState instance or None, default=None
        Seed of artists and clips.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    Bunch
        ``data`` (object array of paths, or a list of float32 waveforms), ``target``
        (genres), ``target_names``, ``groups`` (artist of each clip as an integer) and
        ``DESCR``.

    Raises
    ------
    ValueError
        If a genre is unknown, or a number is out of range.

    Examples
    --------
    >>> from sklearn_mgc.datasets import make_music
    >>> music = make_music(n_tracks=12, duration=0.5, random_state=0)
    >>> len(music.data), music.data[0].shape, music.target_names[:2]
    (12, (11025,), ['classical', 'electronic'])
    """
    names = sorted(_GENRES) if genres is None else list(dict.fromkeys(genres))
    unknown = [name for name in names if name not in _GENRES]
    if unknown or not names:
        raise ValueError(f"unknown genres {unknown}; choose from {sorted(_GENRES)}")
    if n_tracks < len(names) or artists_per_genre < 1 or duration <= 0 or sample_rate < 8000:
        raise ValueError(
            f"need n_tracks >= {len(names)} (one per genre), artists_per_genre >= 1, duration > 0 s"
            f" and sample_rate >= 8000 Hz; got {n_tracks}, {artists_per_genre}, {duration}, "
            f"{sample_rate}"
        )
    if format not in ("wav", "flac", "ogg", "mp3"):
        raise ValueError(f"format must be 'wav', 'flac', 'ogg' or 'mp3', got {format!r}")
    rng = np.random.default_rng(check_random_state(random_state).randint(2**31 - 1))
    artists = {name: [_Artist(rng) for _ in range(artists_per_genre)] for name in names}
    plan = []
    for i in range(n_tracks):
        genre, number = names[i % len(names)], i // len(names)
        plan.append((genre, number % artists_per_genre, number))
    plan.sort(key=lambda row: (names.index(row[0]), row[2]))
    steps = plan
    if verbose:
        from tqdm import tqdm

        steps = tqdm(plan, desc="make_music", unit="clip")  # type: ignore[assignment]
    data: list = []
    for genre, artist, number in steps:
        y = _play(_GENRES[genre], artists[genre][artist], duration, sample_rate, rng)
        data.append(y if folder is None else _write(y, folder, genre, number, format, sample_rate))
    target = np.asarray([row[0] for row in plan], dtype=object)
    if return_X_y:
        return (data if folder is None else np.asarray(data, dtype=object)), target
    return Bunch(
        data=data if folder is None else np.asarray(data, dtype=object),
        target=target,
        target_names=sorted(names),
        groups=np.asarray([names.index(row[0]) * artists_per_genre + row[1] for row in plan]),
        DESCR=_DESCR.format(
            n=n_tracks,
            duration=duration,
            sample_rate=sample_rate,
            k=len(names),
            artists=artists_per_genre,
        ),
    )


class _Artist:
    """A sound that all clips of an artist share, whatever the genre."""

    def __init__(self, rng: np.random.Generator):
        self.key = rng.integers(0, 12)
        self.tempo = rng.uniform(0, 1)  # where in the genre's range
        self.brightness = rng.uniform(-0.5, 0.5)  # shift of the partials' decay
        self.tilt = rng.uniform(-0.45, 0.45)  # one-pole equalizer: dark < 0 < bright
        self.drums = rng.uniform(0.6, 1.4)
        self.chords = rng.uniform(0.7, 1.3)
        self.noise = 10 ** rng.uniform(-4, -2.2)
        self.octave = rng.integers(0, 2)
        self.vibrato = rng.uniform(0, 0.006)
        self.drive = rng.uniform(0, 2)


def _play(genre: _Genre, artist: _Artist, duration: float, sample_rate: int, rng) -> np.ndarray:
    n = int(duration * sample_rate)
    tempo = genre.tempo[0] + artist.tempo * (genre.tempo[1] - genre.tempo[0])
    sixteenth = 15.0 / (tempo * rng.uniform(0.96, 1.04))
    key = 48 + artist.key + 12 * artist.octave + rng.integers(-1, 2)
    y = np.zeros(n + sample_rate, dtype=np.float32)
    steps = int(np.ceil(duration / sixteenth))
    first_bar = rng.integers(len(genre.chords))
    decay = max(genre.harmonics + artist.brightness, 0.25)
    for step in range(steps):
        start = int(step * sixteenth * sample_rate)
        chord = genre.chords[(step // 16 + first_bar) % len(genre.chords)]
        place = step % 16
        for pattern, drum in ((genre.kick, _kick), (genre.snare, _snare), (genre.hat, _hat)):
            if pattern[place] == "x" or rng.uniform() < 0.02:
                _add(y, start, artist.drums * rng.uniform(0.7, 1) * drum(sample_rate, rng))
        # Reggae and electronic chords fall off the beat; others on it.
        off_beat = genre.sustain < 0.3
        if place % 4 == (2 if off_beat else 0) and rng.uniform() < 0.9:
            for semitone in chord:
                note = _note(key + semitone, decay, genre, artist, sample_rate, rng)
                _add(y, start, 0.22 * artist.chords * note)
        if place % 4 == 0 or rng.uniform() < 0.12:
            bass = _note(key - 12 + chord[0], decay + 0.8, genre, artist, sample_rate, rng)
            _add(y, start, 0.4 * genre.bass * bass)
        if rng.uniform() < 0.25:
            lead = key + 12 + rng.choice(chord)
            _add(y, start, 0.2 * _note(lead, decay, genre, artist, sample_rate, rng))
    y = y[:n] + artist.noise * rng.standard_normal(n).astype(np.float32)
    y = np.tanh((1 + genre.drive + artist.drive) * y)
    y = lfilter([1.0, artist.tilt * -0.9], [1.0, artist.tilt * 0.3], y)
    return (0.8 * y / max(np.abs(y).max(), 1e-9) * rng.uniform(0.5, 1)).astype(np.float32)


def _note(pitch, decay, genre: _Genre, artist: _Artist, sample_rate: int, rng) -> np.ndarray:
    """A sum of partials with an exponential decay."""
    length = int(min(genre.sustain * 1.5, 2.0) * sample_rate)
    t = np.arange(length, dtype=np.float32) / sample_rate
    frequency = 440 * 2 ** ((pitch - 69) / 12)
    phase = 2 * np.pi * frequency * (t + artist.vibrato * np.sin(2 * np.pi * 5.5 * t) / 5.5)
    y = np.zeros(length, dtype=np.float32)
    for partial in range(1, 9):
        if partial * frequency >= 0.45 * sample_rate:
            break
        y += np.sin(partial * phase, dtype=np.float32) / np.float32(partial**decay)
    envelope = np.minimum(t / genre.attack, 1) * np.exp(-3 * t / genre.sustain)
    return y * envelope * np.float32(rng.uniform(0.7, 1))


def _kick(sample_rate: int, rng) -> np.ndarray:
    t = np.arange(int(0.18 * sample_rate), dtype=np.float32) / sample_rate
    return np.sin(2 * np.pi * (50 * t + 6 * (1 - np.exp(-t / 0.03)))) * np.exp(-t / 0.06)


def _snare(sample_rate: int, rng) -> np.ndarray:
    t = np.arange(int(0.15 * sample_rate), dtype=np.float32) / sample_rate
    noise = rng.standard_normal(len(t)).astype(np.float32)
    return (0.4 * noise + 0.4 * np.sin(2 * np.pi * 190 * t)) * np.exp(-t / 0.05)


def _hat(sample_rate: int, rng) -> np.ndarray:
    t = np.arange(int(0.05 * sample_rate), dtype=np.float32) / sample_rate
    noise = rng.standard_normal(len(t)).astype(np.float32)
    return 0.25 * np.diff(noise, prepend=np.float32(0)) * np.exp(-t / 0.015)


def _add(y: np.ndarray, start: int, sound: np.ndarray) -> None:
    stop = min(start + len(sound), len(y))
    y[start:stop] += sound[: stop - start]


def _write(y, folder, genre: str, number: int, format: str, sample_rate: int) -> str:
    soundfile = require("soundfile", what="sound files")
    path = as_path(folder) / genre / f"{genre}.{number:05d}.{format}"
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, y, sample_rate)
    return str(path)
