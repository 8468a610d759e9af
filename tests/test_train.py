"""The command `train`, on generated music."""

from __future__ import annotations

import csv

import joblib
import numpy as np
import pytest

from sklearn_mgc.__main__ import main
from sklearn_mgc.commands import train
from sklearn_mgc.commands.tracks import count_folds, load_tracks
from sklearn_mgc.datasets import make_music


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    """A folder of two genres, and a table of it with artists and one broken file."""
    folder = tmp_path_factory.mktemp("music")
    made = make_music(
        24,
        genres=["jazz", "rock"],
        artists_per_genre=4,
        duration=1.0,
        folder=folder,
        random_state=0,
    )
    (folder / "jazz" / "broken.mp3").write_text("this is not audio")
    with (folder / "tracks.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "genre", "singer"])
        rows.writerows(zip(made.data, made.target, made.groups, strict=True))
        rows.writerow([folder / "jazz" / "broken.mp3", "jazz", 0])
    return folder


def test_a_table_with_a_column_of_artists(music, tmp_path, capsys):
    out = tmp_path / "models" / "mine.joblib"
    arguments = ["train", str(music / "tracks.csv"), "--output", str(out), "--groups", "singer"]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert "left out" in printed.err and "broken.mp3" in printed.err
    assert "8 artists, none on both sides" in printed.out and "UNKNOWN" not in printed.out
    assert "chosen" in printed.out and "log_loss" in printed.out
    assert "95 % CI" in printed.out and "4 folds by group: 24 clips" in printed.out
    card = out.with_suffix(".md").read_text(encoding="utf-8")
    assert "24 clips by 8 artists" in card and "| accuracy |" in card

    song = next((music / "rock").glob("*.wav"))
    assert main(["predict", str(out), str(song)]) == 0
    assert capsys.readouterr().out.startswith(f"{song}: ")


def test_a_folder_without_tags_is_told_so_loudly(music, tmp_path, capsys):
    out = tmp_path / "m.joblib"
    assert main(["train", str(music), "--output", str(out), "--model", "svc", "--folds", "2"]) == 0
    assert "ARTISTS UNKNOWN (no file has an artist tag)" in capsys.readouterr().out
    assert "ARTISTS UNKNOWN" in out.with_suffix(".md").read_text(encoding="utf-8")
    assert joblib.load(out).predict_proba([next((music / "rock").glob("*.wav"))]).shape == (1, 2)


def test_a_table_in_the_folder_names_the_artists(music):
    """Where no tag does; a column may be asked for, and artists can be left out."""
    named = load_tracks(music, "singer")
    assert named.about_groups.startswith("8 artists (tracks.csv)")
    assert load_tracks(music).groups is None  # which column it is cannot be guessed
    table = music / "tracks.csv"
    content = table.read_text(encoding="utf-8")
    table.write_text(content.replace("singer", "artist"), encoding="utf-8")
    try:
        assert load_tracks(music).about_groups == named.about_groups
        assert load_tracks(music, "none").groups is None
        assert load_tracks(table, "none").groups is None
    finally:
        table.write_text(content, encoding="utf-8")


def test_a_network_of_spectrograms_says_how_long_it_takes(music, tmp_path, capsys):
    arguments = ["train", str(music), "--output", str(tmp_path / "m.joblib"), "--model", "crnn"]
    assert main([*arguments, "--epochs", "1", "--folds", "2"]) == 0
    assert "CRNNClassifier: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--groups", "band"], "a folder has no columns"),
        (["--folds", "1"], "--folds must be at least 2"),
        (["--model", "svc", "--epochs", "2"], "svc is not one"),
        (["--output", "."], "is a folder; name a file to write"),
        (["--output", "page.md"], "--output is the model's file"),
    ],
)
def test_wrong_arguments(music, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert main(["train", str(music), *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_folds_are_as_many_as_the_smallest_genre_has_artists():
    genres = np.array(["jazz"] * 6 + ["rock"] * 3)
    artists = np.array([0, 0, 1, 1, 2, 2, 3, 4, 4])
    assert count_folds(genres, None, 5) == 3
    assert count_folds(genres, artists, 5) == 2
    with pytest.raises(ValueError, match="'rock' has a single artist"):
        count_folds(genres, np.array([0, 0, 1, 1, 2, 2, 3, 3, 3]), 5)
    with pytest.raises(ValueError, match="at least two genres"):
        count_folds(genres[:6], None, 5)


@pytest.mark.parametrize(
    ("model", "jazz", "rock", "message"),
    [
        ("svc", "a a", "b c", "'jazz' has a single artist, so no fold can test it"),
        ("svc", "a a b b", "b b c c", "has 2 artists: in some fold 0 of its tracks are left"),
        ("dnn", "a a b b", "b b c c", "has 2 artists: in some fold 0 of its tracks are left"),
        ("auto", "a a a b b b", "c c c d d d", "2 artists: in some fold of a fold 0 of its tracks"),
        ("auto", "a b c", "d e f", "1 of its tracks are left to learn from, where 3 are needed"),
        ("auto", "- - -", "- - -", "has 3 tracks: in some fold of a fold 1 of its tracks"),
    ],
)
def test_too_few_to_learn_from(music, tmp_path, monkeypatch, capsys, model, jazz, rock, message):
    """In words of genres, artists and tracks, before anything is read."""
    monkeypatch.setattr(train, "describe_all", None)
    rows = [
        f"{file},{genre},{artist}"
        for genre, artists in (("jazz", jazz), ("rock", rock))
        for file, artist in zip(
            sorted((music / genre).glob("*.wav")), artists.split(), strict=False
        )
    ]
    table = tmp_path / "t.csv"
    table.write_text("\n".join(["path,genre,artist", *rows]), encoding="utf-8")
    output = str(tmp_path / "m.joblib")
    assert main(["train", str(table), "--model", model, "--output", output]) == 2
    assert message in capsys.readouterr().err


def test_artists_that_are_known_in_part(music, tmp_path):
    table = tmp_path / "t.csv"
    files = sorted((music / "jazz").glob("*.wav"))[:3]
    rows = [f"{file},jazz,{artist}" for file, artist in zip(files, ["a", "a", ""], strict=True)]
    table.write_text("\n".join(["path,genre,artist", *rows]), encoding="utf-8")
    tracks = load_tracks(table)
    assert tracks.groups.tolist() == [0, 0, 1]
    assert tracks.about_groups.startswith("1 artists") and "for 1 of 3" in tracks.about_groups
