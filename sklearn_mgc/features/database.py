"""The SQLite file of a feature store: how it is opened, and how arrays lie in it."""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

_FORMAT = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS recipes (
    id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, used INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sources (
    key BLOB PRIMARY KEY, state TEXT NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS features (
    recipe INTEGER NOT NULL, digest BLOB NOT NULL, checksum INTEGER NOT NULL,
    data BLOB NOT NULL, PRIMARY KEY (recipe, digest));
"""
_LOCK_SECONDS = 60


def open_database(path: Path) -> sqlite3.Connection:
    """Open the file, make it where it is missing, and let several processes use it."""
    # Two processes that create the file at once exclude each other for a moment, in
    # which SQLite does not wait by itself.
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        connection = sqlite3.connect(path, timeout=_LOCK_SECONDS, check_same_thread=False)
        try:
            _prepare(connection)
            return connection
        except sqlite3.OperationalError as error:
            connection.close()
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
                # A folder where nothing can be written is still worth reading.
                uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
                return sqlite3.connect(uri, uri=True, check_same_thread=False)
            busy = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        except BaseException:
            connection.close()
            raise


def _prepare(connection: sqlite3.Connection) -> None:
    # Large pages: a mel-spectrogram of 328 kB is read at 3 GB/s, from small ones at 2.
    connection.execute("PRAGMA page_size = 65536")
    connection.execute("PRAGMA journal_mode = WAL")
    # A commit survives the end of the process; only a power cut can lose the last ones.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -16384")  # KiB; the system caches the file anyway
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        with connection:
            connection.executescript(_SCHEMA)
            connection.execute(f"PRAGMA user_version = {_FORMAT}")
    elif version != _FORMAT:
        raise sqlite3.DatabaseError(f"written by another version of sklearn_mgc ({version})")


def recipe_text(recipe: dict[str, Any]) -> str:
    """The one way to write a recipe down."""
    return json.dumps(recipe, sort_keys=True, default=lambda value: value.item())


def encode(values: np.ndarray) -> tuple[int, memoryview]:
    """Checksum and bytes of an array."""
    data = np.ascontiguousarray(values).reshape(-1).view(np.uint8).data
    return zlib.crc32(data), data


def decode(recipe: dict[str, Any], checksum: int, data: bytes) -> np.ndarray | None:
    """The array of a row, or None if its bytes are not those that were written."""
    dtype = np.dtype(recipe["dtype"])
    if not isinstance(data, bytes):  # a damaged record may hold anything
        return None
    if len(data) != prod(recipe["shape"]) * dtype.itemsize or zlib.crc32(data) != checksum:
        return None
    return np.frombuffer(data, dtype).reshape(recipe["shape"])
