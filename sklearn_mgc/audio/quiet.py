"""Keep what libmpg123 writes about damaged files off the terminal.

It prints to C's ``stderr`` and libsndfile has no switch for that. Python writes to the file
descriptor and not to C's ``stderr``, so tracebacks and progress bars are untouched by what
happens here. What is wrong with a file is said by `AudioStream.notes` instead.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _CStderr:
    """C's variable ``stderr``, which points to nowhere while any thread decodes."""

    def __init__(self):
        self._reset()
        try:
            libc = ctypes.CDLL(None)
            name = "__stderrp" if sys.platform == "darwin" else "stderr"
            self._variable = ctypes.c_void_p.in_dll(libc, name)
            libc.fopen.restype = ctypes.c_void_p
            self._nowhere = libc.fopen(os.devnull.encode(), b"w")
        except (OSError, ValueError, TypeError, AttributeError):  # Windows, another libc
            self._nowhere = None
        if self._nowhere:
            # A child that was forked while a thread decoded has no thread that would end that.
            os.register_at_fork(after_in_child=self._restore)

    def _reset(self) -> None:
        self._lock, self._users = threading.Lock(), 0

    def _restore(self) -> None:
        if self._users:
            self._variable.value = self._real
        self._reset()

    def enter(self) -> None:
        with self._lock:
            if not self._users:
                self._real = self._variable.value
                self._variable.value = self._nowhere
            self._users += 1

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                self._variable.value = self._real

    @property
    def usable(self) -> bool:
        return bool(self._nowhere)


_STDERR = _CStderr()


@contextmanager
def quiet_decoder() -> Iterator[None]:
    """Silence C's ``stderr``, in this and every other thread, as long as it is open."""
    if not _STDERR.usable:
        yield
        return
    _STDERR.enter()
    try:
        yield
    finally:
        _STDERR.leave()
