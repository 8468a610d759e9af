"""Archives that are broken or hostile."""

from __future__ import annotations

import io
import tarfile
import zipfile
from types import SimpleNamespace

import pytest

from sklearn_mgc.datasets import _extract
from sklearn_mgc.datasets._extract import extract

FILES = {"genres/blues/a.wav": b"RIFFa" * 50, "genres/jazz/b.wav": b"RIFFb" * 70}


def make_tar(path, files=FILES, **attributes):
    with tarfile.open(path, "w:gz") as file:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in attributes.items():
                setattr(info, key, value)
            file.addfile(info, io.BytesIO(content))
    return path


def make_zip(path, files=FILES, mode=0):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(info, content)
    return path


MAKERS = pytest.mark.parametrize("make", [make_tar, make_zip])


@MAKERS
def test_whole_archive_once(tmp_path, make, capsys):
    archive, folder = make(tmp_path / "a"), tmp_path / "out"
    assert extract(archive, folder, verbose=1) == folder
    assert {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    } == FILES
    assert "unpack a" in capsys.readouterr().err
    archive.unlink()
    extract(archive, folder)  # there already


@MAKERS
@pytest.mark.parametrize(
    "name", ["../evil.wav", "a/../../evil.wav", "/tmp/evil.wav", "C:\\evil.wav", "..\\evil.wav"]
)
def test_nothing_is_written_outside(tmp_path, make, name):
    archive = make(tmp_path / "a", {"good.wav": b"x", name: b"evil"})
    with pytest.raises(ValueError, match="points outside the folder"):
        extract(archive, tmp_path / "in" / "out")
    assert not list(tmp_path.rglob("*evil*")) and not (tmp_path / "in" / "out").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(tmp_path, kind):
    archive = make_tar(tmp_path / "a", {"x": b""}, type=kind, linkname="/etc/passwd")
    with pytest.raises(ValueError, match="is a link or device"):
        extract(archive, tmp_path / "out")
    archive = make_zip(tmp_path / "b", {"x": b"/etc/passwd"}, mode=0o120777)
    with pytest.raises(ValueError, match="is a link"):
        extract(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@MAKERS
def test_bombs_are_refused(tmp_path, make):
    archive = make(tmp_path / "a", {"zeros.wav": bytes(5_000_000)})
    with pytest.raises(ValueError, match="more than 50 times its size"):
        extract(archive, tmp_path / "out")


def test_a_member_larger_than_it_says(tmp_path):
    """The declared size is what the limits go by."""
    content = io.BytesIO(b"12345")
    with pytest.raises(ValueError, match="larger than it says"):
        _extract._copy(tmp_path / "a", "x.wav", content, io.BytesIO(), 3)
    with pytest.raises(EOFError, match="ends 2 bytes early"):
        _extract._copy(tmp_path / "a", "x.wav", io.BytesIO(b"123"), io.BytesIO(), 5)


@MAKERS
def test_full_disk(tmp_path, make, monkeypatch):
    archive = make(tmp_path / "a")
    monkeypatch.setattr(_extract.shutil, "disk_usage", lambda folder: SimpleNamespace(free=300))
    with pytest.raises(OSError, match="no space left to unpack"):
        extract(archive, tmp_path / "out")
    monkeypatch.undo()
    first = tmp_path / "out.part" / "genres" / "blues" / "a.wav"
    before = first.stat().st_mtime_ns
    extract(archive, tmp_path / "out")  # goes on where it stopped
    assert (tmp_path / "out" / "genres" / "blues" / "a.wav").stat().st_mtime_ns == before


@MAKERS
def test_half_an_archive(tmp_path, make):
    archive = make(tmp_path / "a")
    archive.write_bytes(archive.read_bytes()[:-120])
    with pytest.raises(ValueError, match="broken or incomplete|not a tar or zip"):
        extract(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()
