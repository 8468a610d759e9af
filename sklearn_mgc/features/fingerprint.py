"""Which clip is it, and is it still the same: the two questions of a cache.

A clip's *digest* depends on its content alone, so that a moved or copied folder is still
known. Reading every file to hash it would cost more than reading its features; so the
digest is remembered with the file's *state* (size and times), as version control does.
"""

from __future__ import annotations

import hashlib
import os
import time
from typing import NamedTuple

import numpy as np

from sklearn_mgc.audio import MissingAudioError, as_path
from sklearn_mgc.audio.zip import describe_member, split_member

# Two writes within one tick of a file system's clock leave the same state; two seconds is
# FAT's, the coarsest. The state of a file younger than that is not relied upon.
_TICK = 2_000_000_000


class FileState(NamedTuple):
    """Where a clip was found and what the file system said of it."""

    path: bytes
    status: str
    settled: bool


def file_state(clip) -> FileState | None:
    """Look at a path without reading it; None for what is in memory, or missing."""
    if not isinstance(clip, (str, os.PathLike)):
        return None
    path = as_path(clip)
    member = None if os.path.exists(path) else split_member(path)
    try:
        # The status of the archive changes whenever a member does.
        found = os.stat(path if member is None else member[0])
    except (OSError, ValueError):
        return None
    age = time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns)
    status = f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"
    return FileState(os.fsencode(os.path.abspath(path)), status, age > _TICK)


def digest_of(clip) -> bytes:
    """Sixteen bytes that say what the clip holds, whatever its name is."""
    if isinstance(clip, np.ndarray):
        content = hashlib.sha256(f"waveform {clip.dtype.str}".encode())
        content.update(np.ascontiguousarray(clip).data)
        return content.digest()[:16]
    if isinstance(clip, bytes):  # equal to that of a file with this content
        return hashlib.sha256(clip).digest()[:16]
    path = as_path(clip)
    if not os.path.exists(path) and (member := split_member(path)):
        # An archive knows its members' checksums: nothing is unpacked for them.
        return hashlib.sha256(describe_member(*member).encode()).digest()[:16]
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()[:16]
    except (OSError, ValueError) as error:
        raise MissingAudioError(
            clip, "no such file", "check the path and the working directory"
        ) from error
