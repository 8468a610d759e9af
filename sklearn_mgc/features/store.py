"""Features on disk: one row per clip and key, shared by folds, pipelines and processes.

One SQLite file, because it alone gives crash safety, many processes at once and fast reads
of thousands of small rows without a server. Rows are the raw bytes of the array: no pickle,
so a store that somebody else filled can be opened without trust.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sklearn_mgc.audio import as_path
from sklearn_mgc.features.database import (
    DAY,
    decode,
    encode,
    is_a,
    key_number,
    key_text,
    new_key_number,
    open_database,
    source_checksum,
)
from sklearn_mgc.features.fingerprint import FileState, file_state

_BATCH = 500  # paths in one query
_BATCH_BYTES = 2**24  # written at once, or what came within
_BATCH_SECONDS = 1.0
_TROUBLE = (sqlite3.Error, OSError, ValueError, TypeError, OverflowError)


class Row(NamedTuple):
    """What is stored of one clip."""

    state: FileState | None
    digest: bytes
    values: np.ndarray | None  # None: the row is there, only its file is new


class FeatureStore:
    """A folder that keeps the features of every clip ever computed.

    Pass it, or just the folder's name, as ``cache=`` to a transformer. A row is found by
    what the file holds and by everything that determines the numbers (parameters, version
    of the kernel and of librosa): a changed file or parameter is never answered with
    an old row, and a moved or copied file still is. Several processes may use one store; what
    a killed one had not yet written (at most a second's work) is all it loses.

    Trouble with the disk never stops a computation: a store that cannot be read or
    written warns once and is left aside; a damaged file is renamed, and a new one begun.

    Parameters
    ----------
    folder : str or path-like
        Where to keep ``features.sqlite``; made when the first row is written.

    See Also
    --------
    HandcraftedFeatures : A transformer with ``cache=``.
    MelSpectrogram : Another.

    Notes
    -----
    Clips that failed are not stored: failing takes little time, and its reason (a missing
    decoder, a file still being copied) may go away.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from sklearn_mgc.features import FeatureStore, HandcraftedFeatures
    >>> clips = np.random.default_rng(0).normal(size=(3, 22050))
    >>> with tempfile.TemporaryDirectory() as folder, FeatureStore(folder) as store:
    ...     first = HandcraftedFeatures(cache=store).transform(clips)
    ...     again = HandcraftedFeatures(cache=store).transform(clips)
    ...     print(np.array_equal(first, again), store.info()["rows"])
    True 3
    """

    def __init__(self, folder: str | os.PathLike):
        self.folder = as_path(folder)
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.RLock()
        self._opened: tuple[int, sqlite3.Connection, tuple[int, int]] | None = None
        self._given_up: set[str] = set()
        self._warned = False

    @property
    def path(self) -> Path:
        """The database file."""
        return self.folder / "features.sqlite"

    @property
    def usable(self) -> bool:
        """False once it turned out that the store cannot be read."""
        return "read" not in self._given_up

    def __repr__(self) -> str:
        return f"FeatureStore({str(self.folder)!r})"

    def __eq__(self, other) -> bool:
        return isinstance(other, FeatureStore) and self.folder == other.folder

    def __hash__(self) -> int:
        return hash(self.folder)

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.folder = state["folder"]
        self._reset()

    def __enter__(self) -> FeatureStore:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_opened"):
            self.close()

    def close(self) -> None:
        """Close the database; the next use opens it again.

        Examples
        --------
        >>> FeatureStore("features").close()
        """
        opened, self._opened = self._opened, None
        # A connection inherited through fork belongs to the parent.
        if opened is not None and opened[0] == os.getpid():
            opened[1].close()

    # What transformers call: trouble becomes one warning, and a miss.

    def find(
        self, key: dict[str, Any], states: Sequence[FileState | None]
    ) -> Iterator[tuple[int, bytes, np.ndarray | None]]:
        """Find clips whose files are known and unchanged; none of them is read.

        Parameters
        ----------
        key : dict
            What determines a row, other than the clip.
        states : sequence of FileState or None
            Of each clip; None for one that is not a file.

        Yields
        ------
        position : int
            Which clip it is.
        digest : bytes
            Of what the file holds.
        values : ndarray or None
            The row; None where there is none of this key.
        """
        text = key_text(key)
        positions: dict[bytes, list[int]] = {}
        for i, state in enumerate(states):
            if state is not None and state.settled:
                positions.setdefault(state.path, []).append(i)
        try:
            # One row at a time is in memory: spectrograms are large.
            for path, status, digest, source, checksum, data in self._sources(
                text, list(positions)
            ):
                if source_checksum(path, status, digest) != source:
                    continue
                values = None if data is None else decode(text, digest, checksum, data)
                for i in positions.get(path, ()):
                    if states[i].status == status:  # type: ignore[union-attr]
                        yield i, digest, values
        except _TROUBLE as error:
            self._recover("read", error)

    def _sources(self, text: str, paths: list[bytes]) -> Iterator[tuple]:
        if not self._readable():
            return
        connection = self._connect()
        number = key_number(connection, text)
        for start in range(0, len(paths), _BATCH):
            batch = paths[start : start + _BATCH]
            yield from connection.execute(
                "SELECT s.path, s.status, s.digest, s.checksum, f.checksum, f.data FROM sources s "
                "LEFT JOIN features f ON f.key = ? AND f.digest = s.digest "
                f"WHERE s.path IN ({', '.join('?' * len(batch))})",
                (number, *batch),
            )

    def get(self, key: dict[str, Any], digest: bytes) -> np.ndarray | None:
        """Find the row of a clip by what it holds.

        Parameters
        ----------
        key : dict
            What determines a row, other than the clip.
        digest : bytes
            Of what the clip holds.

        Returns
        -------
        ndarray or None
            The row, if there is one.
        """
        text = key_text(key)
        with self._lock:
            try:
                if not self._readable():
                    return None
                connection = self._connect()
                found = connection.execute(
                    "SELECT checksum, data FROM features WHERE key = ? AND digest = ?",
                    (key_number(connection, text), digest),
                ).fetchone()
                return found and decode(text, digest, *found)
            except _TROUBLE as error:
                self._recover("read", error)
                return None

    def put(self, key: dict[str, Any], rows: Iterable[Row]) -> None:
        """Write clips in one transaction: after it they survive the process.

        Parameters
        ----------
        key : dict
            What determines a row, other than the clip.
        rows : iterable of (FileState or None, bytes, ndarray or None)
            State of the file, digest and values of each; None for values that are there already.
        """
        text, rows = key_text(key), list(rows)
        with self._lock:
            for _ in range(2):  # again, into a new file, if this one is damaged
                if "write" in self._given_up:
                    return
                try:
                    self._write(self._connect(create=True), text, rows)
                    return
                except _TROUBLE as error:
                    self._recover("write", error)

    @staticmethod
    def _write(connection: sqlite3.Connection, text: str, rows: list[Row]) -> None:
        with connection:
            number = new_key_number(connection, text)
            for state, digest, values in rows:
                if values is not None:
                    connection.execute(
                        "INSERT OR REPLACE INTO features VALUES (?, ?, ?, ?)",
                        (number, digest, *encode(text, digest, values)),
                    )
                if state is not None and state.settled:
                    known = (state.path, state.status, digest)
                    connection.execute(
                        "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?)",
                        (*known, source_checksum(*known)),
                    )

    @contextmanager
    def writer(self, key: dict[str, Any]) -> Iterator[Callable]:
        """Collect rows and write them in batches, the last one whatever happens.

        Parameters
        ----------
        key : dict
            What determines a row, other than the clip.

        Yields
        ------
        callable
            Takes a clip's state, digest and values, as in the rows of `put`.
        """
        rows: list[Row] = []
        n_bytes, written = 0, time.monotonic()

        def write(state: FileState | None, digest: bytes, values: np.ndarray | None) -> None:
            nonlocal n_bytes, written
            rows.append(Row(state, digest, values))
            n_bytes += 0 if values is None else values.nbytes
            if n_bytes > _BATCH_BYTES or time.monotonic() - written > _BATCH_SECONDS:
                self.put(key, rows)
                rows.clear()
                n_bytes, written = 0, time.monotonic()

        try:
            yield write
        finally:
            if rows:
                self.put(key, rows)

    def _readable(self) -> bool:
        return self.usable and self.path.exists()

    def _recover(self, use: str, error: Exception) -> None:
        """Set a damaged file aside; leave one alone that cannot be used."""
        if isinstance(error, sqlite3.ProgrammingError):
            return  # another thread set the file aside meanwhile
        aside = self.path.with_suffix(".sqlite.damaged")
        with self._lock:
            if is_a("damaged", error) and self._set_aside(aside):
                what = f"is damaged ({error}) and was renamed to {aside.name}; a new one is begun"
            else:
                self._given_up.add(use)
                what = f"cannot be {'read' if use == 'read' else 'written'} ({error})"
            if not self._warned:
                self._warned = True
                warnings.warn(
                    f"the cache {self.path} {what}; features are computed without it",
                    UserWarning,
                    stacklevel=2,
                )

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

    # What people call: trouble is raised.

    def info(self) -> dict[str, Any]:
        """What the store holds.

        Returns
        -------
        dict
            ``"path"``, ``"bytes"`` on disk, ``"rows"``, ``"files"`` known by name, and
            ``"keys"``: a list of dict with ``"id"``, ``"rows"``, ``"bytes"``, ``"used"``
            (seconds since 1970) and ``"parameters"``.

        Raises
        ------
        OSError
            If there is no store in the folder.
        sqlite3.Error
            If the file is damaged.

        Examples
        --------
        >>> FeatureStore("features").info()  # doctest: +SKIP
        {'path': 'features/features.sqlite', 'bytes': 917504, 'rows': 1000, ...}
        """
        with self._for_people() as connection:
            keys = [
                {
                    "id": number,
                    "rows": n_rows,
                    "bytes": n_bytes,
                    "used": used,
                    "parameters": json.loads(text),
                }
                for number, text, used, n_rows, n_bytes in connection.execute(
                    "SELECT k.id, k.text, k.used, COUNT(f.data), COALESCE(SUM(LENGTH(f.data)), 0) "
                    "FROM keys k LEFT JOIN features f ON f.key = k.id GROUP BY k.id ORDER BY k.id"
                )
            ]
            (n_files,) = connection.execute("SELECT COUNT(*) FROM sources").fetchone()
            size = sum(
                os.path.getsize(f"{self.path}{end}")
                for end in ("", "-wal", "-shm")
                if os.path.exists(f"{self.path}{end}")
            )
            return {
                "path": str(self.path),
                "bytes": size,
                "rows": sum(key["rows"] for key in keys),
                "files": n_files,
                "keys": keys,
            }

    def prune(
        self,
        *,
        keys: Iterable[int] = (),
        unused_days: float | None = None,
        missing: bool = False,
        max_bytes: int | None = None,
    ) -> int:
        """Delete rows and give their space back.

        Parameters
        ----------
        keys : iterable of int, default=()
            Numbers of keys, from `info`, of which every row goes.
        unused_days : float, default=None
            Delete keys into which nothing was written, and from which no transform read,
            for so many days.
        missing : bool, default=False
            Delete the rows of files that are no longer where they were.
        max_bytes : int, default=None
            Delete the oldest rows until the others have no more bytes than this.

        Returns
        -------
        int
            Number of rows deleted.

        Raises
        ------
        OSError
            If there is no store in the folder.
        ValueError
            If a limit is negative.
        sqlite3.Error
            If the file is damaged or cannot be written.

        Examples
        --------
        >>> FeatureStore("features").prune(unused_days=90)  # doctest: +SKIP
        120
        """
        for name, value in (("unused_days", unused_days), ("max_bytes", max_bytes)):
            if value is not None and not value >= 0:  # it would delete everything
                raise ValueError(f"{name} must be a number >= 0, got {value!r}")
        with self._for_people() as connection:
            before = _count(connection)
            with connection:
                numbers = [(int(number),) for number in keys]
                if unused_days is not None:
                    limit = int(time.time() - unused_days * DAY)
                    numbers += connection.execute("SELECT id FROM keys WHERE used < ?", [limit])
                connection.executemany("DELETE FROM features WHERE key = ?", numbers)
                if missing:
                    _forget_missing(connection)
                if max_bytes is not None:
                    connection.execute(
                        "DELETE FROM features WHERE rowid IN (SELECT rowid FROM (SELECT rowid, "
                        "SUM(LENGTH(data)) OVER (ORDER BY rowid DESC) AS newer FROM features) "
                        "WHERE newer > ?)",
                        [max_bytes],
                    )
                connection.execute("DELETE FROM keys WHERE id NOT IN (SELECT key FROM features)")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return before - _count(connection)

    def verify(self, *, delete: bool = False) -> list[str]:
        """Read everything and compare it with its checksums.

        Parameters
        ----------
        delete : bool, default=False
            Delete the rows that are damaged; they are computed anew when needed.

        Returns
        -------
        list of str
            What is wrong; empty for a sound store.

        Raises
        ------
        OSError
            If there is no store in the folder.

        Examples
        --------
        >>> FeatureStore("features").verify()  # doctest: +SKIP
        []
        """
        problems, bad = [], []
        try:
            with self._for_people() as connection:
                for (line,) in connection.execute("PRAGMA integrity_check"):
                    if line != "ok":
                        problems.append(f"{self.path}: {line}")
                for rowid, text, digest, checksum, data in connection.execute(
                    "SELECT f.rowid, k.text, f.digest, f.checksum, f.data FROM features f "
                    "LEFT JOIN keys k ON k.id = f.key"
                ):
                    if text is None or decode(text, digest, checksum, data) is None:
                        bad.append((rowid,))
                        problems.append(f"row {rowid} is damaged")
                if delete:
                    with connection:
                        connection.executemany("DELETE FROM features WHERE rowid = ?", bad)
        except FileNotFoundError:
            raise
        except _TROUBLE as error:
            problems.append(f"{self.path}: {error}; the next transform sets it aside")
        return problems

    @contextmanager
    def _for_people(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connect()
            except (ValueError, TypeError, OverflowError) as error:
                raise sqlite3.DatabaseError(f"is damaged ({error})") from error

    def _connect(self, *, create: bool = False) -> sqlite3.Connection:
        with self._lock:
            if self._opened is None or self._opened[0] != os.getpid():
                if create:
                    self.folder.mkdir(parents=True, exist_ok=True)
                elif not self.path.exists():
                    raise FileNotFoundError(f"{self.path}: there is no feature store there")
                connection = open_database(self.path)
                self._opened = os.getpid(), connection, _inode(self.path)
            return self._opened[1]


def _inode(path: Path) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


def _count(connection: sqlite3.Connection) -> int:
    return connection.execute("SELECT COUNT(*) FROM features").fetchone()[0]


def _forget_missing(connection: sqlite3.Connection) -> None:
    sources = connection.execute("SELECT path, digest FROM sources").fetchall()
    there = {path for path, _ in sources if file_state(os.fsdecode(path)) is not None}
    # Content that is still somewhere under another name stays.
    kept = {digest for path, digest in sources if path in there}
    gone = {(digest,) for _, digest in sources if digest not in kept}
    connection.executemany("DELETE FROM features WHERE digest = ?", gone)
    lost = [(path,) for path, _ in sources if path not in there]
    connection.executemany("DELETE FROM sources WHERE path = ?", lost)
