"""Audio files below a folder or inside a zip archive, and what is not one."""

from __future__ import annotations

import glob
import lzma
import os
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from sklearn_mgc.audio import AudioError, as_path
from sklearn_mgc.audio.zip import open_archive, split_member

_SUFFIXES = """
.wav .wave .bwf .w64 .rf64 .au .snd .aiff .aif .aifc .caf .flac .alac .wv .ape .tta .ogg .oga
.opus .spx .mp1 .mp2 .mp3 .mpc .m4a .m4b .mp4 .aac .ac3 .wma .asf .mka .weba .amr .gsm
"""
SUFFIXES = frozenset(_SUFFIXES.split())

# Folders that systems keep on drives and shares: what lies in them was deleted, is a copy or
# was never music. Names of a single leading dot are not in general: .38 Special is a band.
_SYSTEM = """
$recycle.bin, recycler, recycled, #recycle, @recycle, #snapshot, @snapshot, .snapshot, .snapshots,
lost+found, @eadir, @tmp, @sharebin, system volume information, __macosx, .trash, .trashes,
.spotlight-v100, .fseventsd, .documentrevisions-v100, .temporaryitems, .appledouble, .appledb,
.appledesktop, network trash folder, temporary items, .git, .svn, .hg, .cache, .thumbnails,
.stversions, .stfolder, .dropbox.cache, .ipynb_checkpoints, __pycache__, .zfs
"""
_SYSTEM_NAMES = frozenset(name.strip() for name in _SYSTEM.split(","))
NOT_AUDIO = "not an audio file"
SYSTEM_FOLDER = "in a folder of the system, not of music"

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


class Errors(list[dict[str, str]]):
    """What was left out: rows with a ``path``, the ``error`` and, where it is known, an ``id``."""

    def add(self, path: object, error: str, name: str | None = None) -> None:
        """Add a row."""
        row = {"path": str(path), "error": error}
        self.append(row if name is None else {"id": name, **row})

    def first(self) -> str:
        """The first row in words; "" if there is none."""
        return f"First problem: {self[0]['path']}: {self[0]['error']}" if self else ""


def is_audio(name: str | os.PathLike) -> bool:
    """Whether the name ends like an audio file's."""
    # Path(".mp3").suffix is empty, but somebody's song may have no name.
    name = os.path.basename(os.fspath(name)).lower()
    return not name.startswith("._") and os.path.splitext(f"_{name}")[1] in SUFFIXES


def is_system_folder(name: str) -> bool:
    """Whether a folder of this name belongs to the system of a drive or share."""
    name = name.casefold()
    return name in _SYSTEM_NAMES or name.startswith((".trash-", "found.0"))


def _is_hidden(name: str) -> bool:
    """Whether one does not ask what a file is: ".DS_Store", but not "..Hits"."""
    # What iCloud has taken off the disk leaves ".a.mp3.icloud".
    return name[:1] == "." != name[1:2] and not is_audio(name.removesuffix(".icloud"))


def walk(folder: Path, errors: Errors) -> list[Path]:
    """Files below a folder, sorted; a loop of links is entered once.

    Music is found whatever its name begins with. What cannot be listed, and music in folders
    of the system, goes into `errors`; other hidden files are not spoken of.
    """

    def note(error: OSError) -> None:
        errors.add(error.filename, f"unreadable: {error.strerror}")

    files: list[Path] = []
    # A link to a folder above would bring in what is not below: other genres, for one.
    seen = {str(parent) for parent in Path(os.path.realpath(folder)).parents}
    for root, folders, names in os.walk(folder, onerror=note, followlinks=True):
        real = os.path.realpath(root)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        for name in filter(is_system_folder, folders):
            tell_system_folder(Path(root, name), errors)
        folders[:] = sorted(name for name in folders if not is_system_folder(name))
        hidden = any(map(_is_hidden, Path(root).relative_to(folder.parent).parts))
        for name in names:
            file = Path(root, name)
            if name.startswith("._") or ((hidden or _is_hidden(name)) and not is_audio(name)):
                continue
            if _is_special(file):
                errors.add(file, "a pipe or device, not a file")
            else:
                files.append(file)
    return sorted(files)


def tell_system_folder(folder: Path, errors: Errors) -> None:
    """A row of errors about a folder of the system, if there is music in it."""
    if any(is_audio(name) for _, _, names in os.walk(folder) for name in names):
        errors.add(folder, SYSTEM_FOLDER)


def _is_special(file: Path) -> bool:
    """Whether reading the file might wait for ever; a broken link fails by itself."""
    return os.path.exists(file) and not os.path.isfile(file)


def members(archive: Path, errors: Errors | None = None) -> list[Path]:
    """Files inside a zip archive as paths: ``music.zip/rock/a.mp3``, which `load_audio` reads."""
    try:
        with zipfile.ZipFile(archive) as file:
            names = [info.filename for info in file.infolist() if not info.is_dir()]
    except ZIP_TROUBLE as error:
        raise ValueError(
            f"{archive}: not a complete zip archive ({error}); download it again"
        ) from error
    found = []
    for name in sorted(names):
        *folders, last = name.split("/")
        if any(map(is_system_folder, folders)):
            if is_audio(last) and errors is not None:
                errors.add(archive / name, SYSTEM_FOLDER)
        elif is_audio(last) or not any(map(_is_hidden, [*folders, last])):
            found.append(archive / name.lstrip("/"))
    return found


def is_archive(path: Path) -> bool:
    """Whether a path is a zip archive's."""
    return path.suffix.lower() == ".zip" and path.is_file()


def is_pattern(path: Path) -> bool:
    """Whether a path is a pattern that no shell has expanded: ``music/*/*.mp3``."""
    return glob.has_magic(str(path)) and not os.path.lexists(path)


def matches(pattern: Path) -> list[Path]:
    """What a pattern stands for, hidden names too; a FileNotFoundError if that is nothing."""
    found = sorted(map(Path, glob.glob(str(pattern), recursive=True, include_hidden=True)))
    if not found:
        raise FileNotFoundError(f"{pattern}: no file matches this pattern")
    return found


def expand(path: Path, errors: Errors) -> Iterator[Path]:
    """Audio files that a path stands for: a file, a folder, a zip archive or a pattern.

    A file that was named is given as it is, whatever its name; of what lies in a folder or
    an archive, other files than audio go into `errors`.
    """
    if is_pattern(path):
        for match in matches(path):
            yield from expand(match, errors)
    elif path.is_dir() or is_archive(path):
        for file in walk(path, errors) if path.is_dir() else members(path, errors):
            if is_audio(file):
                yield file
            else:
                errors.add(file, NOT_AUDIO)
    else:
        yield path


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


class Finder:
    r"""Finds files by names that were written on another system.

    A table from Windows says ``Björk\a.mp3`` with a composed letter where a Mac's disk has a
    decomposed one, or an old disk a byte of Latin-1; and Windows does not tell cases apart.
    """

    def __init__(self, base: Path):
        self._base = base
        self._folders: dict[Path, dict[str, list[Path]]] = {}

    def __call__(self, name: str) -> Path:
        """The file of this name, or the path where it should be."""
        file = self._base / as_path(name)
        if exists(file):
            return file
        if "\\" in name and os.sep == "/":
            file = self._base / name.replace("\\", "/")
        return file if exists(file) else self._similar(file) or file

    def _similar(self, file: Path) -> Path | None:
        place = Path(file.anchor)
        for part in file.parts[1 if file.anchor else 0 :]:
            place = place / part
            if not os.path.lexists(place):
                found = self._entries(place.parent).get(_plain(part), [])
                if len(found) != 1:  # none, or nobody knows which
                    return None
                place = found[0]
        return place if exists(place) else None

    def _entries(self, folder: Path) -> dict[str, list[Path]]:
        if folder not in self._folders:
            entries = self._folders[folder] = {}
            try:
                names = os.listdir(folder)
            except OSError:
                names = []
            for name in names:
                entries.setdefault(_plain(name), []).append(folder / name)
        return self._folders[folder]


def _plain(name: str) -> str:
    """A file name as all systems would compare it."""
    if any("\udc80" <= char <= "\udcff" for char in name):
        name = os.fsencode(name).decode("cp1252", "replace")
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def exists(file: Path) -> bool:
    """Whether there is a file, or a member of a zip archive."""
    found = os.path.isfile(file)  # Path.is_file raises for a name that is too long
    member = split_member(file)
    if found or member is None:
        return found
    try:
        open_archive(member[0]).getinfo(member[1])
    except (KeyError, AudioError):
        return False
    return True
