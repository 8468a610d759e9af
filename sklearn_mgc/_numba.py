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
from functools import cache, partial
from pathlib import Path

from numba import config, njit
from numba.core import event, sigutils
from numba.core.caching import FunctionCache
from numba.core.ccallback import CFunc

_PATIENCE = 2.0  # seconds of compiling, of the three or more that a process takes then


class _Cache(FunctionCache):
    """A cache whose drive may be full: what cannot be kept is compiled again next time."""

    def save_overload(self, sig, data) -> None:
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _tell_full(self.cache_path, error.strerror)


@cache
def _tell_full(folder: str, reason: str) -> None:
    """Once, though every function that is compiled comes by."""
    warnings.warn(
        f"numba's cache in {folder} cannot be written ({reason}), so every process compiles "
        "anew; make room, or set NUMBA_CACHE_DIR",
        UserWarning,
        stacklevel=2,
    )


def compiled(function=None, **options):
    """`numba.njit` that releases the interpreter's lock and caches on disk; takes its options."""
    if function is None:
        return partial(compiled, **options)
    dispatcher = njit(function, nogil=True, cache=True, **options)
    dispatcher._cache = _Cache(function)
    return dispatcher


def compiled_callback(signature, **options):
    """`numba.cfunc` with the same cache; takes its signature and options."""

    def compile_now(function):
        callback = CFunc(function, sigutils.normalize_signature(signature), {}, options)
        callback._cache = _Cache(function)  # type: ignore[attr-defined]  # not in the stubs
        callback.compile()
        return callback

    return compile_now


def find_cache() -> None:
    """Where numba finds no folder for its cache, give it one in the temporary folder.

    That is so where installation, home and working directory are read-only. One warning says it.
    Called at import, which is why modules that call `numba.njit` themselves import this one.
    """
    try:
        njit(_temporary_folder, cache=True)
    except RuntimeError as error:
        if "cannot cache" not in str(error):
            raise
        folder = _temporary_folder()
        config.CACHE_DIR = folder  # type: ignore[attr-defined]  # numba makes it at import
        warnings.warn(
            f"numba's cache cannot be written; it is kept in {folder} now. Set "
            "NUMBA_CACHE_DIR to a folder that lasts, so that nothing is compiled twice",
            UserWarning,
            stacklevel=2,
        )


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
        self._starts: list[float] = []  # of the functions that are being compiled
        self._spent = 0.0
        self._told = False

    def on_start(self, event) -> None:
        """A function is about to be compiled."""
        now = time.monotonic()
        self._starts.append(now)
        if not self._told and self._spent + now - self._starts[0] > _PATIENCE:
            self._told = True
            print("sklearn_mgc: compiling for this processor, once", file=sys.stderr, flush=True)

    def on_end(self, event) -> None:
        """It was compiled."""
        began = self._starts.pop()
        if not self._starts:
            self._spent += time.monotonic() - began


find_cache()
event.register("numba:compile", _Notice())
