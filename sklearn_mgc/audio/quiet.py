"""Collect what libmpg123 writes about damaged files, which would land on the terminal.

It prints to C's ``stderr`` and libsndfile has no switch for that. Python writes to the file
descriptor and not to C's ``stderr``, so tracebacks and progress bars are untouched by what
happens here. Where C's library cannot hand over what is written to a stream (macOS), it is only
silenced.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_WRITE = ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)


class _Functions(ctypes.Structure):
    """C's ``cookie_io_functions_t``."""

    _fields_ = [("read", ctypes.c_void_p), ("write", _WRITE), ("seek", ctypes.c_void_p),
                ("close", ctypes.c_void_p)]  # fmt: skip


class _Ear(threading.local):
    """What was written in this thread: C calls back in the thread that writes."""

    said: list[bytes] | None = None
    interrupt: BaseException | None = None


_EAR = _Ear()


@_WRITE
def _hear(_cookie, text, size):
    try:
        if _EAR.said is not None:
            _EAR.said.append(ctypes.string_at(text, size))
    except BaseException as error:  # Ctrl-C, which ctypes would swallow
        _EAR.interrupt = error
    return size


class _CStderr:
    """C's variable ``stderr``, which points to `_hear` while any thread decodes."""

    def __init__(self):
        self._reset()
        self._instead = None
        try:
            libc = ctypes.CDLL(None)
            name = "__stderrp" if sys.platform == "darwin" else "stderr"
            self._variable = ctypes.c_void_p.in_dll(libc, name)
            self._instead = _stream(libc)
        except (OSError, ValueError, TypeError, AttributeError):  # Windows, another libc
            return
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
                self._variable.value = self._instead
            self._users += 1

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                self._variable.value = self._real

    @property
    def usable(self) -> bool:
        return bool(self._instead)


def _stream(libc: ctypes.CDLL) -> int:
    """A stream of C that is heard, or else leads nowhere."""
    if not hasattr(libc, "fopencookie"):
        libc.fopen.restype = ctypes.c_void_p
        return libc.fopen(os.devnull.encode(), b"w")
    libc.fopencookie.restype = ctypes.c_void_p
    libc.fopencookie.argtypes = [ctypes.c_void_p, ctypes.c_char_p, _Functions]
    stream = libc.fopencookie(None, b"w", _Functions(write=_hear))
    libc.setvbuf.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
    libc.setvbuf(stream, None, 2, 0)  # _IONBF: nothing waits for another thread
    return stream


_STDERR = _CStderr()


@contextmanager
def quiet_decoder(said: list[bytes] | None = None) -> Iterator[None]:
    """Silence C's ``stderr``, in this and every other thread, as long as it is open.

    ``said`` takes what is written in this thread.
    """
    if not _STDERR.usable:
        yield
        return
    _STDERR.enter()
    _EAR.said = said
    try:
        yield
    finally:
        _EAR.said = None
        _STDERR.leave()
        interrupt, _EAR.interrupt = _EAR.interrupt, None
        if interrupt is not None:
            raise interrupt
