"""Features on disk: one row per clip and key, shared by folds, pipelines and processes."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sklearn_mgc.audio import as_path
from sklearn_mgc.features.database import DAY, NONSENSE, Database, decode
from sklearn_mgc.features.fingerprint import file_state


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
        self.database = Database(self.path)

    @property
    def path(self) -> Path:
        """The database file."""
        return self.folder / "features.sqlite"

    def __repr__(self) -> str:
        return f"FeatureStore({str(self.folder)!r})"

    def __eq__(self, other) -> bool:
        return isinstance(other, FeatureStore) and self.folder == other.folder

    def __hash__(self) -> int:
        return hash(self.folder)

    def __enter__(self) -> FeatureStore:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Close the database; the next use opens it again.

        Examples
        --------
        >>> FeatureStore("features").close()
        """
        self.database.close()

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
        with self._connected() as connection:
            columns = ("id", "parameters", "used", "rows", "bytes")
            keys = [
                dict(zip(columns, (number, json.loads(text), *rest), strict=True))
                for number, text, *rest in connection.execute(
                    "SELECT k.id, k.text, k.used, COUNT(f.data), COALESCE(SUM(LENGTH(f.data)), 0) "
                    "FROM keys k LEFT JOIN features f ON f.key = k.id GROUP BY k.id ORDER BY k.id"
                )
            ]
            (n_files,) = connection.execute("SELECT COUNT(*) FROM sources").fetchone()
            files = [Path(f"{self.path}{end}") for end in ("", "-wal", "-shm")]
            return {
                "path": str(self.path),
                "bytes": sum(file.stat().st_size for file in files if file.exists()),
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
        with self._connected() as connection:
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

    def verify(self) -> list[str]:
        """Read everything and compare it with its checksums.

        A damaged row is never used; it is computed and written anew when it is needed.

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
        problems = []
        try:
            with self._connected() as connection:
                for (line,) in connection.execute("PRAGMA integrity_check"):
                    if line != "ok":
                        problems.append(f"{self.path}: {line}")
                for rowid, text, digest, checksum, data in connection.execute(
                    "SELECT f.rowid, k.text, f.digest, f.checksum, f.data FROM features f "
                    "LEFT JOIN keys k ON k.id = f.key"
                ):
                    if text is None or decode(text, digest, checksum, data) is None:
                        problems.append(f"row {rowid} is damaged")
        except sqlite3.Error as error:
            problems.append(f"{self.path}: {error}; the next transform sets it aside")
        return problems

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self.database.connect()
        except NONSENSE as error:
            raise sqlite3.DatabaseError(f"is damaged ({error})") from error


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
