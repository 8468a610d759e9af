"""Arrays larger than memory: rows go to a file, and come back as a memory map."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap


class NpyFile:
    """A .npy file into which rows are written in any order.

    Written, not mapped: pages of a map that were touched count as the process's memory.
    """

    def __init__(self, file, offset: int, row_shape: tuple[int, ...], dtype: np.dtype):
        self._file = file
        self._offset = offset
        self._row = np.empty(row_shape, dtype)

    def __setitem__(self, i: int, values) -> None:
        self._row[...] = values
        self._file.seek(self._offset + i * self._row.nbytes)
        self._file.write(self._row.data)


@contextmanager
def npy_file(path: Path, shape: tuple[int, ...], dtype: str) -> Iterator[NpyFile]:
    """Fill a file beside ``path`` and move it there when it is complete.

    A map of an earlier file at this place stays whole, and nobody ever sees half a file.

    Raises
    ------
    OSError
        If the disk has no room for the array.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    n_bytes = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    free = shutil.disk_usage(path.parent).free
    if n_bytes > free:
        raise OSError(
            f"{path} needs {n_bytes / 1e9:.1f} GB and the disk has {free / 1e9:.1f} GB free; "
            "choose another folder for out=, or dtype='float16'"
        )
    handle, partial = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".partial", dir=path.parent)
    os.close(handle)
    try:
        offset = open_memmap(partial, mode="w+", dtype=dtype, shape=shape).offset
        with open(partial, "r+b") as file:
            yield NpyFile(file, offset, shape[1:], np.dtype(dtype))
        os.replace(partial, path)
    finally:
        Path(partial).unlink(missing_ok=True)
