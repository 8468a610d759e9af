"""Nothing is dropped silently: files are read to their end, and notes say what is wrong."""

from __future__ import annotations

import pickle
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from sklearn_mgc import load_audio
from sklearn_mgc.audio import (
    AudioWarning,
    CorruptAudioError,
    TruncatedAudioError,
    decode_blocks,
    stream_audio,
)
from sklearn_mgc.audio.mpeg import frame_length
from tests.audio.conftest import RATE, encoded, mp3, vorbis, without_xing


def read(data, **params):
    """Seconds, and notes by kind."""
    stream = decode_blocks(data, **params)
    seconds = sum(len(samples) / rate for samples, rate in stream)
    return seconds, dict(stream.notes)


def half(data):
    return data[: len(data) // 2]


def zero_tail(data):
    return half(data) + bytes(len(data) - len(data) // 2)


def endless_tag(data):
    return b"ID3\3\0\0\x60\0\0\0TIT2" + bytes(40) + data


def with_wav_header(flac):
    """A FLAC that also keeps the header of the WAV file it was made of."""
    block = b"riff" + b"RIFF" + (10**6).to_bytes(4, "little") + b"WAVE" + bytes(999)
    return flac[:42] + b"\2" + len(block).to_bytes(3, "big") + block + flac[42:]


def without_header(data, *frames):
    """An MP3 some of whose frames have no header any more."""
    data, at = bytearray(data), 0
    for i in range(max(frames) + 1):
        length = frame_length(data, at)
        assert length is not None
        if i in frames:
            data[at : at + 2] = b"\0\0"
        at += length
    return bytes(data)


CBR: dict[str, Any] = {"bitrate_mode": "CONSTANT", "compression_level": 0.5}
VBR: dict[str, Any] = {"bitrate_mode": "VARIABLE", "compression_level": 0.5}
OTHER_RATE = 22050


def other(noise):
    """The same sound at half the rate, in mono."""
    return noise[::2, 0]


# What is made of six seconds of sound; how many seconds it holds; the kinds of notes.
FILES: dict[str, tuple[Callable, float | None, set]] = {
    "wav": (lambda y: encoded(y, format="WAV"), 6, set()),
    "mp3": (mp3, 6, set()),
    "mp3 of variable bit rate": (lambda y: mp3(y, **VBR), 6, set()),
    "mp3 without Xing header": (lambda y: without_xing(mp3(y, **VBR)), 6, set()),
    "mp3 of constant bit rate without header": (
        lambda y: without_xing(mp3(y, **CBR)), 6, set(),
    ),
    "mp3 with an old tag": (lambda y: mp3(y) + b"TAG" + b" " * 125, 6, set()),
    "cat mp3": (lambda y: mp3(y) + mp3(-y), 12, {"several streams"}),
    "cat mp3 with tags": (
        lambda y: (b"ID3\4\0\0\0\0\1\0" + bytes(128) + mp3(y) + b"TAG" + b" " * 125) * 3,
        18, {"several streams"},
    ),
    "cat mp3 without headers": (lambda y: without_xing(mp3(y)) * 2, 12, set()),
    "mp3, then one without header": (
        lambda y: mp3(y) + without_xing(mp3(y, **VBR)), 12, {"several streams"},
    ),
    "mp3 whose rate changes": (
        lambda y: mp3(y) + mp3(other(y), OTHER_RATE), 12, {"several streams"},
    ),
    "mp3 whose rate changes, no header": (
        lambda y: without_xing(mp3(y)) + mp3(other(y), OTHER_RATE), 12, {"several streams"},
    ),
    "mp3 with a hole": (
        lambda y: (d := mp3(y))[:20_000] + bytes(5000) + d[25_000:], None,
        {"damaged", "truncated"},
    ),
    "chained Ogg": (lambda y: vorbis(y) + vorbis(-y), 12, {"several streams"}),
    "chained Ogg, the same twice": (lambda y: vorbis(y) * 2, 12, {"several streams"}),
    "chained Ogg of two rates": (
        lambda y: vorbis(other(y), OTHER_RATE) + vorbis(y), 12, {"several streams"},
    ),
    "cat wav": (
        lambda y: encoded(y, format="WAV") + encoded(other(y), OTHER_RATE, format="WAV"),
        12, {"several streams"},
    ),
    "cat aiff": (lambda y: encoded(y, format="AIFF") * 2, 12, {"several streams"}),
    "cat au, the last one half": (
        lambda y: encoded(y, format="AU") + half(encoded(y, format="AU")), 9,
        {"several streams", "truncated"},
    ),
    "cat flac": (lambda y: encoded(y, format="FLAC") * 2, 12, {"several streams"}),
    "half an RF64": (lambda y: half(encoded(y, format="RF64")), 3, {"truncated"}),
    "half a W64": (lambda y: half(encoded(y, format="W64")), 3, {"truncated"}),
    "half a CAF": (lambda y: half(encoded(y, format="CAF")), 3, {"truncated"}),
    "half a wav": (lambda y: half(encoded(y, format="WAV")), 3, {"truncated"}),
    "half an aiff": (lambda y: half(encoded(y, format="AIFF")), 3, {"truncated"}),
    "half an au": (lambda y: half(encoded(y, format="AU")), 3, {"truncated"}),
    "half an mp3": (lambda y: half(mp3(y, **CBR)), 3, {"truncated"}),
    "half an ogg": (lambda y: half(vorbis(np.roll(y, RATE))), None, {"truncated"}),
    "wav with a tail of zeros": (
        lambda y: zero_tail(encoded(y, format="WAV")), 6, {"truncated"},
    ),
    "mp3 with a tail of zeros": (
        lambda y: zero_tail(mp3(y, **CBR)),
        3, {"truncated"},
    ),
    "ogg with a tail of zeros": (
        lambda y: zero_tail(vorbis(y)), None, {"truncated", "damaged"},
    ),
    "caf with a tail of zeros": (
        lambda y: zero_tail(encoded(y, format="CAF")), 6, {"truncated"},
    ),
    "flac with a tail of zeros": (
        lambda y: zero_tail(encoded(y, format="FLAC")), None, {"truncated", "damaged"},
    ),
    "cat caf": (lambda y: encoded(y, format="CAF") * 2, 12, {"several streams"}),
    "mp3 with damaged headers": (
        lambda y: without_header(mp3(y, **VBR), 4, 40, 90), 6, {"damaged"},
    ),
    "wav before an mp3": (lambda y: encoded(y, format="WAV") + mp3(y), 12, {"several streams"}),
    "wav before text": (lambda y: encoded(y, format="WAV") + b"text " * 999, 6, set()),
    "mp3 before a wav": (
        lambda y: mp3(y) + encoded(y, format="WAV"), 12, {"several streams"},
    ),
    "flac with a wav's header before an mp3": (
        lambda y: with_wav_header(encoded(y, format="FLAC")) + mp3(y), 12, {"several streams"},
    ),
    "flac before an mp3 with a tag": (
        lambda y: encoded(y, format="FLAC") + endless_tag(mp3(y)), 12, {"several streams"},
    ),
    "ogg before a flac": (
        lambda y: vorbis(y) + encoded(y, format="FLAC"), 12, {"several streams"},
    ),
    "caf before an ogg": (lambda y: encoded(y, format="CAF") + vorbis(y), 12, {"several streams"}),
    "rf64 before a wav": (
        lambda y: encoded(y, format="RF64") + encoded(y, format="WAV"), 12, {"several streams"},
    ),
    "cat w64": (lambda y: encoded(y, format="W64") * 2, 12, {"several streams"}),
    "mp3 with a tag longer than the file": (lambda y: endless_tag(mp3(y, **CBR)), 6, set()),
    "wav with a tag longer than the file": (
        lambda y: endless_tag(encoded(y, format="WAV")), 6, set(),
    ),
    "flac with a tag longer than the file": (
        lambda y: endless_tag(encoded(y, format="FLAC")), 6, set(),
    ),
    "headers of a server before an ogg": (
        lambda y: b"\xef\xbb\xbfICY 200 OK\r\n\r\n" + vorbis(y), 6, set(),
    ),
    "caf after a tag": (
        lambda y: b"ID3\4\0\0\0\0\1\0" + bytes(128) + encoded(y, format="CAF"), 6, set(),
    ),
    "wav of unknown length": (
        lambda y: (d := encoded(y, format="WAV"))[:40] + b"\xff" * 4 + d[44:], 6, set(),
    ),
    "wav that says it is empty": (
        lambda y: (d := encoded(y, format="WAV"))[:4] + b"\x24" + bytes(3) + d[8:40] + bytes(4)
        + d[44:], 6, set(),
    ),
    "wav of sox in a pipe": (
        lambda y: (d := encoded(y, format="WAV"))[:40] + b"\0\xf0\xff\x7f" + d[44:], 6, set(),
    ),
    "wav that tells a third of its samples": (
        lambda y: (d := encoded(y, format="WAV"))[:40] + (len(d) // 3).to_bytes(4, "little")
        + d[44:], 2, {"damaged"},
    ),
    "wav with samples in two chunks": (
        lambda y: (d := encoded(y, format="WAV"))[:4] + (2 * len(d) - 44).to_bytes(4, "little")
        + d[8:] + d[36:], 6, {"damaged"},
    ),
    "wav whose first length is wrong": (
        lambda y: (d := encoded(y, format="WAV"))[:4] + (999).to_bytes(4, "little") + d[8:],
        6, set(),
    ),
    "flac that tells half of its samples": (
        lambda y: (d := encoded(y, format="FLAC"))[:22] + (len(y) // 2).to_bytes(4, "big") + d[26:],
        6, set(),
    ),
    "music that ends in silence": (
        lambda y: encoded(
            y * np.clip(np.linspace(2, -0.5, len(y)), 0, 1)[:, None] ** 2, format="WAV"
        ), 6, set(),
    ),
    "opposite phase": (
        lambda y: encoded(y[:, :1] * [1, -1], format="WAV"), 6, {"channels cancel"},
    ),
    "opposite phase in Vorbis": (
        lambda y: vorbis(np.tile(y[RATE:, :1], (2, 1))[: len(y)] * [1, -1]), 6,
        {"channels cancel"},
    ),
    "one channel": (lambda y: encoded(y * [1, 0], format="WAV"), 6, set()),
    "integers kept as floats": (
        lambda y: encoded(32768 * y, format="WAV", subtype="FLOAT"), 6, {"scale"},
    ),
}  # fmt: skip


# libsndfile opens the one no more and stops in the other; PyAV reads what is there.
NEED_PYAV = ("half a CAF", "flac with a tail of zeros", "flac that tells half of its samples")


@pytest.mark.parametrize("name", NEED_PYAV[:2])
def test_what_only_pyav_reads_is_damaged_without_it(noise, name, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(CorruptAudioError, match="complete copy"):
        read(FILES[name][0](noise))


@pytest.mark.parametrize("name", FILES)
def test_file_is_read_to_its_end(noise, name):
    if name in NEED_PYAV:
        pytest.importorskip("av")
    make, seconds, kinds = FILES[name]
    data = make(noise)
    for block_duration in (300, 0.7):
        found, notes = read(data, block_duration=block_duration)
        assert set(notes) == kinds
        if seconds is None:
            assert 0 < found < 6
        else:  # an encoder fills up its last frames, and one begins with a delay
            assert found == pytest.approx(seconds, abs=0.06 * seconds / 6 + 0.05)


@pytest.mark.parametrize(
    "name", ["mp3 without Xing header", "cat mp3", "mp3 whose rate changes", "chained Ogg"]
)
def test_length_is_ffmpegs(noise, name):
    av = pytest.importorskip("av")
    import io

    data = FILES[name][0](noise)
    with av.open(io.BytesIO(data)) as container:
        expected = sum(frame.samples / frame.rate for frame in container.decode(audio=0))
    # libmpg123 leaves out an encoder's delay and filling, which ffmpeg knows of one stream.
    assert read(data)[0] == pytest.approx(expected, abs=0.2)


def test_variable_bit_rate_without_header_sounds_the_same(noise):
    whole = mp3(noise, **VBR)
    expected, found = load_audio(whole), load_audio(without_xing(whole))
    delay = np.argmax(np.correlate(found[:4000], expected[1000:2000], "valid")) - 1000
    stop = 5 * 22050
    # Resampled from another beginning: equal up to the fraction of a sample.
    a, b = expected[:stop], found[delay : delay + stop]
    assert np.corrcoef(a, b)[0, 1] > 0.99


def test_parts_come_in_order(noise):
    tone = np.sin(2 * np.pi * 1000 * np.arange(3 * RATE) / RATE)
    for make in (mp3, vorbis):
        with pytest.warns(AudioWarning, match="2 streams"):
            y = load_audio(make(noise) + make(0.5 * tone))
        spectrum = np.abs(np.fft.rfft(y[-2 * 22050 : -22050]))
        assert spectrum.argmax() == pytest.approx(1000, abs=2)


@pytest.mark.parametrize("name", ["cat mp3", "chained Ogg of two rates"])
def test_cut_of_joined_streams(noise, name):
    data = FILES[name][0](noise)
    samples = np.concatenate([block for block, _ in decode_blocks(data, block_duration=0.5)])
    stream = decode_blocks(data, offset=1.5, duration=2.0, block_duration=0.5)
    blocks, rates = zip(*stream, strict=True)
    first = int(1.5 * rates[0])
    np.testing.assert_allclose(
        np.concatenate(blocks), samples[first : first + 2 * rates[0]], atol=1e-6
    )


def test_warning_and_refusal(noise, tmp_path):
    path = tmp_path / "half.wav"
    path.write_bytes(half(encoded(noise, format="WAV")))
    with pytest.warns(AudioWarning, match="50 % of its samples are missing") as caught:
        y = load_audio(path)
    assert len(y) == pytest.approx(3 * 22050, abs=20)
    assert len(caught) == 1
    assert str(caught[0].message).startswith(str(path))
    with pytest.raises(TruncatedAudioError, match=r"half\.wav: breaks off") as refused:
        load_audio(path, strict=True)
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_audio(encoded(noise, format="WAV"), strict=True)
        stream = stream_audio(path)
        list(stream)
    assert [note.kind for note in stream.notes] == ["truncated"]


def test_damaged_flac(noise, monkeypatch):
    data = bytearray(encoded(noise, format="FLAC"))
    data[len(data) // 4 : len(data) // 4 + 300] = bytes(300)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(CorruptAudioError, match="complete copy"):
        load_audio(bytes(data))
    monkeypatch.undo()
    pytest.importorskip("av")
    for block_duration in (300, 0.5):
        seconds, notes = read(bytes(data), block_duration=block_duration)
        assert 5 < seconds <= 6
        assert "damaged" in notes


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc hands over what libmpg123 says")
def test_damage_within_frames_is_told_in_the_thread_that_met_it(noise):
    sound, damaged = mp3(noise, **CBR), bytearray(mp3(noise, **CBR))
    for at in range(5000, len(damaged), 1000):
        damaged[at : at + 30] = bytes(range(30))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(read, [sound, bytes(damaged)] * 8))
    assert all(5 < seconds <= 6 for seconds, _ in found)
    assert ["damaged" in notes for _, notes in found] == [False, True] * 8
    assert not any(notes for _, notes in found[::2])


def test_damaged_page_of_ogg(noise):
    data = bytearray(vorbis(noise))
    assert read(bytes(data))[1] == {}
    data[len(data) // 2] ^= 1
    seconds, notes = read(bytes(data))
    assert 3 < seconds <= 6
    assert "damaged" in notes


def test_decoder_does_not_write_on_the_terminal(noise, capfd):
    for name in ("mp3 with a hole", "half an mp3", "cat mp3"):
        read(FILES[name][0](noise))
    assert capfd.readouterr() == ("", "")
