"""AcousticBrainz in miniature: files of descriptors and tables of genres."""

from __future__ import annotations

import bz2
import json
import uuid

import numpy as np
import pytest

from sklearn_mgc.datasets import load_acousticbrainz

MBIDS = [str(uuid.UUID(int=(i + 1) << 96 | 7)) for i in range(8)]
GROUP = [str(uuid.UUID(int=(i // 2 + 1) << 64)) for i in range(8)]


def content(i, **lowlevel):
    """A file as the extractor writes it, with fewer descriptors."""
    statistics = {"mean": [i, 2, 3], "var": [0.5] * 3, "cov": [[1, 0], [0, 1]], "icov": [[1]]}
    return {
        "lowlevel": {
            "mfcc": statistics,
            "barkbands": {"mean": [float(j) for j in range(12)]},
            "average_loudness": 0.9,
            **lowlevel,
        },
        "rhythm": {"bpm": 120.0 + i, "beats_position": [0.5] * (i + 1), "beats_count": i + 1},
        "tonal": {"key_key": "A", "key_strength": 0.7, "hpcp": {"mean": [0.1, 0.2]}},
        "metadata": {
            "tags": {
                "genre": ["Rock" if i % 2 else "Jazz"],
                "musicbrainz_releasegroupid": [GROUP[i]],
            },
            "audio_properties": {"length": 200.0},
        },
    }


def write_json(folder, i, value=None, name=None):
    path = folder / MBIDS[i][:2] / f"{name or MBIDS[i]}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content(i) if value is None else value))
    return path


def write_table(path, rows):
    lines = ["recordingmbid\treleasegroupmbid\tgenre1\tgenre2\tgenre3"]
    lines += ["\t".join([MBIDS[i], GROUP[i], *genres]) for i, genres in rows]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = ("\n".join(lines) + "\n").encode()
    path.write_bytes(bz2.compress(text) if path.suffix == ".bz2" else text)


@pytest.fixture
def tree(tmp_path):
    """Six described recordings, a table of training and one of test."""
    for i in range(6):
        write_json(tmp_path / "acousticbrainz-mediaeval-train", i)
    rock, both = ["rock", "rock---indie"], ["jazz---bebop", "jazz", "rock"]
    start = "acousticbrainz-mediaeval-discogs"
    training = [(0, rock), (1, rock), (2, both), (3, ["jazz", ""])]
    write_table(tmp_path / f"{start}-train.tsv", training)
    write_table(tmp_path / f"{start}-test.tsv", [(4, rock), (5, both)])
    return tmp_path


def test_descriptors_and_genres(tree):
    music = load_acousticbrainz(tree)
    assert music.ids.tolist() == MBIDS[:6]
    assert music.target.tolist() == ["rock", "rock", "jazz", "jazz", "rock", "jazz"]
    assert music.genres[2] == ("jazz", "rock")
    assert music.subgenres.tolist() == [
        ("rock---indie",), ("rock---indie",), ("jazz---bebop",), (), ("rock---indie",),
        ("jazz---bebop",),
    ]  # fmt: skip
    assert music.groups.tolist() == [0, 0, 1, 1, 2, 2]
    assert music.split.tolist() == ["train"] * 4 + ["test"] * 2
    train, test = music.cv[0]
    assert train.tolist() == [0, 1, 2, 3] and test.tolist() == [4, 5]
    assert music.errors == []
    assert music.feature_names == [
        "lowlevel.average_loudness",
        *(f"lowlevel.barkbands.mean.{j}" for j in range(12)),
        *(f"lowlevel.mfcc.{name}.{j}" for name in ("mean", "var") for j in range(3)),
        "rhythm.beats_count", "rhythm.bpm",
        "tonal.hpcp.mean.0", "tonal.hpcp.mean.1", "tonal.key_strength",
    ]  # fmt: skip
    assert music.data.dtype == np.float32
    at = music.feature_names.index("rhythm.bpm")
    np.testing.assert_array_equal(music.data[:, at], 120 + np.arange(6))
    assert "6 recordings" in music.DESCR and "CC BY-NC-SA" in music.DESCR


def test_several_genres_can_be_excluded(tree):
    music = load_acousticbrainz(tree, several="exclude")
    assert music.ids.tolist() == [MBIDS[i] for i in (0, 1, 3, 4)]
    assert [row["error"] for row in music.errors] == ["several genres: jazz, rock"] * 2


def test_tables_alone(tree):
    table = tree / "acousticbrainz-mediaeval-discogs-train.tsv"
    music = load_acousticbrainz(table)
    assert music.data.tolist() == music.ids.tolist() == MBIDS[:4]
    assert "feature_names" not in music and music.cv is None
    packed = tree / "packed" / "acousticbrainz-mediaeval-lastfm-validation.tsv.bz2"
    write_table(packed, [(0, ["pop"])])
    music = load_acousticbrainz(packed)
    assert music.target.tolist() == ["pop"] and music.split.tolist() == ["valid"]


def test_files_alone_have_the_genres_of_their_tags(tree):
    music = load_acousticbrainz(tree / "acousticbrainz-mediaeval-train")
    assert music.target.tolist() == ["Jazz", "Rock"] * 3
    assert music.groups.tolist() == [0, 0, 1, 1, 2, 2]
    assert music.split is None and music.cv is None


def test_annotations_elsewhere_and_sources(tree, tmp_path):
    files = tree / "acousticbrainz-mediaeval-train"
    tables = tmp_path / "tables"
    write_table(tables / "acousticbrainz-mediaeval-allmusic-train.tsv", [(0, ["a"]), (1, ["b"])])
    write_table(tables / "acousticbrainz-mediaeval-tagtraum-train.tsv", [(0, ["c"]), (1, ["d"])])
    with pytest.raises(ValueError, match="several sources .allmusic, tagtraum."):
        load_acousticbrainz(files, annotations=tables)
    music = load_acousticbrainz(files, annotations=tables, source="tagtraum")
    assert music.target.tolist() == ["c", "d"]
    assert {row["error"] for row in music.errors} == {"no row in the tables of genres"}
    assert len(music.errors) == 4
    with pytest.raises(ValueError, match="no table .* of the source 'lastfm'"):
        load_acousticbrainz(files, annotations=tables, source="lastfm")


def test_nothing_is_dropped_silently(tree):
    files = tree / "acousticbrainz-mediaeval-train"
    write_json(files, 0).write_text("{")
    write_json(files, 1, {"highlevel": {}})
    write_json(files, 2, {"lowlevel": []})
    write_json(files, 3).unlink()
    write_json(files, 4, name=f"{MBIDS[4]}-1")
    (files / "index.json").write_text("{}")
    table = tree / "acousticbrainz-mediaeval-discogs-validation.tsv"
    table.write_text(
        "recordingmbid\treleasegroupmbid\tgenre1\tgenre2\n"
        f"{MBIDS[5].upper()}\t{GROUP[5]}\tpop\t\n{MBIDS[6]}\t{GROUP[6]}\t\t\nnothing\tx\trock\t\n"
    )
    music = load_acousticbrainz(tree)
    assert music.ids.tolist() == MBIDS[4:6]
    found = {(row.get("id"), row["error"].split(" (")[0]) for row in music.errors}
    assert found == {
        (MBIDS[0], "broken JSON"),
        (MBIDS[1], "high-level classifications, not low-level descriptors"),
        (MBIDS[2], "no low-level descriptors in it"),
        (MBIDS[3], "no file of descriptors"),
        (MBIDS[4], f"second file of this recording; {MBIDS[4]}.json is used"),
        (None, "not named by a recording"),
        (MBIDS[5], "listed twice; the row for test is used"),
        (MBIDS[6], "no genre"),
        ("nothing", "not a recording id: 'nothing'"),
    }


def test_missing_descriptors_are_nan(tree):
    files = tree / "acousticbrainz-mediaeval-train"
    write_json(files, 1, content(1, dissonance={"mean": 0.4}, average_loudness=float("nan")))
    write_json(files, 2, content(2, average_loudness=10**400, zero=True))
    music = load_acousticbrainz(tree, as_frame=True)
    assert music.data["lowlevel.dissonance.mean"].isna().tolist() == [True, False] + [True] * 4
    assert music.data["lowlevel.average_loudness"].isna().sum() == 2
    names = [name for name in music.feature_names if "barkbands" in name]
    assert names[-2:] == ["lowlevel.barkbands.mean.10", "lowlevel.barkbands.mean.11"]
    assert music.frame.columns[-5:].tolist() == ["ids", "groups", "genres", "subgenres", "split"]
    assert "7 values missing" in music.DESCR


def test_pair(tree, capsys):
    X, y = load_acousticbrainz(tree, return_X_y=True, verbose=1)
    assert X.shape == (6, 24) and len(y) == 6
    assert "descriptors" in capsys.readouterr().err


def test_errors(tree, tmp_path):
    with pytest.raises(FileNotFoundError, match="zenodo"):
        load_acousticbrainz(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="no such table"):
        load_acousticbrainz(tree, annotations=tmp_path / "nowhere.tsv")
    with pytest.raises(ValueError, match="several must be"):
        load_acousticbrainz(tree, several="last")
    with pytest.raises(ValueError, match="unknown source 'spotify'"):
        load_acousticbrainz(tree, source="spotify")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ValueError, match="no recording with a genre in 0 files"):
        load_acousticbrainz(empty)
    stranger = tmp_path / "discogs-train.tsv"
    write_table(stranger, [(7, ["rock"])])
    with pytest.raises(ValueError, match="no row in the tables of genres"):
        load_acousticbrainz(tree, annotations=stranger)
    with pytest.raises(ValueError, match="no table of genres"):
        load_acousticbrainz(tree, annotations=empty)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"recordingmbid\tgenre1\n", "column releasegroupmbid is missing"),
        (b"", "column recordingmbid is missing"),
        (b"\xff\xfe\x00", "not a table in UTF-8"),
    ],
)
def test_broken_tables(tmp_path, content, message):
    path = tmp_path / "acousticbrainz-mediaeval-discogs-train.tsv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load_acousticbrainz(path)
    packed = tmp_path / "x.tsv.bz2"
    packed.write_bytes(b"BZh9 no")
    with pytest.raises(ValueError, match="cannot be read"):
        load_acousticbrainz(packed)


def test_damaged_files_are_error_rows(tmp_path):
    """Cut, overwritten and mistyped: a row or an error each, and no other exception."""
    rng = np.random.default_rng(0)
    text = json.dumps(content(0)).encode()
    values = [None, [], "x", 1, {"mean": "x"}, [[None]], {"tags": 3}, -1e400, True]
    for i in range(200):
        damaged = bytearray(text)
        if i % 4 == 0:
            damaged = damaged[: rng.integers(len(text))]
        elif i % 4 == 1:
            damaged[rng.integers(len(text))] = rng.integers(256)
        else:
            whole = content(0)
            place = whole[rng.choice(["lowlevel", "rhythm", "tonal", "metadata"])]
            keys = list(place)
            place[keys[rng.integers(len(keys))]] = values[rng.integers(len(values))]
            if i % 4 == 3:
                whole[rng.choice(list(whole))] = values[rng.integers(len(values))]
            damaged[:] = json.dumps(whole).encode()
        (tmp_path / f"{uuid.UUID(int=i + 1)}.json").write_bytes(damaged)
    music = load_acousticbrainz(tmp_path)
    told = {row["id"] for row in music.errors}
    assert not told & set(music.ids) and len(told) + len(music.ids) == 200
    assert 20 < len(told) < 180
