"""Results are written whole or not at all.

At the root, because every room writes files: features and data sets may not import `saving`,
which imports them.
"""

from __future__ import annotations

import csv
import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sklearn_mgc.audio import as_path

# A full drive, a file larger than the system or a quota allows.
_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)

# Tables of kinds that are not written: no program would open a CSV under such a name.
_FOREIGN = (".xlsx", ".xls", ".ods", ".parquet", ".pq")


@contextmanager
def write_whole(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary file beside ``path``, which takes its place once it is complete.

    The body writes to the path it is given. When the body ends, the file is flushed to the
    drive and renamed; when it fails, is interrupted or the drive is full, what lay at
    ``path`` before is still there, and nothing else is left behind. The part has the suffix of
    ``path``, whose missing folders are made. The target of a link is replaced, not the link; pipes
    and devices such as ``/dev/stdout`` are written directly.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklearn_mgc._atomic import write_whole
    >>> folder = tempfile.mkdtemp()
    >>> with write_whole(f"{folder}/genres.txt") as part:
    ...     _ = part.write_text("jazz")
    >>> os.listdir(folder)
    ['genres.txt']
    """
    target = check_writable(path)
    try:
        with _whole(target) as part:
            yield part
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise OSError(
            f"{path}: could not be written ({error.strerror}); make room, or choose another file"
        ) from error


# With these, spreadsheets begin what they compute, and what they run.
FORMULAS = ("=", "+", "-", "@")


def write_table(path: str | os.PathLike, columns: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Write a CSV file in UTF-8, whole or not at all.

    Bytes of names that are not UTF-8 are escaped. Text that a spreadsheet would compute has an
    apostrophe before it, which the readers of `datasets` take away again.
    """
    with (
        write_whole(path) as part,
        part.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
    ):
        table = csv.writer(file)
        table.writerow(columns)
        table.writerows(map(_cell, row) for row in rows)


def _cell(value):
    guarded = isinstance(value, str) and value.lstrip().startswith(FORMULAS)
    return f"'{value}" if guarded and not _is_number(value) else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    if target.exists() and not target.is_file():
        yield target
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    # Short, so that it fits wherever the name itself fits, and never taken for somebody's music.
    part = target.with_name(f"._{secrets.token_hex(8)}.partial{target.suffix}"[:200])
    try:
        yield part
        with open(part, "r+b") as file:
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, part)
        os.replace(part, target)
        flush_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)


def check_writable(path: str | os.PathLike) -> Path:
    """Ask, before any work, whether a result can be written.

    Nothing is created that stays.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_mgc._atomic import check_writable
    >>> check_writable(f"{tempfile.mkdtemp()}/new/model.joblib").name
    'model.joblib'
    """
    named = as_path(path)
    target = Path(os.path.realpath(named))  # Path.resolve fails at links that lead in a circle
    if named.is_dir():
        raise IsADirectoryError(f"{path}: is a folder; name a file to write")
    if target.suffix.lower() in _FOREIGN:
        raise ValueError(f"{path}: tables are written as CSV; name it {target.stem}.csv")
    if named.exists():
        if not os.access(named, os.W_OK):
            raise PermissionError(f"{path}: is write-protected; choose another file")
        if not named.is_file():
            return named  # a pipe behind /dev/stdout has no other name
    folder = next(parent for parent in target.parents if parent.exists())
    if not folder.is_dir():
        raise NotADirectoryError(f"{path}: {folder} is a file, not a folder")
    try:
        # An attempt, as os.access says yes to root and knows no network drives.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise type(error)(
            f"{path}: cannot be written, as nothing can be created in {folder} "
            f"({error.strerror}); choose another folder"
        ) from error
    return target


def flush_folder(folder: Path) -> None:
    """Make new names in a folder survive a power cut; Windows has no such call."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
