"""Arrays larger than memory: rows go to a file, and come back as a memory map."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap

from sklearn_mgc.audio import as_path


class NpyFile:
    """A .npy file into which rows are written in any order.

    Written, not mapped: pages of a map that were touched count as the process's memory.
    """

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: str):
        self.path = path
        self.partial = path.with_suffix(".partial")
        self._row = np.empty(shape[1:], dtype)
        self._offset = open_memmap(self.partial, mode="w+", dtype=dtype, shape=shape).offset
        self._file = open(self.partial, "r+b")  # noqa: SIM115 - closed below

    def __setitem__(self, i: int, values) -> None:
        self._row[...] = values
        self._file.seek(self._offset + i * self._row.nbytes)
        self._file.write(self._row.data)

    def finished(self) -> np.memmap:
        """Move the file to its place, and map it, read-only."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self.close()
        os.rename(self.partial, self.path)
        return np.load(self.path, mmap_mode="r")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@contextmanager
def new_rows(out, shape: tuple[int, ...], dtype: str) -> Iterator[np.ndarray | NpyFile]:
    """An array to be filled: in memory, or in a new file of a folder.

    No file is ever replaced: joblib's workers open a map by the name of its file. Half a file is
    never left.
    """
    if out is None:
        yield np.empty(shape, dtype=dtype)
        return
    folder = as_path(out)
    if folder.suffix == ".npy" or folder.is_file():
        raise FileExistsError(
            f"out={os.fspath(out)!r} must be a folder: each transform writes a new file into it"
        )
    folder.mkdir(parents=True, exist_ok=True)
    n_bytes = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    free = shutil.disk_usage(folder).free
    if n_bytes > free:
        raise OSError(
            f"{folder} needs {n_bytes / 1e9:.1f} GB and the disk has {free / 1e9:.1f} GB free; "
            "choose another folder for out=, or dtype='float16'"
        )
    file = NpyFile(folder / f"clips-{secrets.token_hex(8)}.npy", shape, dtype)
    try:
        yield file
    finally:
        file.close()
        file.partial.unlink(missing_ok=True)
