"""Names of files, artists and genres, as systems and people spell them."""

from __future__ import annotations

import os
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sklearn_mgc import load_audio
from sklearn_mgc.__main__ import main
from sklearn_mgc.datasets import check_audio, left_out, load_audio_folder, load_audio_table
from sklearn_mgc.datasets.names import group_by_name, is_placeholder, merge_spellings

NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, 4410).astype(np.float32)


def write(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, NOISE, 22050, format="WAV")
    return folder


def numbers(*names: str) -> list[int]:
    found = group_by_name(names).numbers
    assert found is not None
    return found.tolist()


def test_spellings_of_one_name():
    names = ["Rock", "rock", "Música", unicodedata.normalize("NFD", "Música"), "rock ", "ROCK"]
    merged = merge_spellings(names)
    assert merged.shown == ["rock", "rock", "Música", "Música", "rock", "rock"]
    assert merged.others["rock"] == ["ROCK", "Rock"]
    assert [ascii(name) for name in merged.others["Música"]] == ["'Mu\\u0301sica'"]
    artists = ["Björk", "unknown artist", "BJÖRK", "", "Sigur  Rós", "Sigur Rós"]
    assert numbers(*artists) == [0, 1, 0, 2, 3, 3]
    groups = group_by_name(artists)
    assert groups.names is not None and groups.n_unknown == 2
    assert groups.names.tolist() == ["Björk", "", "", "Sigur Rós"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Die Straße", "DIE STRASSE"), ("\uff21\uff22\uff22\uff21", "abba"),
        ("Daft\u00a0Punk\u200b", "\ufeffDaft Punk"),
        ("Guns N\u2019 Roses", "Guns N' Roses"), ("AC\u2044DC", "AC/DC"),
        ("Hip\u2011Hop", "hip\u2013hop"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("R\uff06B", "R&B"),
    ],
)  # fmt: skip
def test_one_name_as_systems_write_it(one, other):
    assert len(set(numbers(one, other))) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("The Beatles", "Beatles"), ("Björk", "Bjork"), ("AC/DC", "ACDC")]
)
def test_two_names(one, other):
    assert len(set(numbers(one, other))) == 2


@pytest.mark.parametrize(
    "name",
    [
        "Unknown Artist", " VARIOUS  artists", "nan", "<unknown>", "", "V. A.", "n.a.", "\u2014",
        "????", "...", "{Unknown}", "Various_Artists", "<Various Artists>", "\uff36\uff21",
        "\u200b", "'unknown'",
    ],
)  # fmt: skip
def test_placeholders(name):
    assert is_placeholder(name)


@pytest.mark.parametrize(
    "name", ["Unknown Mortal Orchestra", "Nana", "The Various", "!!!", "None?", "+/-", "Va Va"]
)
def test_whole_words_only(name):
    assert not is_placeholder(name)


def test_music_whose_name_begins_with_dots(tmp_path):
    names = [
        "metal/...And Justice.wav",
        "metal/..Hits/1.wav",
        ".38 Special/Hold On.wav",
        "a/.x.WAV",
    ]
    write(tmp_path, *names, "a/._x.wav", "a/.DS_Store", "a/.y.mp3.icloud")
    music = load_audio_folder(tmp_path)
    assert set(music.data) == {str(tmp_path / name) for name in names}
    assert [Path(row["path"]).name for row in music.errors] == [".y.mp3.icloud"]
    assert music.target_names == [".38 Special", "a", "metal"]
    assert len(check_audio(tmp_path, verbose=0)) == 4


@pytest.mark.parametrize(
    "system", ["$RECYCLE.BIN", "#recycle", "lost+found", "@eaDir", "System Volume Information"]
)
def test_folders_of_the_system_are_no_genres(tmp_path, system):
    write(tmp_path, "jazz/a.wav", f"{system}/b.wav", f"jazz/{system}/c.wav")
    music = load_audio_folder(tmp_path)
    assert music.target.tolist() == ["jazz"]
    assert {row["path"] for row in music.errors} == {
        str(tmp_path / system), str(tmp_path / "jazz" / system)
    }  # fmt: skip
    assert "2 in a folder of the system" in left_out(music)
    table = check_audio(tmp_path, verbose=0)
    assert "unreadable" not in set(table["problem"]) and len(table.attrs["errors"]) == 2


def test_formats_of_other_programs_are_listed(tmp_path):
    write(tmp_path, "a/1.oga", "b/1.wma", "c/1.mp2", "lost.wav")
    music = load_audio_folder(tmp_path)
    assert music.target_names == ["a", "b", "c"]
    assert left_out(music) == "left out: 1 not in a genre folder"


def test_genre_folders_in_two_spellings(tmp_path):
    if (write(tmp_path, "Rock/1.wav", "Rock/2.wav") / "rock").exists():
        pytest.skip("this disk does not tell cases apart")
    music = load_audio_folder(write(tmp_path, "rock/3.wav"))
    assert music.target_names == ["Rock"] and music.merged == {"genres": {"Rock": ["rock"]}}
    assert left_out(music) == "taken for one: Rock (also rock)"


@pytest.mark.parametrize("written", ["Björk/Jóga.wav", "BJÖRK\\JÓGA.WAV"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_table_and_files_of_two_systems(tmp_path, written, form):
    write(tmp_path, unicodedata.normalize(form, "Björk/Jóga.wav"))
    other = unicodedata.normalize("NFC" if form == "NFD" else "NFD", written)
    (tmp_path / "t.csv").write_text(f"path,genre\n{other},pop\nnan,pop\n", encoding="utf-8")
    music = load_audio_table(tmp_path / "t.csv")
    assert soundfile.info(music.data[0]).frames == 4410
    assert [row["error"] for row in music.errors] == ["a row without a path"]


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="names are Unicode")
def test_a_name_that_is_not_utf8(tmp_path, capsys):
    write(tmp_path, "rock/a.wav")
    os.rename(tmp_path / "rock/a.wav", os.fsencode(tmp_path / "rock") + b"/caf\xe9.wav")
    music = load_audio_folder(tmp_path, as_frame=True)
    assert os.path.exists(music.frame["path"][0])
    (tmp_path / "t.csv").write_text("path,genre\nrock/café.wav,pop\n", encoding="utf-8")
    assert load_audio_table(tmp_path / "t.csv").data.tolist() == music.data.tolist()
    outputs = [tmp_path / "c.csv", tmp_path / "c.json"]
    arguments = ["--csv", str(outputs[0]), "--json", str(outputs[1])]
    assert main(["check", str(tmp_path / "rock"), "--min-duration", "0", *arguments]) == 0
    assert all("caf" in path.read_text(encoding="utf-8") for path in outputs)


def test_archives_and_patterns_do_as_well_as_a_folder(tmp_path):
    folder = write(tmp_path / "music", "jazz/a.wav", "rock/b.wav")
    for inside in ("", "music/"):
        with zipfile.ZipFile(tmp_path / "m.zip", "w") as file:
            for path in sorted(folder.rglob("*.wav")):
                file.write(path, inside + path.relative_to(folder).as_posix())
            file.writestr("__MACOSX/jazz/._a.wav", b"x")
        music = load_audio_folder(tmp_path / "m.zip", groups="artist")
        assert music.target.tolist() == ["jazz", "rock"] and not music.errors
    with zipfile.ZipFile(tmp_path / "absolute.zip", "w") as file:  # not what lies on this machine
        for genre in ("jazz", "rock"):
            file.writestr(f"/elsewhere/{genre}/a.wav", (folder / "jazz" / "a.wav").read_bytes())
    music = load_audio_folder(tmp_path / "absolute.zip")
    assert music.target.tolist() == ["jazz", "rock"]
    assert len(load_audio(music.data[0])) == len(NOISE)
    for pattern in ("*/*.wav", "*"):
        assert load_audio_folder(folder / pattern).target.tolist() == ["jazz", "rock"]
    assert len(check_audio([folder / "*" / "a.wav", tmp_path / "m.zip"], verbose=0)) == 3
    with pytest.raises(FileNotFoundError, match="no file matches"):
        load_audio_folder(folder / "*.flac")
