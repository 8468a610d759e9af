"""The shipped table of GTZAN: counts, splits and what leaks in them."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sklearn_mgc.datasets import gtzan_clips as table
from sklearn_mgc.datasets.bunch import folds_of

IDS = sorted(table.clips())


def parts_of(split: str, seed: int = 0, ids: list[str] = IDS) -> np.ndarray:
    found = table.part_of(ids, split, seed)
    assert found is not None
    return found


def leaks(split, train=("train",), test="test"):
    """Number of test clips whose artist is in training."""
    parts = parts_of(split)
    artist = np.array([table.clips()[name].artist for name in IDS])
    return int(np.isin(artist[parts == test], artist[np.isin(parts, train)]).sum())


def test_a_hundred_clips_per_genre():
    assert Counter(name.split(".")[0] for name in IDS) == dict.fromkeys(table.GENRES, 100)
    assert all(table.clip_id(name) == name for name in IDS)


def test_artists_and_songs():
    artists = Counter(clip.artist for clip in table.clips().values())
    assert len(artists) == 271 + 17  # 17 clips of unknown artists, one group each
    assert artists.most_common(2)[0][1] == 35
    songs = Counter(clip.song for clip in table.clips().values() if clip.song >= 0)
    assert (len(songs), sum(songs.values())) == (59, 127)
    by_artist = {(clip.song, clip.artist) for clip in table.clips().values() if clip.song >= 0}
    assert len(by_artist) == 59  # a group by artist holds all clips of a song


def test_fault_filtered_counts_and_its_own_leaks():
    parts = parts_of("fault_filtered")
    genre = np.array([name.split(".")[0] for name in IDS])
    counts = {part: [int(((parts == part) & (genre == g)).sum()) for g in table.GENRES]
              for part in ("train", "valid", "test")}  # fmt: skip
    assert counts["train"] == [46, 48, 45, 42, 47, 43, 44, 41, 43, 44]
    assert counts["valid"] == [23, 20, 23, 22, 18, 17, 20, 13, 17, 24]
    assert counts["test"] == [31, 31, 30, 29, 27, 27, 27, 30, 26, 32]
    assert leaks("fault_filtered") == 14
    assert leaks("fault_filtered", ("train", "valid")) == 27


def test_no_artist_on_both_sides_of_the_artist_filtered_split():
    parts = parts_of("artist_filtered")
    assert Counter(parts) == {1: 327, 2: 317, 3: 304, "": 52}
    for fold in (1, 2, 3):
        assert leaks("artist_filtered", [other for other in (1, 2, 3) if other != fold], fold) == 0
    clips = [table.clips()[name] for name, part in zip(IDS, parts, strict=True) if part != ""]
    replicas = [clip.replica for clip in clips if clip.replica >= 0]
    assert len(replicas) - len(set(replicas)) == 1  # reggae.00003 and reggae.00054


def test_the_published_folds_leak():
    parts = parts_of("foleiss")
    assert Counter(parts) == {1: 315, 2: 316, 3: 317, "": 52}
    found = [leaks("foleiss", [o for o in (1, 2, 3) if o != fold], fold) for fold in (1, 2, 3)]
    assert found == [77, 60, 43]


def test_random_splits_of_the_paper():
    for split, sizes in (("paper", [800, 100, 100]), ("paper_60_20_20", [600, 200, 200])):
        parts = parts_of(split)
        assert [int((parts == part).sum()) for part in ("train", "valid", "test")] == sizes
        np.testing.assert_array_equal(parts, parts_of(split))
        assert not np.array_equal(parts, parts_of(split, 1))
        # Segments of one clip stay together.
        doubled = parts_of(split, ids=IDS + IDS)
        np.testing.assert_array_equal(doubled[:1000], doubled[1000:])
    assert leaks("paper") / 100 > 0.7  # why nobody should use it


def test_cv_pairs():
    pairs = folds_of(parts_of("artist_filtered")) or []
    assert [len(test) for _, test in pairs] == [327, 317, 304]
    assert all(len(train) + len(test) == 948 for train, test in pairs)
    ((train, test),) = folds_of(parts_of("fault_filtered")) or []
    assert (len(train), len(test)) == (443, 290)
    assert folds_of(table.part_of(IDS, None)) is None


def test_faults_depend_on_which_clips_are_there():
    found = Counter(row["fault"] for row in table.faults(IDS))
    assert found == {"repeated": 50, "distorted": 2, "unreadable": 1, "mislabelled": 1}
    assert {"id": "metal.00058", "fault": "repeated", "repeats": "rock.00016"} in table.faults(IDS)
    assert table.faults(["disco.00051"]) == []
    assert table.faults(["disco.00051", "disco.00070"]) == [
        {"id": "disco.00070", "fault": "repeated", "repeats": "disco.00051"}
    ]


@pytest.mark.parametrize(
    ("name", "clip"),
    [
        ("genres/blues/blues.00012.wav", "blues.00012"),
        ("./blues_00012.au", "blues.00012"),
        (r"C:\gtzan\Hip-Hop.00099.WAV", "hiphop.00099"),
        ("hip.00003.flac", "hiphop.00003"),
        ("rock.00001.7.wav", "rock.00001"),
        ("Jazz 00054.mp3", "jazz.00054"),
        ("polka.00001.wav", None),
        ("blues.00100.wav", None),
        ("blues.000011.wav", None),
        ("readme.txt", None),
    ],
)
def test_ids(name, clip):
    assert table.clip_id(name) == clip


def test_unknown_split():
    with pytest.raises(ValueError, match="fault_filtered"):
        parts_of("filtered")


@pytest.mark.realdata
def test_the_script_makes_the_shipped_table(shared_data, tmp_path):
    root = Path(__file__).parents[2]
    output = tmp_path / "gtzan.csv"
    subprocess.run(
        [sys.executable, root / "tools" / "make_gtzan_table.py", shared_data / "gtzan" / "splits",
         "--output", output],
        check=True,
    )  # fmt: skip
    shipped = root / "sklearn_mgc" / "datasets" / "tables" / "gtzan.csv"
    assert output.read_text() == shipped.read_text()


@pytest.mark.realdata
def test_nobody_is_named(shared_data):
    """The shipped table holds integers, ids and nine words."""
    shipped = Path(__file__).parents[2] / "sklearn_mgc" / "datasets" / "tables" / "gtzan.csv"
    index = (shared_data / "gtzan" / "splits" / "sturm" / "index.txt").read_text().lower()
    words = {w for line in shipped.read_text().splitlines()[1:] for w in line.split(",")[1:]}
    known = {"", "train", "valid", "test", "distorted", "unreadable", "mislabelled"}
    assert not [w for w in words - known if not w.isdigit()]
    assert "john lee hooker" in index
