"""The command `leakage`: planted leaks are told, and fail where they should."""

from __future__ import annotations

import csv
import shutil

import pytest

from sklearn_mgc.__main__ import main
from sklearn_mgc.datasets import make_music


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """Twenty tracks by ten artists."""
    folder = tmp_path_factory.mktemp("music")
    return folder, make_music(
        20,
        genres=["jazz", "rock"],
        artists_per_genre=5,
        duration=1.0,
        folder=folder,
        random_state=0,
    )


def _table(folder, rows, columns=("path", "genre", "artist", "split")):
    with (folder / "tracks.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])
    return str(folder / "tracks.csv")


def _rows(made, split):
    rows = zip(made.data, made.target, made.groups, strict=True)
    return [[path, genre, artist, split(artist)] for path, genre, artist in rows]


def test_a_clean_split_passes(music, capsys):
    folder, made = music
    rows = _rows(made, lambda artist: "test" if artist % 5 == 0 else "train")
    assert main(["leakage", _table(folder, rows), "--fail-on-leak"]) == 0
    out = capsys.readouterr().out
    assert "its own split: 16 to train, 4 to test." in out
    assert "no leak found: none of 4 test tracks" in out


def test_a_copy_under_another_artist_fails_and_is_named(music, tmp_path, capsys):
    folder, made = music
    rows = _rows(made, lambda artist: "test" if artist % 5 == 0 else "train")
    tested = next(row for row in rows if row[3] == "test")
    copy = shutil.copy(tested[0], tmp_path / "copy.wav")
    rows.append([copy, tested[1], "somebody else", "training"])
    table, listed = _table(folder, rows), tmp_path / "out" / "leaks.csv"
    assert main(["leakage", table, "--fail-on-leak", "--output", str(listed)]) == 1
    out = capsys.readouterr().out
    assert "1 of 4 test tracks (25 %)" in out
    assert f"copy: {tested[0]} is in test, {copy} is in training" in out
    with listed.open(encoding="utf-8") as file:
        (leak,) = csv.DictReader(file)
    assert (leak["kind"], leak["test"], leak["train"]) == ("copy", str(tested[0]), str(copy))
    assert main(["leakage", table]) == 0  # told, but not asked to fail


def test_an_artist_on_both_sides_fails(music, capsys):
    folder, made = music
    rows = _rows(made, lambda artist: "train")
    rows = [[path, genre, f"Band {artist}", part] for path, genre, artist, part in rows]
    rows[0][3] = "test"
    assert main(["leakage", _table(folder, rows), "--fail-on-leak"]) == 1
    out = capsys.readouterr().out
    assert "share their artist" in out and rows[0][2] in out


def test_without_a_split_folds_are_those_of_train(music, capsys):
    folder, made = music
    rows = [row[:3] for row in _rows(made, str)]
    table = _table(folder, rows, ("path", "genre", "artist"))
    assert main(["leakage", table, "--fail-on-leak", "--folds", "3"]) == 0
    assert "3 folds by artist" in capsys.readouterr().out
    assert main(["leakage", str(folder), "--folds", "2"]) == 0
    assert "2 folds by artist" in capsys.readouterr().out  # of the table that lies in it
    assert main(["leakage", str(folder), "--folds", "2", "--groups", "none"]) == 0
    out = capsys.readouterr().out
    assert "2 random folds" in out
    assert "not checked" in out


def test_wrong_input_is_one_clear_line(music, capsys):
    folder, made = music
    rows = _rows(made, lambda artist: "a" if artist % 2 else "b")
    for source, message in [
        (str(folder / "nowhere"), "nowhere: no such folder"),
        (_table(folder, rows), "must say train and test, but it says 'a', 'b'"),
    ]:
        assert main(["leakage", source]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert message in line
