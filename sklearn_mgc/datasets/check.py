"""What is wrong with the audio files of a collection."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from sklearn_mgc._optional import require
from sklearn_mgc.audio import AudioError, as_path, decode_blocks, printable
from sklearn_mgc.datasets.files import NOT_AUDIO, SYSTEM_FOLDER, Errors, expand
from sklearn_mgc.datasets.readers import TABLE_SUFFIXES
from sklearn_mgc.datasets.table import table_paths
from sklearn_mgc.features.workers import run

if TYPE_CHECKING:
    import pandas as pd

_FULL_SCALE = 1 - 2.0**-15  # the largest value of 16 bits
_RATES = {22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000, 176400, 192000}
_BLOCK_SECONDS = 60.0
_NO_PROBLEM = (NOT_AUDIO, SYSTEM_FOLDER)
_UNKNOWN: dict[str, Any] = {
    "path": "", "problem": "", "message": "", "duration": np.nan, "sample_rate": None,
    "channels": None, "peak": np.nan, "clipped": np.nan, "rms_db": np.nan,
    "audio_hash": "", "duplicate_of": "",
}  # fmt: skip


def check_audio(
    paths: str | os.PathLike | Iterable[str | os.PathLike],
    *,
    min_duration: float = 5.0,
    max_clipped: float = 1e-3,
    n_jobs: int | None = None,
    verbose: int = 1,
) -> pd.DataFrame:
    """Decode every file and report what is wrong with it.

    Parameters
    ----------
    paths : str, path-like or iterable of them
        Files, folders (searched with their sub-folders), zip archives, patterns
        (``music/*/*.mp3``) and tables with a column of paths.
    min_duration : float, default=5.0
        A file is ``"short"`` below this many seconds.
    max_clipped : float, default=0.001
        A file is ``"clipped"`` above this share of samples at full scale.
    n_jobs : int, default=None
        Number of workers, as in joblib.
    verbose : int, default=1
        1 shows progress and prints a summary; 0 does neither.

    Returns
    -------
    DataFrame
        A row per file: ``path``, ``problem`` (empty for a sound file, else names such as ``"short,
        clipped"``), ``message`` (of the error or the notes), ``duration`` (s), ``sample_rate``
        (Hz), ``channels``, ``peak`` (full scale 1), ``clipped`` (share of samples), ``rms_db`` (dB
        below full scale), ``audio_hash`` (of the decoded samples: the same for a WAV and its FLAC,
        or after a change of tags) and ``duplicate_of`` (the first file that sounds the same).
        Problems are ``"missing"``, ``"unreadable"`` (a folder without permission, a pipe),
        ``"empty"``, ``"corrupt"``, ``"unsupported"``, ``"silent"``, ``"short"``, ``"clipped"``,
        ``"odd rate"`` (below 22,050 Hz, or unusual), ``"duplicate"``, and what decoding notes
        (:class:`sklearn_mgc.audio.AudioNote`): ``"truncated"``, ``"several streams"``,
        ``"damaged"``, ``"channels cancel"`` and ``"scale"``. ``attrs["errors"]`` lists what was not
        checked: other files, and music in system folders.

    Raises
    ------
    ImportError
        If pandas is not installed.
    FileNotFoundError
        If nothing matches a pattern.
    ValueError
        If there is no audio file at all, or a limit makes no sense.

    See Also
    --------
    load_audio_folder : Lists the files of a folder by genre.

    Examples
    --------
    >>> import shutil, tempfile
    >>> from sklearn_mgc.datasets import check_audio, make_music
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     music = make_music(n_tracks=6, duration=6, folder=folder, random_state=0)
    ...     _ = shutil.copy(music.data[0], f"{folder}/copy.wav")
    ...     _ = open(f"{folder}/zero.mp3", "w").close()
    ...     table = check_audio(folder, verbose=0)
    >>> table["problem"].value_counts().to_dict()
    {'': 6, 'duplicate': 1, 'empty': 1}
    """
    pd = require("pandas", extra="data", what="tables of audio files")
    if not min_duration >= 0 or not 0 <= max_clipped <= 1:
        raise ValueError(
            f"min_duration must be at least 0 and max_clipped between 0 and 1, got "
            f"{min_duration!r} and {max_clipped!r}"
        )
    if isinstance(paths, (str, bytes, os.PathLike)):
        paths = [paths]
    errors = Errors()
    files = [file for path in paths for file in list_audio(as_path(path), errors)]
    others = [row for row in errors if row["error"] in _NO_PROBLEM]
    unread = [row for row in errors if row["error"] not in _NO_PROBLEM]
    if not files and not unread:
        raise ValueError("no audio file to check; pass files, folders or zip archives")
    results = run(measure, zip(files), n_jobs=n_jobs, prefer="threads")
    rows = list(tqdm(results, "check_audio", len(files), unit="file", disable=not verbose))
    for row in unread:
        told = {"path": row["path"], "problem": "unreadable", "message": row["error"]}
        rows.append(_UNKNOWN | told)
    first: dict[str, str] = {}
    for row in rows:
        _judge(row, min_duration, max_clipped, first)
    # Objects first: pandas' own text does not hold names that are not UTF-8.
    table = pd.DataFrame(rows, columns=list(_UNKNOWN), dtype=object)
    numbers = dict.fromkeys(("duration", "peak", "clipped", "rms_db"), float)
    table = table.astype({"sample_rate": "Int64", "channels": "Int64"} | numbers)
    table.attrs["errors"] = others
    if verbose:
        print(_summary(rows, [row["path"] for row in others]))
    return table


def list_audio(path: Path, errors: Errors) -> Iterable[Path]:
    """Audio files that a path stands for, the files of a table among them."""
    if path.suffix.lower() in TABLE_SUFFIXES and path.is_file():
        return map(Path, table_paths(path, errors))
    return expand(path, errors)


def measure(path: Path) -> dict[str, Any]:
    """Measure a file, block by block."""
    row = _UNKNOWN | {"path": str(path)}
    content = hashlib.sha256()
    n_frames, peak, n_clipped, energy = 0, 0.0, 0, 0.0
    try:
        stream = decode_blocks(path, block_duration=_BLOCK_SECONDS)
        for samples, rate in stream:
            if not n_frames:
                content.update(f"{rate} {samples.shape[1]}".encode())
            content.update(np.ascontiguousarray(samples).data)
            n_frames += len(samples)
            magnitude = np.abs(samples)
            peak = max(peak, float(magnitude.max()))
            n_clipped += int(np.count_nonzero(magnitude >= _FULL_SCALE))
            flat = samples.ravel()
            energy += sum(
                float(np.dot(part, part)) for part in np.array_split(flat, len(flat) // 2**16 + 1)
            )
    except AudioError as error:
        row["problem"] = type(error).__name__.removesuffix("AudioError").lower()
        row["message"] = str(error)
        return row
    n_samples = n_frames * samples.shape[1]
    return row | {
        "duration": n_frames / rate,
        "sample_rate": rate,
        "channels": samples.shape[1],
        "peak": peak,
        "clipped": n_clipped / n_samples,
        "rms_db": 10 * np.log10(energy / n_samples) if energy else -np.inf,
        "audio_hash": content.hexdigest()[:32],
        "problem": ", ".join(note.kind for note in stream.notes),
        "message": "; ".join(f"{printable(path)} {note.message}" for note in stream.notes),
    }


def _judge(row: dict[str, Any], min_duration: float, max_clipped: float, first: dict) -> None:
    if not row["audio_hash"]:
        return
    problems = list(filter(None, [row["problem"]]))
    if row["peak"] == 0:
        problems.append("silent")
    if row["duration"] < min_duration:
        problems.append("short")
    if row["clipped"] > max_clipped:
        problems.append("clipped")
    if row["sample_rate"] not in _RATES:
        problems.append("odd rate")
    row["duplicate_of"] = first.setdefault(row["audio_hash"], row["path"])
    if row["duplicate_of"] == row["path"]:
        row["duplicate_of"] = ""
    else:
        problems.append("duplicate")
    row["problem"] = ", ".join(problems)


def _summary(rows: list[dict[str, Any]], others: list[str]) -> str:
    counts = Counter(name for row in rows for name in row["problem"].split(", ") if name)
    hours = np.nansum([row["duration"] for row in rows]) / 3600
    n_bad = sum(bool(row["problem"]) for row in rows)
    lines = [
        f"{len(rows)} files, {hours:.2f} hours: {len(rows) - n_bad} good, {n_bad} with problems"
    ]
    for name, count in counts.most_common():
        examples = [row["path"] for row in rows if name in row["problem"].split(", ")]
        lines.append(f"{count:>7} {name}: {_examples(examples)}")
        if name == "unsupported":  # what to do about it does not lie in the word
            told = next(row["message"] for row in rows if row["problem"] == name)
            lines.append(f"{'':>8}{told}")
    if others:
        lines.append(f"{len(others):>7} not looked at: {_examples(others)}")
    return "\n".join(lines)


def _examples(names: list[str]) -> str:
    shown = ", ".join(map(printable, names[:3]))
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")
