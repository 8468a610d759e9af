"""load_fma and load_fma_features on miniatures of the archives, and on the public tables."""

from __future__ import annotations

import csv
import io
import os
import shutil
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sklearn_mgc import HandcraftedFeatures, load_audio
from sklearn_mgc.datasets import load_fma, load_fma_features

pytestmark = pytest.mark.filterwarnings("ignore:.*tracks have no audio file")

COLUMNS = [
    ("album", "id"), ("album", "title"), ("artist", "bio"), ("artist", "id"), ("artist", "name"),
    ("set", "split"), ("set", "subset"), ("track", "duration"), ("track", "genre_top"),
    ("track", "genres"), ("track", "genres_all"), ("track", "license"),
]  # fmt: skip

# id, artist, split, subset, genre_top
TRACKS = [
    (2, 1, "training", "small", "Hip-Hop"),
    (5, 1, "training", "small", "Hip-Hop"),
    (10, 6, "validation", "small", "Pop"),
    (140, 54, "test", "small", "Folk"),
    (99134, 70, "training", "small", "Pop"),
    (98565, 71, "training", "small", "Folk"),
    (1486, 72, "test", "medium", "Jazz"),
    (3000, 73, "training", "medium", "Jazz"),
    (4000, 74, "training", "large", ""),
]


def write_tracks(path, tracks=TRACKS, columns=COLUMNS):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["", *(a for a, _ in columns)])
        out.writerow(["", *(b for _, b in columns)])
        out.writerow(["track_id", *("" for _ in columns)])
        for number, artist, split, subset, genre in tracks:
            cells = {
                ("album", "id"): artist + 100, ("album", "title"): "a, \"quoted\"\ntitle",
                ("artist", "bio"): "x" * 200_000, ("artist", "id"): artist,
                ("set", "split"): split, ("set", "subset"): subset,
                ("track", "genre_top"): genre, ("track", "genres"): "[21, 15]",
                ("track", "license"): "Attribution",
            }  # fmt: skip
            out.writerow([number, *(cells.get(column, "") for column in columns)])
    return path


def write_genres(path):
    path.write_text(
        "genre_id,#tracks,parent,title,top_level\n"
        "15,9372,0,Electronic,15\n21,3552,0,Hip-Hop,21\n182,1198,15,Ambient Electronic,15\n"
        "495,400,182,Drone,15\n"
    )


def mp3() -> bytes:
    file = io.BytesIO()
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 8820).astype(np.float32)
    soundfile.write(file, noise, 44100, format="MP3")
    return file.getvalue()


@pytest.fixture(scope="module")
def sound():
    return mp3()


@pytest.fixture
def fma(tmp_path, sound):
    """fma_small unpacked, next to fma_metadata."""
    write_tracks(tmp_path / "fma_metadata" / "tracks.csv")
    write_genres(tmp_path / "fma_metadata" / "genres.csv")
    for number in (2, 5, 10, 140, 99134, 98565):
        file = tmp_path / "fma_small" / f"{number:06d}"[:3] / f"{number:06d}.mp3"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(sound)
    (tmp_path / "fma_small" / "README.txt").write_text("FMA")
    (tmp_path / "fma_small" / "checksums").write_text("")
    return tmp_path


def pack(folder: Path, name: str) -> Path:
    """An archive as FMA's: bzip2 members below a folder of the archive's name."""
    archive = folder / f"{name}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_BZIP2) as file:
        for path in sorted((folder / name).rglob("*")):
            file.write(path, path.relative_to(folder))
    shutil.rmtree(folder / name)
    return archive


def check_small(loaded):
    assert loaded.ids.tolist() == [2, 5, 10, 140]
    assert loaded.target.tolist() == ["Hip-Hop", "Hip-Hop", "Pop", "Folk"]
    assert loaded.groups.tolist() == [1, 1, 6, 54]
    assert loaded.split.tolist() == ["train", "train", "valid", "test"]
    assert loaded.genres[0] == (21, 15) and loaded.licences[0] == "Attribution"
    assert [row["error"] for row in loaded.errors] == [
        "known to last less than 2 s", "known to hold no audio"
    ]  # fmt: skip
    ((train, test),) = loaded.cv
    assert train.tolist() == [0, 1] and test.tolist() == [3]
    assert load_audio(loaded.data[3]).size > 0


@pytest.mark.parametrize("level", [".", "fma_small"])
def test_tree(fma, level):
    check_small(load_fma(fma / level))


@pytest.mark.parametrize("level", [".", "fma_small.zip"])
def test_archive_is_read_in_place(fma, level):
    pack(fma, "fma_small")
    loaded = load_fma(fma / level)
    check_small(loaded)
    assert loaded.data[0].endswith("fma_small.zip/fma_small/000/000002.mp3")
    X = HandcraftedFeatures().fit_transform(loaded.data)
    assert X.shape == (4, 25)
    assert not (fma / "fma_small").exists()


def test_packed_metadata(fma):
    archive = pack(fma, "fma_metadata")
    check_small(load_fma(fma))
    archive.rename(fma / "fma_small" / "tables.zip")
    check_small(load_fma(fma / "fma_small", metadata=fma / "fma_small" / "tables.zip"))


def test_hierarchy(fma):
    tree = load_fma(fma).hierarchy
    assert tree[495]["path"] == "Electronic > Ambient Electronic > Drone"
    assert tree[495]["parent"] == 182 and tree[495]["top_level"] == 15


def test_larger_subsets_hold_the_smaller(fma, sound):
    (fma / "fma_small").rename(fma / "fma_large")
    for number in (1486, 3000, 4000):
        file = fma / "fma_large" / f"{number:06d}"[:3] / f"{number:06d}.mp3"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(sound)
    check_small(load_fma(fma))
    medium = load_fma(fma, subset="medium")
    assert medium.ids.tolist() == [2, 5, 10, 140, 3000]
    assert {row["id"] for row in medium.errors} == {"1486", "98565", "99134"}
    large = load_fma(fma, subset="large")
    assert {"id": "4000", "error": "no single top-level genre"}.items() <= next(
        row for row in large.errors if row["id"] == "4000"
    ).items()


def test_frame_and_pair(fma):
    loaded = load_fma(fma, as_frame=True)
    assert loaded.frame.columns.tolist() == [
        "path", "genre", "ids", "groups", "albums", "split", "licences", "genres"
    ]  # fmt: skip
    assert "Hip-Hop 2" in loaded.DESCR and "CC BY 4.0" in loaded.DESCR
    X, y = load_fma(fma, return_X_y=True)
    assert X.shape == y.shape == (4,)


def test_audio_without_metadata_and_the_reverse(fma, sound):
    (fma / "fma_small" / "000" / "000010.mp3").unlink()
    (fma / "fma_small" / "000" / "000777.mp3").write_bytes(sound)
    (fma / "fma_small" / "000" / "song.mp3").write_bytes(sound)
    os.symlink(fma / "fma_small", fma / "fma_small" / "000" / "loop")
    with pytest.warns(UserWarning, match="1 of 6 tracks have no audio file"):
        loaded = load_fma(fma)
    assert loaded.ids.tolist() == [2, 5, 140]
    told = {row.get("id"): row["error"] for row in loaded.errors}
    assert told["10"] == "no audio file" and told["777"] == "no row in tracks.csv"
    assert told[None].startswith("not named like a track")


def test_errors(fma):
    with pytest.raises(ValueError, match="unknown subset 'tiny'; choose from small, medium"):
        load_fma(fma, subset="tiny")
    with pytest.raises(FileNotFoundError, match="fetch_fma"):
        load_fma(fma / "nowhere")
    with pytest.raises(FileNotFoundError, match="no such folder or archive of tables"):
        load_fma(fma, metadata=fma / "nowhere")
    (fma / "fma_metadata" / "genres.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"genres.csv not found .*fma_metadata.zip"):
        load_fma(fma)
    shutil.rmtree(fma / "fma_small")
    write_genres(fma / "fma_metadata" / "genres.csv")
    with pytest.raises(ValueError, match="audio of none of the 6 tracks"):
        load_fma(fma)
    (fma / "fma_small.zip").write_bytes(b"PK\x03\x04 half of it")
    with pytest.raises(ValueError, match="not a complete zip archive"):
        load_fma(fma)


def test_broken_tables(fma):
    path = fma / "fma_metadata" / "tracks.csv"
    write_tracks(path, [*TRACKS, TRACKS[0]])
    with pytest.raises(ValueError, match="track 2 occurs twice"):
        load_fma(fma)
    write_tracks(path, columns=[c for c in COLUMNS if c != ("artist", "id")])
    with pytest.raises(ValueError, match="columns artist/id are missing"):
        load_fma(fma)
    write_tracks(path)
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(ValueError, match="row 12: ends early"):
        load_fma(fma)
    path.write_text("")
    with pytest.raises(ValueError, match="should be the tracks.csv"):
        load_fma(fma)


SERIES = {
    "chroma_cens": 12, "chroma_cqt": 12, "chroma_stft": 12, "mfcc": 20, "rmse": 1,
    "spectral_bandwidth": 1, "spectral_centroid": 1, "spectral_contrast": 7,
    "spectral_rolloff": 1, "tonnetz": 6, "zcr": 1,
}  # fmt: skip
STATISTICS = ("kurtosis", "max", "mean", "median", "min", "skew", "std")


def write_features(path, numbers):
    """As the real table: three header lines, a line with the index's name, sorted columns."""
    names = [
        (series, statistic, f"{i:02d}")
        for series, size in SERIES.items()
        for statistic in STATISTICS
        for i in range(1, size + 1)
    ]
    rng = np.random.default_rng(0)
    values = {number: rng.standard_normal(len(names)) for number in numbers}
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        for i, name in enumerate(("feature", "statistics", "number")):
            out.writerow([name, *(column[i] for column in names)])
        out.writerow(["track_id", *("" for _ in names)])
        for number, row in values.items():
            out.writerow([number, *(f"{value:.10e}" for value in row)])
    return names, values


@pytest.mark.parametrize("packed", [False, True])
def test_features(fma, packed):
    numbers = [2, 5, 10, 140, 98565, 3000]
    names, values = write_features(fma / "fma_metadata" / "features.csv", numbers)
    assert len(names) == 518
    path = pack(fma, "fma_metadata") if packed else fma / "fma_metadata" / "features.csv"
    paper = load_fma_features(path)
    assert paper.ids.tolist() == [2, 5, 10, 140, 98565]
    assert paper.feature_names == HandcraftedFeatures().get_feature_names_out().tolist()
    assert paper.errors == [{"id": "99134", "path": "", "error": "no complete row in features.csv"}]
    chroma = [names.index(("chroma_stft", "mean", f"{i:02d}")) for i in range(1, 13)]
    np.testing.assert_allclose(paper.data[0, 0], values[2][chroma].mean(), rtol=1e-9)
    zcr = paper.feature_names.index("zero_crossing_rate_mean")
    np.testing.assert_allclose(paper.data[1, zcr], values[5][names.index(("zcr", "mean", "01"))])
    everything = load_fma_features(path, columns="all", as_frame=True)
    assert everything.data.shape == (5, 518)
    assert {"mfcc20_skew", "chroma_stft1_mean", "rms_std", "tonnetz6_max"} <= set(
        everything.feature_names
    )
    assert everything.target.tolist()[:2] == ["Hip-Hop", "Hip-Hop"]


def test_features_errors(fma):
    with pytest.raises(FileNotFoundError, match="features.csv not found"):
        load_fma_features(fma / "fma_metadata")
    with pytest.raises(ValueError, match="'paper' or 'all'"):
        load_fma_features(fma / "fma_metadata", columns="kaggle")
    with pytest.raises(ValueError, match="unknown subset"):
        load_fma_features(fma / "fma_metadata", subset="huge")
    write_features(fma / "fma_metadata" / "features.csv", [7])
    with pytest.raises(ValueError, match="has no track of the subset 'small'"):
        load_fma_features(fma)


@pytest.mark.realdata
def test_public_lists(shared_data, tmp_path, sound):
    """The genres and artists of fma_small, from lists that others published."""
    genres = shared_data / "fma" / "fma_small_romi1502.csv"
    artists = shared_data / "fma" / "fma_small_yuzper_artist_split.csv"
    with genres.open(encoding="utf-8") as file:
        genre = {int(row["filename"][4:10]): row["genre"] for row in csv.DictReader(file)}
    with artists.open(encoding="utf-8") as file:
        table = csv.DictReader(file)
        known = {int(row["ID"]): (int(row["Artist ID"]), row["Set"]) for row in table}
    assert Counter(genre.values()) == dict.fromkeys(
        ["Electronic", "Experimental", "Folk", "Hip-Hop", "Instrumental", "International", "Pop",
         "Rock"], 1000,
    )  # fmt: skip
    rows = [(n, *known[n], "small", genre[n]) for n in sorted(known)]
    write_tracks(tmp_path / "tracks.csv", rows, [c for c in COLUMNS if c != ("artist", "bio")])
    shutil.copy(shared_data / "fma" / "genres.csv", tmp_path)
    for number in known:
        file = tmp_path / "fma_small" / f"{number:06d}"[:3] / f"{number:06d}.mp3"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    fma = load_fma(tmp_path)
    bad = {98565, 98567, 98569, 99134, 108925, 133297}
    assert set(fma.ids) == set(known) - bad
    assert {int(row["id"]) for row in fma.errors} == bad & set(known)
    assert len(fma.hierarchy) == 163
    assert sum(row["parent"] == 0 for row in fma.hierarchy.values()) == 16
    ((train, test),) = fma.cv
    assert not set(fma.groups[train]) & set(fma.groups[test])


@pytest.mark.realdata
def test_real_clips(shared_data, tmp_path):
    for file in (shared_data / "fma" / "audio").iterdir():
        target = tmp_path / "fma_small" / file.name[:3] / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    numbers = sorted(int(file.stem) for file in tmp_path.rglob("*.mp3"))
    write_tracks(tmp_path / "tracks.csv", [(n, n, "training", "small", "Rock") for n in numbers])
    write_genres(tmp_path / "genres.csv")
    pack(tmp_path, "fma_small")
    fma = load_fma(tmp_path)
    assert fma.ids.tolist() == numbers
    assert 28 < len(load_audio(fma.data[0], sample_rate=8000)) / 8000 < 31
