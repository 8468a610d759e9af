"""Genres in tags: nothing else changes, and all of it can be undone, whatever happens midway."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import signal
import sys

import mutagen.flac
import mutagen.id3
import mutagen.mp4
import numpy as np
import pytest
import soundfile

from sklearn_mgc.audio import decode_blocks
from sklearn_mgc.datasets.names import read_tags
from sklearn_mgc.saving import genre_tags
from sklearn_mgc.saving.genre_tags import NoTagsError, TagError, check_taggable, write_genres
from sklearn_mgc.saving.tag_journal import TagJournal, undo

SOUND = np.random.default_rng(0).uniform(-0.3, 0.3, 48000).astype(np.float32)
PICTURE = np.random.default_rng(1).bytes(150_000)
BY_SOUNDFILE = {
    "wav": {}, "aiff": {}, "flac": {}, "ogg": {}, "mp3": {},
    "opus": {"format": "OGG", "subtype": "OPUS"},
}  # fmt: skip
BY_AV = {"m4a": "aac", "wma": "wmav2", "wv": "wavpack"}
KINDS = [*BY_SOUNDFILE, *BY_AV]


def make(path, kind):
    """A second of noise in a format, without tags."""
    if kind in BY_SOUNDFILE:
        soundfile.write(path, SOUND, 48000, **BY_SOUNDFILE[kind])
        return path
    av = pytest.importorskip("av", reason="needs the av extra")
    options = {"movflags": "faststart"} if kind == "m4a" else {}
    with av.open(str(path), "w", options=options) as file:
        stream = file.add_stream(BY_AV[kind], rate=48000, layout="mono", bit_rate=128_000)
        fifo = av.AudioFifo()
        wanted = stream.codec_context.format.name
        frame = av.AudioFrame.from_ndarray(SOUND[None], format="fltp", layout="mono")
        frame.sample_rate = 48000
        for converted in av.AudioResampler(wanted, "mono", 48000).resample(frame):
            fifo.write(converted)
        while block := fifo.read(stream.codec_context.frame_size or 4096, partial=True):
            file.mux(stream.encode(block))
        file.mux(stream.encode(None))
    return path


def add_tags(path, kind):
    """Title, artists, a genre and a large picture, each as its format has them."""
    file = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    if kind in ("wav", "aiff", "mp3"):
        from mutagen.id3 import APIC, TCON, TIT2, TPE1, TXXX

        file.tags.add(TIT2(encoding=1, text="Título ☃"))
        file.tags.add(TPE1(encoding=1, text=["Ñu", "AC/DC"]))
        file.tags.add(TXXX(encoding=1, desc="mood", text=["calm", "dark"]))
        file.tags.add(TCON(encoding=0, text="Polka"))
        file.tags.add(APIC(encoding=0, mime="image/png", type=3, desc="", data=PICTURE))
        file.tags.update_to_v23()
        file.save(v2_version=3, v23_sep=None, **({"v1": 2} if kind == "mp3" else {}))
        return
    title, artist, genre = {
        "m4a": ("\xa9nam", "\xa9ART", "\xa9gen"),
        "wma": ("Title", "Author", "WM/Genre"),
    }.get(kind, ("title", "artist", "genre"))
    file[title], file[artist], file[genre] = ["Título ☃"], ["Ñu", "AC/DC"], ["Polka"]
    if kind == "m4a":
        file["covr"] = [mutagen.mp4.MP4Cover(PICTURE)]
    elif kind == "flac":
        picture = mutagen.flac.Picture()
        picture.data = PICTURE
        file.add_picture(picture)
    elif kind in ("ogg", "opus"):
        file["metadata_block_picture"] = [PICTURE.hex()]
    file.save()


def tags_but_genre(path):
    file = mutagen.File(path)
    tags = file.tags if file.tags is not None else {}
    pairs = list(tags) if isinstance(tags, list) else list(tags.items())
    genre = ("tcon", "genre", "\xa9gen", "wm/genre")
    told = {(key, getattr(value, "data", None) or str(value)) for key, value in pairs}
    told = {pair for pair in told if pair[0].lower() not in genre}
    return told | {("picture", picture.data) for picture in getattr(file, "pictures", ())}


def genres_of(path):
    tags = mutagen.File(path).tags
    key = {"ASFTags": "WM/Genre", "MP4Tags": "\xa9gen"}.get(type(tags).__name__, "genre")
    key = "TCON" if isinstance(tags, mutagen.id3.ID3) else key
    return [str(genre) for genre in getattr(tags[key], "text", tags[key])]


def decoded(path):
    return np.concatenate([samples for samples, _ in decode_blocks(path, block_duration=9)])


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def undone(journal):
    return [outcome for _, outcome, _ in undo(journal)]


@pytest.mark.parametrize("tagged", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_only_the_genre_changes_and_undo_brings_every_byte_back(tmp_path, kind, tagged):
    path = make(tmp_path / f"song.{kind}", kind)
    if tagged:
        add_tags(path, kind)
        assert read_tags(path) == {"genre": "Polka", "artist": "Ñu"}
    os.utime(path, ns=(10**18, 10**18))
    path.chmod(0o640)
    old, tags, sound = digest(path), tags_but_genre(path), decoded(path)
    journal = TagJournal(tmp_path / "journal")
    write_genres(path, ["Jazz", "Hip-Hop"], journal)
    assert genres_of(path) == ["Jazz", "Hip-Hop"] and read_tags(path)["genre"] == "Jazz"
    assert tags_but_genre(path) == tags
    np.testing.assert_array_equal(decoded(path), sound)
    assert path.stat().st_mode & 0o777 == 0o640 and path.stat().st_mtime_ns != 10**18
    # The picture, which moved, is not part of it.
    assert journal.path.stat().st_size < 100_000
    assert undone(journal.path) == ["restored"]
    assert digest(path) == old
    assert path.stat().st_mode & 0o777 == 0o640 and path.stat().st_mtime_ns == 10**18
    assert undone(journal.path) == ["is as it was"]
    assert sorted(os.listdir(tmp_path)) == ["journal", path.name]


@pytest.mark.parametrize("version", [2, 3, 4])
def test_id3_keeps_its_version_and_what_mutagen_does_not_know(tmp_path, version):
    path = make(tmp_path / "song.mp3", "mp3")
    size = (lambda n: n.to_bytes(3, "big")) if version == 2 else (lambda n: n.to_bytes(4, "big"))
    names = ("TT2", "TAL", "XYZ") if version == 2 else ("TIT2", "TALB", "XYZW")
    body = b"".join(
        name.encode() + size(5) + b"\0\0" * (version > 2) + b"\0" + text
        for name, text in zip(names, (b"Song", b"1994", b"what"), strict=True)
    )
    header = b"ID3" + bytes([version, 0, 0, 0, 0, 0, len(body)])
    path.write_bytes(header + body + path.read_bytes())
    old = digest(path)
    journal = TagJournal(tmp_path / "journal")
    if version == 2:  # it has no frame of that name in 2.3
        with pytest.raises(TagError, match="other tags would not survive"):
            write_genres(path, ["Jazz"], journal)
        assert digest(path) == old
        return
    write_genres(path, ["Jazz"], journal)
    tags = mutagen.id3.ID3(path, translate=False)
    assert tags.version == (2, version, 0)
    assert (str(tags["TIT2"]), str(tags["TALB"]), str(tags["TCON"])) == ("Song", "1994", "Jazz")
    assert any(b"XYZW" in frame for frame in tags.unknown_frames)
    assert undone(journal.path) == ["restored"] and digest(path) == old


def test_a_genre_in_the_list_chunk_of_a_wave_file_is_seen(tmp_path):
    with soundfile.SoundFile(tmp_path / "song.wav", "w", 22050, 1) as file:
        file.genre, file.artist = "Polka", "Ñu"
        file.write(SOUND)
    assert read_tags(tmp_path / "song.wav") == {"genre": "Polka", "artist": "Ñu"}


# Where the process is killed: what is replaced, and whether before or after it did its work.
MOMENTS = {
    "the copy is begun": (shutil, "copy2", "before", "old"),
    "the copy is made": (shutil, "copy2", "after", "old"),
    "the copy is tagged": (mutagen.flac.FLAC, "save", "after", "old"),
    "the journal is written": (os, "replace", "before", "old"),
    "the file is replaced": (os, "replace", "after", "new"),
}


def write_until_killed(songs, journal, owner, name, when):
    """Write into the first song, and be killed at a moment of the second."""
    write_genres(songs[0], ["Rock"], journal)
    usual = getattr(owner, name)

    def kill(*args, **kwargs):
        if when == "after":
            usual(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, kill)
    write_genres(songs[1], ["Jazz"], journal)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_midway_each_file_is_old_or_new_and_undo_works(tmp_path, moment):
    owner, name, when, expected = MOMENTS[moment]
    first, song = (make(tmp_path / f"{i}.flac", "flac") for i in (1, 2))
    add_tags(song, "flac")
    old, old_first = digest(song), digest(first)
    journal = TagJournal(tmp_path / "journal")
    child = multiprocessing.get_context("fork").Process(
        target=write_until_killed, args=((first, song), journal, owner, name, when)
    )
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert genres_of(song) == (["Polka"] if expected == "old" else ["Jazz"])
    assert digest(first) != old_first
    outcomes = {file: outcome for file, outcome, _ in undo(journal.path)}
    assert outcomes[str(first)] == "restored"
    if name == "replace":
        assert outcomes[str(song)] == ("is as it was" if expected == "old" else "restored")
    assert (digest(song), digest(first)) == (old, old_first)
    assert sorted(os.listdir(tmp_path)) == ["1.flac", "2.flac", "journal"]


def test_a_journal_that_was_cut_anywhere_undoes_what_it_holds(tmp_path):
    song = make(tmp_path / "song.mp3", "mp3")
    old = song.read_bytes()
    journal = TagJournal(tmp_path / "journal")
    write_genres(song, ["Jazz"], journal)
    new, whole = song.read_bytes(), journal.path.read_bytes()
    for length in range(0, len(whole) + 1, 7):
        journal.path.write_bytes(whole[:length])
        song.write_bytes(old)  # a file is touched after its line was complete
        assert set(undone(journal.path)) <= {"is as it was"}
        assert song.read_bytes() == old
    journal.path.write_bytes(whole)
    song.write_bytes(new)
    assert undone(journal.path) == ["restored"] and song.read_bytes() == old


def test_a_damaged_journal_is_told_by_line_and_the_rest_is_restored(tmp_path):
    songs = [make(tmp_path / f"{i}.mp3", "mp3") for i in range(3)]
    old = list(map(digest, songs))
    journal = TagJournal(tmp_path / "journal")
    for song in songs:
        write_genres(song, ["Jazz"], journal)
    lines = journal.path.read_bytes().splitlines(keepends=True)
    lines[4] = lines[4].replace(b'"runs"', b'"ruins"')
    journal.path.write_bytes(b"".join(lines))
    outcomes = list(undo(journal.path))
    assert [is_old for *_, is_old in outcomes] == [True, False, True]
    assert outcomes[1][0].endswith("journal, line 5") and "is damaged" in outcomes[1][1]
    assert [digest(song) == was for song, was in zip(songs, old, strict=True)] == [
        True,
        False,
        True,
    ]
    journal.path.write_text("genres,of,songs\n1,2,3\n")
    with pytest.raises(ValueError, match="is not a journal"):
        list(undo(journal.path))


def test_undo_leaves_what_others_have_changed(tmp_path):
    changed, gone, kept = (make(tmp_path / f"{i}.flac", "flac") for i in range(3))
    journal = TagJournal(tmp_path / "journal")
    for song in (changed, gone, kept):
        write_genres(song, ["Jazz"], journal)
    write_genres(kept, ["Rock"], journal)  # twice
    file = mutagen.File(changed)
    file["title"] = "New"
    file.save()
    before = digest(changed)
    gone.unlink()
    outcomes = undone(journal.path)
    assert outcomes[:2] == ["restored", "restored"]
    assert "No such file" in outcomes[2] and "was changed since" in outcomes[3]
    assert digest(changed) == before and mutagen.File(kept).tags == []


def test_what_would_change_more_than_the_genre_is_left(tmp_path, monkeypatch):
    song = make(tmp_path / "song.flac", "flac")
    add_tags(song, "flac")
    old = digest(song)
    usual = mutagen.flac.FLAC.save

    def too_much(file, **options):
        file["title"] = "mine"
        usual(file, **options)

    journal = TagJournal(tmp_path / "journal")
    with monkeypatch.context() as patch:
        patch.setattr(mutagen.flac.FLAC, "save", too_much)
        with pytest.raises(TagError, match="other tags would not survive"):
            write_genres(song, ["Jazz"], journal)
    with monkeypatch.context() as patch:
        patch.setattr(genre_tags, "measure", lambda path: {"audio_hash": str(path)})
        with pytest.raises(TagError, match="sound would not survive"):
            write_genres(song, ["Jazz"], journal)
    assert digest(song) == old and sorted(os.listdir(tmp_path)) == ["journal", "song.flac"]


def test_another_program_that_writes_meanwhile_wins(tmp_path, monkeypatch):
    song = make(tmp_path / "song.flac", "flac")
    usual = genre_tags.measure

    def slow(path):
        measured = usual(path)
        song.write_bytes(song.read_bytes() + b"more")
        return measured

    monkeypatch.setattr(genre_tags, "measure", slow)
    with pytest.raises(TagError, match="changed by another program"):
        write_genres(song, ["Jazz"], TagJournal(tmp_path / "journal"))
    assert song.read_bytes().endswith(b"more")


def test_links_are_followed_and_other_names_keep_the_old_file(tmp_path):
    song = make(tmp_path / "song.flac", "flac")
    (tmp_path / "link.flac").symlink_to(song)
    os.link(song, tmp_path / "seed.flac")
    old = digest(song)
    journal = TagJournal(tmp_path / "journal")
    write_genres(tmp_path / "link.flac", ["Jazz"], journal)
    assert (tmp_path / "link.flac").is_symlink() and genres_of(song) == ["Jazz"]
    assert digest(tmp_path / "seed.flac") == old
    with pytest.raises(FileExistsError, match="never overwritten"):
        TagJournal(journal.path)


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_names_of_any_bytes(tmp_path):
    song = make(tmp_path / "song.wav", "wav").rename(tmp_path / os.fsdecode(b"caf\xe9\n\x1b.wav"))
    old = digest(song)
    journal = TagJournal(tmp_path / "journal")
    write_genres(song, ["Jazz"], journal)
    assert genres_of(song) == ["Jazz"]
    assert [*undo(journal.path)] == [(str(song), "restored", True)] and digest(song) == old


def test_what_holds_no_tags(tmp_path):
    soundfile.write(tmp_path / "song.au", SOUND, 22050)
    (tmp_path / "rubbish.mp3").write_bytes(b"rubbish" * 100)
    with pytest.raises(NoTagsError, match="format without tags"):
        check_taggable(tmp_path / "song.au")
    with pytest.raises(TagError, match="tags cannot be read"):
        check_taggable(tmp_path / "rubbish.mp3")
