"""The rows of clips for one transformer or several: looked up, else decoded once for all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from joblib import effective_n_jobs

from sklearn_mgc.audio import (
    AudioError,
    CorruptAudioError,
    SilentAudioError,
    TooShortError,
)
from sklearn_mgc.features._fingerprint import Stamp, digest_of, stamp_of
from sklearn_mgc.features._long import Stream, split
from sklearn_mgc.features._shared import Spectra
from sklearn_mgc.features.store import FeatureStore
from sklearn_mgc.features.workers import one_thread, run

if TYPE_CHECKING:
    from sklearn_mgc.features.base import AudioTransformer

Result = np.ndarray | AudioError

# Samples of a batch on a device: 25 clips of 30 s, whose spectra take about a gigabyte.
_BATCH_SAMPLES = 2**24


class Task(NamedTuple):
    """A clip, and the transformers that want it, by their positions."""

    position: int
    clip: str | np.ndarray
    wanted: tuple[int, ...]
    digest: bytes | None


class Waiting(NamedTuple):
    """A decoded clip that a transformer computes on a device, with others."""

    name: str
    parts: list[np.ndarray]


class Outcome(NamedTuple):
    """What became of a clip: each transformer's row, which of them are new, what waits."""

    position: int
    rows: dict[int, Result]
    new: set[int]
    waiting: dict[int, Waiting]
    stamp: Stamp | None
    digest: bytes | None


def rows_of(transformers: list[AudioTransformer], clips: list) -> Iterator[tuple[int, int, Result]]:
    """Yield (transformer, clip, row or error), each once, in any order."""
    with ExitStack() as stack:
        stores = _stores(transformers, stack)
        recipes = [t._full_recipe() if s else None for t, s in zip(transformers, stores)]  # noqa: B905
        missing = np.ones((len(clips), len(transformers)), dtype=bool)
        digests: dict[int, bytes] = {}
        stamps = [stamp_of(clip) for clip in clips] if any(stores) else []
        for k, store in enumerate(stores):
            if store is None:
                continue
            for i, digest, values in store.find(recipes[k], stamps):  # type: ignore[arg-type]
                digests[i] = digest
                if values is not None:
                    missing[i, k] = False
                    yield k, i, values
        tasks = [
            Task(i, clips[i], tuple(np.flatnonzero(missing[i]).tolist()), digests.get(i))
            for i in np.flatnonzero(missing.any(axis=1)).tolist()
        ]
        usable = [store if store is not None and store.usable else None for store in stores]
        writers = [
            None if store is None else stack.enter_context(store.writer(recipe))  # type: ignore[arg-type]
            for store, recipe in zip(stores, recipes, strict=True)
        ]
        for outcome in _compute(transformers, tasks, usable, recipes):
            for k, row in outcome.rows.items():
                write = writers[k]
                if write and outcome.digest is not None and not isinstance(row, AudioError):
                    write(outcome.stamp, outcome.digest, row if k in outcome.new else None)
                yield k, outcome.position, row


def _stores(transformers: list, stack: ExitStack) -> list[FeatureStore | None]:
    """Each transformer's store; a folder that several name is opened once, and closed."""
    opened: dict[str, FeatureStore] = {}
    stores: list[FeatureStore | None] = []
    for transformer in transformers:
        cache = transformer.cache
        if cache is None or isinstance(cache, FeatureStore):
            stores.append(cache)
            continue
        folder = os.path.abspath(os.fspath(cache))
        if folder not in opened:
            opened[folder] = FeatureStore(cache)
            stack.callback(opened[folder].close)
        stores.append(opened[folder])
    return stores


def _compute(transformers, tasks: list[Task], stores, recipes) -> Iterator[Outcome]:
    """Run `_one` on every task, and what it leaves waiting in batches on its device."""
    n_jobs = transformers[0].n_jobs
    if len(tasks) > 1 and effective_n_jobs(n_jobs) > 1:
        for transformer in transformers:
            transformer._warm_up()
    # Threads: decoding, resampling and the fused kernel release the GIL, and a thread
    # costs no second import of everything.
    fused = all(transformer.backend == "fused" for transformer in transformers)
    prefer = "threads" if fused else "processes"
    arguments = ((transformers, task, stores, recipes) for task in tasks)
    outcomes = run(_one, arguments, n_jobs=n_jobs, prefer=prefer)
    devices = {device for t in transformers if (device := t._torch_device()) is not None}
    return _in_batches(transformers, outcomes, devices) if devices else outcomes


def _one(transformers: list, task: Task, stores: list, recipes: list) -> Outcome:
    """Rows of one clip, or its errors where errors are recorded."""
    outcome = Outcome(task.position, {}, set(), {}, None, None)
    stamp, digest = None, task.digest
    wanted = {k: transformers[k] for k in task.wanted}
    try:
        with one_thread():
            if any(stores[k] is not None for k in wanted):
                stamp = stamp_of(task.clip)
                digest = digest or digest_of(task.clip)
                for k in list(wanted):
                    values = None if stores[k] is None else stores[k].get(recipes[k], digest)
                    if values is not None:  # known under another name
                        outcome.rows[k] = values
                        del wanted[k]
            _fill(outcome, wanted, task)
            now = stamp_of(task.clip) if stamp is not None else None
            if stamp is not None and (now is None or now.state != stamp.state):
                digest = None  # it changed while it was read
    except AudioError as error:
        if any(transformer.on_error == "raise" for transformer in wanted.values()):
            raise
        outcome.rows.update(dict.fromkeys(wanted, error))
    return outcome._replace(stamp=stamp, digest=digest)


def _fill(outcome: Outcome, wanted: dict[int, AudioTransformer], task: Task) -> None:
    """Decode a clip and compute its rows, the transformers that keep its spectrum first."""
    decoded: dict[float, tuple[str, np.ndarray | Stream]] = {}
    shared: dict[float, list] = {}
    order = sorted(wanted, key=lambda k: (not wanted[k]._keeps_spectrum, wanted[k].hop_length))
    for k in order:
        transformer = wanted[k]
        limit = transformer._limit()
        if limit not in decoded:
            decoded[limit] = transformer._wave(task.clip, task.position)
        name, wave = decoded[limit]
        try:
            parts: Any = _checked_parts(transformer, name, wave, limit)
            whole = isinstance(parts, list) and all(isinstance(p, np.ndarray) for p in parts)
            if whole and transformer._torch_device() is not None:
                outcome.waiting[k] = Waiting(name, parts)
                continue
            if whole and transformer._reads_spectra and transformer.backend == "fused":
                parts = shared.setdefault(limit, [Spectra(part) for part in parts])
            row = _row(transformer, name, parts)
            if isinstance(wave, Stream) and not wave.heard:
                raise _silent(name)
            outcome.rows[k] = row
            outcome.new.add(k)
        except AudioError as error:
            if transformer.on_error == "raise":
                raise
            outcome.rows[k] = error


def _checked_parts(transformer, name: str, wave, limit: float) -> Iterable:
    parts, shortest = split(wave, transformer.n_segments or 1, limit)
    if shortest < transformer.n_fft:
        n_segments = transformer.n_segments
        raise TooShortError(
            name,
            f"has {shortest} samples at {transformer.sample_rate} Hz"
            + (f" in each of {n_segments} segments" if n_segments else ""),
            f"a frame needs n_fft={transformer.n_fft}: leave the clip out, or lower "
            + ("n_segments" if n_segments else "n_fft"),
        )
    if isinstance(wave, np.ndarray) and not wave.any():
        raise _silent(name)
    return parts


def _silent(name: str) -> SilentAudioError:
    return SilentAudioError(name, "is silent: every sample is zero", "leave it out")


def _row(transformer, name: str, parts: Iterable) -> np.ndarray:
    with np.errstate(all="ignore"):  # what overflows is found below
        found = np.stack([transformer._extract(part) for part in parts])
        found = found.astype(transformer._dtype)
    if not np.isfinite(found).all():
        raise CorruptAudioError(
            name, "has samples too large for its features to be finite", "normalize it"
        )
    return found.reshape(transformer._row_shape())


def _in_batches(transformers, outcomes: Iterable[Outcome], devices: set) -> Iterator[Outcome]:
    """Collect what waits until it fills a batch, while workers decode the next."""
    batch: list[Outcome] = []
    n_samples = 0
    for outcome in outcomes:
        if not outcome.waiting:
            yield outcome
            continue
        batch.append(outcome)
        n_samples += max(sum(map(len, w.parts)) for w in outcome.waiting.values())
        if n_samples >= _BATCH_SAMPLES:
            yield from _on_devices(transformers, batch, devices)
            batch, n_samples = [], 0
    if batch:
        yield from _on_devices(transformers, batch, devices)


def _on_devices(transformers, batch: list[Outcome], devices: set) -> Iterator[Outcome]:
    """Rows of what waits: one set of spectra for all transformers of a device."""
    from sklearn_mgc.features._torch import Batch

    for device in devices:
        waves: dict[int, np.ndarray] = {}
        for outcome in batch:
            for k, waiting in outcome.waiting.items():
                if transformers[k]._torch_device() == device:
                    waves.update((id(part), part) for part in waiting.parts)
        spectra = dict(zip(waves, Batch(list(waves.values()), device).clips(), strict=True))
        for outcome in batch:
            order = sorted(outcome.waiting, key=lambda k: not transformers[k]._keeps_spectrum)
            for k in order:
                if transformers[k]._torch_device() != device:
                    continue
                name, parts = outcome.waiting[k]
                try:
                    row = _row(transformers[k], name, [spectra[id(part)] for part in parts])
                    outcome.rows[k] = row
                    outcome.new.add(k)
                except AudioError as error:
                    if transformers[k].on_error == "raise":
                        raise
                    outcome.rows[k] = error
    yield from batch
