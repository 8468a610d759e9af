"""What is known about GTZAN's thousand clips: artists, repetitions, faults and splits."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_random_state

GENRES = (
    "blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock",
)  # fmt: skip
SPLITS = ("fault_filtered", "artist_filtered", "foleiss", "paper", "paper_60_20_20")

_SHORT = {genre[:3]: genre for genre in GENRES}  # as AcousticBrainz and essentia name them
_ID = re.compile(r"([a-z][a-z &-]*?)[ ._-]*(\d{5})(?!\d)")


def genre_name(label: str) -> str | None:
    """GTZAN's own spelling of a genre, or None: "Hip-Hop", "hip" and "hiphop" are one."""
    letters = re.sub(r"[^a-z]", "", label.lower())
    return letters if letters in GENRES else _SHORT.get(letters)


def clip_id(name: str) -> str | None:
    """``blues.00012`` from any name of its file, or None if it is no clip of GTZAN."""
    match = _ID.match(re.split(r"[\\/]", name)[-1].lower())
    genre = genre_name(match[1]) if match else None
    return f"{genre}.{match[2]}" if match and genre and int(match[2]) < 100 else None


class Clip(NamedTuple):
    """A row of the table; -1 and "" are "none"."""

    artist: int
    song: int
    replica: int
    fault: str
    fault_filtered: str
    artist_filtered: int
    foleiss: int


@cache
def clips() -> dict[str, Clip]:
    """The table by id."""
    text = files("sklearn_mgc.datasets").joinpath("tables/gtzan.csv").read_text(encoding="utf-8")
    return {
        row["id"]: Clip._make(
            row[name] if name.startswith("fault") else int(row[name] or -1) for name in Clip._fields
        )
        for row in csv.DictReader(text.splitlines())
    }


def faults(ids: Iterable[str]) -> list[dict[str, str]]:
    """What is wrong with some of these clips; a repetition names the clip that it repeats."""
    found = []
    first: dict[int, str] = {}
    for name in sorted(set(ids), key=lambda name: (clips()[name].fault != "", name)):
        clip = clips()[name]
        if clip.fault:
            found.append({"id": name, "fault": clip.fault, "repeats": ""})
        if clip.replica >= 0 and first.setdefault(clip.replica, name) != name:
            found.append({"id": name, "fault": "repeated", "repeats": first[clip.replica]})
    return sorted(found, key=lambda row: row["id"])


def columns_of(ids: list[str], parts: np.ndarray | None) -> dict[str, np.ndarray | None]:
    """What a Bunch has of each clip."""
    known = [clips()[name] for name in ids]
    return {
        "ids": np.array(ids, dtype=object),
        "groups": np.array([clip.artist for clip in known], dtype=int),
        "duplicates": np.array([clip.song for clip in known], dtype=int),
        "split": parts,
    }


def part_of(ids: list[str], split: str | None, random_state=0) -> np.ndarray | None:
    """Part ("train", "valid", "test"; fold 1 to 3; "" for none) of each clip in a split."""
    if split is None:
        return None
    if split not in SPLITS:
        raise ValueError(f"unknown split {split!r}; choose from {', '.join(SPLITS)}, or None")
    if split == "fault_filtered":
        return np.array([clips()[name].fault_filtered for name in ids], dtype=object)
    if split in ("artist_filtered", "foleiss"):
        folds = [getattr(clips()[name], split) for name in ids]
        return np.array([fold if fold > 0 else "" for fold in folds], dtype=object)
    # The paper drew clips at random, neither stratified nor grouped. Every row of one clip
    # (its segments) goes to one part.
    names = sorted(set(ids))
    n = len(names)
    n_train = round(n * (0.8 if split == "paper" else 0.6))
    n_valid = (n - n_train) // 2
    drawn = check_random_state(random_state).permutation(n)
    parts = np.full(n, "test", dtype=object)
    parts[drawn[:n_train]] = "train"
    parts[drawn[n_train : n_train + n_valid]] = "valid"
    part = dict(zip(names, parts, strict=True))
    return np.array([part[name] for name in ids], dtype=object)
