"""Names of artists and genres: when two spellings are one name, and which one is shown."""

from __future__ import annotations

import io
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from sklearn_mgc._optional import require
from sklearn_mgc.audio import as_path
from sklearn_mgc.audio.zip import read_member, split_member

# What programs write where nobody told them a name. Only whole names count: Unknown Mortal
# Orchestra and Nana are artists. Brackets, quotes, dots and the like around words do not.
_PLACEHOLDERS = """
na, nan, none, null, undefined, unspecified, not available, not applicable, untitled, unknown,
unknown artist, unknown artists, unknown performer, unknown band, unknown album artist,
artist unknown, unknown genre, unknown album, no artist, no genre, various, various artist,
various artists, various performers, va, vvaa, aavv, diverse, diverse interpreten, verschiedene,
verschiedene interpreten, verschiedene künstler, unbekannt, unbekannter interpret,
unbekannter künstler, inconnu, artiste inconnu, artistes divers, artistes variés, desconocido,
artista desconocido, artista desconhecido, varios, varios artistas, vários artistas, sconosciuto,
artista sconosciuto, artisti vari, autori vari, onbekend, onbekende artiest, diverse artiesten,
okänd artist, blandade artister, ukjent artist, ukendt kunstner, неизвестный исполнитель,
разные исполнители, 不明なアーティスト, 未知艺术家, 群星
"""
_AROUND = str.maketrans("", "", " .,/_-#*:<>[](){}'\"")
_NO_WORD = frozenset("-?._* ")
# Programs turn what a keyboard has into what a printer would set, some of them.
_TYPESET = str.maketrans("\u2018\u2019\u02bc`\u00b4\u201c\u201d\u201e\u2044\u2215", "'''''\"\"\"//")


def name_key(name: str) -> str:
    """What all spellings of a name share: Unicode's caseless form, single blanks, plain quotes."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join("".join(map(_plain, folded)).translate(_TYPESET).split())


def _plain(char: str) -> str:
    """Nothing for what cannot be seen (formats, controls), a hyphen for all dashes."""
    category = unicodedata.category(char)
    if category == "Pd":
        return "-"
    return "" if category in ("Cf", "Cc") and not char.isspace() else char


_UNKNOWN = frozenset(name_key(name).translate(_AROUND) for name in _PLACEHOLDERS.split(","))


def is_placeholder(name: str) -> bool:
    """Whether a name says that nobody knows it ("Unknown Artist", "nan"), or is empty."""
    key = name_key(name)
    return set(key) <= _NO_WORD or key.translate(_AROUND) in _UNKNOWN


class Merged(NamedTuple):
    """Names of which all spellings became one."""

    shown: list[str]  # the commonest spelling for each, "" where the name is not known
    others: dict[str, list[str]]  # what else was written, by what is shown


def merge_spellings(names: Iterable[str]) -> Merged:
    """Give each name its commonest spelling; of equally common ones the first in order."""
    raw = list(names)
    written = [unicodedata.normalize("NFC", " ".join(name.split())) for name in raw]
    keys = ["" if is_placeholder(name) else name_key(name) for name in written]
    counts: dict[str, Counter[str]] = {}
    spellings: dict[str, set[str]] = {}
    for key, name, original in zip(keys, written, raw, strict=True):
        counts.setdefault(key, Counter())[name] += 1
        spellings.setdefault(key, set()).add(original.strip())
    best = {key: found.most_common(1)[0][0] if key else "" for key, found in counts.items()}
    others = {
        best[key]: sorted(found - {best[key]})
        for key, found in spellings.items()
        if key and len(found) > 1
    }
    return Merged([best[key] for key in keys], others)


class Groups(NamedTuple):
    """Artists (or albums) as numbers; nobody's without arguments."""

    numbers: np.ndarray | None = None
    names: np.ndarray | None = None  # of each number, "" where it is not known
    n_unknown: int = 0
    others: Mapping[str, list[str]] = {}


def group_by_name(names: Iterable[str]) -> Groups:
    """Number names, whatever their spelling; each one that is not known is a group of its own."""
    merged = merge_spellings(list(names))
    first: dict[str, int] = {}
    keys = [name or f"\0{i}" for i, name in enumerate(merged.shown)]
    numbers = np.array([first.setdefault(key, len(first)) for key in keys], dtype=int)
    shown = np.array(["" if key.startswith("\0") else key for key in first], dtype=object)
    return Groups(numbers, shown, merged.shown.count(""), merged.others)


def read_tags(path: str | os.PathLike) -> dict[str, str]:
    """Genre and artist as the tags of a file have them, "" where it has none."""
    mutagen = require("mutagen", extra="data", what="tags of audio files")
    try:
        path = as_path(path)
        member = split_member(path)
        source = path if member is None else io.BytesIO(read_member(*member))
        file = mutagen.File(source, easy=True)
    except Exception:  # its parsers of damaged files end in anything
        file = None
    tags = getattr(file, "tags", None) or {}
    found = {}
    info = _wave_info(source) if type(file).__name__ == "WAVE" else {}
    for name, keys in (
        # A WAV file's tags are plain ID3 frames, which have no easy names.
        ("genre", ("genre", "TCON", "WM/Genre")),
        ("artist", ("artist", "TPE1", "albumartist", "TPE2", "Author", "WM/AlbumArtist")),
    ):
        values = [*(_text(tags, key) for key in keys), info.get(name, "")]
        found[name] = next((value for value in values if not is_placeholder(value)), "")
    return found


def _wave_info(source) -> dict[str, str]:
    """What a WAV file has in its LIST chunk, where mutagen does not look."""
    soundfile = require("soundfile", what="sound files")
    try:
        # Opened here, because soundfile takes no names that are not UTF-8.
        with source if isinstance(source, io.BytesIO) else open(source, "rb") as raw:
            raw.seek(0)
            with soundfile.SoundFile(raw) as file:
                return file.copy_metadata()
    except (OSError, soundfile.SoundFileError):
        return {}


def _text(tags, key: str) -> str:
    try:
        value = tags[key]
    except (KeyError, ValueError):
        return ""
    value = getattr(value, "genres", None) or getattr(value, "text", value)
    value = value[0] if isinstance(value, (list, tuple)) and value else value
    return str(value).partition("\0")[0].strip() if value else ""
