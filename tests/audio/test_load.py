"""Reading files: librosa's values, and one clear error for everything that is no audio."""

from __future__ import annotations

import os
import pickle
import sys
import zipfile

import numpy as np
import pytest
import soundfile

from sklearn_mgc import AudioError, load_audio
from sklearn_mgc.audio import (
    CorruptAudioError,
    EmptyAudioError,
    MissingAudioError,
    UnsupportedAudioError,
    stream_audio,
)


@pytest.fixture(scope="module")
def stereo():
    rng = np.random.default_rng(0)
    return (0.1 * rng.standard_normal((44100, 2))).astype(np.float32)


@pytest.mark.parametrize("suffix", ["wav", "au", "flac", "ogg", "mp3"])
def test_formats_equal_librosa(tmp_path, stereo, suffix):
    import librosa

    path = tmp_path / f"ein Lied, ü 🎵.{suffix}"
    soundfile.write(path, stereo, 44100)
    y = load_audio(path)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y, librosa.load(path)[0], atol=1e-6)


def test_offset_and_duration(tmp_path, stereo):
    path = tmp_path / "a.wav"
    soundfile.write(path, stereo, 44100, subtype="FLOAT")
    y = load_audio(path, sample_rate=44100, offset=0.25, duration=0.5)
    np.testing.assert_allclose(y, stereo[11025:33075].mean(axis=1), atol=1e-7)


@pytest.mark.realdata
def test_fma_mp3_equals_librosa(shared_data):
    import librosa

    for path in sorted((shared_data / "fma" / "audio").rglob("*.mp3")):
        expected, _ = librosa.load(path, duration=5)
        np.testing.assert_allclose(load_audio(path, duration=5), expected, atol=1e-6)


def _directory(path):
    path.mkdir()


def _nan(path):
    soundfile.write(path, np.full(4000, np.nan, dtype=np.float32), 22050, subtype="FLOAT")


def _pipe(path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("pipes of POSIX")
    os.mkfifo(path)


def _header_only(path):
    soundfile.write(path, np.zeros(0, dtype=np.float32), 22050)


BAD = {
    "missing.mp3": (lambda path: None, MissingAudioError, "no such file"),
    "pipe.wav": (_pipe, MissingAudioError, "is a pipe or device"),
    "folder.wav": (_directory, MissingAudioError, "directory"),
    "text.mp3": (lambda path: path.write_text("not audio " * 50), CorruptAudioError, "decoded"),
    "songs.m3u": (lambda path: path.write_text("#EXTM3U\na.mp3\n"), CorruptAudioError, "is a list"),
    "zero.mp3": (lambda path: path.write_bytes(b""), EmptyAudioError, "0 bytes"),
    "header.wav": (_header_only, EmptyAudioError, "no samples"),
    "riff.wav": (
        lambda path: path.write_bytes(b"RIFF\x24\0\0\0WAVEfmt "), CorruptAudioError, "decoded",
    ),
    "nan.wav": (_nan, CorruptAudioError, "NaN"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_named(tmp_path, name):
    make, error, message = BAD[name]
    make(tmp_path / name)
    with pytest.raises(error, match=message) as caught:
        load_audio(tmp_path / name)
    assert isinstance(caught.value, AudioError)
    assert isinstance(caught.value, ValueError)
    assert str(caught.value).startswith(str(tmp_path / name))
    copied = pickle.loads(pickle.dumps(caught.value))
    assert (type(copied), str(copied)) == (error, str(caught.value))


def test_m4a_without_decoder(tmp_path, monkeypatch):
    path = tmp_path / "a.m4a"
    path.write_bytes(b"x" * 100)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(UnsupportedAudioError, match=r"sklearn_mgc\[av\]"):
        load_audio(path)


def test_m4a_with_decoder(tmp_path):
    av = pytest.importorskip("av")
    path = tmp_path / "a.m4a"
    tone = (0.5 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone[None], format="fltp", layout="mono")
        frame.sample_rate = 44100
        fifo = av.AudioFifo()
        fifo.write(frame)
        while block := fifo.read(1024, partial=True):
            container.mux(stream.encode(block))
        container.mux(stream.encode(None))
    y = load_audio(path)
    spectrum = np.abs(np.fft.rfft(y))
    assert np.fft.rfftfreq(len(y), 1 / 22050)[spectrum.argmax()] == pytest.approx(440, abs=3)


@pytest.mark.parametrize("params", [{"sample_rate": 0}, {"offset": -1}, {"duration": 0}])
def test_bad_parameter(tmp_path, params):
    with pytest.raises(ValueError, match=next(iter(params))):
        load_audio(tmp_path / "a.wav", **params)


@pytest.mark.parametrize("rate", [22050, 44100, 16000])
def test_blocks_are_the_whole(tmp_path, rate):
    rng = np.random.default_rng(rate)
    path = tmp_path / "a.wav"
    soundfile.write(path, 0.1 * rng.standard_normal((3 * rate + 7, 2)), rate)
    whole = load_audio(path, offset=0.2, duration=2.5)
    blocks = list(stream_audio(path, offset=0.2, duration=2.5, block_duration=0.3))
    assert len(blocks) > 5
    np.testing.assert_array_equal(np.concatenate(blocks), whole)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_member_of_a_zip(tmp_path, stereo, method):
    soundfile.write(tmp_path / "a.mp3", stereo, 44100)
    with zipfile.ZipFile(tmp_path / "set.zip", "w", method) as archive:
        archive.write(tmp_path / "a.mp3", "set/000/a ü.mp3")
        archive.writestr("set/empty.mp3", b"")
    member = tmp_path / "set.zip" / "set" / "000" / "a ü.mp3"
    np.testing.assert_array_equal(load_audio(member), load_audio(tmp_path / "a.mp3"))
    np.testing.assert_array_equal(load_audio(str(member)), load_audio(member))
    with pytest.raises(MissingAudioError, match="no such member"):
        load_audio(tmp_path / "set.zip" / "b.mp3")
    with pytest.raises(EmptyAudioError):
        load_audio(tmp_path / "set.zip" / "set" / "empty.mp3")


def test_damaged_zip(tmp_path, stereo):
    (tmp_path / "no.zip").write_bytes(b"PK but nothing more")
    with pytest.raises(CorruptAudioError, match="zip"):
        load_audio(tmp_path / "no.zip" / "a.mp3")
    soundfile.write(tmp_path / "a.wav", stereo, 44100)
    with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_BZIP2) as archive:
        archive.write(tmp_path / "a.wav", "a.wav")
    content = bytearray((tmp_path / "set.zip").read_bytes())
    content[2000:3000] = bytes(1000)
    (tmp_path / "set.zip").write_bytes(content)
    with pytest.raises(CorruptAudioError, match="unpacked"):
        load_audio(tmp_path / "set.zip" / "a.wav")


def test_content_counts_more_than_the_name(tmp_path, stereo):
    soundfile.write(tmp_path / "a.wav", stereo, 44100)
    expected = load_audio(tmp_path / "a.wav")
    (tmp_path / "a.wav").rename(tmp_path / "a.m4a")
    np.testing.assert_array_equal(load_audio(tmp_path / "a.m4a"), expected)
