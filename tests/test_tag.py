"""``tag``: what it proposes, what it writes, and that all of it can be undone."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil

import mutagen
import numpy as np
import pytest
import soundfile
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline

from sklearn_mgc import HandcraftedFeatures
from sklearn_mgc.__main__ import main
from sklearn_mgc.commands import tag
from sklearn_mgc.saving import save_model

NOISE = np.random.default_rng(0).uniform(-0.3, 0.3, 22050).astype(np.float32)
BOTH = ["Hip-Hop", "folk music"]  # the third is less than half as probable as the first


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    genres = ["hiphop"] * 6 + ["folk music"] * 4 + ["jazz"]
    pipeline = make_pipeline(HandcraftedFeatures(), DummyClassifier(strategy="prior"))
    pipeline.fit([NOISE] * len(genres), genres)
    return str(save_model(pipeline, tmp_path_factory.mktemp("model") / "model.joblib"))


@pytest.fixture
def music(tmp_path, monkeypatch):
    """A folder with two songs without a genre and one with; the journal goes beside it."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "music"
    folder.mkdir()
    for name in ("a.flac", "b.mp3", "c.ogg"):
        soundfile.write(folder / name, NOISE, 22050)
    file = mutagen.File(folder / "c.ogg")
    file["genre"] = "Polka"
    file.save()
    return folder


def digests(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def genres(path):
    return list(mutagen.File(path, easy=True).get("genre", []))


def test_a_dry_run_shows_and_changes_nothing(music, model, capsys):
    before = digests(music)
    arguments = ["tag", str(music), "--model", model, "--output", "table.csv"]
    assert main([*arguments, "--min-confidence", "0.5"]) == 0
    printed = capsys.readouterr().out
    assert "3 files: 2 would get a genre, 1 genre present." in printed
    assert "Nothing was written; --write does." in printed
    assert digests(music) == before
    assert sorted(os.listdir()) == ["music", "table.csv"]
    with open("table.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["proposed"] for row in rows] == ["; ".join(BOTH), "; ".join(BOTH), ""]
    assert rows[0]["confidence"] == "0.545"
    assert (rows[2]["genre"], rows[2]["skipped"]) == ("Polka", "genre present")


def test_write_and_undo(music, model, capsys):
    before = digests(music)
    arguments = ["tag", str(music), "--model", model, "--min-confidence", "0.5", "--write"]
    assert main([*arguments, "--journal", "first"]) == 0
    assert "2 got a genre" in capsys.readouterr().out
    assert genres(music / "a.flac") == genres(music / "b.mp3") == BOTH
    assert genres(music / "c.ogg") == ["Polka"]
    more = ["--journal", "second", "--overwrite", "--max-genres", "1"]
    assert main([*arguments, *more]) == 0
    assert genres(music / "a.flac") == genres(music / "c.ogg") == ["Hip-Hop"]
    assert main([*arguments, "--journal", "first"]) == 2
    assert "first: exists; a journal is never overwritten" in capsys.readouterr().err
    assert main(["tag", "--undo", "second"]) == 0
    assert genres(music / "a.flac") == BOTH and genres(music / "c.ogg") == ["Polka"]
    assert main(["tag", "--undo", "first"]) == 0
    assert capsys.readouterr().out.count(": restored") == 5
    assert digests(music) == before


def test_who_is_not_sure_writes_nothing(music, model, capsys):
    before = digests(music)
    assert main(["tag", str(music), "--model", model, "--write"]) == 0
    printed = capsys.readouterr().out
    assert "0 got a genre, 2 not sure, 1 genre present." in printed and "undo" not in printed
    assert digests(music) == before and os.listdir() == ["music"]


def test_what_cannot_be_tagged_is_told_and_the_rest_is_written(music, model, capsys):
    (music / "d.mp3").write_text("rubbish" * 100)
    soundfile.write(music / "e.flac", 0 * NOISE, 22050)
    soundfile.write(music / "f.au", NOISE, 22050)
    (music / "\x1b[2J.wav").touch()
    shutil.make_archive("more", "zip", music, "a.flac")
    (music / "cover.jpg").write_text("")
    sources = [str(music), "more.zip"]
    arguments = ["--model", model, "--min-confidence", "0", "--write", "--journal", "journal"]
    assert main(["tag", *sources, *arguments]) == 1
    printed, told = capsys.readouterr()
    assert "1 not an audio file" in told and "\x1b" not in printed
    assert f"{music}/d.mp3: error: its tags cannot be read" in printed
    assert f"{music}/e.flac: error: is silent" in printed
    assert f"{music}/f.au: format without tags" in printed
    assert r"\x1b[2J.wav: error: " in printed
    assert "more.zip/a.flac: in a zip archive" in printed
    assert "2 got a genre" in printed and "3 failed." in printed
    assert genres(music / "b.mp3") == BOTH


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)
def test_write_protected(music, model, capsys):
    (music / "a.flac").chmod(0o400)
    arguments = ["--model", model, "--min-confidence", "0", "--write"]
    assert main(["tag", str(music), *arguments]) == 0
    assert "a.flac: write-protected" in capsys.readouterr().out
    assert genres(music / "a.flac") == [] and genres(music / "b.mp3") == BOTH


def test_interrupted_it_says_how_to_undo_what_was_done(music, model, capsys, monkeypatch):
    before, usual = digests(music), tag.write_genres

    def interrupted(file, genres, journal):
        if file.name == "b.mp3":
            raise KeyboardInterrupt
        return usual(file, genres, journal)

    monkeypatch.setattr(tag, "write_genres", interrupted)
    arguments = ["--model", model, "--min-confidence", "0", "--write", "--journal", "journal"]
    assert main(["tag", str(music), *arguments]) == 130
    assert "1 files: 1 got a genre." in capsys.readouterr().out
    assert genres(music / "a.flac") == BOTH
    assert main(["tag", "--undo", "journal"]) == 0
    assert digests(music) == before


def test_undo_of_what_is_no_journal_and_of_what_others_changed(music, model, capsys):
    arguments = ["--model", model, "--min-confidence", "0", "--write", "--journal", "journal"]
    assert main(["tag", str(music), *arguments]) == 0
    (music / "a.flac").write_bytes((music / "b.mp3").read_bytes())
    assert main(["tag", "--undo", "journal"]) == 1
    assert "a.flac: was changed since; left as it is" in capsys.readouterr().err
    assert main(["tag", "--undo", str(music / "b.mp3")]) == 2
    assert "b.mp3: is not a journal" in capsys.readouterr().err
    assert main(["tag", "--undo", "nowhere"]) == 2
