"""Trees and tables as they are found in the wild: a clear error or a row of errors, always."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_mgc.datasets import (
    check_audio,
    load_acousticbrainz,
    load_audio_folder,
    load_audio_table,
    load_fma,
    load_fma_features,
    load_gtzan,
    load_gtzan_features,
    load_homburg,
)

pytestmark = pytest.mark.filterwarnings("ignore:.*(are missing|fewer clips than published)")


def replace_member(archive: Path, name: str, change) -> None:
    """Write an archive again with one member changed."""
    with zipfile.ZipFile(archive) as file:
        members = {info.filename: file.read(info) for info in file.infolist()}
    members[name] = change(members[name])
    with zipfile.ZipFile(archive, "w") as file:
        for member, content in members.items():
            file.writestr(member, content)


@pytest.mark.parametrize(
    ("load", "table", "old", "new", "message"),
    [
        (load_fma, "tracks", b'"2","1"', b'"2","x"', "tracks.csv, row 4: not the numbers of a tr"),
        (load_fma, "tracks", b"[21]", b"[21", "tracks.csv, row 4: not the numbers of a track"),
        (load_fma, "tracks", b"[21]", b"[21\0", "tracks.csv"),
        (load_fma, "tracks", b"Folk", b"F\xf6lk", "tracks.csv: not a complete table"),
        (load_fma, "genres", b"3552,0", b"3552,", "genres.csv, row 2: not a genre"),
        (load_fma, "genres", b"3552,0,Pop,21", b"3552", "genres.csv, row 2: not a genre"),
        (load_fma, "genres", b"Pop", b"P\xf6p", "genres.csv: not a complete table"),
        (load_fma_features, "features", b",01,", b",one,", "features.csv: should be the"),
        (load_fma_features, "features", b"\n5,", b"\n2,", "features.csv: track 2 occurs twice"),
        (load_fma_features, "features", b"mfcc", b"mfxx", "features.csv: columns such as mfcc1"),
    ],
)
def test_damaged_tables_of_fma(miniature, load, table, old, new, message):
    folder = miniature("fma")
    name = f"fma_metadata/{table}.csv"
    replace_member(folder / "fma_metadata.zip", name, lambda text: text.replace(old, new))
    with pytest.raises(ValueError, match=message) as error:
        load(folder)
    assert type(error.value) is ValueError and str(folder) in str(error.value)


def test_archive_of_tables_with_a_damaged_directory(miniature):
    folder = miniature("fma")
    archive = folder / "fma_metadata.zip"
    content = bytearray(archive.read_bytes())
    content[-6] ^= 0xFF  # where the directory begins
    archive.write_bytes(content)
    with pytest.raises(ValueError, match="fma_metadata.zip.*not a complete table"):
        load_fma(folder)


def test_a_byte_order_mark_is_no_part_of_the_first_column(miniature):
    folder = miniature("fma")
    for table in ("tracks", "genres", "features"):
        name = f"fma_metadata/{table}.csv"
        replace_member(folder / "fma_metadata.zip", name, lambda text: b"\xef\xbb\xbf" + text)
    assert load_fma_features(folder).ids.tolist() == [2, 5, 10]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
@pytest.mark.parametrize("loader", ["gtzan", "homburg", "acousticbrainz", "folder", "check"])
def test_pipes_are_not_waited_for(miniature, loader):
    name = "homburg" if loader in ("folder", "check") else loader
    folder = miniature(name)
    pipe = next(folder.rglob("*.json" if loader == "acousticbrainz" else "*[0-9].*"))
    pipe.unlink()
    os.mkfifo(pipe)
    if loader == "check":
        table = check_audio(folder, verbose=0).set_index("path")
        assert table.loc[str(pipe), "problem"] == "unreadable"
        return
    loaders: dict[str, Callable] = {
        "gtzan": load_gtzan, "homburg": load_homburg, "acousticbrainz": load_acousticbrainz,
        "folder": load_audio_folder,
    }  # fmt: skip
    errors = {row["path"]: row["error"] for row in loaders[loader](folder).errors}
    assert errors[str(pipe)] == "a pipe or device, not a file"


@pytest.mark.parametrize("damage", ["encrypted", "unknown compression", "garbage in the middle"])
def test_archives_of_clips_that_cannot_be_read(tmp_path, miniature, damage):
    folder = miniature("gtzan")
    archive = tmp_path / "gtzan.zip"
    kind = zipfile.ZIP_LZMA if damage.startswith("garbage") else zipfile.ZIP_STORED
    with zipfile.ZipFile(archive, "w", kind) as file:
        for clip in sorted(folder.rglob("*.wav")):
            file.write(clip, clip.relative_to(folder))
    content = bytearray(archive.read_bytes())
    if damage.startswith("garbage"):
        content[60:200] = bytes(140)
    else:
        entry = content.index(b"PK\x01\x02")
        at, value = (8, 1) if damage == "encrypted" else (10, 9)
        content[entry + at] = value  # in the archive's directory,
        content[content.index(b"PK\x03\x04") + at - 2] = value  # and before the clip
    archive.write_bytes(content)
    gtzan = load_gtzan(archive, data_home=tmp_path)
    assert len(gtzan.data) == 3
    (row,) = [row for row in gtzan.errors if row["path"]]
    assert row["id"] == "blues.00000" and row["error"].startswith("unreadable: ")
    assert "None" not in row["error"]


TABLES = {
    "semicolons": b"path;genre\na.wav;jazz\nb.wav;rock\n",
    "tabs": b"path\tgenre\na.wav\tjazz\nb.wav\trock\n",
    "byte order mark": b"\xef\xbb\xbfpath,genre\na.wav,jazz\nb.wav,rock\n",
    "Unicode text": "path\tgenre\r\na.wav\tjazz\r\nb.wav\trock\r\n".encode("utf-16"),
    "told to Excel": b"sep=;\r\npath;genre\r\na.wav;jazz\r\nb.wav;rock\r\n",
    "line breaks in a cell": b'path,notes,genre\na.wav,"two\nlines",jazz\nb.wav,,rock\n',
    "quotes and blanks": b' path , genre\n"a.wav","jazz"\n b.wav , rock \n',
    "windows": b"path,genre\r\n.\\a.wav,jazz\r\n.\\b.wav,rock\r\n",
    "empty rows": b"path,genre\na.wav,jazz\n\n  ,\nb.wav,rock\n,,,\n\n",
    "home": b"path,genre\n~/a.wav,jazz\n~/b.wav,rock\n",
    "capitals": b"Path,GENRE\na.wav,jazz\nb.wav,rock\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_all_kinds(miniature, name, monkeypatch):
    table = miniature("audio_table")
    monkeypatch.setenv("HOME", str(table.parent))
    table.write_bytes(TABLES[name])
    music = load_audio_table(table)
    assert [Path(path).name for path in music.data] == ["a.wav", "b.wav"]
    assert music.target.tolist() == ["jazz", "rock"] and not music.errors


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("path,genre\na.wav,müsik\n".encode("cp1252"), "not a table in UTF-8.*save it as CSV"),
        ("path,genre\na.wav,jazz\n".encode("utf-16")[:-1], "not a table in UTF-8"),
        (b"path,path,genre\na.wav,b.wav,jazz\n", "several columns are called 'path'"),
        (b"path,genre\n", "none of 0 rows can be used"),
        (b"", "no column for the path"),
        (b"path,genre\n" + b"x" * 400 + b".wav,jazz\n", "no such file"),
        (b"path,genre\na.wav,jazz,more\n", "more cells in its row than the table has columns"),
        (b"path\na.wav\n", "no column for the label"),
    ],
)
def test_tables_that_cannot_be_used(miniature, content, message):
    table = miniature("audio_table")
    table.write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        load_audio_table(table)
    assert str(table) in str(error.value)


def test_rows_that_cannot_be_used(miniature):
    table = miniature("audio_table")
    table.write_bytes(b"path,genre\na.wav,jazz\nb.wav\nb.wav,rock,1\n,rock\na.wav,pop\nc.wav,x\n"
                      b"https://a.org/d.wav,pop\n")  # fmt: skip
    music = load_audio_table(table)
    assert [Path(path).name for path in music.data] == ["a.wav"]
    assert music.errors[-1]["path"] == "https://a.org/d.wav"
    assert [row["error"] for row in music.errors] == [
        "no genre", "more cells in its row than the table has columns", "a row without a path",
        "listed twice", "no such file", "is a URL and not a path",
    ]  # fmt: skip


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA, pd.NaT, "", "  "])
def test_nothing_instead_of_a_genre(miniature, nothing):
    folder = miniature("audio_table").parent
    rows = pd.DataFrame({"path": ["a.wav", "b.wav"], "genre": ["jazz", nothing]})
    music = load_audio_table(rows, root=folder)
    assert music.target.tolist() == ["jazz"]
    assert [row["error"] for row in music.errors] == ["no genre"]


def test_genres_that_are_numbers(miniature):
    folder = miniature("audio_table").parent
    rows = pd.DataFrame({"path": ["a.wav", "b.wav"], "label": [3, 4]})
    assert load_audio_table(rows, root=folder).target.tolist() == ["3", "4"]


@pytest.mark.parametrize("load", [load_audio_table, load_gtzan_features, load_audio_folder])
@pytest.mark.parametrize("kind", ["nothing", "other kind"])
def test_a_folder_for_a_file_and_the_reverse(tmp_path, load, kind):
    path = tmp_path / "x.csv"
    if kind == "other kind" and load is load_audio_folder:
        path.write_text("path")
    elif kind == "other kind":
        path.mkdir()
    with pytest.raises(OSError, match="x.csv: (is a|no such)") as error:
        load(path)
    assert type(error.value) is not OSError


@pytest.mark.parametrize("form", [str, Path, os.fsencode])
def test_forms_of_a_path(miniature, monkeypatch, form):
    folder = miniature("homburg")
    assert len(load_audio_folder(form(folder)).data) == len(load_homburg(form(folder)).data) == 4
    monkeypatch.setenv("HOME", str(folder.parent))
    assert len(load_audio_folder(form(Path("~", folder.name))).data) == 4
    with pytest.raises(FileNotFoundError, match="~nobody-at-all"):
        load_audio_folder(form(Path("~nobody-at-all")))


def test_names_of_all_kinds(miniature):
    folder = miniature("homburg")
    jazz = folder / "jazz"
    names = ["ä ö.mp3", "a\nb.mp3", " .mp3", "'\".mp3", "x" * 200 + ".MP3", "日本.Mp3", "%s{}.mp3"]
    for name in names:
        (jazz / name).write_bytes((jazz / "0.mp3").read_bytes())
    for name in (".DS_Store", "._0.mp3"):
        (jazz / name).write_bytes(b"not sound")
    (folder / "__MACOSX").mkdir()
    music = load_audio_folder(folder)
    assert {Path(path).name for path in music.data} == {*names, "0.mp3", "1.mp3"}
    assert not music.errors


def test_table_of_features_with_faults(miniature):
    table = miniature("gtzan_features")
    lines = table.read_text().splitlines()
    lines[2] += ",1"
    lines[3] = "\t ,"
    table.write_text("\n".join(lines).replace(",", ";"))
    gtzan = load_gtzan_features(table)
    assert gtzan.ids.tolist() == ["blues.00000", "jazz.00001"]
    (row,) = gtzan.errors
    assert row["path"].endswith(":3") and "more cells than the header" in row["error"]
    table.write_bytes(table.read_bytes().replace(b"rolloff", b"r\xf6lloff"))
    with pytest.raises(ValueError, match=r"features_30_sec.csv: not a table in UTF-8"):
        load_gtzan_features(table)


@pytest.mark.parametrize("audio", ["text", {"bytes": None, "path": "blues.00000.wav"}])
def test_parquet_without_sound(tmp_path, audio):
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pytest.importorskip("pyarrow").table({"audio": [audio], "file": ["blues.00000.wav"]})
    parquet.write_table(table, tmp_path / "gtzan.parquet")
    with pytest.raises(ValueError, match="gtzan.parquet: no audio bytes"):
        load_gtzan(tmp_path / "gtzan.parquet", data_home=tmp_path / "home")
    (tmp_path / "gtzan.parquet").write_bytes(b"PAR1 and no more")
    for load in (load_gtzan, load_audio_table):
        with pytest.raises(ValueError, match="gtzan.parquet: not a complete parquet file"):
            load(tmp_path / "gtzan.parquet")


@pytest.mark.parametrize("error", [IndexError, KeyError, OverflowError, MemoryError])
def test_tags_that_end_their_parser(miniature, monkeypatch, error):
    mutagen = pytest.importorskip("mutagen")

    def fail(path, easy):
        raise error("in the middle of a file")

    folder = miniature("homburg")
    monkeypatch.setattr(mutagen, "File", fail)
    music = load_audio_folder(folder, groups="artist")
    assert music.n_ungrouped == len(music.data) == 4
    with pytest.raises(ValueError, match="expected files with a genre tag"):
        load_audio_folder(folder, labels="tags")
