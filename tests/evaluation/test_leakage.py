"""Leaks are found where they were planted, and nowhere else."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import soundfile
import soxr
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold

from sklearn_mgc import HandcraftedFeatures
from sklearn_mgc.datasets import load_audio_table, load_gtzan_features, make_music
from sklearn_mgc.evaluation import (
    LeakageError,
    LeakageReport,
    assert_no_leakage,
    leakage_report,
    robustness_conditions,
)
from sklearn_mgc.evaluation.leakage.fingerprints import fingerprint, same_recordings

RNG = np.random.default_rng(0)
X = RNG.standard_normal((120, 25))
Y = np.tile(["jazz", "rock"], 60)
ARTISTS = np.repeat(np.arange(24), 5)
SHUFFLED = StratifiedKFold(5, shuffle=True, random_state=0)
HALVES = [(np.arange(60), np.arange(60, 120)), (np.arange(60, 120), np.arange(60))]


def kinds(report):
    return {kind: round(share * 120) for kind, share in report.shares.items()}


def test_clean_data_is_clean():
    report = leakage_report(
        X, Y, groups=ARTISTS, tracks=np.arange(120), duplicates=np.full(120, -1), cv=GroupKFold(5)
    )
    assert not report.has_leak and report.leaks == [] and report.artists == []
    assert kinds(report) == {"artist": 0, "track": 0, "copy": 0, "duplicate": 0, "near": 0}
    assert report.verdict == (
        "no leak found: none of 120 test tracks in 5 folds has its artist, a segment of its "
        "track, an exact copy, a listed duplicate or a near-duplicate in training; "
        "near-duplicates by descriptors: copies in another encoding, or cut elsewhere, are mostly "
        "missed"
    )
    assert report.to_frame("track").empty and report.to_frame("artist").empty


def test_artists():
    artists = ARTISTS.astype(object)
    artists[58:63] = "Queen"  # 58, 59 in one half, 60-62 in the other
    report = leakage_report(X, Y, groups=artists, cv=HALVES)
    assert [fold["artist"] for fold in report.folds] == [3, 2]
    assert report.artists == [("Queen", 5)]
    assert report.verdict == (
        "5 of 120 test tracks (4.2 %) share their artist with training tracks: "
        "scores from these folds are too high"
    )
    leaks = report.to_frame("track")
    assert leaks["test"].tolist() == [60, 61, 62, 58, 59]
    assert leaks["train"].iloc[0] in (58, 59) and set(leaks["fold"]) == {0, 1}
    assert report.to_frame("artist").to_dict("list") == {"artist": ["Queen"], "n_test": [5]}


@pytest.mark.parametrize("unknown", [None, np.nan, ""])
def test_unknown_artists_share_nothing(unknown):
    artists = ARTISTS.astype(object)
    artists[50:70] = unknown
    assert not leakage_report(X, groups=artists, cv=HALVES).has_leak


def test_most_frequent_artist_comes_first():
    artists = np.arange(120)
    artists[55:70] = 7  # ten test tracks, then five and the old 7
    artists[[0, 100]] = 500
    report = leakage_report(X, groups=artists, cv=HALVES)
    assert report.artists == [(7, 16), (500, 2)]
    assert "artists on both sides: 7 (16), 500 (2)" in str(report)


def test_random_folds_leak_and_grouped_do_not():
    # In the order of the collection, artist by artist, even unshuffled folds cut some apart.
    assert leakage_report(X, Y, groups=ARTISTS).shares["artist"] == 20 / 120
    assert leakage_report(X, Y, groups=ARTISTS, cv=SHUFFLED).shares["artist"] > 0.9
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    assert not leakage_report(X, Y, groups=ARTISTS, cv=folds).has_leak


def test_default_folds_are_scikit_learns():
    report = leakage_report(X, np.repeat(["jazz", "rock"], 60))
    assert [fold["n_test"] for fold in report.folds] == [24] * 5
    # Copies within a genre: unstratified folds keep the first and the last track apart,
    # and so do stratified ones; neighbours fall in one fold.
    planted = X.copy()
    planted[119] = planted[60]
    assert kinds(leakage_report(planted, np.repeat([0, 1], 60)))["copy"] == 2
    planted = X.copy()
    planted[61] = planted[60]
    assert kinds(leakage_report(planted, np.repeat([0, 1], 60)))["copy"] == 0


def test_copies_and_near_duplicates_in_features():
    planted = X.copy()
    planted[60:63] = planted[:3]
    planted[63:67] = planted[3:7] + 0.01 * RNG.standard_normal((4, 25))
    for matrix in (planted, pd.DataFrame(planted), planted.tolist()):
        report = leakage_report(
            matrix, Y, cv=HALVES, features=planted if isinstance(matrix, list) else None
        )
        assert kinds(report) == {"copy": 6, "near": 8}
    assert report.verdict.startswith(
        "6 of 120 test tracks (5 %) are exact copies of training tracks, 8 (6.7 %) are near-"
    )
    near = report.to_frame("track").query("kind == 'near' and fold == 0")
    assert dict(zip(near["test"], near["train"], strict=True)) == {63: 3, 64: 4, 65: 5, 66: 6}
    # Units do not matter, nor does a column that never changes.
    scaled = np.column_stack([planted * 10.0 ** np.arange(-12, 13), np.ones(120)])
    assert kinds(leakage_report(scaled, Y, cv=HALVES)) == {"copy": 6, "near": 8}
    assert kinds(leakage_report(planted, Y, cv=HALVES, near=None)) == {"copy": 6}
    assert kinds(leakage_report(planted, Y, cv=HALVES, near=1e-40)) == {"copy": 6, "near": 0}


@pytest.mark.parametrize("versions", [2, 10])
def test_augmented_before_the_split(versions):
    base = RNG.standard_normal((120 // versions, 25))
    augmented = np.repeat(base, versions, axis=0) + 0.03 * RNG.standard_normal((120, 25))
    assert leakage_report(augmented, cv=KFold(5, shuffle=True, random_state=0)).shares["near"] > 0.7


@pytest.mark.parametrize("n_features", [1, 2, 10, 300])
def test_ordinary_neighbours_are_no_near_duplicates(n_features):
    rng = np.random.default_rng(n_features)
    alarms = sum(
        leakage_report(rng.standard_normal((200, n_features)), cv=2).has_leak for _ in range(8)
    )
    assert alarms <= 1


def test_rows_that_failed_are_no_copies():
    failed = X.copy()
    failed[[0, 1, 100, 110]] = np.nan
    assert not leakage_report(failed, cv=HALVES).has_leak


def test_duplicates_and_segments():
    songs = np.full(120, -1)
    songs[[0, 59, 60]] = 4  # two in the first half, one in the second
    songs[[70, 71]] = 5
    report = leakage_report(X, duplicates=songs, cv=HALVES)
    assert [fold["duplicate"] for fold in report.folds] == [1, 2]
    segments = np.arange(120) // 3
    assert not leakage_report(X, tracks=segments, cv=HALVES).has_leak
    report = leakage_report(X, tracks=segments, cv=KFold(5, shuffle=True, random_state=0))
    assert report.shares["track"] > 0.9
    assert "have segments of their track in training" in report.verdict


def test_spectrograms_and_waveforms():
    spectrograms = RNG.standard_normal((20, 6, 5)).astype(np.float32)
    spectrograms[15] = spectrograms[2]
    assert leakage_report(spectrograms, cv=2).shares == {"copy": 0.1}
    waveforms = [RNG.standard_normal(100 + i).astype(np.float32) for i in range(20)]
    waveforms[15] = waveforms[2]
    assert leakage_report(waveforms, cv=2).shares == {"copy": 0.1, "near": 0}
    report = leakage_report(waveforms, cv=2, near=None)
    assert report.shares == {"copy": 0.1}
    assert report.verdict.endswith("too high; not checked: artists (pass groups=), near-duplicates")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("music")
    paths = []
    for i in range(8):
        sound = np.int16(3000 * np.random.default_rng(i % 6).standard_normal(4000))
        # 6 and 7 sound like 0 and 1, in another format and under another name
        paths.append(folder / (f"{i}.wav" if i < 6 else f"ünother {i}.flac"))
        soundfile.write(paths[-1], sound, 22050)
    return paths


def test_files_are_compared_by_sound(files, capsys):
    for X in (files, [str(p) for p in files], np.array(files, dtype=str), pd.Series(files)):
        report = leakage_report(X, cv=2, n_jobs=2)
        assert [fold["copy"] for fold in report.folds] == [2, 2]
    assert leakage_report(files, cv=2, audio=False, groups=range(8)).shares == {"artist": 0}
    assert leakage_report(pd.DataFrame({"path": files}), cv=2).shares == {"copy": 0.5, "near": 0}
    column = np.array(files, dtype=object)[:, None]
    assert leakage_report(column, cv=2, verbose=1).shares == {"copy": 0.5, "near": 0}
    assert "8/8" in capsys.readouterr().err


def test_files_that_cannot_be_read(files, tmp_path):
    for name in ("a.mp3", "b.mp3"):
        (tmp_path / name).write_bytes(b"")
    report = leakage_report([tmp_path / "a.mp3", *files[:6], tmp_path / "b.mp3"], cv=2)
    assert not report.has_leak and report.n_unreadable == 2
    assert report.verdict.endswith("; 2 files could not be read")


@pytest.fixture(scope="module")
def music():
    return make_music(n_tracks=48, duration=5.0, random_state=0)


def test_one_recording_in_many_forms(music):
    sounds = music.data
    assert leakage_report(sounds, cv=KFold(48)).shares == {"copy": 0, "near": 0}
    conditions = robustness_conditions(random_state=0)
    done = [
        "mp3 32 kbit/s", "gain -20 dB", "clipping 6 dB", "low-pass 4 kHz", "noise 20 dB",
        "resampled 11025 Hz", "offset 0.5 s",
    ]  # fmt: skip
    changed = [conditions[name](sounds[6 * i], 22050) for i, name in enumerate(done)]
    folds = [(np.arange(48), np.arange(48, 48 + len(done)))]
    report = leakage_report([*sounds, *changed], cv=folds)
    assert report.shares == {"copy": 0, "near": 1}
    assert [leak["train"] for leak in report.leaks] == [6 * i for i in range(len(done))]


def test_excerpts_of_one_recording():
    (sound,) = make_music(n_tracks=1, genres=["jazz"], duration=14.0, random_state=1).data
    rate = 22050
    first, overlap, apart = (sound[int(a * rate) : int(b * rate)] for a, b in
                             ((0, 6), (2.503, 9), (8, 14)))  # fmt: skip
    silence = np.zeros(6 * rate, dtype=np.float32)
    hum = 1e-3 * np.sin(np.arange(6 * rate) / 50).astype(np.float32)
    clips = [first, overlap, apart, silence, silence[:-1], hum, sound[:1000]]
    pairs = same_recordings([fingerprint(clip, rate) for clip in clips])
    assert pairs.tolist() == [[0, 1]]
    assert same_recordings([None, None]).shape == (0, 2)
    half = soxr.resample(first, rate, 16000)
    pairs = same_recordings([fingerprint(first, rate), fingerprint(half, 16000)])
    assert pairs.tolist() == [[0, 1]]


def test_one_recording_in_two_files(music, tmp_path):
    paths = []
    for i in range(6):
        paths.append(tmp_path / f"{i}.wav")
        soundfile.write(paths[-1], music.data[i], 22050)
    paths.append(tmp_path / "again.mp3")
    stereo = np.column_stack([music.data[2], 0.3 * music.data[2]])
    soundfile.write(paths[-1], soxr.resample(stereo, 22050, 44100), 44100)
    report = leakage_report(paths, cv=KFold(7), groups=[0, 1, 2, 3, 4, 5, 2])
    assert report.shares == {"artist": 2 / 7, "copy": 0, "near": 2 / 7}
    assert leakage_report(paths, cv=KFold(7), near=None).shares == {"copy": 0}


def test_raises(files):
    with pytest.raises(LeakageError, match="share their artist") as caught:
        leakage_report(X, Y, groups=ARTISTS, cv=SHUFFLED, raise_on_leak=True)
    assert issubclass(LeakageError, ValueError)
    assert caught.value.report.shares["artist"] > 0.5
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    with pytest.raises(LeakageError, match="exact copies"):
        assert_no_leakage(files, cv=2)
    report = assert_no_leakage(X, Y, groups=ARTISTS, cv=GroupKFold(3))
    assert isinstance(report, LeakageReport)


def test_bad_input():
    with pytest.raises(ValueError, match=r"artist labels have shape \(3,\); X has 120"):
        leakage_report(X, groups=[1, 2, 3])
    with pytest.raises(ValueError, match="features has 3 rows"):
        leakage_report(X, features=X[:3])
    with pytest.raises(ValueError, match="near must be"):
        leakage_report(X, near=0)
    with pytest.raises(ValueError, match="by must be 'fold'"):
        leakage_report(X).to_frame("genre")
    with pytest.raises(ValueError, match="cv gives no fold"):
        leakage_report(X, cv=[])


def test_masks_as_folds():
    artists = np.arange(120)
    artists[60] = 0
    mask = np.arange(120) < 60
    assert leakage_report(X, groups=artists, cv=[(mask, ~mask)]).folds[0]["artist"] == 1


def test_representations():
    artists = np.where(ARTISTS == 3, "<b>Kraftwerk", ARTISTS)
    artists[:20] = "<b>Kraftwerk"
    report = leakage_report(X, Y, groups=artists, cv=SHUFFLED)
    *told, head = str(report).splitlines()[:-5]
    assert " ".join(told).startswith(f"{report.verdict} artists on both sides: ")
    assert told[-1].endswith("and 13 more") and max(map(len, told)) <= 80
    assert head.split() == ["fold", "train", "test", "artist", "copy", "near"]
    starts = [head.index(kind) for kind in ("artist", "copy", "near")]
    for line in str(report).splitlines()[-5:]:  # columns are aligned
        assert all(line[start - 1] == " " != line[start] for start in starts)
    html = report._repr_html_()
    assert html.count("<tr>") == 6 and "<b>" not in html and "&lt;b&gt;Kraftwerk" in html
    frame = report.to_frame()
    assert frame["artist"].sum() == len(report.to_frame("track"))
    np.testing.assert_allclose(frame["artist_share"], frame["artist"] / 24)
    assert repr(report) == f"<LeakageReport: {report.verdict}>"


def test_a_copy_at_another_level_is_found_by_descriptors():
    music = make_music(30, duration=1.0, random_state=0).data
    quieter = [np.float32(gain) * clip for gain in (0.5, 0.7) for clip in music[:5]]
    table = HandcraftedFeatures("kaggle").transform([*music, *quieter])
    found = leakage_report(table, cv=[(np.arange(30), np.arange(30, 40))]).to_frame("track")
    assert found[["test", "train"]].to_numpy().tolist() == [[30 + i, i % 5] for i in range(10)]


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "0.83 %"), (6, "5 %"), (60, "50 %"), (119, "99 %"), (120, "100 %")],
)
def test_percentages(count, said):
    fold = {"n_train": 10, "n_test": 120, "artist": count}
    leak = {"fold": 0, "kind": "artist", "test": 0, "train": 1, "group": "a"}
    assert f"{count} of 120 test tracks ({said}) share" in LeakageReport([fold], [leak]).verdict


@pytest.mark.realdata
def test_gtzan_splits(shared_data):
    csv = shared_data / "gtzan" / "features_30_sec.csv"

    def report(split):
        data = load_gtzan_features(csv, split=split)
        return leakage_report(
            data.data, data.target, groups=data.groups, duplicates=data.duplicates, cv=data.cv
        )

    assert [fold["artist"] for fold in report("foleiss").folds] == [77, 60, 43]
    assert report("foleiss").verdict.startswith(
        "180 of 948 test tracks (19 %) share their artist with training tracks"
    )
    assert not report("artist_filtered").has_leak
    filtered = report("fault_filtered")
    assert [(f["n_test"], f["artist"], f["copy"]) for f in filtered.folds] == [(290, 14, 0)]
    whole = load_gtzan_features(csv)
    found = leakage_report(whole.data, groups=whole.groups, cv=KFold(len(whole.data))).to_frame(
        "track"
    )
    pairs = found[found["kind"].isin(["copy", "near"])]
    assert len(pairs) > 40
    songs = whole.duplicates
    assert (songs[pairs["test"]] >= 0).all()
    assert (songs[pairs["test"]] == songs[pairs["train"]]).all()


@pytest.mark.realdata
def test_real_recordings(shared_data):
    music = load_audio_table(shared_data / "emotify30" / "tracks.csv")
    rock = np.flatnonzero(music.target == "rock")
    paths, artists = music.data[rock], music.groups[rock]
    report = leakage_report(paths, groups=artists, cv=KFold(len(rock)), n_jobs=2)
    assert report.shares["copy"] == 0
    near = report.to_frame("track").query("kind == 'near'")
    # Three songs are there twice, with excerpts that overlap; nothing else is alike.
    assert len(near) == 6
    assert (artists[near["test"]] == artists[near["train"]]).all()
