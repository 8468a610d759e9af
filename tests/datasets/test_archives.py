"""Archives that are broken or hostile."""

from __future__ import annotations

import io
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

from sklearn_mgc.datasets import archives
from sklearn_mgc.datasets.archives import unpack

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
    assert unpack(archive, folder, verbose=1) == folder
    assert {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    } == FILES
    assert "unpack a" in capsys.readouterr().err
    archive.unlink()
    unpack(archive, folder)  # there already


@MAKERS
@pytest.mark.parametrize(
    "name", ["../evil.wav", "a/../../evil.wav", "/tmp/evil.wav", "C:\\evil.wav", "..\\evil.wav"]
)
def test_nothing_is_written_outside(tmp_path, make, name):
    archive = make(tmp_path / "a", {"good.wav": b"x", name: b"evil"})
    with pytest.raises(ValueError, match="points outside the folder"):
        unpack(archive, tmp_path / "in" / "out")
    assert not list(tmp_path.rglob("*evil*")) and not (tmp_path / "in" / "out").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(tmp_path, kind):
    archive = make_tar(tmp_path / "a", {"x": b""}, type=kind, linkname="/etc/passwd")
    with pytest.raises(ValueError, match="is a link or device"):
        unpack(archive, tmp_path / "out")
    archive = make_zip(tmp_path / "b", {"x": b"/etc/passwd"}, mode=0o120777)
    with pytest.raises(ValueError, match="is a link"):
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@MAKERS
def test_bombs_are_refused(tmp_path, make):
    archive = make(tmp_path / "a", {"zeros.wav": bytes(5_000_000)})
    with pytest.raises(ValueError, match="more than 50 times its size"):
        unpack(archive, tmp_path / "out")


@MAKERS
def test_full_disk(tmp_path, make, monkeypatch):
    archive = make(tmp_path / "a")
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda folder: SimpleNamespace(free=300))
    with pytest.raises(OSError, match="no space left to unpack"):
        unpack(archive, tmp_path / "out")
    monkeypatch.undo()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("out")]
    unpack(archive, tmp_path / "out")


@MAKERS
def test_half_an_archive(tmp_path, make):
    archive = make(tmp_path / "a")
    archive.write_bytes(archive.read_bytes()[:-120])
    with pytest.raises(ValueError, match="broken or incomplete|not a tar or zip"):
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_three_changed_bytes_are_noticed(tmp_path):
    """Wherever they are: a checksum of gzip is at the very end, behind all files."""
    noise = np.random.default_rng(0)
    files = {f"genres/blues/{i}.wav": noise.bytes(3000) for i in range(20)}
    whole = make_tar(tmp_path / "whole.tar.gz", files).read_bytes()
    for seed in range(30):
        damaged = bytearray(whole)
        for at in noise.integers(20, len(whole), 3):
            damaged[at] ^= 1 + noise.integers(255)
        archive = tmp_path / f"{seed}.tar.gz"
        archive.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"\d+.tar.gz: .*(damaged|broken or incomplete)"):
            unpack(archive, tmp_path / f"out{seed}")
    assert not list(tmp_path.glob("out*"))


def test_a_damaged_header_is_not_the_end(tmp_path):
    """Without compression nothing has a checksum but the headers."""
    with tarfile.open(tmp_path / "a.tar", "w") as file:
        for name, content in FILES.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    damaged = bytearray((tmp_path / "a.tar").read_bytes())
    damaged[damaged.index(b"genres/jazz")] ^= 1
    (tmp_path / "a.tar").write_bytes(damaged)
    with pytest.raises(ValueError, match="damaged header"):
        unpack(tmp_path / "a.tar", tmp_path / "out")


def test_two_at_once(tmp_path):
    archive = make_tar(tmp_path / "a")
    with ThreadPoolExecutor(4) as pool:
        folders = list(pool.map(lambda _: unpack(archive, tmp_path / "out"), range(4)))
    assert set(folders) == {tmp_path / "out"} and not (tmp_path / "out.part").exists()
