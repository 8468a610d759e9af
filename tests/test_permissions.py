"""What may not be read or written is said in a line, in every command, and nothing is lost."""

from __future__ import annotations

import errno
import io
from pathlib import Path

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import DNNClassifier, HandcraftedFeatures, load_audio
from sklearn_mgc.__main__ import main
from sklearn_mgc.audio import UnreadableAudioError, decode_blocks
from sklearn_mgc.datasets import check_audio, make_music
from sklearn_mgc.saving import save_model


@pytest.fixture
def place(as_anybody):
    """Music with a genre and a file that may not be read, and folders with nothing to do in."""
    music = make_music(n_tracks=18, duration=1.0, folder=as_anybody / "music", random_state=0)
    model = make_pipeline(HandcraftedFeatures(), StandardScaler(), DNNClassifier(max_epochs=1))
    save_model(model.fit(music.data, music.target), as_anybody / "model.skops")
    HandcraftedFeatures(cache=as_anybody / "store").transform(music.data[:1])
    (as_anybody / "music" / "jazz").chmod(0)
    (as_anybody / "music" / "rock" / "rock.00000.wav").chmod(0)
    (as_anybody / "written").mkdir()
    (as_anybody / "written" / "old.csv").write_text("old")
    (as_anybody / "written").chmod(0o500)
    (as_anybody / "hidden").mkdir()
    (as_anybody / "hidden").chmod(0)
    return as_anybody


COMMANDS = {
    "check music": (1, "2 unreadable"),
    "check hidden": (1, "1 unreadable"),
    "check music --csv written/new.csv": (2, "nothing can be created in"),
    "features music --output f.csv": (1, "left out: 1 unreadable"),
    "features music --output written/old.csv": (2, "written/old.csv"),
    "features hidden --output f.csv": (2, "hidden: permission denied"),
    "predict model.skops music": (1, "rock.00000.wav: cannot be read (Permission denied)"),
    "predict model.skops music/classical --csv written/new.csv": (2, "nothing can be created"),
    "predict model.skops hidden": (2, "hidden: unreadable: Permission denied"),
    "leakage music --folds 2": (0, "1 file could not be read"),
    "leakage music --output written/new.csv": (2, "nothing can be created in"),
    "train music --model dnn --epochs 1 --folds 2 --output m.joblib": (0, "1 unreadable"),
    "train music --output written/m.joblib": (2, "nothing can be created in"),
    "tag music --write --journal written/new": (2, "nothing can be created in"),
    "cache info hidden": (2, "hidden/features.sqlite: permission denied"),
    "data verify music": (1, "jazz: unreadable: Permission denied"),
    "demo music --output written/demo": (2, "nothing can be created in"),
    "reproduce --output written/r": (2, "nothing can be created in"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_command(place, monkeypatch, capsys, command):
    monkeypatch.chdir(place)
    monkeypatch.delenv("HOME", raising=False)
    status, message = COMMANDS[command]
    assert main(command.split()) == status
    shown = capsys.readouterr()
    assert message in shown.out + shown.err
    assert "Errno" not in shown.err
    assert (place / "written" / "old.csv").read_text() == "old"


def test_it_is_not_called_corrupt(place):
    file = place / "music" / "rock" / "rock.00000.wav"
    with pytest.raises(UnreadableAudioError, match="cannot be read .*; check its permissions"):
        load_audio(file)
    assert check_audio(file, verbose=0)["problem"].tolist() == ["unreadable"]


def test_a_drive_that_fails(monkeypatch, tmp_path):
    class Failing(io.BytesIO):
        def read(self, *args):
            raise OSError(errno.EIO, "Input/output error")

    (tmp_path / "song.mp3").write_bytes(b"sound")
    monkeypatch.setattr(Path, "open", lambda self, mode: Failing())
    with pytest.raises(UnreadableAudioError, match=r"song.mp3: cannot be read \(Input/output"):
        list(decode_blocks(tmp_path / "song.mp3"))
