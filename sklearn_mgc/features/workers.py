"""Spread work over joblib's workers, on whatever backend is configured."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np
from joblib import Parallel, cpu_count, delayed, effective_n_jobs


def run(
    function: Callable,
    tasks: Iterable[tuple],
    *,
    n_jobs: int | None,
    prefer: str | None = None,
    ordered: bool = True,
) -> Iterator[Any]:
    """Yield ``function(*task)`` of every task, in order or as they get done."""
    try:
        kind = "generator" if ordered else "generator_unordered"
        parallel = Parallel(n_jobs=n_jobs, prefer=prefer, return_as=kind)
    except ValueError:
        # Some backends (multiprocessing, ray) give results only all at once: ask often.
        parallel = Parallel(n_jobs=n_jobs, prefer=prefer)
        tasks = iter(tasks)
        size = 16 * effective_n_jobs(n_jobs)
        with parallel:
            while block := list(islice(tasks, size)):
                yield from parallel(delayed(function)(*task) for task in block)
        return
    with closing(parallel(delayed(function)(*task) for task in tasks)) as results:
        yield from results


@lru_cache(maxsize=1)
def _keep_memory() -> None:
    """Have the memory of a clip kept for the next one.

    glibc returns large blocks to the system; fetching them again page by page takes a third of
    the time of a clip, and threads wait for one another. What it takes for large follows the
    largest block that was ever freed, up to 32 MB; this one is never touched, and costs nothing.
    """
    np.empty(31 << 20, dtype=np.uint8)


_cores: threading.BoundedSemaphore


@contextmanager
def turn() -> Iterator[None]:
    """Compute when a core is free, though the caller may have more threads than there are cores.

    They would take each other's data out of the caches: eight on two cores did three quarters of
    the work of two. This is a matter of speed alone, so nobody waits long: not for a recording of
    hours, nor for a transformer that uses another.
    """
    _keep_memory()
    cores = _cores
    got = cores.acquire(timeout=1.0)
    try:
        yield
    finally:
        if got:
            cores.release()


def _renew_cores() -> None:
    global _cores
    _cores = threading.BoundedSemaphore(cpu_count())


_renew_cores()
if hasattr(os, "register_at_fork"):
    # The child has none of the threads that compute now.
    os.register_at_fork(after_in_child=_renew_cores)
