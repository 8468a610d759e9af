"""GTZAN from parquet files with embedded audio, as on Hugging Face."""

from __future__ import annotations

from pathlib import Path

from sklearn_mgc.datasets import _gtzan_table as table


def unpack_parquet(files: list[Path], folder: Path, errors: list[dict[str, str]]) -> list[Path]:
    """Write the clips of parquet files as audio files, and return their paths.

    The column ``audio`` holds the bytes and a path, ``file`` (or that path) the name of the
    clip. Clips that are there already are not written again.
    """
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ImportError(
            f"{files[0]}: reading parquet needs pyarrow: run `pip install sklearn_mgc[data]`"
        ) from error
    paths = []
    for file in files:
        try:
            reader = pq.ParquetFile(file)
        except Exception as error:  # pyarrow's errors share no base class of their own
            raise ValueError(f"{file}: not a complete parquet file ({error})") from error
        names = reader.schema_arrow.names
        if "audio" not in names:
            raise ValueError(f"{file}: no column 'audio'; it has {', '.join(names)}")
        columns = [name for name in ("audio", "file") if name in names]
        for batch in reader.iter_batches(batch_size=16, columns=columns):
            for row in batch.to_pylist():
                path = _write(file, row, folder, errors)
                if path is not None:
                    paths.append(path)
    return paths


def _write(file: Path, row: dict, folder: Path, errors: list[dict[str, str]]) -> Path | None:
    audio = row["audio"] or {}
    name = audio.get("path") or row.get("file") or ""
    clip = table.clip_id(name) or table.clip_id(row.get("file") or "")
    content = audio.get("bytes")
    if clip is None or not content:
        what = "no audio bytes" if clip else f"no name of a clip: {name!r}"
        errors.append({**({"id": clip} if clip else {}), "path": str(file), "error": what})
        return None
    suffix = Path(name).suffix.lower() or ".wav"
    path = folder / clip.split(".")[0] / f"{clip}{suffix}"
    if not (path.is_file() and path.stat().st_size == len(content)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return path
