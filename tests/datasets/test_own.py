"""Folders, tables and tags of one's own; the Homburg set."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
import soundfile

from sklearn_mgc.datasets import load_audio_folder, load_audio_table, load_homburg
from sklearn_mgc.datasets.homburg import COUNTS

NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, 4410).astype(np.float32)


def write(path, genre="", artist=""):
    """A file with tags."""
    import mutagen

    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, NOISE, 44100)
    if genre or artist:
        file = mutagen.File(path, easy=True)
        if file.tags is None:
            file.add_tags()
        if path.suffix == ".wav":
            from mutagen.id3 import TCON, TPE1

            file.tags.add(TCON(encoding=3, text=genre))
            file.tags.add(TPE1(encoding=3, text=artist))
        else:
            file["genre"], file["artist"] = genre, artist
        file.save()
    return path


@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".ogg", ".wav"])
def test_genres_and_artists_from_tags(tmp_path, suffix):
    write(tmp_path / f"x/a{suffix}", "Jazz", "Björk")
    write(tmp_path / f"b{suffix}", "Rock", "BJÖRK ")
    write(tmp_path / f"c{suffix}", "Rock", "Ñu")
    write(tmp_path / f"d{suffix}")
    (tmp_path / "cover.jpg").write_bytes(b"x")
    music = load_audio_folder(tmp_path, labels="tags", groups="artist", as_frame=True)
    assert music.target.tolist() == ["Rock", "Rock", "Jazz"]
    assert music.groups.tolist() == [0, 1, 0]
    assert {row["error"] for row in music.errors} == {"no genre in its tags", "not an audio file"}
    assert music.frame.columns.tolist() == ["path", "genre", "groups"]
    assert "2 of them" in music.DESCR


def test_numbered_id3_genre(tmp_path):
    from mutagen.id3 import ID3, TCON

    path = write(tmp_path / "a.mp3", "Rock", "A")
    tags = ID3(path)
    tags.add(TCON(encoding=3, text="(8)"))
    tags.save()
    assert load_audio_folder(tmp_path, labels="tags").target.tolist() == ["Jazz"]


def test_folder_with_artists(tmp_path):
    write(tmp_path / "jazz" / "a.mp3", "", "Miles")
    write(tmp_path / "jazz" / "b.mp3")
    write(tmp_path / "rock" / "c.mp3")
    music = load_audio_folder(tmp_path, groups="artist")
    assert music.groups.tolist() == [0, 1, 2]  # unknown artists: a group each
    assert load_audio_folder(tmp_path).groups is None


def test_folder_options(tmp_path, monkeypatch):
    write(tmp_path / "jazz" / "a.flac")
    with pytest.raises(ValueError, match="labels must be"):
        load_audio_folder(tmp_path, labels="names")
    with pytest.raises(ValueError, match="groups must be"):
        load_audio_folder(tmp_path, groups="album")
    with pytest.raises(ValueError, match="genre tag"):
        load_audio_folder(tmp_path, labels="tags")
    monkeypatch.setitem(sys.modules, "mutagen", None)
    with pytest.raises(ImportError, match=r"sklearn_mgc\[data\]"):
        load_audio_folder(tmp_path, labels="tags")


@pytest.fixture
def table(tmp_path):
    for name in "abcd":
        write(tmp_path / "audio" / f"{name}.wav")
    return pd.DataFrame(
        {
            "file": [f"audio/{name}.wav" for name in "abcd"],
            "Genre": ["jazz", "jazz", "rock", "rock"],
            "artist": ["x", "X", None, "y"],
            "set": ["training", "training", "val", "test"],
        }
    )


def check(music, names="abcd"):
    assert [path[-5] for path in music.data] == list(names)
    assert music.target.tolist() == ["jazz", "jazz", "rock", "rock"]
    assert music.groups.tolist() == [0, 0, 1, 2]
    assert music.split.tolist() == ["train", "train", "valid", "test"]
    ((train, test),) = music.cv
    assert train.tolist() == [0, 1] and test.tolist() == [3]
    assert music.errors == []


def test_tables(tmp_path, table):
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_csv(tmp_path / "t.tsv", index=False, sep="\t")
    table.to_csv(tmp_path / "german.csv", index=False, sep=";", encoding="utf-8-sig")
    table.to_parquet(tmp_path / "t.parquet")
    for name in ("t.csv", "t.tsv", "german.csv", "t.parquet"):
        check(load_audio_table(tmp_path / name))
    check(load_audio_table(table, root=tmp_path))
    check(load_audio_table(pl.from_pandas(table), root=tmp_path))
    frame = load_audio_table(tmp_path / "t.csv", as_frame=True).frame
    assert frame.columns.tolist() == ["path", "genre", "groups", "split"]


def test_table_columns_by_name(tmp_path, table):
    table = table.rename(columns={"file": "where", "Genre": "style", "artist": "who"})
    music = load_audio_table(
        table.drop(columns="set"),
        path_column="where",
        label_column="style",
        group_column="who",
        root=tmp_path,
    )
    assert music.groups.tolist() == [0, 0, 1, 2]
    assert music.split is None and music.cv is None
    X, y = load_audio_table(
        table, path_column="where", label_column="style", root=tmp_path, return_X_y=True
    )
    assert X.shape == y.shape == (4,)


def test_table_rows_left_out(tmp_path, table):
    table.loc[4] = ["audio/nowhere.wav", "jazz", "x", "test"]
    table.loc[5] = ["audio/a.wav", "jazz", "x", "test"]
    table.loc[6] = ["audio/b.wav", None, "x", "test"]
    table.loc[7] = [None, "jazz", "x", "test"]
    music = load_audio_table(table, root=tmp_path)
    assert [row["error"] for row in music.errors] == [
        "no such file", "listed twice", "no genre", "a row without a path"
    ]  # fmt: skip
    assert len(music.data) == 4


def test_table_errors(tmp_path, table):
    with pytest.raises(FileNotFoundError, match="no such table"):
        load_audio_table(tmp_path / "nowhere.csv")
    missing = r"no column for the path \(such as 'path'\); it has Genre"
    with pytest.raises(ValueError, match=missing):
        load_audio_table(table.drop(columns="file"))
    with pytest.raises(ValueError, match="no column 'band'.*group_column="):
        load_audio_table(table, group_column="band")
    with pytest.raises(ValueError, match="none of 4 rows.*no such file.*pass root"):
        load_audio_table(table, root=tmp_path / "elsewhere")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ValueError, match="no column"):
        load_audio_table(tmp_path / "empty.csv")
    (tmp_path / "bad.csv").write_bytes(b"path,genre\n\xff\xfe,x\n")
    with pytest.raises(ValueError, match="UTF-8"):
        load_audio_table(tmp_path / "bad.csv")


@pytest.fixture
def homburg(tmp_path):
    for genre in COUNTS:
        write(tmp_path / "benchmark" / genre / "a.mp3", artist=f"artist {genre[0]}")
    return tmp_path


@pytest.mark.filterwarnings("ignore:.*fewer clips than published")
def test_homburg(homburg):
    assert sum(COUNTS.values()) == 1886
    music = load_homburg(homburg / "benchmark")
    assert music.target_names == sorted(COUNTS) and music.groups is None
    (homburg / "benchmark" / "folkcountry").rename(homburg / "benchmark" / "folkcountr")
    (homburg / "benchmark" / "raphiphop").rename(homburg / "benchmark" / "Rap-HipHop")
    (homburg / "benchmark" / "funksoulrnb").rename(homburg / "benchmark" / "Funk Soul R&B")
    (homburg / "benchmark" / "jazz" / "empty.mp3").write_bytes(b"")
    write(homburg / "benchmark" / "polka" / "b.mp3")
    music = load_homburg(homburg, groups="artist", as_frame=True)
    assert sorted(music.target) == sorted(COUNTS)
    assert len(set(music.groups)) == 7  # artists by first letter
    assert {row["error"] for row in music.errors} == {
        "empty (0 bytes)", "in the folder 'polka', which is none of the genres"
    }  # fmt: skip


def test_homburg_errors(homburg, tmp_path):
    with pytest.warns(UserWarning, match=r"alternative \(1 of 145\)"):
        load_homburg(homburg)
    with pytest.raises(FileNotFoundError, match="uni-dortmund"):
        load_homburg(homburg / "nowhere")
    with pytest.raises(ValueError, match="groups must be"):
        load_homburg(homburg, groups="album")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no audio in folders named"):
        load_homburg(tmp_path / "empty")
    (tmp_path / "a.tar").write_bytes(b"x")
    with pytest.raises(NotADirectoryError, match="unpack it"):
        load_homburg(tmp_path / "a.tar")


@pytest.mark.realdata
def test_emotify_table(shared_data):
    music = load_audio_table(shared_data / "emotify30" / "tracks.csv")
    assert len(music.data) == 316 and music.errors == []
    assert len(set(music.groups)) == 90
    assert np.unique(music.target, return_counts=True)[1].tolist() == [79] * 4


def test_tracks_without_an_artist_are_counted(tmp_path):
    write(tmp_path / "jazz/a.mp3", "Jazz", "Björk")
    write(tmp_path / "rock/b.mp3")
    music = load_audio_folder(tmp_path, groups="artist")
    assert music.n_ungrouped == 1 and "1 tracks have none" in music.DESCR
    table = pd.DataFrame({"path": music.data, "genre": music.target, "artist": ["", None]})
    assert load_audio_table(table).n_ungrouped == 2
    (tmp_path / "jazz/a.mp3").unlink()
    assert "artists are not known" in load_audio_folder(tmp_path, groups="artist").DESCR
