"""Where sound comes from: bytes and open files, homes, names of any bytes."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sklearn_mgc import load_audio
from sklearn_mgc.audio import (
    CorruptAudioError,
    EmptyAudioError,
    MissingAudioError,
    UnreadableAudioError,
    as_path,
    printable,
    stream_audio,
)
from tests.audio.conftest import encoded, mp3


@pytest.fixture(scope="module")
def wav(noise):
    return encoded(noise[:44100], format="WAV")


def spooled(data):
    file = tempfile.SpooledTemporaryFile()  # noqa: SIM115
    file.write(data)
    return file


SOURCES: dict[str, Callable] = {
    "bytes": bytes,
    "bytearray": bytearray,
    "memoryview": memoryview,
    "BytesIO": io.BytesIO,
    "BytesIO at its end": lambda data: (f := io.BytesIO(data)).seek(0, 2) and f,
    "SpooledTemporaryFile": spooled,
}


@pytest.mark.parametrize("name", SOURCES)
def test_upload(wav, noise, tmp_path, name):
    for data in (wav, mp3(noise[:44100])):
        path = tmp_path / "a.bin"
        path.write_bytes(data)
        expected = load_audio(path)
        source = SOURCES[name](data)
        np.testing.assert_array_equal(load_audio(source), expected)
        np.testing.assert_array_equal(load_audio(source), expected)  # it stays as it was
        assert stream_audio(source).name == "<bytes>"


def test_open_file_is_named(wav, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(wav)
    with path.open("rb") as file:
        file.seek(10)
        np.testing.assert_array_equal(load_audio(file), load_audio(path))
        assert file.tell() == 10
        assert stream_audio(file).name == str(path)
    with path.open("w") as file, pytest.raises(UnreadableAudioError, match="cannot be read"):
        load_audio(file)
    path.write_text("text")
    with path.open() as file, pytest.raises(TypeError, match="'rb'"):
        load_audio(file)


def test_bad_upload():
    with pytest.raises(CorruptAudioError, match="^<bytes>: cannot be decoded") as caught:
        load_audio(b"not audio" * 10_000)
    assert len(str(caught.value)) < 300
    with pytest.raises(EmptyAudioError, match="^<bytes>: is empty"):
        load_audio(io.BytesIO())
    wrong: list[Any] = [None, 3, ["a.wav"], np.zeros(100)]
    for source in wrong:
        with pytest.raises(TypeError, match="source must be a path"):
            load_audio(source)


def test_home(wav, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "a.wav").write_bytes(wav)
    assert as_path("~/a.wav") == tmp_path / "a.wav"
    np.testing.assert_array_equal(load_audio("~/a.wav"), load_audio(wav))
    with pytest.raises(MissingAudioError, match="no such file"):
        load_audio("~/b.wav")


@pytest.mark.parametrize(
    "url", ["https://a.org/b%20c.mp3?x=1", "s3://music/a.mp3", "file:///music/a.mp3"]
)
def test_url_is_no_path(url):
    for given in (url, Path(url), url.encode()):
        with pytest.raises(ValueError, match="is a URL and not a path; download it") as caught:
            as_path(given)
        assert str(caught.value).startswith(f"{url}: ")
    with pytest.raises(MissingAudioError, match="is a URL") as caught:
        load_audio(Path(url))
    assert caught.value.path == url


NAMES = {
    "Ænima ♫ 音楽.mp3": "Ænima ♫ 音楽.mp3",
    "a b  c": "a b  c",
    "caf\udce9.wav": "caf\\xe9.wav",
    "a\x1b[2Jb\r\n": "a\\x1b[2Jb\\r\\n",
    "a\u202egnp.mp3": "a\\u202egnp.mp3",
    "a\u2028b\x85\x7f": "a\\u2028b\\x85\\x7f",
}


@pytest.mark.parametrize("name", NAMES)
def test_printable(name):
    assert printable(name) == NAMES[name]
    printable(name).encode()


@pytest.mark.skipif(os.name == "nt", reason="names of files are text on Windows")
@pytest.mark.parametrize("name", [b"caf\xe9.wav", b"a\x1b[2J\n.wav"])
def test_odd_name(wav, tmp_path, name):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    try:
        path.write_bytes(wav)
    except OSError:
        pytest.skip("this file system takes no such names")
    np.testing.assert_array_equal(load_audio(path), load_audio(wav))
    assert as_path(os.fsencode(path)) == path
    path.write_bytes(b"no sound")
    with pytest.raises(CorruptAudioError) as caught:
        load_audio(path)
    str(caught.value).encode()
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert caught.value.path == str(path)
    assert sys.getfilesystemencoding() == "utf-8"
