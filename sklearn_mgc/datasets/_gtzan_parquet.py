"""GTZAN from parquet files with embedded audio, as on Hugging Face."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sklearn_mgc.datasets import _gtzan_table as table
from sklearn_mgc.datasets.files import is_audio


def unpack_parquet(files: list[Path], folder: Path, errors: list[dict[str, str]]) -> list[Path]:
    """Write the clips of parquet files as audio files, and return their paths.

    The column ``audio`` holds the bytes and a path, ``file`` (or that path) the name of the
    clip. Clips that are there already are not written again.
    """
    paths = []
    for file in files:
        for row in read_parquet(file, ("audio", "file")):
            if "audio" not in row:
                raise ValueError(f"{file}: no column 'audio', with the bytes of the clips")
            path = _write(file, row, folder, errors)
            if path is not None:
                paths.append(path)
    return paths


def read_parquet(file: Path, columns: tuple[str, ...] | None = None) -> Iterator[dict[str, Any]]:
    """Rows of a parquet file, and of its columns those of these names (None: all)."""
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ImportError(
            f"{file}: reading parquet needs pyarrow: run `pip install sklearn_mgc[data]`"
        ) from error
    try:
        with pq.ParquetFile(file) as reader:
            names = reader.schema_arrow.names
            wanted = names if columns is None else [name for name in columns if name in names]
            for batch in reader.iter_batches(batch_size=16, columns=wanted):
                yield from batch.to_pylist()
    except Exception as error:  # pyarrow's errors share no base class of their own
        raise ValueError(
            f"{file}: not a complete parquet file ({error}); download it again"
        ) from error


def _write(file: Path, row: dict, folder: Path, errors: list[dict[str, str]]) -> Path | None:
    audio = row["audio"] if isinstance(row["audio"], dict) else {}
    name = str(audio.get("path") or row.get("file") or "")
    clip = table.clip_id(name) or table.clip_id(str(row.get("file") or ""))
    content = audio.get("bytes")
    if clip is None or not content:
        what = "no audio bytes" if clip else f"no name of a clip: {name!r}"
        errors.append({**({"id": clip} if clip else {}), "path": str(file), "error": what})
        return None
    suffix = Path(name).suffix.lower() if is_audio(name) else ".wav"
    path = folder / clip.split(".")[0] / f"{clip}{suffix}"
    if not (path.is_file() and path.stat().st_size == len(content)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return path
