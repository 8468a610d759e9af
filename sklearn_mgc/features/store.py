"""Features on disk: one row per clip and recipe, shared by folds, pipelines and processes.

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
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sklearn_mgc.features.database import decode, encode, open_database, recipe_text
from sklearn_mgc.features.fingerprint import FileState, file_state

_BATCH = 500  # keys in one query
_BATCH_BYTES = 2**24  # written at once, or what came within
_BATCH_SECONDS = 1.0
_DAY = 86400

# A damaged index leads to another clip's row, whose checksum is right. So the row itself, which
# SQLite reads for this join alone, must say whose it is.
_TABLE = (
    "LEFT JOIN features t NOT INDEXED "
    "ON t.rowid = f.rowid AND t.recipe = f.recipe AND t.digest = f.digest"
)

# What a damaged file ends in; SQLite quotes its bytes in messages that are no text then.
_TROUBLE = (sqlite3.Error, OSError, UnicodeDecodeError)


class Row(NamedTuple):
    """What is stored of one clip."""

    state: FileState | None
    digest: bytes
    values: np.ndarray | None  # None: the row is there, only its stamp is new


class FeatureStore:
    """A folder that keeps the features of every clip ever computed.

    Pass it, or just the folder's name, as ``cache=`` to a transformer. A row is found by
    what the file holds and by everything that determines the numbers (parameters, version
    of the kernel and of librosa): a changed file or parameter is never answered with
    an old row, and a moved or copied file still is. Several processes may use one store; what
    a killed one had not yet written (at most a second's work) is all it loses.

    Trouble with the disk never stops a computation: a store that cannot be read or
    written warns once and is left aside.

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
        self.folder = Path(folder)
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.RLock()
        self._opened: tuple[int, sqlite3.Connection] | None = None
        self._given_up: set[str] = set()

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

    def __exit__(self, *exception) -> None:
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
        self, recipe: dict[str, Any], stamps: Sequence[FileState | None]
    ) -> Iterator[tuple[int, bytes, np.ndarray | None]]:
        """Look clips up by their stamps, without reading them.

        Parameters
        ----------
        recipe : dict
            Everything that determines the numbers, with ``"shape"`` and ``"dtype"`` of a row.
        stamps : sequence of FileState or None

        Yields
        ------
        tuple of (int, bytes, ndarray or None)
            Position and digest of each clip whose file is known and unchanged, and its
            values where they are stored.
        """
        positions: dict[bytes, list[int]] = {}
        for i, state in enumerate(stamps):
            if state is not None and state.settled:
                positions.setdefault(state.key, []).append(i)
        keys = list(positions)
        try:
            # One row at a time is in memory: spectrograms are large.
            for key, status, digest, checksum, data in self._rows_of(recipe, keys):
                values = None if data is None else decode(recipe, checksum, data)
                for i in positions.get(key, ()):
                    if stamps[i].status == status:  # type: ignore[union-attr]
                        yield i, digest, values
        except _TROUBLE as error:
            self._give_up("read", error)

    def _rows_of(self, recipe: dict[str, Any], keys: list[bytes]) -> Iterator[tuple]:
        if not self._readable():
            return
        connection = self._connect()
        number = self._recipe_number(connection, recipe)
        for start in range(0, len(keys), _BATCH):
            batch = keys[start : start + _BATCH]
            yield from connection.execute(
                "SELECT s.key, s.state, s.digest, t.checksum, t.data FROM sources s "
                f"LEFT JOIN features f ON f.recipe = ? AND f.digest = s.digest {_TABLE} "
                f"WHERE s.key IN ({', '.join('?' * len(batch))})",
                (number, *batch),
            )

    def get(self, recipe: dict[str, Any], digest: bytes) -> np.ndarray | None:
        """Values of one clip by what it holds.

        Parameters
        ----------
        recipe : dict
            As in `find`.
        digest : bytes
            Of the clip's content.

        Returns
        -------
        ndarray or None
            None where there is no such row.
        """
        try:
            if not self._readable():
                return None
            connection = self._connect()
            found = connection.execute(
                f"SELECT t.checksum, t.data FROM features f {_TABLE} "
                "WHERE f.recipe = ? AND f.digest = ? AND t.rowid IS NOT NULL",
                (self._recipe_number(connection, recipe), digest),
            ).fetchone()
            return found and decode(recipe, *found)
        except _TROUBLE as error:
            self._give_up("read", error)
            return None

    def put(self, recipe: dict[str, Any], rows: Iterable[Row]) -> None:
        """Write clips in one transaction: after it they survive the process.

        Parameters
        ----------
        recipe : dict
            As in `find`.
        rows : iterable of Row
            Clips and their values.
        """
        if "write" in self._given_up:
            return
        try:
            with self._lock:
                connection = self._connect(create=True)
                with connection:
                    connection.execute(
                        "INSERT INTO recipes (text, used) VALUES (?, ?) ON CONFLICT (text) "
                        "DO UPDATE SET used = excluded.used",
                        (recipe_text(recipe), int(time.time())),
                    )
                    number = self._recipe_number(connection, recipe)
                    if number is None:
                        raise sqlite3.DatabaseError("the list of recipes is damaged")
                    for state, digest, values in rows:
                        if values is not None:
                            connection.execute(
                                "INSERT OR REPLACE INTO features VALUES (?, ?, ?, ?)",
                                (number, digest, *encode(values)),
                            )
                        if state is not None and state.settled:
                            connection.execute(
                                "INSERT OR REPLACE INTO sources VALUES (?, ?, ?)",
                                (state.key, state.status, digest),
                            )
        except _TROUBLE as error:
            self._give_up("write", error)

    @contextmanager
    def writer(self, recipe: dict[str, Any]) -> Iterator[Callable]:
        """Collect rows and write them in batches, the last one whatever happens.

        Parameters
        ----------
        recipe : dict
            As in `find`.

        Yields
        ------
        callable
            Takes a clip's stamp, digest and values (None: those in the store are right).
        """
        rows: list[Row] = []
        n_bytes, written = 0, time.monotonic()

        def write(state: FileState | None, digest: bytes, values: np.ndarray | None) -> None:
            nonlocal n_bytes, written
            rows.append(Row(state, digest, values))
            n_bytes += 0 if values is None else values.nbytes
            if n_bytes > _BATCH_BYTES or time.monotonic() - written > _BATCH_SECONDS:
                self.put(recipe, rows)
                rows.clear()
                n_bytes, written = 0, time.monotonic()

        try:
            yield write
        finally:
            if rows:
                self.put(recipe, rows)

    def _readable(self) -> bool:
        return self.usable and self.path.exists()

    def _give_up(self, use: str, error: Exception) -> None:
        first = not self._given_up
        self._given_up.add(use)
        if first:
            warnings.warn(
                f"the cache {self.path} cannot be {'read' if use == 'read' else 'written'} "
                f"({error}); features are computed without it. "
                f"`python -m sklearn_mgc cache verify {self.folder}` tells more",
                UserWarning,
                stacklevel=2,
            )

    # What people call: trouble is raised.

    def info(self) -> dict[str, Any]:
        """What the store holds.

        Returns
        -------
        dict
            ``"path"``, ``"bytes"`` on disk, ``"rows"``, ``"files"`` known by name, and
            ``"recipes"``: a list of dict with ``"id"``, ``"rows"``, ``"bytes"``, ``"used"``
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
            recipes = [
                {
                    "id": int(number),
                    "rows": n,
                    "bytes": int(size),
                    "used": int(used),
                    "parameters": dict(json.loads(text)),
                }
                for number, text, used, n, size in connection.execute(
                    "SELECT id, text, used, COUNT(data), TOTAL(LENGTH(data)) FROM recipes "
                    "LEFT JOIN features ON recipe = id GROUP BY id ORDER BY id"
                )
            ]
            (n_files,) = connection.execute("SELECT COUNT(*) FROM sources").fetchone()
        files = [Path(f"{self.path}{suffix}") for suffix in ("", "-wal")]
        return {
            "path": str(self.path),
            "bytes": sum(file.stat().st_size for file in files if file.exists()),
            "rows": sum(recipe["rows"] for recipe in recipes),
            "files": n_files,
            "recipes": recipes,
        }

    def prune(
        self,
        *,
        recipes: Iterable[int] = (),
        unused_days: float | None = None,
        missing: bool = False,
        max_bytes: int | None = None,
    ) -> int:
        """Delete rows and give their space back.

        Parameters
        ----------
        recipes : iterable of int, default=()
            Numbers of recipes, from `info`, of which every row goes.
        unused_days : float, default=None
            Delete recipes into which nothing was written, and from which no transform read,
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
                numbers = [(int(number),) for number in recipes]
                if unused_days is not None:
                    limit = int(time.time() - unused_days * _DAY)
                    numbers += connection.execute("SELECT id FROM recipes WHERE used < ?", [limit])
                connection.executemany("DELETE FROM features WHERE recipe = ?", numbers)
                if missing:
                    _forget_missing(connection)
                if max_bytes is not None:
                    connection.execute(
                        "DELETE FROM features WHERE rowid IN (SELECT rowid FROM (SELECT rowid, "
                        "SUM(LENGTH(data)) OVER (ORDER BY rowid DESC) AS newer FROM features) "
                        "WHERE newer > ?)",
                        [max_bytes],
                    )
                connection.execute(
                    "DELETE FROM recipes WHERE id NOT IN (SELECT recipe FROM features)"
                )
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
                for row in connection.execute(
                    "SELECT f.rowid, f.recipe, r.text, f.checksum, f.data FROM features f "
                    "LEFT JOIN recipes r ON r.id = f.recipe"
                ):
                    rowid, number, text, checksum, data = row
                    if not _is_sound(text, checksum, data):
                        bad.append((rowid,))
                        problems.append(f"row {rowid} of recipe {number} is damaged")
                if delete:
                    with connection:
                        connection.executemany("DELETE FROM features WHERE rowid = ?", bad)
        except FileNotFoundError:
            raise
        except (sqlite3.Error, OSError, ValueError) as error:
            problems.append(
                f"{self.path}: {error}; delete the file, its features are computed anew"
            )
        return problems

    @contextmanager
    def _for_people(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._connect()
            except (ValueError, TypeError, OverflowError) as error:
                raise sqlite3.DatabaseError(f"holds nonsense ({error})") from error

    def _connect(self, *, create: bool = False) -> sqlite3.Connection:
        with self._lock:
            if self._opened is None or self._opened[0] != os.getpid():
                if create:
                    self.folder.mkdir(parents=True, exist_ok=True)
                elif not self.path.exists():
                    raise FileNotFoundError(f"{self.path}: there is no feature store there")
                self._opened = os.getpid(), open_database(self.path)
            return self._opened[1]

    @staticmethod
    def _recipe_number(connection, recipe: dict[str, Any]) -> int | None:
        text = recipe_text(recipe)
        found = connection.execute(
            "SELECT t.text, t.id, t.used FROM recipes r "
            "JOIN recipes t NOT INDEXED ON t.id = r.id WHERE r.text = ?",
            [text],
        ).fetchone()
        if found is None or found[0] != text:
            return None  # equal to nothing in SQL
        _, number, used = found
        if used < time.time() - _DAY:
            # Only `prune` wants to know: no reason to complain of a store that is read-only.
            with suppress(sqlite3.Error), connection:
                connection.execute(
                    "UPDATE recipes SET used = ? WHERE id = ?", [int(time.time()), number]
                )
        return number


def _is_sound(text: str | None, checksum: int, data: bytes) -> bool:
    try:
        return text is not None and decode(json.loads(text), checksum, data) is not None
    except (ValueError, TypeError, KeyError):  # the recipe is damaged
        return False


def _count(connection) -> int:
    return connection.execute("SELECT COUNT(*) FROM features").fetchone()[0]


def _forget_missing(connection) -> None:
    sources = connection.execute("SELECT key, digest FROM sources").fetchall()
    there = {key for key, _ in sources if file_state(os.fsdecode(key)) is not None}
    # Content that is still somewhere under another name stays.
    kept = {digest for key, digest in sources if key in there}
    gone = {(digest,) for _, digest in sources if digest not in kept}
    connection.executemany("DELETE FROM features WHERE digest = ?", gone)
    lost = [(key,) for key, _ in sources if key not in there]
    connection.executemany("DELETE FROM sources WHERE key = ?", lost)
