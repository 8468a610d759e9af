"""Audio files below a folder or inside a zip archive."""

from __future__ import annotations

import lzma
import os
import zipfile
import zlib
from pathlib import Path

from sklearn_mgc.audio import AudioError
from sklearn_mgc.audio.zip import open_archive, split_member

SUFFIXES = {".wav", ".au", ".flac", ".ogg", ".mp3", ".m4a", ".aac", ".aiff", ".aif", ".opus"}

# First bytes of the formats whose header is never anything else.
_HEADERS = {
    ".wav": (b"RIFF", b"RIFX", b"RF64"),
    ".au": (b".snd", b"dns."),
    ".flac": (b"fLaC", b"ID3"),
    ".ogg": (b"OggS",),
}

# What a zip archive may end in that is damaged, encrypted or compressed in an unknown way.
ZIP_TROUBLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError,
    NotImplementedError, ValueError,
)  # fmt: skip


def is_audio(name: str | os.PathLike) -> bool:
    """Whether the name ends like an audio file's."""
    return Path(name).suffix.lower() in SUFFIXES


def walk(folder: Path, errors: list[dict[str, str]]) -> list[Path]:
    """Visible files below a folder, sorted; a loop of links is entered once."""

    def note(error: OSError) -> None:
        errors.append({"path": str(error.filename), "error": f"unreadable: {error.strerror}"})

    files: list[Path] = []
    # A link to a folder above would bring in what is not below: other genres, for one.
    seen = {str(parent) for parent in Path(os.path.realpath(folder)).parents}
    for root, folders, names in os.walk(folder, onerror=note, followlinks=True):
        real = os.path.realpath(root)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            file = Path(root, name)
            if name.startswith("."):
                continue
            if _is_special(file):
                errors.append({"path": str(file), "error": "a pipe or device, not a file"})
            else:
                files.append(file)
    return sorted(files)


def _is_special(file: Path) -> bool:
    """Whether reading the file might wait for ever; a broken link fails by itself."""
    return os.path.exists(file) and not os.path.isfile(file)


def members(archive: Path) -> list[Path]:
    """Files inside a zip archive as paths: ``music.zip/rock/a.mp3``, which `load_audio` reads."""
    try:
        with zipfile.ZipFile(archive) as file:
            names = [info.filename for info in file.infolist() if not info.is_dir()]
    except ZIP_TROUBLE as error:
        raise ValueError(
            f"{archive}: not a complete zip archive ({error}); download it again"
        ) from error
    hidden = ("__MACOSX", ".")
    return sorted(
        archive / name
        for name in names
        if not any(part.startswith(hidden) for part in name.split("/"))
    )


def problem(path: Path) -> str | None:
    """Why a file cannot be audio, judged by its size and first bytes; None if nothing is wrong."""
    try:
        head = _head(path)
    except (AudioError, *ZIP_TROUBLE) as error:
        return f"unreadable: {getattr(error, 'strerror', None) or error}"
    if not head:
        return "empty (0 bytes)"
    allowed = _HEADERS.get(path.suffix.lower())
    if allowed and not head.startswith(allowed):
        return f"unreadable: does not begin like a {path.suffix.lower()} file"
    return None


def _head(path: Path) -> bytes:
    member = split_member(path)
    if member is None:
        with path.open("rb") as file:
            return file.read(4)
    archive, name = member
    with open_archive(archive).open(name) as file:
        return file.read(4)
