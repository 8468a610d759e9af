"""Audio files inside zip archives, named ``archive.zip/folder/member.mp3``.

Large sets come as one archive of stored or bzip2-compressed members, which many unpackers
cannot read; nothing has to be unpacked.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from sklearn_mgc.audio.errors import AudioError, CorruptAudioError, MissingAudioError, unreadable


def split_member(path) -> tuple[Path, str] | None:
    """Archive and member of a path that leads into a zip file, else None."""
    path = Path(path)
    for parent in path.parents:
        if parent.suffix.lower() == ".zip":
            try:
                if parent.is_file():
                    return parent, path.relative_to(parent).as_posix()
            except (OSError, ValueError):
                return None
    return None


def read_member(archive: Path, member: str) -> bytes:
    """Unpack one member into memory."""
    path = archive / member
    opened = open_archive(archive)
    try:
        return opened.read(_info(opened, path, member))
    except AudioError:
        raise
    except (
        zipfile.BadZipFile, zlib.error, OSError, EOFError,
        RuntimeError, NotImplementedError, ValueError, MemoryError,
    ) as error:  # fmt: skip
        raise CorruptAudioError(
            path, f"cannot be unpacked ({error})", "download or copy the archive again"
        ) from error


def describe_member(archive: Path, member: str) -> str:
    """Name, size and checksum of a member, as the archive's directory has them."""
    info = _info(open_archive(archive), archive / member, member)
    return f"zip member {info.filename} {info.file_size} {info.CRC}"


def _info(opened: zipfile.ZipFile, path: Path, member: str) -> zipfile.ZipInfo:
    for name in (member, f"/{member}"):  # as some packers write it
        with suppress(KeyError):
            return opened.getinfo(name)
    raise MissingAudioError(
        path, "no such member of the archive", "check the name, or list the archive"
    )


def open_archive(archive: Path) -> zipfile.ZipFile:
    """Open an archive, or give the handle that is open already."""
    try:
        status = os.stat(archive)
        return _opened(os.getpid(), str(archive), status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise unreadable(archive, error) from error
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise CorruptAudioError(
            archive, f"is no readable zip archive ({error})", "download or copy it again"
        ) from error


@lru_cache(maxsize=4)
def _opened(_pid: int, archive: str, _size: int, _mtime: int) -> zipfile.ZipFile:
    """Keep archives open: reading the directory of one with 25,000 members takes 0.3 s.

    Threads may read from one handle; processes that share a file position may not, and a
    changed archive is another one.
    """
    return zipfile.ZipFile(archive)
