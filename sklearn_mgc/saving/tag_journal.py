"""What it takes to have files back, byte for byte, after their tags were written."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import mmap
import os
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_mgc._atomic import check_writable, flush_folder, write_whole
from sklearn_mgc.audio import as_path

_HEADER = b"sklearn_mgc tag journal 1\n"
_BLOCK = 2**14
_PROBE = 64

# A run of bytes of the old file: how many, how much farther they are in the new file, and what
# differs there (exclusive or, compressed), "" for nothing.
Run = tuple[int, int, str]


class TagJournal:
    """A journal of files whose tags are written, made when needed.

    It must not exist yet: nobody could undo what it has noted.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = check_writable(path)
        if self.path.exists():
            raise FileExistsError(f"{path}: exists; a journal is never overwritten, name another")
        self.n_files = 0

    def begin(self, part: Path) -> None:
        """Note that a copy is about to be made."""
        self._write({"part": str(part)})

    def add(self, old: Path, new: Path) -> None:
        """Note how to make the old file of the new one; what is noted is on the drive."""
        entry: dict[str, Any] = {
            "file": str(old),
            "old": _digest(old),
            "new": _digest(new),
            "mtime_ns": old.stat().st_mtime_ns,
            "runs": _difference(old, new),
        }
        found = hashlib.sha256()
        for block in _old_bytes(new, entry["runs"]):
            found.update(block)
        if found.hexdigest() != entry["old"]:  # changed while it was read
            raise OSError(f"{old}: was changed by another program in the meantime")
        self._write(entry)
        self.n_files += 1

    def _write(self, entry: dict[str, Any]) -> None:
        line = json.dumps(entry).encode("ascii")
        is_new = not self.path.exists()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            if is_new:
                file.write(_HEADER)
            file.write(_check(line) + b" " + line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            flush_folder(self.path.parent)


def undo(journal: str | os.PathLike) -> Iterator[tuple[str, str, bool]]:
    """Give every file of a journal its old bytes and its old time back, the last one first.

    Yields of each its name, what became of it, and whether it is the old one now; one that is
    neither the file that was written nor the old one is left as it is.
    """
    path = as_path(journal)
    header, *lines = path.read_bytes().splitlines(keepends=True) or [b""]
    if not _HEADER.startswith(header):  # killed at once, it may be a part of it
        raise ValueError(f"{journal}: is not a journal of `tag`")
    if lines and not lines[-1].endswith(b"\n"):
        del lines[-1]  # killed while it was noted; its file was not touched yet
    for number, line in reversed(list(enumerate(lines, 2))):
        check, _, text = line.rstrip(b"\n").partition(b" ")
        if check != _check(text):
            where = f"{journal}, line {number}"
            yield where, "is damaged; the file that it speaks of is left as it is", False
            continue
        entry = json.loads(text)
        if "part" in entry:
            _clear(Path(entry["part"]))
        else:
            yield entry["file"], *_restore(entry)


def _clear(part: Path) -> None:
    """Remove a copy that a killed run has left."""
    if part.name.startswith("._") and ".partial" in part.name:
        part.unlink(missing_ok=True)


def _restore(entry: dict[str, Any]) -> tuple[str, bool]:
    path = Path(entry["file"])
    try:
        found = _digest(path)
        if found == entry["old"]:
            return "is as it was", True
        if found != entry["new"]:
            return "was changed since; left as it is", False
        with write_whole(path) as part:
            with part.open("wb") as file:
                file.writelines(_old_bytes(path, entry["runs"]))
            if _digest(part) != entry["old"]:
                return "the journal does not fit; left as it is", False
            shutil.copystat(path, part)
            os.utime(part, ns=(path.stat().st_atime_ns, entry["mtime_ns"]))
    except (OSError, ValueError, zlib.error, binascii.Error) as error:
        return f"could not be restored: {getattr(error, 'strerror', None) or error}", False
    return "restored", True


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check(line: bytes) -> bytes:
    return hashlib.sha256(line).hexdigest()[:16].encode()


def _difference(old: Path, new: Path) -> list[Run]:
    """Runs of the old file, found in the new one wherever they were moved to.

    Tags grow in front of the sound, behind it, or both, and Ogg numbers its pages anew; so each
    block is sought where the last one was, at the same place from either end, and by a probe.
    """
    runs: list[Run] = []
    shift = 0
    with (
        old.open("rb") as old_file,
        new.open("rb") as new_file,
        mmap.mmap(new_file.fileno(), 0, access=mmap.ACCESS_READ) as there,
    ):
        from_end = len(there) - os.path.getsize(old)
        start = 0
        while block := old_file.read(_BLOCK):
            shifts = [shift, 0, from_end]
            if there[max(0, start + shift) : start + shift + len(block)] != block:
                middle = len(block) // 2
                at = there.find(block[middle : middle + _PROBE])
                shifts += [at - start - middle] if at >= 0 else []
            differences = [_differs(block, there, start + shift) for shift in shifts]
            best = min(range(len(shifts)), key=lambda i: np.count_nonzero(differences[i]))
            shift, difference = shifts[best], differences[best]
            packed = ""
            if difference.any():
                packed = base64.b64encode(zlib.compress(difference.tobytes())).decode()
            if runs and not packed and runs[-1][1:] == (shift, ""):
                runs[-1] = (runs[-1][0] + len(block), shift, "")
            else:
                runs.append((len(block), shift, packed))
            start += len(block)
    return runs


def _differs(block: bytes, there, start: int) -> np.ndarray:
    return np.frombuffer(block, np.uint8) ^ _bytes_at(there, start, len(block))


def _bytes_at(there, start: int, size: int) -> np.ndarray:
    """Bytes of a file, zeros before its start and after its end."""
    found = np.zeros(size, np.uint8)
    first, last = max(0, start), min(len(there), start + size)
    if first < last:
        found[first - start : last - start] = np.frombuffer(there[first:last], np.uint8)
    return found


def _old_bytes(new: Path, runs: list[Run]) -> Iterator[bytes]:
    start = 0
    with (
        new.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as there,
    ):
        for size, shift, packed in runs:
            for at in range(start, start + size, 2**20):
                found = _bytes_at(there, at + shift, min(2**20, start + size - at))
                if packed:
                    found ^= np.frombuffer(zlib.decompress(base64.b64decode(packed)), np.uint8)
                yield found.tobytes()
            start += size
