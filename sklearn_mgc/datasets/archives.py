"""Unpack an archive that may be broken or hostile."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Any

from filelock import FileLock

from sklearn_mgc.datasets.files import ZIP_TROUBLE

# Audio hardly compresses; 1 MB that unpacks to 100 MB of zeros is not music.
_MAX_RATIO = 50
_MAX_FILES = 1_000_000
_COMPRESSED: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open,
}  # fmt: skip


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait until no other process makes the same file or folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock")):
        yield


def unpack(archive: Path, folder: Path, *, verbose: int = 0) -> Path:
    """Unpack a tar or zip archive into a folder, which appears only when it is complete.

    The archive is read to its end and all its checksums are compared before the folder gets
    its name. Nothing is written outside the folder: names with ``..``, absolute names, links
    and devices are refused, and so is an archive that unpacks to fifty times its size or to
    more than the disk holds.
    """
    if folder.is_dir():
        return folder
    with alone(folder):
        if folder.is_dir():
            return folder
        unfinished = folder.with_name(folder.name + ".part")
        # What an interrupted or failed run left may be damaged.
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        try:
            _unpack(archive, unfinished, verbose)
            unfinished.rename(folder)
        except (tarfile.TarError, *ZIP_TROUBLE) as error:
            if getattr(error, "errno", None) is not None or str(archive) in str(error):
                raise  # the disk's fault, or told already
            raise ValueError(
                f"{archive}: broken or incomplete archive ({error}); download it again"
            ) from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _unpack(archive: Path, folder: Path, verbose: int) -> None:
    from tqdm import tqdm

    kind = _unzip if zipfile.is_zipfile(archive) else _untar
    limit = _MAX_RATIO * archive.stat().st_size
    total = number = 0
    with tqdm(desc=f"unpack {archive.name}", unit="file", disable=not verbose) as bar:
        for name, size, is_file, write in kind(archive, folder):
            number, total = number + 1, total + size
            if not is_file:
                raise ValueError(f"{archive}: refused, {name!r} is a link or device")
            if _leads_out(name):
                raise ValueError(f"{archive}: refused, {name!r} points outside the folder")
            if total > limit or number > _MAX_FILES:
                raise ValueError(
                    f"{archive}: refused, it unpacks to more than {_MAX_RATIO} times its size"
                )
            if size > shutil.disk_usage(folder).free:
                raise OSError(28, "no space left to unpack", os.path.join(folder, name))
            write()
            bar.update()


_Member = tuple[str, int, bool, Callable[[], object]]  # name, size, is a file, how to write it


def _unzip(archive: Path, folder: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as file:
        for info in file.infolist():
            is_file = (info.external_attr >> 16) & 0o170000 != 0o120000
            if not info.is_dir():
                yield (
                    info.filename, info.file_size, is_file,
                    partial(file.extract, info, folder),
                )  # fmt: skip


def _untar(archive: Path, folder: Path) -> Iterator[_Member]:
    with _decompressed(archive) as content:
        if len(head := content.read(512)) < 512 or head[257:262] != b"ustar":
            raise ValueError(f"{archive}: not a tar or zip archive, or its beginning is damaged")
        content.seek(0)
        with tarfile.open(fileobj=content, mode="r:") as file:
            for info in file:
                if not info.isdir():
                    yield (
                        info.name, info.size, info.isreg(),
                        partial(file.extract, info, folder, filter="data"),
                    )  # fmt: skip
            # tarfile takes a damaged header for the end, and never reads as far as the checksum
            # of the compressed file, which lies behind it.
            while block := content.read(1 << 20):
                if block.strip(b"\0"):
                    raise EOFError("a damaged header in it")


def _decompressed(archive: Path) -> IO[bytes]:
    with archive.open("rb") as file:
        head = file.read(2)
    return _COMPRESSED.get(head, open)(archive, "rb")


def _leads_out(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return (
        path.is_absolute() or ".." in path.parts or bool(PureWindowsPath(name).drive)
        or "\0" in name or not path.parts
    )  # fmt: skip
