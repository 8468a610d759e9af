"""Streams of any encoding show every name, and a batch never ends at one of them."""

from __future__ import annotations

import errno
import io
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline

from sklearn_mgc import HandcraftedFeatures
from sklearn_mgc.__main__ import main
from sklearn_mgc.audio import printable
from sklearn_mgc.features import backbones
from sklearn_mgc.saving import save_model

NAMES = ["Ænima ♫.wav", "日本 🎵.wav", "\x1b[2Jclear.wav", "line\nbreak\u202e.wav", "plain.wav"]
BROKEN = "битый\x07.wav"
if sys.platform == "linux":
    NAMES.append(os.fsdecode(b"caf\xe9.wav"))
# Each command, and whether it speaks of all files or only of those that are broken.
COMMANDS = {
    "predict MODEL FOLDER": True,
    "predict MODEL FOLDER --json": False,
    "tags FOLDER": True,
    "tag FOLDER --model MODEL --left-out": True,
    "check FOLDER --left-out": False,
    "features FOLDER --output TABLE --left-out": False,
}


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("Музыка")
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, 22050).astype(np.float32)
    soundfile.write(folder / "plain.wav", noise, 22050)
    for name in NAMES:
        if name != "plain.wav":
            shutil.copy(folder / "plain.wav", folder / name)
    (folder / BROKEN).write_text("no sound")
    (folder / "обложка.txt").touch()
    pipeline = make_pipeline(HandcraftedFeatures(), DummyClassifier(strategy="prior"))
    pipeline.fit([noise] * 3, ["рок", "рок", "jazz"])
    model = save_model(pipeline, tmp_path_factory.mktemp("model") / "модель.joblib")
    return {"FOLDER": str(folder), "MODEL": str(model), "TABLE": str(folder.parent / "таблица.csv")}


def told(name, encoding):
    """A name as a stream of this encoding has it."""
    return printable(name).encode(encoding, "backslashreplace").decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_name_is_told(paths, monkeypatch, command, encoding):
    if command.startswith("tags") and not backbones.weights_file("musicnn").exists():
        pytest.skip("no weights: python -m sklearn_mgc models fetch musicnn")
    streams = {name: io.TextIOWrapper(io.BytesIO(), encoding) for name in ("stdout", "stderr")}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, stream)
    status = main([paths.get(word, word) for word in command.split()])
    printed = ""
    for stream in streams.values():
        stream.flush()
        printed += stream.buffer.getvalue().decode(encoding)
    assert status == 1, printed  # one of them is broken
    assert "\x1b" not in printed and "\x07" not in printed and "\u202e" not in printed
    if "--json" in command:
        assert len(printed.splitlines()) == len(NAMES) + 3  # with two notes
        return
    for name in [BROKEN, *(NAMES if COMMANDS[command] else ())]:
        assert told(name, encoding) in printed
    if "--left-out" in command:
        assert told("обложка.txt", encoding) in printed
    if "TABLE" in command:
        assert told("таблица.csv", encoding) in printed


class Deaf(io.RawIOBase):
    """A pipe whose reader has gone, or a drive that is full."""

    def __init__(self, number, file):
        self._number, self._file = number, file

    def writable(self):
        return True

    def fileno(self):
        return self._file.fileno()

    def write(self, data):
        raise OSError(self._number, os.strerror(self._number))


@pytest.mark.parametrize(
    "command",
    [
        "predict MODEL FOLDER --csv TABLE",
        "tag FOLDER --model MODEL --output TABLE",
        "check FOLDER --csv TABLE",
        "features FOLDER --output TABLE --left-out",
    ],
)
def test_results_are_written_whole_whoever_listens(paths, monkeypatch, tmp_path, command):
    argv, table = [paths.get(word, word) for word in command.split()], Path(paths["TABLE"])
    assert main(argv) == 1
    whole = table.read_bytes()
    for number, status in ((errno.EPIPE, 1), (errno.ENOSPC, 2)):
        table.unlink()
        with open(tmp_path / "gone", "w") as file:
            for name in ("stdout", "stderr"):
                raw = io.BufferedWriter(Deaf(number, file))
                monkeypatch.setattr(sys, name, io.TextIOWrapper(raw, "utf-8", write_through=True))
            assert main(argv) == status
        assert table.read_bytes() == whole
