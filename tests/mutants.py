"""Sound files damaged in ten ways, and what becomes of them: for a test and for a benchmark."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

RATE = 22050
FORMATS = ("wav", "flac", "ogg", "mp3", "au", "aiff", "m4a")
GOOD = ("row", "AudioError")


def sound_files(suffix: str, folder: Path) -> list[bytes]:
    """Two sound files of a format, mono and stereo, of one second and a bit."""
    rng = np.random.default_rng(0)
    t = np.arange(int(1.2 * RATE)) / RATE
    tone = 0.3 * np.sin(2 * np.pi * 220 * t * (1 + 0.1 * t)) + 0.02 * rng.standard_normal(len(t))
    found = []
    for rate, wave in ((RATE, tone[:, None]), (44100, np.stack([tone, tone[::-1]], axis=1))):
        path = folder / f"sound{wave.shape[1]}.{suffix}"
        if suffix == "m4a":
            _write_m4a(path, wave.astype(np.float32), rate)
        else:
            soundfile.write(path, wave, rate)
        found.append(path.read_bytes())
    return found


def _write_m4a(path: Path, wave: np.ndarray, rate: int) -> None:
    import av

    layout = "mono" if wave.shape[1] == 1 else "stereo"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=rate, layout=layout)
        for start in range(0, len(wave) - 1023, 1024):
            block = np.ascontiguousarray(wave[start : start + 1024].T)
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
            frame.sample_rate, frame.pts = rate, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _cut(data, rng):
    return data[: rng.integers(1, len(data))]


def _cut_in_header(data, rng):
    return data[: rng.integers(1, 128)]


def _header_bytes(data, rng):
    return _changed(data, rng, 0, 128, rng.integers(1, 9))


def _body_bytes(data, rng):
    return _changed(data, rng, 128, len(data), rng.integers(1, 257))


def _changed(data, rng, low, high, n):
    damaged = bytearray(data)
    for i in rng.integers(low, min(high, len(data)), n):
        damaged[i] = rng.integers(256)
    return bytes(damaged)


def _zeros(data, rng):
    start = rng.integers(len(data))
    n = min(len(data) - start, rng.integers(1, len(data) // 2))
    return data[:start] + bytes(n) + data[start + n :]


def _huge_length(data, rng):
    # Four bytes at a time are set to the largest numbers that there are.
    damaged = bytearray(data)
    huge = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\xff\xff\xff\x0f")
    for _ in range(rng.integers(1, 4)):
        start = 4 * rng.integers(1, 25)
        damaged[start : start + 4] = huge[rng.integers(len(huge))]
    return bytes(damaged)


def _swapped(data, rng):
    low, middle, high = sorted(rng.integers(0, len(data), 3))
    return data[:low] + data[middle:high] + data[low:middle] + data[high:]


def _tags_alone(data, rng):
    size = rng.integers(0, 1000)
    header = b"ID3\x04\x00\x00" + bytes([0, 0, size >> 7, size & 127])
    return header + rng.bytes(size if rng.random() < 0.5 else size // 2)


def _other_name(data, rng):
    return data  # see `mutants`


def _nothing(data, rng):
    return b"" if rng.random() < 0.3 else rng.bytes(rng.integers(1, 2000))


DAMAGES = {
    "cut": _cut, "cut in the header": _cut_in_header, "bytes of the header": _header_bytes,
    "bytes of the body": _body_bytes, "zeros": _zeros, "huge length": _huge_length,
    "swapped parts": _swapped, "tags alone": _tags_alone, "another name": _other_name,
    "nothing": _nothing,
}  # fmt: skip


def mutants(suffix: str, n: int, seed: int, folder: Path) -> Iterator[tuple[Path, str]]:
    """Write `n` damaged files of a format, the same ones for the same seed.

    Parameters
    ----------
    suffix : str
        One of FORMATS.
    n : int
        How many.
    seed : int
        Of what is random.
    folder : Path
        Where to.

    Yields
    ------
    tuple of (Path, str)
        The file, and how it was damaged.
    """
    sound = sound_files(suffix, folder)
    for i in range(n):
        rng = np.random.default_rng([seed, FORMATS.index(suffix), i])
        name = list(DAMAGES)[i % len(DAMAGES)]
        data = DAMAGES[name](sound[rng.integers(len(sound))], rng)
        named = suffix
        if name == "another name":
            named = rng.choice([other for other in FORMATS if other != suffix])
            if rng.random() < 0.5:
                data = _body_bytes(data, rng)
        path = folder / f"{suffix}-{i:04d}.{named}"
        path.write_bytes(data)
        yield path, name


def outcome(path: str | Path) -> str:
    """What becomes of a file: "row", "AudioError", or what must not be."""
    from sklearn_mgc import AudioError, HandcraftedFeatures

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            # Told, as it should be.
            warnings.filterwarnings("ignore", ".*may not be what they seem", UserWarning)
            row = HandcraftedFeatures().transform([str(path)])
    except AudioError as error:
        return "AudioError" if str(path) in str(error) else f"does not name the file: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}".replace("\n", " ")
    return "row" if row.shape == (1, 25) and np.isfinite(row).all() else f"row of {row}"
