"""The SQLite file of a feature store, as transformers use it: trouble is a warning and a miss.

One SQLite file, because it alone gives crash safety, many processes at once and fast reads
of thousands of small rows without a server. Rows are the raw bytes of the array: no pickle,
so a store that somebody else filled can be opened without trust. Every record has a checksum
over what it answers as well: a damaged index that leads to another clip's row, or a damaged
list of keys, gives no row instead of a wrong one.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sklearn_mgc.features.fingerprint import FileState

DAY = 86400
_BATCH = 500  # paths in one query
_BATCH_BYTES = 2**24  # written at once, or what came within
_BATCH_SECONDS = 1.0
_LOCK_SECONDS = 60
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
# What a damaged record may raise: SQLite quotes its bytes in messages that are not text then.
NONSENSE = (ValueError, TypeError, OverflowError)
TROUBLE = (sqlite3.Error, OSError, *NONSENSE)
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_READ_ONLY = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
_DAMAGED = (
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_FORMAT,
)


class Row(NamedTuple):
    """What is stored of one clip."""

    state: FileState | None
    digest: bytes
    values: np.ndarray | None  # None: the row is there, only its file is new


class Database:
    """The rows of a store. A damaged file is renamed, and a new one begun."""

    def __init__(self, path: Path):
        self.__setstate__({"path": path})

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.path: Path = state["path"]
        self._lock = threading.RLock()
        self._opened: tuple[int, sqlite3.Connection, tuple[int, int]] | None = None
        self._given_up: set[str] = set()
        self._warned = False

    def __del__(self) -> None:
        self.close()

    @property
    def usable(self) -> bool:
        """False once it turned out that the file cannot be read."""
        return "read" not in self._given_up

    def find(
        self, key: dict[str, Any], states: Sequence[FileState | None]
    ) -> Iterator[tuple[int, bytes, np.ndarray | None]]:
        """Position, digest and row (None if not of this key) of clips whose files are known."""
        text = _key_text(key)
        positions: dict[bytes, list[int]] = {}
        for i, state in enumerate(states):
            if state is not None and state.settled:
                positions.setdefault(state.path, []).append(i)
        try:
            # One row at a time is in memory: spectrograms are large.
            for path, status, digest, source, *row in self._records(text, list(positions)):
                if _source_checksum(path, status, digest) != source:
                    continue
                values = decode(text, digest, *row)
                for i in positions.get(path, ()):
                    if states[i].status == status:  # type: ignore[union-attr]
                        yield i, digest, values
        except TROUBLE as error:
            self._recover("read", error)

    def _records(self, text: str, paths: list[bytes]) -> Iterator[tuple]:
        if not self._readable():
            return
        connection = self.connect()
        number = _key_number(connection, text)
        for start in range(0, len(paths), _BATCH):
            batch = paths[start : start + _BATCH]
            yield from connection.execute(
                "SELECT s.path, s.status, s.digest, s.checksum, f.checksum, f.data FROM sources s "
                "LEFT JOIN features f ON f.key = ? AND f.digest = s.digest "
                f"WHERE s.path IN ({', '.join('?' * len(batch))})",
                (number, *batch),
            )

    def get(self, key: dict[str, Any], digest: bytes) -> np.ndarray | None:
        """Find the row of a clip by what it holds."""
        text = _key_text(key)
        with self._lock:
            try:
                if not self._readable():
                    return None
                connection = self.connect()
                found = connection.execute(
                    "SELECT checksum, data FROM features WHERE key = ? AND digest = ?",
                    (_key_number(connection, text), digest),
                ).fetchone()
                return found and decode(text, digest, *found)
            except TROUBLE as error:
                self._recover("read", error)
                return None

    def put(self, key: dict[str, Any], rows: list[Row]) -> None:
        """Write clips in one transaction: after it they survive the process."""
        text = _key_text(key)
        with self._lock:
            for _ in range(2):  # again, into a new file, if this one is damaged
                if "write" in self._given_up:
                    return
                try:
                    self._write(self.connect(create=True), text, rows)
                    return
                except TROUBLE as error:
                    self._recover("write", error)

    @staticmethod
    def _write(connection: sqlite3.Connection, text: str, rows: list[Row]) -> None:
        with connection:
            new = "INSERT OR IGNORE INTO keys (text, used) VALUES (?, ?)"
            connection.execute(new, (text, int(time.time())))
            number = _key_number(connection, text)
            for state, digest, values in rows:
                if values is not None:
                    data = np.ascontiguousarray(values).reshape(-1).view(np.uint8).data
                    connection.execute(
                        "INSERT OR REPLACE INTO features VALUES (?, ?, ?, ?)",
                        (number, digest, _row_checksum(text, digest, data), data),
                    )
                if state is not None and state.settled:
                    known = (state.path, state.status, digest)
                    connection.execute(
                        "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?)",
                        (*known, _source_checksum(*known)),
                    )

    @contextmanager
    def writer(self, key: dict[str, Any]) -> Iterator[Callable[[Row], None]]:
        """Collect rows and write them in batches, the last one whatever happens."""
        rows: list[Row] = []
        n_bytes, written = 0, time.monotonic()

        def write(row: Row) -> None:
            nonlocal n_bytes, written
            rows.append(row)
            n_bytes += 0 if row.values is None else row.values.nbytes
            if n_bytes > _BATCH_BYTES or time.monotonic() - written > _BATCH_SECONDS:
                self.put(key, rows)
                rows.clear()
                n_bytes, written = 0, time.monotonic()

        try:
            yield write
        finally:
            if rows:
                self.put(key, rows)

    def connect(self, *, create: bool = False) -> sqlite3.Connection:
        """Open the file, or take the connection that this process has."""
        with self._lock:
            # A connection inherited through fork belongs to the parent.
            if self._opened is None or self._opened[0] != os.getpid():
                if create:
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                elif not self.path.exists():
                    raise FileNotFoundError(f"{self.path}: there is no feature store there")
                self._opened = os.getpid(), _open(self.path), _inode(self.path)
            return self._opened[1]

    def close(self) -> None:
        """Close the connection; the next use opens another."""
        opened, self._opened = self._opened, None
        if opened is not None and opened[0] == os.getpid():
            opened[1].close()

    def _readable(self) -> bool:
        return self.usable and self.path.exists()

    def _recover(self, use: str, error: Exception) -> None:
        """Set a damaged file aside; leave one alone that cannot be used."""
        if isinstance(error, sqlite3.ProgrammingError):
            return  # another thread set the file aside meanwhile
        aside = self.path.with_suffix(".sqlite.damaged")
        with self._lock:
            if (_code(error) in _DAMAGED or isinstance(error, NONSENSE)) and self._set_aside(aside):
                what = f"is damaged ({error}) and was renamed to {aside.name}; a new one is begun"
            else:
                self._given_up.add(use)
                what = f"cannot be {'read' if use == 'read' else 'written'} ({error})"
            if not self._warned:
                self._warned = True
                message = f"the cache {self.path} {what}; features are computed without it"
                warnings.warn(message, UserWarning, stacklevel=2)

    def _set_aside(self, aside: Path) -> bool:
        """Whether the file that was open is out of the way."""
        inode = None if self._opened is None else self._opened[2]
        self.close()
        try:
            if inode is not None and _inode(self.path) != inode:
                return True  # another process did it
            # What a log holds must never be read into a new file.
            for end in ("-wal", "-shm"):
                Path(f"{self.path}{end}").unlink(missing_ok=True)
            os.replace(self.path, aside)
        except OSError:
            return False
        return True


def _open(path: Path) -> sqlite3.Connection:
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
            if _code(error) in _READ_ONLY:
                # A folder where nothing can be written is still worth reading.
                uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
                return sqlite3.connect(uri, uri=True, check_same_thread=False)
            if _code(error) not in _LOCKED or time.monotonic() > deadline:
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
        message = f"written by another version of sklearn_mgc ({version})"
        raise sqlite3.NotSupportedError(message)


def _code(error: BaseException) -> int | None:
    """SQLite's code of an error; None for one that has another origin."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _inode(path: Path) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


def _key_text(key: dict[str, Any]) -> str:
    return json.dumps(key, sort_keys=True, default=lambda value: value.item())


def _key_number(connection: sqlite3.Connection, text: str) -> int | None:
    """Number of a key, whose use is noted once a day; None if there is none."""
    found = connection.execute("SELECT id, used FROM keys WHERE text = ?", [text]).fetchone()
    if found is None:
        return None
    number, used = found
    now = int(time.time())
    if used < now - DAY:
        with suppress(sqlite3.OperationalError), connection:  # only `prune` wants to know
            connection.execute("UPDATE keys SET used = ? WHERE id = ?", [now, number])
    return number


def _source_checksum(path: bytes, status: str, digest: bytes) -> int:
    return zlib.crc32(b"\0".join([path, status.encode(), digest]))


def _row_checksum(text: str, digest: bytes, data: bytes | memoryview) -> int:
    return zlib.crc32(data, zlib.crc32(text.encode() + digest))


def decode(text: str, digest: bytes, checksum: int | None, data: bytes | None) -> np.ndarray | None:
    """The row of this key and digest, or None if it is not what was written for them."""
    # A damaged record may hold anything.
    if not isinstance(data, bytes) or _row_checksum(text, digest, data) != checksum:
        return None
    key = json.loads(text)
    dtype = np.dtype(key["dtype"])
    if len(data) != prod(key["shape"]) * dtype.itemsize:
        return None
    return np.frombuffer(data, dtype).reshape(key["shape"])
