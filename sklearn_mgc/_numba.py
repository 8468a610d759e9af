"""How loops are compiled: with a cache on disk wherever one can be kept, and told if it takes long.

Imported late: loading numba costs half a second.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from numba import config, njit
from numba.core import event

_PATIENCE = 2.0  # seconds of compiling, of the three or more that a process takes then


def compiled(function: Callable | None = None, **options) -> Callable:
    """`numba.njit` that releases the interpreter's lock and caches on disk.

    Where numba finds no folder for its cache (a read-only installation and home), the cache is
    in the temporary folder, and one warning says so.

    Parameters
    ----------
    function : callable
        What to compile at its first call.
    **options
        Further ones of `numba.njit`, such as ``fastmath``.

    Returns
    -------
    callable
        The compiled function, or a decorator.

    Examples
    --------
    >>> from sklearn_mgc._numba import compiled
    >>> @compiled(fastmath=True)
    ... def total(values):
    ...     result = 0.0
    ...     for value in values:
    ...         result += value
    ...     return result
    """
    if function is None:
        return lambda function: compiled(function, **options)
    try:
        return njit(function, cache=True, nogil=True, **options)
    except RuntimeError as error:
        if "cannot cache" not in str(error):
            raise
    config.CACHE_DIR = _temporary_folder()
    warnings.warn(
        f"numba's cache cannot be written; it is kept in {config.CACHE_DIR} now. Set "
        "NUMBA_CACHE_DIR to a folder that lasts, so that nothing is compiled twice",
        UserWarning,
        stacklevel=2,
    )
    return njit(function, cache=True, nogil=True, **options)


def _temporary_folder() -> str:
    """A folder of this user alone: what lies in the cache is run."""
    user = getattr(os, "getuid", lambda: "cache")()
    folder = Path(tempfile.gettempdir()) / f"sklearn_mgc-numba-{user}"
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
        if os.name == "nt" or (private and found.st_uid == user):
            return str(folder)
    return tempfile.mkdtemp(prefix="sklearn_mgc-numba-")


class _Notice(event.Listener):
    """Says once that compiling takes a while, as soon as it does."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._told = False

    def on_start(self, event) -> None:
        """A function is about to be compiled."""
        self._began = time.monotonic() if self._began is None else self._began
        if not self._told and time.monotonic() - self._began > _PATIENCE:
            self._told = True
            print("sklearn_mgc: compiling for this processor, once", file=sys.stderr)

    def on_end(self, event) -> None:
        """It was compiled."""


event.register("numba:compile", _Notice())
