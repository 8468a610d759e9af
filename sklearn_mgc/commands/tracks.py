"""What `train` and `demo` share: tracks, their artists, folds, and how long it will take."""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch

from sklearn_mgc.datasets import load_audio_folder, load_audio_table

_UNKNOWN = (
    "ARTISTS UNKNOWN ({why}): folds are drawn at random, an artist may be on both sides of them, "
    "and scores are too high by as much as that helps. Write artist tags, or list the files in a "
    "table with a column of artists."
)


def load_tracks(source: Path, groups: str | None = None) -> Bunch:
    """Load a folder ``genre/*.mp3``, or a table of files.

    ``groups`` is "artist" (a folder's tags), a table's column, or None: whichever is there.
    The Bunch's ``groups`` are None where no artist is known; ``about_groups`` says in words
    what is.
    """
    if source.is_file():
        music = load_audio_table(source, group=groups)
        why = "an empty column" if music.groups is not None else "no column of artists"
    elif groups not in (None, "artist"):
        raise ValueError(
            f"--groups {groups}: a folder has no columns; `artist` reads the files' tags, and a "
            "table may have any column"
        )
    else:
        music, why = _folder(source, groups)
    n = len(music.data)
    if music.groups is None or music.n_ungrouped == n:
        music.groups = None
        music.about_groups = _UNKNOWN.format(why=why)
        return music
    n_known = len(set(music.groups.tolist())) - music.n_ungrouped
    music.about_groups = f"{n_known} artists, none on both sides of a fold."
    if music.n_ungrouped:
        music.about_groups += (
            f" ARTIST UNKNOWN for {music.n_ungrouped} of {n} tracks: each counts as an artist of "
            "its own, and scores are too high if it is not."
        )
    return music


def _folder(folder: Path, groups: str | None) -> tuple[Bunch, str]:
    try:
        return load_audio_folder(folder, groups="artist"), "no file has an artist tag"
    except ImportError:
        if groups is not None:
            raise
        return load_audio_folder(folder), "reading tags needs `pip install mutagen`"


def count_folds(genres, groups, wanted: int) -> int:
    """As many folds as wanted, or as the smallest genre has artists (or tracks)."""
    names = np.unique(genres)
    if len(names) < 2:
        raise ValueError(f"need at least two genres to tell apart, found only {names.tolist()}")
    units = np.arange(len(genres)) if groups is None else np.asarray(groups)
    counts = [len(np.unique(units[genres == name])) for name in names]
    if min(counts) < 2:
        what = "track" if groups is None else "artist"
        raise ValueError(
            f"genre {str(names[np.argmin(counts)])!r} has a single {what}, so no fold can test "
            f"it: add {what}s or leave the genre out"
        )
    return min(wanted, *counts)


def describe(transformer, paths, *, tell: bool = True) -> np.ndarray:
    """Features of all files, NaN for those that cannot be read, which are printed."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*clips could not be used", UserWarning)
        X = transformer.set_params(on_error="nan", verbose=1).fit_transform(paths)
    for failure in transformer.failed_ if tell else ():
        print(f"left out: {failure['message']}", file=sys.stderr)
    return X


def network_of(model):
    """The network at the end of a pipeline, or of the segments that vote there."""
    last = model[-1] if isinstance(model, Pipeline) else model
    return getattr(last, "estimator", last)


def announce(model, X, y, n_folds: int) -> None:
    """Say how long cross-validation and the last fit will take, by one epoch."""
    network, one = network_of(model), clone(model)
    network_of(one).set_params(max_epochs=1)
    started = time.perf_counter()
    one.fit(X, y)
    epoch = time.perf_counter() - started
    # Each fold trains on all folds but one, and the model that is kept on all.
    total = epoch * network.max_epochs * n_folds
    told = f"{total / 60:.0f} min" if total > 90 else f"{total:.0f} s"
    print(f"{type(network).__name__}: {epoch:.1f} s an epoch, about {told} in all.")
