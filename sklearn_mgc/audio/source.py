"""Where sound comes from: a file, a member of a zip archive, bytes, an open file."""

from __future__ import annotations

import io
import os
from copy import copy
from pathlib import Path
from typing import BinaryIO

from sklearn_mgc.audio.errors import (
    AudioError,
    EmptyAudioError,
    MissingAudioError,
    UnreadableAudioError,
    unreadable,
)
from sklearn_mgc.audio.paths import NO_PATH, as_path, as_url
from sklearn_mgc.audio.zip import read_member, split_member


class Source:
    """The bytes of a path (also into a zip archive), of a file's content, or of an open file.

    An open file is read from its beginning and left where it was. ``path`` is None if the bytes are
    in memory. What is missing, cannot be opened or is empty is an `AudioError`.
    """

    def __init__(self, source):
        self.path: Path | None = None
        self._data = b""
        if isinstance(source, (bytes, bytearray, memoryview)):
            self.name, self._data = "<bytes>", bytes(source)
        elif hasattr(source, "read"):
            self.name, self._data = _name_of(source), _read_open(source)
        elif isinstance(source, (str, os.PathLike)):
            if url := as_url(source):
                raise MissingAudioError(url, *NO_PATH)
            path = as_path(source)
            self.name = str(path)
            if _is_file(path):
                self.path = path
            else:
                self._data = _read_from_zip(path)
        else:
            raise TypeError(
                "source must be a path, bytes or a file opened in binary mode, "
                f"got {type(source).__name__}"
            )
        self.size = len(self._data) if self.path is None else self.path.stat().st_size
        if not self.size:
            raise EmptyAudioError(self.name, "is empty (0 bytes)", "download or copy it again")

    @property
    def suffix(self) -> str:
        """Ending of the name in lower case, such as ``".mp3"``."""
        return Path(self.name).suffix.lower()

    def open(self) -> BinaryIO:
        """The bytes as a binary file."""
        if self.path is None:
            return io.BytesIO(self._data)
        try:
            return self.path.open("rb")
        except OSError as error:
            raise unreadable(self.name, error) from error

    def read(self, start: int = 0, n: int = -1) -> bytes:
        """``n`` bytes from ``start``, all that follow by default."""
        with self.open() as file:
            file.seek(start)
            return file.read(n)

    def between(self, start: int, stop: int) -> Source:
        """The same without what comes before and after."""
        part = copy(self)
        part._data, part.path = self.read(start, stop - start), None
        part.size = len(part._data)
        return part

    def n_last_zeros(self) -> int:
        """How many bytes at the end are zero."""
        n_zeros, step = 0, 2**12
        while n_zeros < self.size:
            step = min(2 * step, self.size - n_zeros)
            block = self.read(self.size - n_zeros - step, step)
            n_found = len(block) - len(block.rstrip(b"\0"))
            n_zeros += n_found
            if n_found < step:
                break
        return n_zeros


def _is_file(path: Path) -> bool:
    """Whether there is such a file; a folder is refused."""
    try:
        path.stat()
    except PermissionError as error:
        raise unreadable(path, error) from error
    except (OSError, ValueError):
        return False
    if path.is_dir():
        raise MissingAudioError(
            path,
            "is a directory, not an audio file",
            "pass the files in it, or load_audio_folder",
        )
    if not path.is_file():
        raise MissingAudioError(path, "is a pipe or device, not a file", "save it as a file")
    return True


def _read_from_zip(path: Path) -> bytes:
    member = split_member(path)
    if member is None:
        raise MissingAudioError(path, "no such file", "check the path and the working directory")
    return read_member(*member)


def _name_of(file) -> str:
    name = getattr(file, "name", None)
    return os.fsdecode(name) if isinstance(name, (str, bytes)) and name else "<bytes>"


def _read_open(file) -> bytes:
    """All of an open file, whose position stays."""
    try:
        seekable = not hasattr(file, "seekable") or file.seekable()
        if seekable:
            position = file.tell()
            file.seek(0)
        try:
            data = file.read()
        finally:
            if seekable:
                file.seek(position)
    except AudioError:
        raise
    except (OSError, ValueError) as error:
        raise UnreadableAudioError(
            _name_of(file), f"cannot be read ({error})", "pass an open binary file, or its bytes"
        ) from error
    if isinstance(data, str):
        raise TypeError(f"{_name_of(file)} is open as text; open it in mode 'rb'")
    return bytes(data)
