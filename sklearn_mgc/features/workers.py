"""Spread work over joblib's workers, on whatever backend is configured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs


def run(
    function: Callable,
    tasks: Iterable[tuple],
    *,
    n_jobs: int | None,
    prefer: str | None = None,
    ordered: bool = True,
) -> Iterator[Any]:
    """Yield ``function(*task)`` of every task, in order or as they get done."""
    if prefer == "threads" and effective_n_jobs(n_jobs) > 1:
        _keep_memory()
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
    """Have a thread keep the memory of a clip for the next one.

    glibc returns large blocks to the system, and threads wait for one another when they fetch
    them again page by page. What it takes for large follows the largest block that was ever
    freed, up to 32 MB; this one is never touched, and costs nothing.
    """
    np.empty(31 << 20, dtype=np.uint8)
