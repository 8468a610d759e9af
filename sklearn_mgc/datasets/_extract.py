"""Unpack an archive that may be broken or hostile."""

from __future__ import annotations

import os
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from sklearn_mgc.datasets.files import ZIP_TROUBLE

# Audio hardly compresses; 1 MB that unpacks to 100 MB of zeros is no music.
_MAX_RATIO = 50
_MAX_FILES = 1_000_000


def extract(archive: Path, folder: Path, *, verbose: int = 0) -> Path:
    """Unpack a tar or zip archive into a folder, which appears only when it is complete.

    An interrupted run goes on where it stopped. Nothing is written outside the folder: names
    with ``..``, absolute names, links and devices are refused, and so is an archive that
    unpacks to fifty times its size or to more than the disk holds.
    """
    if folder.is_dir():
        return folder
    partial = folder.with_name(folder.name + ".part")
    partial.mkdir(parents=True, exist_ok=True)
    try:
        with _open(archive) as entries:
            _unpack(archive, entries, partial, verbose)
    except (tarfile.TarError, *ZIP_TROUBLE) as error:
        if getattr(error, "errno", None) is not None or str(archive) in str(error):
            raise  # the disk's fault, or told already
        raise ValueError(
            f"{archive}: broken or incomplete archive ({error}); download it again"
        ) from error
    partial.rename(folder)
    return folder


_Entry = tuple[str, int, "IO[bytes]"]  # name, declared size, content


@contextmanager
def _open(archive: Path) -> Iterator[Iterator[_Entry]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zip_file:
            yield _zip_entries(archive, zip_file)
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive, "r|*") as tar_file:
            yield _tar_entries(archive, tar_file)
    else:
        raise ValueError(f"{archive}: not a tar or zip archive, or its beginning is damaged")


def _zip_entries(archive: Path, file: zipfile.ZipFile) -> Iterator[_Entry]:
    for info in file.infolist():
        if info.is_dir():
            continue
        if (info.external_attr >> 16) & 0o170000 == 0o120000:
            raise ValueError(f"{archive}: refused, {info.filename!r} is a link")
        with file.open(info) as content:
            yield info.filename, info.file_size, content


def _tar_entries(archive: Path, file: tarfile.TarFile) -> Iterator[_Entry]:
    for info in file:
        if info.isdir():
            continue
        content = file.extractfile(info) if info.isreg() else None
        if content is None:
            raise ValueError(f"{archive}: refused, {info.name!r} is a link or device")
        with content:
            yield info.name, info.size, content


def _unpack(archive: Path, entries: Iterator[_Entry], folder: Path, verbose: int) -> None:
    limit = _MAX_RATIO * archive.stat().st_size
    total = 0
    bar = None
    if verbose:
        from tqdm import tqdm

        bar = tqdm(desc=f"unpack {archive.name}", unit="file")
    for number, (name, size, content) in enumerate(entries, start=1):
        target = folder / _safe(archive, name)
        total += size
        if total > limit or number > _MAX_FILES:
            raise ValueError(
                f"{archive}: refused, it unpacks to more than {_MAX_RATIO} times its size"
            )
        if size > shutil.disk_usage(folder).free:
            raise OSError(28, "no space left to unpack", str(target))
        if not (target.is_file() and target.stat().st_size == size):
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = target.with_name(target.name + ".part")
            with temporary.open("wb") as file:
                _copy(archive, name, content, file, size)
            temporary.replace(target)
        if bar is not None:
            bar.update()
    if bar is not None:
        bar.close()


def _copy(archive: Path, name: str, content: IO[bytes], file: IO[bytes], size: int) -> None:
    """Copy, and stop at the declared size: what is beyond it was not accounted for."""
    left = size
    while block := content.read(min(1 << 20, left + 1)):
        left -= len(block)
        if left < 0:
            raise ValueError(f"{archive}: refused, {name!r} is larger than it says")
        file.write(block)
    if left:
        raise EOFError(f"{name} ends {left} bytes early")


def _safe(archive: Path, name: str) -> PurePosixPath:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or PureWindowsPath(name).drive or "\0" in name:
        raise ValueError(f"{archive}: refused, {name!r} points outside the folder")
    if not path.parts or any(len(os.fsencode(part)) > 255 for part in path.parts):
        raise ValueError(f"{archive}: refused, {name[:80]!r} is no file name")
    return path
