"""A hundred damaged files: a row of numbers or an AudioError, and nothing else."""

from __future__ import annotations

import pytest

from tests import mutants


# The seed is one with which ways of failing were found, which are mended.
@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "au", "aiff", "m4a"])
def test_damaged_files(suffix, tmp_path):
    if suffix == "m4a":
        pytest.importorskip("av")
    n_files = 25 if suffix == "m4a" else 15
    damaged = mutants.mutants(suffix, n_files, 0, tmp_path)
    found = {path: mutants.outcome(path) for path, _ in damaged}
    assert set(found.values()) <= set(mutants.GOOD), found
    assert "AudioError" in found.values() and "row" in found.values()


def test_tags_in_an_odd_encoding(tmp_path):
    av = pytest.importorskip("av")
    (sound, _) = mutants.sound_files("m4a", tmp_path)
    path = tmp_path / "tagged.m4a"
    (tmp_path / "sound.m4a").write_bytes(sound)
    with av.open(str(tmp_path / "sound.m4a")) as source, av.open(str(path), "w") as target:
        target.metadata["title"] = "Lied"
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    data = path.read_bytes()
    assert b"Lied" in data
    path.write_bytes(data.replace(b"Lied", b"L\xefed"))
    assert mutants.outcome(path) == "row"
