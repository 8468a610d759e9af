"""Whether a copy of a data set is whole."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sklearn_mgc.audio import as_path
from sklearn_mgc.datasets.acousticbrainz import load_acousticbrainz
from sklearn_mgc.datasets.acousticbrainz_files import is_table, recording_of
from sklearn_mgc.datasets.catalog import data_sets
from sklearn_mgc.datasets.download import digest
from sklearn_mgc.datasets.files import ZIP_TROUBLE, Errors, is_audio, walk
from sklearn_mgc.datasets.folder import load_audio_folder
from sklearn_mgc.datasets.gtzan import load_gtzan
from sklearn_mgc.datasets.gtzan_clips import clip_id
from sklearn_mgc.datasets.homburg import genre_of, load_homburg


class Verdict(NamedTuple):
    """What was checked, how much of it is sound, and what is not."""

    what: str
    sound: int
    problems: Errors


def verify(path: Path, name: str | None = None) -> Verdict:
    """Check an archive by its checksum, a folder by its list of checksums or its content."""
    path = as_path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder")
    published = {k: v for data_set in data_sets().values() for k, v in data_set.archives.items()}
    if path.is_file() and path.name in published:
        return _published(path, published[path.name][0])
    if path.is_file() and path.suffix.lower() == ".zip":
        return _archive(path)
    errors = Errors()
    files = walk(path, errors) if path.is_dir() else [path]
    listed = next((file for file in files if file.name == "checksums"), None)
    name = name or ("fma" if listed else _guess(path, files))
    if name == "fma":
        if listed is None:
            raise ValueError(f"{path}: no file named checksums, which every archive of FMA holds")
        return _checksums(listed, errors)
    loaders: dict[str, tuple[str, Callable]] = {
        "gtzan": ("GTZAN", load_gtzan),
        "homburg": ("the Music Audio Benchmark", load_homburg),
        "acousticbrainz": ("AcousticBrainz", load_acousticbrainz),
        "folder": ("a folder per genre", load_audio_folder),
    }
    what, load = loaders[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they warn of is in errors
        bunch = load(path)
    return Verdict(what, len(bunch.data), bunch.errors)


def _guess(path: Path, files: list[Path]) -> str:
    audio = [file for file in files if is_audio(file)]
    clips = [file for file in audio if clip_id(file.name)]
    # Other sets, too, name files like rock.00001.
    if (clips and len(clips) > 0.9 * len(audio)) or path.is_file():
        return "gtzan"
    if any(is_table(file) or recording_of(file) for file in files):
        return "acousticbrainz"
    if any(file.suffix.lower() == ".parquet" for file in files) and not audio:
        return "gtzan"
    genres = {genre_of(file.parent.name) for file in audio} - {None}
    return "homburg" if len(genres) > 6 else "folder"


def _published(path: Path, checksum: str) -> Verdict:
    algorithm, expected = checksum.split(":")
    if digest(path, algorithm) == expected:
        return Verdict(f"the published {path.name} ({algorithm})", 1, Errors())
    problems = Errors()
    problems.add(path, f"other {algorithm} than published: damaged, incomplete or another release")
    return Verdict(f"the published {path.name}", 0, problems)


def _archive(path: Path) -> Verdict:
    problems = Errors()
    try:
        with zipfile.ZipFile(path) as file:
            infos = [info for info in file.infolist() if not info.is_dir()]
            for info in infos:
                try:
                    with file.open(info) as content:
                        while content.read(1 << 20):
                            pass
                except ZIP_TROUBLE as error:
                    problems.add(f"{path}/{info.filename}", f"cannot be unpacked ({error})")
    except ZIP_TROUBLE as error:
        raise ValueError(f"{path}: not a complete zip archive ({error})") from error
    return Verdict("a zip archive", len(infos) - len(problems), problems)


def _checksums(listed: Path, problems: Errors) -> Verdict:
    """Files against a list of "sha1  000/000002.mp3"."""
    sound = 0
    known = set()
    for line in listed.read_text(encoding="utf-8", errors="replace").splitlines():
        match = re.fullmatch(r"([0-9a-f]{40})\s+\*?(\S.*)", line.strip())
        if match is None:
            continue
        file = listed.parent / match[2]
        known.add(file)
        error = ""
        try:
            if digest(file, "sha1") != match[1]:
                error = "other sha1 than listed: damaged"
        except FileNotFoundError:
            error = "missing; was the archive unpacked to the end?"
        except OSError as failure:
            error = f"unreadable: {failure.strerror or failure}"
        if error:
            problems.add(file, error)
        else:
            sound += 1
    if not known:
        raise ValueError(f"{listed}: no line of it is a checksum")
    for file in walk(listed.parent, problems):
        if is_audio(file) and file not in known:
            problems.add(file, "not in the list of checksums")
    return Verdict(f"the files of {listed} (sha1)", sound, problems)
