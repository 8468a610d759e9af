"""load_gtzan on miniature copies of every layout in the wild."""

from __future__ import annotations

import io
import os
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sklearn.model_selection import StratifiedGroupKFold

from sklearn_mgc import load_audio
from sklearn_mgc.datasets import gtzan_clips as table
from sklearn_mgc.datasets import load_gtzan

pytestmark = pytest.mark.filterwarnings("ignore:.*of GTZAN's 1000 clips are missing")

CLIPS = [f"{genre}.{i:05d}" for genre in ("blues", "hiphop", "jazz") for i in (0, 1, 51, 54)]
READABLE = [name for name in CLIPS if name != "jazz.00054"]


def sound(format="WAV") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(50, dtype=np.float32), 22050, format=format)
    return file.getvalue()


def write(folder: Path, suffix=".wav", flat=False, clips=CLIPS) -> Path:
    """Clips as files, jazz.00054 without a header as in the common copy."""
    content = sound({".wav": "WAV", ".au": "AU", ".flac": "FLAC"}[suffix])
    for name in clips:
        file = folder / ("" if flat else name.split(".")[0]) / f"{name}{suffix}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"\0" * 100 if name == "jazz.00054" else content)
    return folder


def check(gtzan, layout, clips=READABLE):
    assert gtzan.layout == layout
    assert gtzan.ids.tolist() == clips
    assert gtzan.target.tolist() == [name.split(".")[0] for name in clips]
    assert gtzan.groups.tolist() == [table.clips()[name].artist for name in clips]
    assert len(load_audio(gtzan.data[0])) == 50
    wrong = {row["id"]: row["error"] for row in gtzan.errors if row.get("id") == "jazz.00054"}
    assert len(wrong) == 1
    # Each of the thousand clips is in the data or among the errors.
    assert {*gtzan.ids, *(row.get("id") for row in gtzan.errors)} >= set(table.clips())


@pytest.mark.parametrize("suffix", [".wav", ".au"])
@pytest.mark.parametrize("level", ["genres", "."])
def test_genre_folders(tmp_path, suffix, level):
    write(tmp_path / "genres", suffix)
    gtzan = load_gtzan(tmp_path / level)
    check(gtzan, "au" if suffix == ".au" else "genres")
    assert "does not begin like" in next(
        row["error"] for row in gtzan.errors if row.get("id") == "jazz.00054"
    )


@pytest.mark.parametrize("level", [".", "Data", "Data/genres_original"])
def test_kaggle(tmp_path, level):
    write(tmp_path / "Data" / "genres_original")
    pictures = tmp_path / "Data" / "images_original" / "blues"
    pictures.mkdir(parents=True)
    (pictures / "blues00000.png").write_bytes(b"x")
    (tmp_path / "Data" / "features_30_sec.csv").write_text("filename\n")
    check(load_gtzan(tmp_path / level), "kaggle")


def test_flat_and_underscores(tmp_path):
    write(tmp_path / "a", flat=True)
    check(load_gtzan(tmp_path / "a"), "flat")
    for file in (tmp_path / "a").iterdir():
        file.rename(file.with_name(file.name.replace(".", "_", 1).upper()))
    check(load_gtzan(tmp_path / "a"), "flat")


def test_other_spellings_of_hiphop(tmp_path):
    write(tmp_path / "genres")
    (tmp_path / "genres" / "hiphop").rename(tmp_path / "genres" / "Hip-Hop")
    gtzan = load_gtzan(tmp_path)
    check(gtzan, "genres")
    assert "Hip-Hop" in gtzan.data[4] and gtzan.target[4] == "hiphop"


def test_tar(tmp_path):
    write(tmp_path / "genres")
    archive = tmp_path / "genres.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(tmp_path / "genres", "genres")
    for _ in range(2):  # unpacked once
        check(load_gtzan(archive, data_home=tmp_path / "home"), "tar")
    archive.write_bytes(archive.read_bytes()[:-200])
    with pytest.raises(ValueError, match="broken or incomplete archive"):
        load_gtzan(archive, data_home=tmp_path / "home2")
    (tmp_path / "x.tar.gz").write_bytes(b"<html>not found</html>")
    with pytest.raises(ValueError, match="not a tar or zip archive"):
        load_gtzan(tmp_path / "x.tar.gz", data_home=tmp_path / "home3")


def test_zip_is_read_in_place(tmp_path):
    write(tmp_path / "Data" / "genres_original")
    with zipfile.ZipFile(tmp_path / "archive.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted((tmp_path / "Data").rglob("*.wav")):
            file.write(path, path.relative_to(tmp_path))
        file.writestr("__MACOSX/Data/._blues.00002.wav", b"x")
    gtzan = load_gtzan(tmp_path / "archive.zip", data_home=tmp_path / "home")
    check(gtzan, "zip")
    assert not (tmp_path / "home" / "gtzan").exists()


@pytest.mark.parametrize("single", [True, False])
def test_parquet(tmp_path, single):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    rows = [
        {
            "file": f"/root/.cache/genres/{name.split('.')[0]}/{name}.wav",
            "audio": {"bytes": sound(), "path": f"{name}.wav"},
            "genre": 0,
        }
        for name in READABLE
    ]
    rows.append({"file": "polka.00000.wav", "audio": {"bytes": b"x", "path": None}, "genre": 1})
    rows.append({"file": "rock.00000.wav", "audio": {"bytes": None, "path": None}, "genre": 1})
    file = tmp_path / "data" / "train-00000-of-00001.parquet"
    file.parent.mkdir()
    pq.write_table(pa.Table.from_pylist(rows), file)
    gtzan = load_gtzan(file if single else tmp_path, data_home=tmp_path / "home")
    check(gtzan, "parquet")
    told = [row["error"] for row in gtzan.errors if row["path"]]
    assert told == ["no name of a clip: 'polka.00000.wav'", "no audio bytes"]


def test_parquet_needs_pyarrow(tmp_path, monkeypatch):
    (tmp_path / "a.parquet").write_bytes(b"x")
    with pytest.raises(ValueError, match="not a complete parquet file"):
        load_gtzan(tmp_path, data_home=tmp_path)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ImportError, match=r"sklearn_mgc\[data\]"):
        load_gtzan(tmp_path, data_home=tmp_path)


def test_audio_export(tmp_path):
    """Audio files as `datasets` exports them: data/train/GENRE and a metadata.csv."""
    write(tmp_path / "data" / "train", ".flac", clips=READABLE)
    (tmp_path / "data" / "train" / "metadata.csv").write_text("file_name,genre\n")
    check(load_gtzan(tmp_path), "genres")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return write(tmp_path_factory.mktemp("gtzan") / "genres", clips=sorted(table.clips()))


def test_splits_of_a_whole_copy(whole):
    with_errors = load_gtzan(whole)
    assert len(with_errors.data) == 999
    assert [row["id"] for row in with_errors.errors] == ["jazz.00054"]
    assert with_errors.split is None and with_errors.cv is None
    assert {row["fault"] for row in with_errors.faults} == {"repeated", "distorted", "mislabelled"}

    filtered = load_gtzan(whole, split="fault_filtered")
    ((train, test),) = filtered.cv
    assert (len(filtered.data), len(train), len(test)) == (929, 442, 290)
    test_only = load_gtzan(whole, split="fault_filtered", subset="test")
    assert test_only.data.tolist() == filtered.data[test].tolist()

    folds = load_gtzan(whole, split="artist_filtered")
    assert len(folds.data) == 947
    for train, test in folds.cv:
        assert not set(folds.groups[train]) & set(folds.groups[test])
        assert set(folds.target[test]) == set(table.GENRES)
    assert len(load_gtzan(whole, split="artist_filtered", subset=[1, 3]).data) == 947 - 316

    ((train, test),) = load_gtzan(whole, split="paper", random_state=3).cv
    assert (len(train), len(test)) == (799, 100)


def test_groups_go_into_scikit_learn(whole):
    gtzan = load_gtzan(whole)
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    for train, test in folds.split(gtzan.data, gtzan.target, gtzan.groups):
        assert not set(gtzan.groups[train]) & set(gtzan.groups[test])


def test_frame_and_pair(whole):
    gtzan = load_gtzan(whole, split="fault_filtered", as_frame=True)
    columns = ["path", "genre", "ids", "groups", "duplicates", "split"]
    assert gtzan.frame.columns.tolist() == columns
    X, y = load_gtzan(whole, return_X_y=True)
    assert X.shape == y.shape == (999,) and X.dtype == y.dtype == object
    assert "a folder per genre; 999 readable clips" in gtzan.DESCR
    assert "arXiv:1306.1461" in gtzan.DESCR and "Licence" in gtzan.DESCR


def test_missing_clips_warn(tmp_path):
    write(tmp_path)
    with pytest.warns(UserWarning, match="988 of GTZAN's 1000 clips are missing"):
        load_gtzan(tmp_path)


def test_nothing_is_dropped_silently(tmp_path):
    genres = write(tmp_path / "genres")
    (genres / "blues" / "blues.00002.wav").write_bytes(b"")
    (genres / "blues" / "jazz.00003.wav").write_bytes(sound())
    (genres / "blues" / "song.wav").write_bytes(sound())
    (genres / "blues" / "blues.00000.au").write_bytes(sound("AU"))
    os.symlink(genres, genres / "blues" / "loop")
    rows = [row for row in load_gtzan(genres).errors if row["path"]]
    errors = {os.path.basename(row["path"]): row["error"] for row in rows}
    assert errors.keys() == {
        "blues.00002.wav", "jazz.00003.wav", "song.wav", "blues.00000.wav", "jazz.00054.wav"
    }  # fmt: skip
    assert errors["blues.00002.wav"] == "empty (0 bytes)"
    assert errors["jazz.00003.wav"] == "a clip of jazz in the folder of blues"
    assert errors["song.wav"].startswith("not named like a clip")
    assert errors["blues.00000.wav"].startswith("second file of this clip")


def test_unreadable_folder_is_reported(tmp_path, monkeypatch):
    write(tmp_path / "genres")
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("hiphop"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    gtzan = load_gtzan(tmp_path)
    assert len(gtzan.data) == 7
    assert any(row["error"] == "unreadable: Permission denied" for row in gtzan.errors)


def test_errors(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="kaggle.com/datasets/andradaolteanu"):
        load_gtzan(tmp_path / "nowhere")
    monkeypatch.setenv("SKLEARN_MGC_DATA", str(tmp_path / "home"))
    with pytest.raises(FileNotFoundError, match="home/gtzan"):
        load_gtzan()
    write(tmp_path / "home" / "gtzan")
    assert load_gtzan().layout == "genres"
    with pytest.raises(ValueError, match="unknown split 'filtered'; choose from fault_filtered"):
        load_gtzan(tmp_path, split="filtered")
    with pytest.raises(ValueError, match=r"unknown subset \['dev'\]"):
        load_gtzan(tmp_path, split="fault_filtered", subset="dev")
    with pytest.raises(ValueError, match="subset needs a split"):
        load_gtzan(tmp_path, subset="train")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no clip of GTZAN in 0 files"):
        load_gtzan(tmp_path / "empty")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 half")
    with pytest.raises(ValueError, match="not a complete zip archive"):
        load_gtzan(tmp_path / "broken.zip")


@pytest.mark.realdata
def test_real_clips(shared_data):
    gtzan = load_gtzan(shared_data / "gtzan" / "audio")
    assert gtzan.ids.tolist() == [f"{g}.00000" for g in table.GENRES[:5]]
