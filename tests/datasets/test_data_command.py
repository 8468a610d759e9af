"""``python -m sklearn_mgc data``."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile

import pytest

from sklearn_mgc import datasets
from sklearn_mgc.__main__ import main
from sklearn_mgc.datasets.catalog import data_sets


def test_list_says_what_is_there(tmp_path, miniature, capsys):
    miniature("fma", tmp_path / "fma")
    assert main(["data", "list", "--data-home", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    heads = [line.split(":")[0] for line in lines if not line.startswith(" ")]
    assert heads == ["acousticbrainz", "fma", "gtzan", "homburg"]
    assert f"It is at {tmp_path / 'fma'}." in lines[5]
    assert lines[2].strip() == "It is not in the data home."


def test_data_sets_are_found_by_inspection():
    """Each with its loaders, all of which are public."""
    named = {word for data in data_sets().values() for word in data.load.split(", ")}
    public = {name for name in datasets.__all__ if name.startswith("load_")}
    assert public - named == {"load_audio_folder", "load_audio_table"} and named <= public


@pytest.mark.parametrize("name", data_sets())
def test_info(tmp_path, name, capsys):
    assert main(["data", "info", name, "--data-home", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    for word in ("Licence", "What is wrong with it", "Reference", "not in the data home"):
        assert word in text
    assert "{" not in text


def test_info_of_what_is_unknown(capsys):
    with pytest.raises(SystemExit):
        main(["data", "info", "msd"])
    assert "invalid choice" in capsys.readouterr().err


def test_archive_by_its_checksum(tmp_path, miniature, monkeypatch, capsys):
    archive = miniature("fma") / "fma_small.zip"
    assert main(["data", "verify", str(archive)]) == 1
    assert "other sha1 than published" in capsys.readouterr().out
    checksum = "sha1:" + hashlib.sha1(archive.read_bytes()).hexdigest()
    monkeypatch.setitem(data_sets()["fma"].archives, "fma_small.zip", (checksum, 1))
    assert main(["data", "verify", str(archive)]) == 0
    assert "sound: 1, not: 0" in capsys.readouterr().out


def test_other_archives_member_by_member(tmp_path, miniature, capsys):
    archive = (miniature("fma") / "fma_small.zip").rename(tmp_path / "mine.zip")
    assert main(["data", "verify", str(archive)]) == 0
    assert "sound: 3, not: 0" in capsys.readouterr().out
    content = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as file:
        info = file.infolist()[1]
    content[info.header_offset + 200] ^= 255
    archive.write_bytes(content)
    assert main(["data", "verify", str(archive)]) == 1
    assert f"{info.filename}: cannot be unpacked" in capsys.readouterr().out
    archive.write_bytes(content[: len(content) // 2])
    assert main(["data", "verify", str(archive)]) == 2
    assert "not a complete zip archive" in capsys.readouterr().err


def test_unpacked_fma_by_its_list(tmp_path, miniature, capsys):
    with zipfile.ZipFile(miniature("fma") / "fma_small.zip") as file:
        file.extractall(tmp_path)
    tree = tmp_path / "fma_small"
    lines = [
        f"{hashlib.sha1((tree / name).read_bytes()).hexdigest()}  {name}"
        for name in ("000/000002.mp3", "000/000005.mp3", "000/000010.mp3")
    ]
    (tree / "checksums").write_text("\n".join(lines))
    assert main(["data", "verify", str(tree)]) == 0
    assert "sound: 3, not: 0" in capsys.readouterr().out
    (tree / "000" / "000002.mp3").write_bytes(b"damaged")
    (tree / "000" / "000005.mp3").rename(tree / "000" / "000006.mp3")
    assert main(["data", "verify", str(tmp_path), "--name", "fma", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["sound"] == 1
    assert sorted(row["error"].split(":")[0].split(";")[0] for row in report["problems"]) == [
        "missing", "not in the list of checksums", "other sha1 than listed",
    ]  # fmt: skip
    (tree / "checksums").write_text("nothing")
    assert main(["data", "verify", str(tree)]) == 2
    (tree / "checksums").unlink()
    assert main(["data", "verify", str(tree), "--name", "fma"]) == 2
    assert "no file named checksums" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "what"),
    [("gtzan", "GTZAN"), ("acousticbrainz", "AcousticBrainz"), ("homburg", "a folder per genre")],
)
def test_folders_by_their_content(miniature, capsys, source, what):
    path = miniature(source)
    main(["data", "verify", str(path)])
    assert f"{path}: {what}; sound: " in capsys.readouterr().out


def test_problems_one_of_a_kind_or_all(miniature, capsys):
    path = miniature("gtzan")
    assert main(["data", "verify", str(path)]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "blues.00002, and 995 more: not in this copy"
    assert main(["data", "verify", str(path), "--all"]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 996 + 1


def test_homburg_by_name(miniature, capsys):
    path = miniature("homburg")
    (path / "jazz" / "0.mp3").write_bytes(b"")
    assert main(["data", "verify", str(path), "--name", "homburg"]) == 1
    assert "empty (0 bytes)" in capsys.readouterr().out


def test_nothing_there(tmp_path, capsys):
    assert main(["data", "verify", os.fspath(tmp_path / "no")]) == 2
    assert "no such file or folder" in capsys.readouterr().err
