"""What a file is, its content says: which decoder reads it, and what is missing if none can."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from sklearn_mgc import load_audio
from sklearn_mgc.audio import CorruptAudioError, UnsupportedAudioError, decode_blocks
from tests.audio.conftest import encoded, mp3, without_xing

RATE = 44100


@pytest.fixture(scope="module")
def tone():
    return (0.4 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)).astype(np.float32)


def by_ffmpeg(codec, container, rate=RATE, start=0):
    """A function that encodes with PyAV; another rate plays the wave faster or slower.

    Times begin at ``start`` seconds, as in what was cut out of a recording.
    """

    def encode(wave):
        av = pytest.importorskip("av")
        file = io.BytesIO()
        with av.open(file, "w", format=container) as opened:
            stream = opened.add_stream(codec, rate=rate, layout="mono")
            resampler = av.AudioResampler(stream.codec_context.format, "mono", rate)
            frame = av.AudioFrame.from_ndarray(wave[None], format="fltp", layout="mono")
            frame.sample_rate = rate
            fifo, at = av.AudioFifo(), start * rate
            for block in resampler.resample(frame):
                block.pts = None
                fifo.write(block)
            while block := fifo.read(stream.codec_context.frame_size or 4096, partial=True):
                block.pts, at = at, at + block.samples
                opened.mux(stream.encode(block))
            opened.mux(stream.encode(None))
        return file.getvalue()

    return encode


def half(encode):
    return lambda wave: (data := encode(wave))[: len(data) // 2]


def of_unknown_length(wave):
    """A FLAC as it is written to a pipe."""
    data = bytearray(encoded(wave, RATE, format="FLAC"))
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    return bytes(data)


NEED_PYAV = {
    "alac.m4a": by_ffmpeg("alac", "ipod"),
    "alac.caf": by_ffmpeg("alac", "caf"),
    "aac.m4a": by_ffmpeg("aac", "ipod"),
    "aac named.mp3": by_ffmpeg("aac", "adts"),
    "wavpack.wv": by_ffmpeg("wavpack", "wv"),
    "ac3 named.wav": by_ffmpeg("ac3", "ac3"),
    "tta.tta": by_ffmpeg("tta", "tta"),
    "flac in.ogg": by_ffmpeg("flac", "ogg"),
    "wavpack in.mka": by_ffmpeg("wavpack", "matroska"),
    "an hour into a recording.mka": by_ffmpeg("flac", "matroska", start=3600),
    "aac in.ts": by_ffmpeg("aac", "mpegts"),
    "of unknown length.flac": of_unknown_length,
}


IN_PART = {
    "half a.wv": (half(by_ffmpeg("wavpack", "wv")), 1, {"truncated", "damaged"}),
    "half a.mka": (half(by_ffmpeg("ac3", "matroska")), 1, {"truncated"}),
    "half a flac in.ogg": (
        lambda y: half(by_ffmpeg("flac", "ogg"))(np.tile(y, 10)), 10, {"truncated"},
    ),
    "two rates.aac": (
        lambda y: by_ffmpeg("aac", "adts")(y) + by_ffmpeg("aac", "adts", RATE // 2)(y),
        6, {"several streams"},
    ),
    "a hole in an.aac": (
        lambda y: (d := by_ffmpeg("aac", "adts")(y))[:2000] + bytes(300) + d[2300:],
        2, {"damaged"},
    ),
    "half of a tta is zeros": (
        lambda y: (d := by_ffmpeg("tta", "tta")(y))[: len(d) // 2] + bytes(len(d) - len(d) // 2),
        2, {"truncated"},
    ),
} | {
    f"cat {container}": (
        lambda y, codec=codec, container=container: by_ffmpeg(codec, container)(y)
        + by_ffmpeg(codec, container, RATE // 2)(y),
        6, {"several streams"},
    )
    for codec, container in {"aac": "ipod", "alac": "ipod", "tta": "tta", "wavpack": "wv"}.items()
}  # fmt: skip


@pytest.mark.parametrize("name", IN_PART)
def test_what_is_there_is_read(tone, name):
    make, seconds, kinds = IN_PART[name]
    stream = decode_blocks(make(tone))
    found = sum(len(samples) / rate for samples, rate in stream)
    assert found == pytest.approx(seconds, abs=0.1 + 0.15 * seconds)
    assert {note.kind for note in stream.notes} >= kinds


ENCODERS: dict[str, Callable] = {
    **NEED_PYAV, "mp3": mp3, "mp3 without header": lambda y: without_xing(mp3(y)),
    **{name: partial(encoded, format=name) for name in ("AU", "CAF", "FLAC", "OGG", "W64", "WAV")},
}  # fmt: skip


@pytest.fixture(scope="module")
def sounds(tone):
    """Two seconds in each format."""
    pytest.importorskip("av")
    return {name: encode(tone) for name, encode in ENCODERS.items()}


@pytest.mark.parametrize("first", ENCODERS)
def test_whatever_is_joined_is_read(sounds, first):
    for second, data in sounds.items():
        stream = decode_blocks(sounds[first] + data)
        found = sum(len(samples) / rate for samples, rate in stream)
        assert found == pytest.approx(4, abs=0.2), second
        assert {note.kind for note in stream.notes} <= {"several streams"}, second


def id3(size, picture):
    """A tag that says it has ``size`` bytes."""
    return b"ID3\3\0\0" + bytes(size >> bits & 127 for bits in (21, 14, 7, 0)) + picture


SIZES = (52).to_bytes(4, "little") + (1).to_bytes(4, "little")
APE = [b"APETAGEX\xd0\x07\0\0" + SIZES + bytes((0, 0, 0, flag)) + bytes(8) for flag in (160, 128)]
PICTURE = b"APIC" + np.random.default_rng(0).bytes(20_000)
TAGS: dict[str, Callable] = {
    "that is right": lambda data: id3(len(PICTURE), PICTURE) + data,
    "that is longer than it says": lambda data: id3(1000, PICTURE) + data,
    "that is shorter than it says": lambda data: (
        id3(len(PICTURE) + len(data) // 376 * 188, PICTURE) + data
    ),
    "longer than the file": lambda data: id3(2**27, PICTURE) + data,
    "behind": lambda data: data + b"TAG" + b"x" * 125,
    "and another behind": lambda data: (
        data + APE[0] + b"\5\0\0\0\0\0\0\0Title\0abcdef" + APE[1] + b"TAG" + b"x" * 125
    ),
}


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_is_not_taken_for_sound_nor_sound_for_a_tag(sounds, tag):
    for name, data in sounds.items():
        stream = decode_blocks(TAGS[tag](data))
        found = sum(len(samples) / rate for samples, rate in stream)
        assert found == pytest.approx(2, abs=0.1), name
        assert not stream.notes, name


@pytest.mark.parametrize("name", NEED_PYAV)
def test_whichever_decoder_can(tone, tmp_path, monkeypatch, name):
    data = NEED_PYAV[name](tone)
    path = tmp_path / name
    path.write_bytes(data)
    if name == "of unknown length.flac":
        pytest.importorskip("av")
    for source in (path, data):
        y = load_audio(source)
        assert len(y) == pytest.approx(len(tone) / 2, abs=1200)
        spectrum = np.abs(np.fft.rfft(y))
        assert np.fft.rfftfreq(len(y), 1 / 22050)[spectrum.argmax()] == pytest.approx(440, abs=2)
    cut = load_audio(path, offset=0.5, duration=1.0)
    np.testing.assert_allclose(cut[500:-500], y[11025 + 500 : 33075 - 500], atol=2e-3)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(UnsupportedAudioError, match=r'pip install "sklearn_mgc\[av\]"') as caught:
        load_audio(path)
    assert str(caught.value).startswith(str(path))


LIBSNDFILE: dict[str, dict] = {
    "wav": {"format": "WAV"},
    "w64": {"format": "W64"},
    "rf64": {"format": "RF64"},
    "gsm": {"format": "WAV", "subtype": "GSM610"},
    "ima": {"format": "WAV", "subtype": "IMA_ADPCM"},
    "caf": {"format": "CAF"},
    "flac": {"format": "FLAC"},
    "opus": {"format": "OGG", "subtype": "OPUS", "rate": 48000},
    "mp3": {"format": "MP3"},
}


@pytest.mark.parametrize("name", LIBSNDFILE)
def test_libsndfile_needs_no_other(tone, tmp_path, monkeypatch, name):
    monkeypatch.setitem(sys.modules, "av", None)
    options = {"rate": RATE, **LIBSNDFILE[name]}
    path = tmp_path / "named.m4a"
    path.write_bytes(encoded(tone, **options))
    whole, rate = next(decode_blocks(path))
    assert (rate, len(whole)) == (options["rate"], pytest.approx(len(tone), abs=2000))
    stream = decode_blocks(path, offset=0.5, duration=0.5)
    part = np.concatenate([block for block, _ in stream])
    # A lossy decoder that starts in the middle takes some frames to agree.
    np.testing.assert_allclose(part[4000:], whole[rate // 2 : rate][4000:], atol=1e-3)
    assert not stream.notes


@pytest.mark.parametrize("installed", [True, False])
def test_garbage_is_corrupt(monkeypatch, installed):
    if installed:
        pytest.importorskip("av")
    else:
        monkeypatch.setitem(sys.modules, "av", None)
    rng = np.random.default_rng(0)
    garbage = [b"not audio " * 50, b"RIFF\x24\0\0\0WAVEfmt ", b"fLaC", b"OggS"]
    garbage += [rng.bytes(n) for n in (1, 10, 1000, 5000)]
    for data in garbage:
        with pytest.raises(CorruptAudioError, match="^<bytes>: cannot be decoded"):
            load_audio(data)


def test_playlist_opens_no_other_file(tone, tmp_path):
    pytest.importorskip("av")
    song = tmp_path / "song.mp3"
    song.write_bytes(mp3(tone))
    for text in (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\n{song}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile {song}\n",
    ):
        with pytest.raises(CorruptAudioError):
            load_audio(text.encode())
