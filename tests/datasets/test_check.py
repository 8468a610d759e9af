"""The doctor finds what is wrong, and nothing else."""

from __future__ import annotations

import json
import shutil
import zipfile

import numpy as np
import pandas as pd
import pytest
import soundfile

from sklearn_mgc.__main__ import main
from sklearn_mgc.datasets import check_audio

RATE = 22050


def noise(seconds, seed=0, scale=0.1, rate=RATE):
    return scale * np.random.default_rng(seed).standard_normal(int(seconds * rate))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("music")
    (folder / "rock").mkdir()
    same = np.int16(noise(6) * 2**15)
    soundfile.write(folder / "good.wav", same, RATE)
    soundfile.write(folder / "rock" / "the same.flac", same, RATE)
    soundfile.write(folder / "rock" / "stereo.wav", noise(12, 1).reshape(-1, 2), RATE)
    soundfile.write(folder / "silent.wav", np.zeros(6 * RATE), RATE)
    soundfile.write(folder / "short.wav", noise(1, 2), RATE)
    soundfile.write(folder / "clipped.wav", np.clip(noise(6, 3, scale=1.0), -1, 1), RATE)
    soundfile.write(folder / "telephone, short.wav", noise(2, 4, rate=8000), 8000)
    (folder / "broken.mp3").write_text("not audio")
    (folder / "zero.ogg").write_bytes(b"")
    (folder / "notes.txt").write_text("no audio, and not called so")
    return folder


EXPECTED = {
    "good.wav": "", "the same.flac": "duplicate", "stereo.wav": "", "silent.wav": "silent",
    "short.wav": "short", "clipped.wav": "clipped", "telephone, short.wav": "short, odd rate",
    "broken.mp3": "corrupt", "zero.ogg": "empty",
}  # fmt: skip


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_folder(folder, n_jobs, capsys):
    table = check_audio(folder, n_jobs=n_jobs)
    found = dict(zip(table["path"].str.rsplit("/").str[-1], table["problem"], strict=True))
    assert found == EXPECTED
    by_name = table.set_index(table["path"].str.rsplit("/").str[-1])
    assert by_name.loc["the same.flac", "duplicate_of"] == str(folder / "good.wav")
    assert by_name.loc["stereo.wav", ["sample_rate", "channels"]].tolist() == [RATE, 2]
    assert by_name.loc["stereo.wav", "duration"] == pytest.approx(6)
    assert by_name.loc["good.wav", "rms_db"] == pytest.approx(-20, abs=0.1)
    assert by_name.loc["good.wav", "peak"] == pytest.approx(np.abs(noise(6)).max(), abs=1e-4)
    share = (np.abs(noise(6, 3, scale=1.0)) >= 1).mean()
    assert by_name.loc["clipped.wav", "clipped"] == pytest.approx(share, abs=1e-3)
    assert "broken.mp3" in by_name.loc["broken.mp3", "message"]
    assert pd.isna(by_name.loc["broken.mp3", "sample_rate"])
    printed = capsys.readouterr().out
    assert "9 files" in printed and "2 good, 7 with problems" in printed and "2 short" in printed


def test_paths_thresholds_and_zip(folder, tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.write(folder / "short.wav", "a/short.wav")
    paths = [folder / "short.wav", tmp_path / "set.zip", str(tmp_path / "no.wav")]
    table = check_audio(paths, min_duration=0.5, verbose=0)
    assert table["problem"].tolist() == ["", "duplicate", "missing"]
    assert table["path"][1] == str(tmp_path / "set.zip" / "a" / "short.wav")
    table = check_audio(folder / "clipped.wav", max_clipped=0.5, verbose=0)
    assert table["problem"].tolist() == [""]
    assert capsys.readouterr().out == ""


def test_long_files_in_blocks(tmp_path):
    """The hash of blocks is the hash of the whole."""
    same = np.int16(noise(130) * 2**15)
    soundfile.write(tmp_path / "a.wav", same, RATE)
    soundfile.write(tmp_path / "b.flac", same, RATE)
    table = check_audio(tmp_path, verbose=0)
    assert table["problem"].tolist() == ["", "duplicate"]
    assert table["duration"].tolist() == [130, 130]


def test_nothing_to_check(tmp_path):
    with pytest.raises(ValueError, match="no audio file"):
        check_audio(tmp_path)


def test_command(folder, tmp_path, capsys):
    table, lines = tmp_path / "out" / "t.csv", tmp_path / "out" / "t.jsonl"
    assert main(["check", str(folder), "--csv", str(table), "--json", str(lines)]) == 1
    assert len(pd.read_csv(table)) == 9
    assert len([json.loads(line) for line in lines.read_text().splitlines()]) == 9
    shutil.copy(folder / "good.wav", tmp_path / "good.wav")
    assert main(["check", str(tmp_path / "good.wav")]) == 0
    assert main(["check", str(tmp_path / "out")]) == 2
    assert "1 good, 0 with problems" in capsys.readouterr().out
