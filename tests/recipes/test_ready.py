"""Genres without training, and the tags that they are made of."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from sklearn_mgc.__main__ import main
from sklearn_mgc.features import backbones
from sklearn_mgc.recipes import ready_card, ready_model


@pytest.fixture
def weights():
    if not backbones.weights_file("musicnn").exists():
        pytest.skip("no weights: python -m sklearn_mgc models fetch musicnn")


def test_the_card():
    card = ready_card("gtzan")
    confusion = np.array(card["test"]["confusion"])
    accuracy = np.trace(confusion) / confusion.sum()
    assert accuracy == pytest.approx(card["test"]["accuracy"], abs=1e-4)
    assert card["test"]["low"] < accuracy < card["test"]["high"]
    rates = [row["right, folds"] for row in card["not_sure"][1:]]
    assert rates == [row["rate"] for row in card["not_sure"][1:]]
    coverages = [row["coverage, folds"] for row in card["not_sure"]]
    assert coverages == sorted(coverages, reverse=True)
    with pytest.raises(ValueError, match="no ready model is called 'fma'; there are gtzan"):
        ready_card("fma")


def test_without_weights_the_command_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("SKLEARN_MGC_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="models fetch musicnn"):
        ready_model("gtzan")
    assert main(["tags", "song.mp3"]) == 2


@pytest.mark.realdata
def test_the_sound_goes_the_way_of_the_training_tags(weights, shared_data):
    """From a file, the head says what it says from the published tags, a patch a second."""
    gtzan = shared_data / "gtzan"
    published = np.load(gtzan / "musicnn_taggrams/evaluation_data_GTZAN_MSDmusicnn_taggram.npz")
    tags = published["X"][published["IDS"] == "hiphop/hiphop.00000.au"].mean(axis=0)
    model = ready_model("gtzan")
    names = ("hiphop", "classical", "blues")
    paths = [gtzan / "audio" / name / f"{name}.00000.wav" for name in names]
    found = model.predict_proba(paths)
    np.testing.assert_allclose(found[0], model[-1].predict_proba([tags])[0], atol=0.03)
    assert model.predict(paths[1:]).tolist() == ["classical", "blues"]  # not trained on these two
    saved = pickle.dumps(model)
    assert len(saved) < 20_000
    np.testing.assert_allclose(pickle.loads(saved).predict_proba(paths[:1]), found[:1], rtol=1e-4)


@pytest.mark.realdata
def test_tags_command(weights, shared_data, tmp_path, capsys):
    song = str(next((shared_data / "gtzan" / "audio").rglob("hiphop*.wav")))
    broken = tmp_path / "broken.wav"
    broken.write_text("no sound")
    assert main(["tags", song, "--json", "--top", "3"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert len(row["tags"]) == 3 and "electronic" in row["tags"]
    assert main(["tags", str(broken)]) == 1
    assert "broken.wav" in capsys.readouterr().err
    assert main(["tags", song, "--top", "0"]) == 2
