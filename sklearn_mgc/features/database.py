"""The SQLite file of a feature store: how it is opened, and what is found or written in it.

Every record has a checksum over what it answers as well: a damaged index that leads to another
clip's row, or a damaged list of keys, gives no row instead of a wrong one.
"""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

DAY = 86400
_FORMAT = 2
_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
    id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, used INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sources (
    path BLOB PRIMARY KEY, status TEXT NOT NULL, digest BLOB NOT NULL, checksum INTEGER NOT NULL
    ) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS features (
    key INTEGER NOT NULL, digest BLOB NOT NULL, checksum INTEGER NOT NULL,
    data BLOB NOT NULL, PRIMARY KEY (key, digest));
"""
_LOCK_SECONDS = 60
_CODES = {
    "waits": (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED),
    "read-only": (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN),
    "damaged": (
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_FORMAT,
    ),
}


class OtherVersionError(sqlite3.DatabaseError):
    """The file is of another version of the package."""


def is_a(kind: str, error: Exception) -> bool:
    """Whether an error is of a kind: "waits", "read-only" or "damaged"."""
    if isinstance(error, OtherVersionError) or not isinstance(error, sqlite3.Error):
        # SQLite quotes damaged bytes in messages that are not text then.
        return kind == "damaged" and isinstance(error, (ValueError, TypeError, OverflowError))
    return getattr(error, "sqlite_errorcode", -1) & 0xFF in _CODES[kind]


def open_database(path: Path) -> sqlite3.Connection:
    """Open the file, make it where it is missing, and let several processes use it."""
    # Two processes that create the file at once exclude each other for a moment, in
    # which SQLite does not wait by itself.
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        connection = sqlite3.connect(path, timeout=_LOCK_SECONDS, check_same_thread=False)
        try:
            prepare(connection)
            return connection
        except BaseException as error:
            connection.close()
            if isinstance(error, Exception) and is_a("read-only", error):
                # A folder where nothing can be written is still worth reading.
                uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
                return sqlite3.connect(uri, uri=True, check_same_thread=False)
            waits = isinstance(error, Exception) and is_a("waits", error)
            if not waits or time.monotonic() > deadline:
                raise
        time.sleep(0.05)


def prepare(connection: sqlite3.Connection) -> None:
    """Set a connection up, and make the tables where there are none."""
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
        raise OtherVersionError(f"written by another version of sklearn_mgc ({version})")


def key_text(key: dict[str, Any]) -> str:
    """The one way to write a key down."""
    return json.dumps(key, sort_keys=True, default=lambda value: value.item())


def key_number(connection: sqlite3.Connection, text: str) -> int | None:
    """Number of a key, whose use is noted once a day; None if there is none."""
    found = connection.execute("SELECT id, used FROM keys WHERE text = ?", [text]).fetchone()
    if found is None:
        return None
    number, used = found
    if used < time.time() - DAY:
        try:
            with connection:
                now = int(time.time())
                connection.execute("UPDATE keys SET used = ? WHERE id = ?", [now, number])
        except sqlite3.OperationalError:
            pass  # only `prune` wants to know
    return number


def new_key_number(connection: sqlite3.Connection, text: str) -> int:
    """Number of a key, which is made where it is missing."""
    connection.execute(
        "INSERT INTO keys (text, used) VALUES (?, ?) ON CONFLICT (text) "
        "DO UPDATE SET used = excluded.used",
        (text, int(time.time())),
    )
    number = key_number(connection, text)
    if number is None:
        raise ValueError("the list of keys is damaged")
    return number


def source_checksum(path: bytes, status: str, digest: bytes) -> int:
    """Of what is known of a file."""
    return zlib.crc32(b"\0".join([path, status.encode(), digest]))


def encode(text: str, digest: bytes, values: np.ndarray) -> tuple[int, memoryview]:
    """Checksum and bytes of a row."""
    data = np.ascontiguousarray(values).reshape(-1).view(np.uint8).data
    return zlib.crc32(data, zlib.crc32(text.encode() + digest)), data


def decode(text: str, digest: bytes, checksum: int, data: bytes) -> np.ndarray | None:
    """The row of this key and digest, or None if it is not what was written for them."""
    if not isinstance(data, bytes):  # a damaged record may hold anything
        return None
    if zlib.crc32(data, zlib.crc32(text.encode() + digest)) != checksum:
        return None
    key = json.loads(text)
    dtype = np.dtype(key["dtype"])
    if len(data) != prod(key["shape"]) * dtype.itemsize:
        return None
    return np.frombuffer(data, dtype).reshape(key["shape"])
