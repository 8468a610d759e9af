"""Smallest copies of the data sets, in the layout of each."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sklearn_mgc import HandcraftedFeatures


def _sound(format: str) -> bytes:
    file = io.BytesIO()
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 4410).astype(np.float32)
    soundfile.write(file, noise, 22050, format=format)
    return file.getvalue()


def _write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def gtzan(folder: Path) -> Path:
    """Four clips of two genres."""
    for name in ("blues.00000", "blues.00001", "jazz.00000", "jazz.00001"):
        _write(folder / name.split(".")[0] / f"{name}.wav", _sound("WAV"))
    return folder


def gtzan_features(folder: Path) -> Path:
    """The table of descriptors of four clips, as our own command writes it."""
    names = [str(name) for name in HandcraftedFeatures().get_feature_names_out()]
    rows = [",".join(["filename", *names, "label"])]
    rows += [
        ",".join([f"{name}.wav", *["0.5"] * 25, name.split(".")[0]])
        for name in ("blues.00000", "blues.00001", "jazz.00000", "jazz.00001")
    ]
    _write(folder / "features_30_sec.csv", "\n".join(rows))
    return folder / "features_30_sec.csv"


def fma(folder: Path) -> Path:
    """Two archives, as they are downloaded: three tracks and their tables."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = [
        ("album", "id"), ("artist", "id"), ("set", "split"), ("set", "subset"),
        ("track", "genre_top"), ("track", "genres"), ("track", "license"),
    ]  # fmt: skip
    rows = [["", *(name for name, _ in columns)], ["", *(name for _, name in columns)]]
    rows.append(["track_id", *[""] * len(columns)])
    tracks = ((2, "training", "Pop"), (5, "training", "Folk"), (10, "test", "Pop"))
    for number, split, genre in tracks:
        rows.append([str(number), "1", str(number), split, "small", genre, "[21]", "CC"])
    series = [("chroma_stft", 12), ("mfcc", 20), ("spectral_centroid", 1)]
    series += [(name, 1) for name in ("spectral_bandwidth", "spectral_rolloff", "zcr")]
    header = [(name, "mean", f"{i + 1:02d}") for name, n in series for i in range(n)]
    described = [[level, *(column[i] for column in header)] for i, level in
                 enumerate(("feature", "statistics", "number"))]  # fmt: skip
    described.append(["track_id", *[""] * len(header)])
    described += [[str(number), *["0.5"] * len(header)] for number in (2, 5, 10)]
    genres = "genre_id,#tracks,parent,title,top_level\n21,3552,0,Pop,21\n"
    with zipfile.ZipFile(folder / "fma_metadata.zip", "w", zipfile.ZIP_BZIP2) as file:
        file.writestr("fma_metadata/tracks.csv", "\n".join(_csv(row) for row in rows))
        file.writestr("fma_metadata/features.csv", "\n".join(map(",".join, described)))
        file.writestr("fma_metadata/genres.csv", genres)
    with zipfile.ZipFile(folder / "fma_small.zip", "w", zipfile.ZIP_BZIP2) as file:
        for number in (2, 5, 10):
            file.writestr(f"fma_small/000/{number:06d}.mp3", _sound("MP3"))
    return folder


def _csv(row: list[str]) -> str:
    return ",".join(f'"{cell}"' for cell in row)


def homburg(folder: Path) -> Path:
    """Two clips of each of two genres."""
    for genre in ("jazz", "rock"):
        for i in range(2):
            _write(folder / genre / f"{i}.mp3", _sound("MP3"))
    return folder


def acousticbrainz(folder: Path) -> Path:
    """Three described recordings and a table of their genres."""
    lines = ["recordingmbid\treleasegroupmbid\tgenre1\tgenre2"]
    for i in range(3):
        mbid = str(uuid.UUID(int=i + 1))
        content = {"lowlevel": {"mfcc": {"mean": [i, 2.0]}}, "rhythm": {"bpm": 120.0}}
        _write(folder / mbid[:2] / f"{mbid}.json", json.dumps(content))
        lines.append(f"{mbid}\t{uuid.UUID(int=i // 2 + 9)}\trock\trock---indie")
    _write(folder / "acousticbrainz-mediaeval-discogs-train.tsv", "\n".join(lines))
    return folder


def audio_table(folder: Path) -> Path:
    """Two files and a table that lists them."""
    for name in "ab":
        _write(folder / f"{name}.wav", _sound("WAV"))
    _write(folder / "tracks.csv", "path,genre,artist\na.wav,jazz,x\nb.wav,rock,y\n")
    return folder / "tracks.csv"


@pytest.fixture
def miniature(tmp_path):
    """Function that writes the smallest copy of a data set and returns its path."""
    writers = {f.__name__: f for f in
               (gtzan, gtzan_features, fma, homburg, acousticbrainz, audio_table)}  # fmt: skip

    def write(name: str, folder: Path | None = None) -> Path:
        return writers[name](folder or tmp_path / name)

    return write
