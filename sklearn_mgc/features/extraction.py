"""Rows of clips for one transformer or several: looked up, else each clip decoded once for all."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from joblib import effective_n_jobs

from sklearn_mgc.audio import (
    AUDIO_VERSION,
    AudioError,
    CorruptAudioError,
    SilentAudioError,
    TooShortError,
    as_path,
)
from sklearn_mgc.features.database import Database, Row
from sklearn_mgc.features.fingerprint import FileState, digest_of, file_state
from sklearn_mgc.features.inputs import as_clips
from sklearn_mgc.features.memmap import NpyFile, new_rows
from sklearn_mgc.features.sound import Sound, open_sound
from sklearn_mgc.features.store import FeatureStore
from sklearn_mgc.features.workers import run, turn

if TYPE_CHECKING:
    from sklearn_mgc.features.base import AudioTransformer

_LOUD = 8.0  # a peak above this many times full scale is no sound between -1 and 1
_OURS = ("sklearn_mgc.features", "sklearn.", "contextlib", "joblib.")


def extract(X, *transformers) -> tuple[np.ndarray, ...]:
    """Compute several representations of clips, each of which is decoded once.

    Transformers on the same frames share their spectra, too: the mel-spectrogram comes at
    little more than the cost of its decibels from the spectrum of the hand-crafted features.
    A ``FeatureUnion`` cannot do this: it glues columns together, and a table and a stack of
    spectrograms have no columns in common; and each of its parts reads every file anew.

    Extract once before a comparison of classifiers: rows of clips depend on that clip alone,
    so nothing leaks between the folds of a later cross-validation. Where the transformers
    have a ``cache``, later transforms of the same clips find there what was computed here.

    Parameters
    ----------
    X : sequence of n_clips paths, or of waveforms
        As in `AudioTransformer.transform`.
    *transformers : AudioTransformer
        With the same ``sample_rate``, ``offset``, ``duration`` and ``n_segments``. Each keeps
        its own other parameters, ``cache``, ``on_error`` and ``failed_``; ``n_jobs`` and
        ``verbose`` are those of the first.

    Returns
    -------
    tuple of ndarray
        What ``transformer.transform(X)`` returns, for each.

    Raises
    ------
    ValueError
        If no transformer is given, one is given twice, or they read different parts of the clips.
    TypeError
        If one is not an audio transformer.
    AudioError
        For a clip that cannot be used by a transformer with ``on_error="raise"``.

    See Also
    --------
    HandcraftedFeatures, MelSpectrogram

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc import HandcraftedFeatures, MelSpectrogram
    >>> from sklearn_mgc.features import extract
    >>> t = np.arange(22050) / 22050
    >>> tones = np.stack([np.sin(2 * np.pi * f * t) for f in (440, 880)])
    >>> table, spectrograms = extract(tones, HandcraftedFeatures(), MelSpectrogram())
    >>> table.shape, spectrograms.shape
    ((2, 25), (2, 640, 128))
    """
    _check_together(transformers)
    rows, failures = extract_rows(X, list(transformers))
    for transformer, failed in zip(transformers, failures, strict=True):
        transformer.record_failures(failed)
    return tuple(rows)


def extract_rows(X, transformers: list) -> tuple[list[np.ndarray], list[list[dict[str, Any]]]]:
    """Rows, in the order of X, and failed clips of each transformer."""
    for transformer in transformers:
        transformer.fit()
    clips = as_clips(X)
    shapes = [(len(clips), *_row_shape(transformer)) for transformer in transformers]
    failures: list[list[dict[str, Any]]] = [[] for _ in transformers]
    remarks: dict[int, list[str]] = {}
    with ExitStack() as stack:
        rows = [
            stack.enter_context(new_rows(t.out, shape, t.row_dtype))
            for t, shape in zip(transformers, shapes, strict=True)
        ]
        advance = stack.enter_context(_progress(transformers[0], len(clips)))
        left = np.full(len(clips), len(transformers))
        for found in _found(transformers, clips):
            if found.remarks:
                remarks[found.position] = found.remarks
            for k, row in found.rows.items():
                if isinstance(row, AudioError):
                    error = {"error": type(row).__name__, "message": str(row)}
                    failures[k].append({"index": found.position, "path": row.path, **error})
                    rows[k][found.position] = np.nan
                else:
                    rows[k][found.position] = row
                left[found.position] -= 1
                if not left[found.position]:
                    advance()
        arrays = [row.finished() if isinstance(row, NpyFile) else row for row in rows]
    for failed in failures:
        failed.sort(key=lambda failure: failure["index"])
        _warn_of_failures(failed, len(clips))
    _warn_of_remarks(remarks, len(clips))
    return arrays, failures


class Task(NamedTuple):
    """A clip, and the transformers that want it, by their positions."""

    position: int
    clip: str | bytes | np.ndarray
    wanted: tuple[int, ...]
    digest: bytes | None


class Found(NamedTuple):
    """What became of a clip: a row or an error for each transformer, and what is to be stored."""

    position: int
    rows: dict[int, np.ndarray | AudioError]
    new: set[int]
    waiting: dict[int, tuple[str, list]]  # name and results, for `finish`
    state: FileState | None
    digest: bytes | None
    remarks: list[str]


def _found(transformers: list[AudioTransformer], clips: list) -> Iterator[Found]:
    """Rows from the stores, then all others; each transformer and clip once, in any order."""
    with ExitStack() as stack:
        stores = _stores(transformers, stack)
        keys = [_full_key(transformer) for transformer in transformers]
        missing = np.ones((len(clips), len(transformers)), dtype=bool)
        digests: dict[int, bytes] = {}
        states = [file_state(clip) for clip in clips] if any(stores) else []
        for k, store in enumerate(stores):
            for i, digest, values in store.find(keys[k], states) if store else ():
                digests[i] = digest
                if values is not None:
                    missing[i, k] = False
                    yield Found(i, {k: values}, set(), {}, None, None, [])
        tasks = [
            Task(i, clips[i], tuple(np.flatnonzero(missing[i]).tolist()), digests.get(i))
            for i in np.flatnonzero(missing.any(axis=1)).tolist()
        ]
        usable = [store if store is not None and store.usable else None for store in stores]
        writers = [
            None if store is None else stack.enter_context(store.writer(key))
            for store, key in zip(stores, keys, strict=True)
        ]
        for found in _computed(transformers, tasks, usable, keys):
            for k, row in found.rows.items():
                write = writers[k]
                if write and found.digest is not None and not isinstance(row, AudioError):
                    write(Row(found.state, found.digest, row if k in found.new else None))
            yield found


def _stores(transformers: list, stack: ExitStack) -> list[Database | None]:
    """Each transformer's store; a folder that several name is opened once, and closed."""
    opened: dict[str, FeatureStore] = {}
    stores: list[Database | None] = []
    for transformer in transformers:
        cache = transformer.cache
        if cache is None or isinstance(cache, FeatureStore):
            stores.append(None if cache is None else cache.database)
            continue
        folder = os.path.abspath(as_path(cache))
        if folder not in opened:
            opened[folder] = stack.enter_context(FeatureStore(cache))
        stores.append(opened[folder].database)
    return stores


def _full_key(transformer: AudioTransformer) -> dict[str, Any]:
    """Everything that determines a row."""
    return {
        **transformer.cache_key(),
        "audio": AUDIO_VERSION,
        "librosa": _librosa_version(),
        "offset": transformer.offset,
        "duration": transformer.duration,
        "n_segments": transformer.n_segments,
        "shape": _row_shape(transformer),
        "dtype": transformer.row_dtype,
    }


@lru_cache(maxsize=1)
def _librosa_version() -> str:
    return version("librosa")  # reads a file


def _row_shape(transformer: AudioTransformer) -> tuple[int, ...]:
    segments = () if transformer.n_segments is None else (transformer.n_segments,)
    return (*segments, *transformer.output_shape())


def _computed(transformers, tasks: list[Task], stores, keys) -> Iterator[Found]:
    """Run `_one` on every task in workers, and `finish` here on what they leave waiting."""
    n_jobs = transformers[0].n_jobs
    if len(tasks) > 1 and effective_n_jobs(n_jobs) > 1:
        for transformer in transformers:
            transformer.warm_up()
    in_threads = all(transformer.releases_lock for transformer in transformers)
    prefer = "threads" if in_threads else "processes"
    arguments = ((transformers, task, stores, keys) for task in tasks)
    batch: list[Found] = []
    size = min((t.batch_clips for t in transformers if t.batch_clips), default=1)
    for found in run(_one, arguments, n_jobs=n_jobs, prefer=prefer, ordered=False):
        if not found.waiting:
            yield found
            continue
        batch.append(found)
        if len(batch) >= size:
            yield from _finished(transformers, batch)
            batch = []
    yield from _finished(transformers, batch)


def _one(transformers: list, task: Task, stores: list, keys: list) -> Found:
    """Rows of one clip, or its errors where errors are recorded."""
    found = Found(task.position, {}, set(), {}, None, None, [])
    state, digest = None, task.digest
    wanted = {k: transformers[k] for k in task.wanted}
    try:
        if any(stores[k] is not None for k in wanted):
            state = file_state(task.clip)
            digest = digest or digest_of(task.clip)
            for k in list(wanted):
                values = None if stores[k] is None else stores[k].get(keys[k], digest)
                if values is not None:  # known under another name
                    found.rows[k] = values
                    del wanted[k]
        _fill(found, wanted, task)
        now = file_state(task.clip) if state is not None else None
        if state is not None and (now is None or now.status != state.status):
            digest = None  # it changed while it was read
    except AudioError as error:
        if any(transformer.on_error == "raise" for transformer in wanted.values()):
            raise
        found.rows.update(dict.fromkeys(wanted, error))
    return found._replace(state=state, digest=digest)


def _fill(found: Found, wanted: dict[int, AudioTransformer], task: Task) -> None:
    """Decode a clip and compute its rows."""
    if not wanted:
        return
    first = next(iter(wanted.values()))
    name = task.clip if isinstance(task.clip, str) else f"waveform {task.position}"
    if isinstance(task.clip, bytes):
        name = f"item {task.position} ({len(task.clip)} bytes)"
    sound = open_sound(
        task.clip, name, sample_rate=first.sample_rate, offset=first.offset, duration=first.duration
    )
    found.remarks.extend(_remarks(sound, task.clip))
    for k in sorted(wanted, key=lambda k: wanted[k].order):
        try:
            results = _results(wanted[k], sound)
            if wanted[k].batch_clips:
                found.waiting[k] = name, results
            else:
                found.rows[k] = _checked_row(wanted[k], name, results)
                found.new.add(k)
        except AudioError as error:
            if wanted[k].on_error == "raise":
                raise
            found.rows[k] = error


def _remarks(sound: Sound, clip) -> list[str]:
    if not isinstance(clip, np.ndarray) or sound.is_long:
        return list(sound.notes)
    y = sound.waveform()
    peak = max(y.max(initial=0), -y.min(initial=0))
    if peak <= _LOUD:
        return []
    return [
        f"{sound.name}: samples reach {peak:.3g}, where full scale is 1; were they integers? "
        "Pass them as int16, or divide by 32768"
    ]


def _results(transformer: AudioTransformer, sound: Sound) -> list:
    """What the transformer makes of each segment."""
    n_segments = transformer.n_segments or 1
    if not sound.is_long or n_segments > 1:
        shortest = sound.n_samples() // n_segments
        if shortest < transformer.min_samples():
            raise TooShortError(
                sound.name,
                f"has {shortest} samples at {transformer.sample_rate} Hz"
                + (f" in each of {n_segments} segments" if transformer.n_segments else ""),
                f"{type(transformer).__name__} needs {transformer.min_samples()}: leave the clip "
                "out" + (", or lower n_segments" if transformer.n_segments else ""),
            )
        if sound.is_silent:
            raise _silent(sound)
    with turn(), np.errstate(all="ignore"):  # what overflows is found below
        results = [transformer.extract_sound(part) for part in sound.segments(n_segments)]
    if sound.is_silent:
        raise _silent(sound)
    return results


def _silent(sound: Sound) -> SilentAudioError:
    return SilentAudioError(sound.name, "is silent: every sample is zero", "leave it out")


def _checked_row(transformer: AudioTransformer, name: str, results: Iterable) -> np.ndarray:
    with np.errstate(all="ignore"):
        row = np.stack([np.asarray(result) for result in results]).astype(transformer.row_dtype)
    if not np.isfinite(row).all():
        raise CorruptAudioError(
            name, "has samples too large for its features to be finite", "normalize it"
        )
    return row.reshape(_row_shape(transformer))


def _finished(transformers: list, batch: list[Found]) -> Iterator[Found]:
    """Let each transformer finish its results of several clips at once."""
    for k, transformer in enumerate(transformers):
        waiting = [(found, *found.waiting[k]) for found in batch if k in found.waiting]
        results = [result for _, _, results in waiting for result in results]
        rows = iter(transformer.finish(results) if results else ())
        for found, name, parts in waiting:
            try:
                found.rows[k] = _checked_row(transformer, name, [next(rows) for _ in parts])
                found.new.add(k)
            except AudioError as error:
                if transformer.on_error == "raise":
                    raise
                found.rows[k] = error
    yield from batch


@contextmanager
def _progress(transformer: AudioTransformer, n_clips: int) -> Iterator[Callable[[], object]]:
    if not transformer.verbose:
        yield lambda: None
        return
    from tqdm import tqdm

    # Reading from a cache says nothing of the time that computing takes: a short
    # memory for the estimate.
    name = type(transformer).__name__
    with tqdm(total=n_clips, desc=name, unit="clip", smoothing=0.1, mininterval=0.2) as bar:
        yield bar.update


def _warn_of_failures(failed: list[dict[str, Any]], n_clips: int) -> None:
    if failed:
        _warn(
            f"{len(failed)} of {n_clips} clips could not be used and are rows of NaN; "
            f"failed_ lists them, the first is: {failed[0]['message']}"
        )


def _warn_of_remarks(remarks: dict[int, list[str]], n_clips: int) -> None:
    if remarks:
        first = remarks[min(remarks)][0]
        _warn(f"{len(remarks)} of {n_clips} clips may not be what they seem, the first: {first}")


def _warn(message: str) -> None:
    """One warning, at the line outside of this package and of scikit-learn that called."""
    frame, level = sys._getframe(), 1
    while frame.f_back is not None and frame.f_globals["__name__"].startswith(_OURS):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, UserWarning, stacklevel=level)


def _check_together(transformers: tuple) -> None:
    for transformer in transformers:
        if not hasattr(transformer, "extract_sound"):
            raise TypeError(
                f"{transformer!r} is not an audio transformer: pass HandcraftedFeatures, "
                "MelSpectrogram, or a subclass of AudioTransformer"
            )
    if not transformers:
        raise ValueError("no transformers: pass at least one after X")
    if len({id(transformer) for transformer in transformers}) < len(transformers):
        raise ValueError("the same transformer is given twice")
    for name in ("sample_rate", "offset", "duration", "n_segments"):
        values = [getattr(transformer, name) for transformer in transformers]
        if any(value != values[0] for value in values):
            raise ValueError(
                f"the transformers have different values of {name} ({values}): "
                "they must read the same part of each clip"
            )
