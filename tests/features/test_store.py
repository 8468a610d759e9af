"""The feature store: nothing computed twice, nothing lost, never a wrong row."""

from __future__ import annotations

import _thread
import os
import pickle
import signal
import sqlite3
import time
import warnings
import zipfile

import numpy as np
import pytest
import soundfile
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_mgc.__main__ import main
from sklearn_mgc.features import (
    FeatureStore,
    HandcraftedFeatures,
    MelSpectrogram,
    database,
    extraction,
    fingerprint,
    framed,
    sound,
)
from tests.features.conftest import assert_same
from tests.processes import extract_on_a_full_disk, extract_slowly, finish, start

RATE = 22050


@pytest.fixture
def files(tmp_path):
    """Eight short files, named as no database likes it."""
    folder = tmp_path / "ein Ordner '%s' 🎵"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(8):
        soundfile.write(folder / f"{i}.wav", 0.1 * rng.standard_normal(RATE // 2), RATE)
    return [str(folder / f"{i}.wav") for i in range(8)]


@pytest.fixture
def decoded(monkeypatch):
    """Paths that were decoded, in order."""
    seen = []
    stream_audio = sound.stream_audio

    def counting(source, **params):
        seen.append(str(source))
        return stream_audio(source, **params)

    monkeypatch.setattr(sound, "stream_audio", counting)
    return seen


@pytest.fixture(params=["fresh files", "settled files"])
def settled(request, monkeypatch):
    """Files are young enough to be hashed again, or old enough for their stamp to do."""
    if request.param == "settled files":
        monkeypatch.setattr(fingerprint, "_TICK", -1)


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.mark.parametrize("transformer", [HandcraftedFeatures(), MelSpectrogram(n_frames=20)])
def test_second_transform_decodes_nothing(transformer, files, cache, decoded, settled):
    expected = transformer.transform(files)
    decoded.clear()
    cached = clone(transformer).set_params(cache=cache)
    assert_same(cached.transform(files), expected)
    assert sorted(decoded) == files
    for again in (cached, clone(cached), pickle.loads(pickle.dumps(cached))):
        assert_same(again.transform(files[::-1]), expected[::-1])
    assert_same(clone(cached).set_params(n_jobs=2).transform(files), expected)
    assert len(decoded) == len(files)


def test_settled_files_are_not_even_read(files, cache, monkeypatch):
    monkeypatch.setattr(fingerprint, "_TICK", -1)
    transformer = HandcraftedFeatures(cache=cache)
    expected = transformer.transform(files)
    monkeypatch.setattr(extraction, "digest_of", None)
    assert_same(transformer.transform(files), expected)


def test_grid_search_computes_each_file_once(files, cache, decoded):
    pipeline = make_pipeline(HandcraftedFeatures(cache=cache), LogisticRegression())
    grid = {"logisticregression__C": [0.1, 1], "handcraftedfeatures__n_mfcc": [13, 20]}
    GridSearchCV(pipeline, grid, cv=2).fit(files, [0, 1] * 4)
    assert sorted(decoded) == sorted(files * 2)  # once for each n_mfcc


@pytest.mark.parametrize("keep_times", [False, True])
def test_changed_file_is_a_miss(files, cache, settled, keep_times):
    transformer = HandcraftedFeatures(cache=cache)
    before = transformer.transform(files)
    status = os.stat(files[3])
    y = np.random.default_rng(9).standard_normal(RATE // 2)
    soundfile.write(files[3], 0.1 * y, RATE)
    assert os.stat(files[3]).st_size == status.st_size
    if keep_times:
        os.utime(files[3], ns=(status.st_atime_ns, status.st_mtime_ns))
    after = transformer.transform(files)
    assert_same(after, HandcraftedFeatures().transform(files))
    assert (after != before).any(axis=1).tolist() == [i == 3 for i in range(8)]


@pytest.mark.parametrize(
    "change",
    [
        {"n_mfcc": 21}, {"hop_length": 256}, {"n_fft": 1024}, {"offset": 0.1}, {"duration": 0.4},
        {"n_segments": 1}, {"n_segments": 2}, {"pad_mode": "edge"}, {"sample_rate": 16000},
        {"descriptors": ("rms",)}, {"statistics": ("std",)}, {"backend": "librosa"},
    ],
)  # fmt: skip
def test_changed_parameter_is_a_miss(files, cache, decoded, change):
    HandcraftedFeatures(cache=cache).transform(files[:1])
    decoded.clear()
    changed = HandcraftedFeatures(cache=cache, **change)
    values = changed.transform(files[:1])
    assert len(decoded) == 1
    assert_same(changed.transform(files[:1]), values)
    assert len(decoded) == 1


@pytest.mark.parametrize("transformer", [HandcraftedFeatures, MelSpectrogram])
def test_every_parameter_is_in_the_key(transformer, cache):
    """A parameter somebody adds later must reach the key, or be named here."""
    harmless = {"on_error", "cache", "n_jobs", "verbose", "out"}
    harmless |= {"offset", "duration", "n_segments", "dtype"}  # in every key, see above
    estimator = transformer()
    assert set(estimator.get_params()) - harmless <= set(estimator.cache_key())


def test_new_kernel_is_a_miss(files, cache, decoded, monkeypatch):
    HandcraftedFeatures(cache=cache).transform(files[:1])
    monkeypatch.setattr(framed, "KERNEL_VERSION", "another")
    HandcraftedFeatures(cache=cache).transform(files[:1])
    assert len(decoded) == 2


def test_moved_folder_is_known(files, cache, decoded, settled):
    expected = HandcraftedFeatures(cache=cache).transform(files)
    folder = os.path.dirname(files[0])
    os.rename(folder, f"{folder} moved")
    moved = [path.replace(folder, f"{folder} moved") for path in files]
    for _ in range(2):
        assert_same(HandcraftedFeatures(cache=cache).transform(moved), expected)
    assert len(decoded) == len(files)


def test_members_of_a_zip(files, cache, decoded, settled, tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_BZIP2) as archive:
        for path in files:
            archive.write(path, f"set/{os.path.basename(path)}")
    members = [tmp_path / "set.zip" / "set" / os.path.basename(path) for path in files]
    expected = HandcraftedFeatures().transform(files)
    decoded.clear()
    for _ in range(2):
        assert_same(HandcraftedFeatures(cache=cache).transform(members), expected)
    assert len(decoded) == len(files)


def test_waveforms(clips, cache, monkeypatch):
    transformer = HandcraftedFeatures(cache=cache)
    expected = transformer.transform(clips)
    changed = [clips[0] + np.float32(1e-3), *clips[1:]]
    assert (transformer.transform(changed)[0] != expected[0]).any()
    monkeypatch.setattr(HandcraftedFeatures, "extract_sound", None)
    assert_same(transformer.transform(clips), expected)


def test_failures_are_tried_again(files, cache):
    missing = f"{files[0]}.new.wav"
    transformer = HandcraftedFeatures(cache=cache, on_error="nan")
    with pytest.warns(UserWarning, match="1 of 2"):
        X = transformer.transform([missing, files[1]])
    assert np.isnan(X[0]).all() and transformer.failed_[0]["error"] == "MissingAudioError"
    os.rename(files[0], missing)
    assert np.isfinite(transformer.transform([missing, files[1]])).all()
    assert transformer.failed_ == []


def test_error_keeps_what_was_computed(files, cache, decoded):
    with pytest.raises(ValueError, match="no such file"):
        HandcraftedFeatures(cache=cache).transform([*files, "missing.wav"])
    HandcraftedFeatures(cache=cache).transform(files)
    assert len([path for path in decoded if path in files]) == len(files)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_interrupted_run_goes_on(files, cache, decoded, monkeypatch, n_jobs):
    # A shell that starts the tests in the background has them ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    extract = HandcraftedFeatures.extract_sound
    presses = [_thread.interrupt_main]  # as Ctrl-C does, once

    def interrupted(self, y):
        time.sleep(0.05)
        if len(decoded) > 5:
            if presses:
                presses.pop()()
            time.sleep(0.5)
        return extract(self, y)

    transformer = HandcraftedFeatures(cache=cache, n_jobs=n_jobs)
    with monkeypatch.context() as patch:
        patch.setattr(HandcraftedFeatures, "extract_sound", interrupted)
        with pytest.raises(KeyboardInterrupt):
            transformer.transform(files)
    signal.signal(signal.SIGINT, before)
    n_kept = FeatureStore(cache).info()["rows"]
    assert n_kept >= 2  # of five: with two workers some are in flight
    decoded.clear()
    X = transformer.transform(files)
    assert len(decoded) == len(files) - n_kept
    assert_same(X, HandcraftedFeatures().transform(files))


def test_store_object_is_clone_and_pickle_safe(files, cache, decoded):
    with FeatureStore(cache) as store:
        transformer = HandcraftedFeatures(cache=store)
        expected = transformer.transform(files)
        for other in (clone(transformer), pickle.loads(pickle.dumps(transformer))):
            assert other.cache == store and other.cache is not store
            assert_same(other.transform(files), expected)
        assert transformer.get_params()["cache"] is store
    assert len(decoded) == len(files)
    assert repr(store) == f"FeatureStore({str(cache)!r})"


@pytest.mark.parametrize("cache", [3, True, ["folder"]])
def test_bad_cache(files, cache):
    with pytest.raises(ValueError, match="cache"):
        HandcraftedFeatures(cache=cache).transform(files)


# Several processes, and violence.


def test_killed_process_loses_a_batch_at_most(files, cache, decoded):
    process = start(extract_slowly, cache, 0.2, files)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            time.sleep(0.02)
            if (cache / "features.sqlite").exists() and process.is_alive():
                try:
                    n_rows = FeatureStore(cache).info()["rows"]
                except sqlite3.Error:  # the tables are being made
                    continue
                if n_rows >= 3:
                    break
    finally:
        process.kill()
        process.join()
    store = FeatureStore(cache)
    assert store.verify() == []
    n_kept = store.info()["rows"]
    assert 3 <= n_kept < len(files)
    X = HandcraftedFeatures(cache=cache).transform(files)
    assert len(decoded) == len(files) - n_kept
    assert_same(X, HandcraftedFeatures().transform(files))


def test_processes_share_a_store(files, cache, decoded):
    finish(*[start(extract_slowly, cache, 0.02, files[first::2] + files) for first in (0, 1)])
    store = FeatureStore(cache)
    assert store.verify() == [] and store.info()["rows"] == len(files)
    X = HandcraftedFeatures(cache=cache).transform(files)
    assert decoded == []
    assert_same(X, HandcraftedFeatures().transform(files))


def test_full_disk_degrades_to_computing(files, cache):
    pytest.importorskip("resource")
    finish(start(extract_on_a_full_disk, cache, files))


def _is_a_file(cache):
    cache.write_text("not a folder")


def _is_garbage(cache):
    cache.mkdir()
    (cache / "features.sqlite").write_bytes(b"no database" * 10_000)


def _is_damaged(cache):
    content = bytearray((cache / "features.sqlite").read_bytes())
    content[200:-200] = bytes(len(content) - 400)
    (cache / "features.sqlite").write_bytes(content)


def _is_from_the_future(cache):
    with sqlite3.connect(cache / "features.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


@pytest.mark.parametrize("spoil", [_is_a_file, _is_garbage, _is_damaged, _is_from_the_future])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_unusable_store_degrades_to_computing(files, cache, spoil, n_jobs):
    expected = HandcraftedFeatures().transform(files)
    if spoil in (_is_damaged, _is_from_the_future):
        HandcraftedFeatures(cache=cache).transform(files)
    spoil(cache)
    with pytest.warns(UserWarning, match="computed without it") as caught:
        X = HandcraftedFeatures(cache=cache, n_jobs=n_jobs).transform(files)
    assert len([w for w in caught if "cache" in str(w.message)]) == 1
    assert_same(X, expected)
    if spoil in (_is_garbage, _is_damaged):  # set aside, and begun anew
        assert (cache / "features.sqlite.damaged").exists()
        assert FeatureStore(cache).verify() == []
        assert FeatureStore(cache).info()["rows"] == len(files)


@pytest.mark.parametrize("seed", range(12))
def test_damage_anywhere_gives_no_wrong_row(files, cache, seed, monkeypatch):
    monkeypatch.setattr(fingerprint, "_TICK", -1)
    expected = HandcraftedFeatures(cache=cache).transform(files)
    rng = np.random.default_rng(seed)
    content = bytearray((cache / "features.sqlite").read_bytes())
    # Names, numbers and the schema; what is empty cannot be hurt.
    for i in rng.choice(np.flatnonzero(np.frombuffer(bytes(content), np.uint8)), 40):
        content[i] = rng.integers(256)
    (cache / "features.sqlite").write_bytes(content)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        X = HandcraftedFeatures(cache=cache).transform(files)
    np.testing.assert_allclose(X, expected, rtol=1e-6)  # some are computed anew
    assert len(caught) <= 1


def test_damaged_index_gives_no_wrong_row(files, cache, decoded):
    expected = HandcraftedFeatures(cache=cache).transform(files)
    with sqlite3.connect(cache / "features.sqlite") as connection:
        rows = connection.execute("SELECT digest, rowid FROM features WHERE rowid > 1").fetchmany(2)
    connection.close()
    content = (cache / "features.sqlite").read_bytes()
    for (digest, own), (_, other) in zip(rows, rows[::-1], strict=True):
        assert content.count(digest + bytes([own])) == 1  # the entry of the index
        content = content.replace(digest + bytes([own]), digest + bytes([other]))
    (cache / "features.sqlite").write_bytes(content)
    decoded.clear()
    assert_same(HandcraftedFeatures(cache=cache).transform(files), expected)
    assert len(decoded) == 2


def test_keys_of_a_damaged_list_are_not_mixed_up(files, cache):
    HandcraftedFeatures(cache=cache).transform(files)
    HandcraftedFeatures(cache=cache, hop_length=256).transform(files)
    content = (cache / "features.sqlite").read_bytes()
    (cache / "features.sqlite").write_bytes(content.replace(b"float32", b"float23", 2))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for hop_length in (512, 256):
            X = HandcraftedFeatures(cache=cache, hop_length=hop_length).transform(files)
            expected = HandcraftedFeatures(hop_length=hop_length).transform(files)
            assert_same(X, expected)
    assert all("computed without it" in str(warning.message) for warning in caught)
    store = FeatureStore(cache)
    assert store.verify()
    for action in ("info", "verify", "prune"):
        arguments = ["--missing"] if action == "prune" else []
        assert main(["cache", action, *arguments, str(cache)]) in (0, 1, 2)


def test_people_are_told_of_nonsense(files, cache, capsys):
    HandcraftedFeatures(cache=cache).transform(files[:2])
    with sqlite3.connect(cache / "features.sqlite") as connection:
        connection.execute("UPDATE keys SET text = replace(text, '{', '<')")
    connection.close()
    assert main(["cache", "info", str(cache)]) == 2
    assert "features.sqlite: is damaged" in capsys.readouterr().err
    assert len(FeatureStore(cache).verify()) == 2
    assert FeatureStore(cache).prune(unused_days=1) == 0


def test_read_only_store_is_read(files, cache, decoded, monkeypatch):
    HandcraftedFeatures(cache=cache).transform(files[:4])
    decoded.clear()

    def refuse(connection):
        error = sqlite3.OperationalError("attempt to write a readonly database")
        error.sqlite_errorcode = sqlite3.SQLITE_READONLY
        raise error

    monkeypatch.setattr(database, "prepare", refuse)
    with pytest.warns(UserWarning, match="cannot be written") as caught:
        HandcraftedFeatures(cache=cache).transform(files)
    assert len(caught) == 1
    assert sorted(decoded) == files[4:]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_read_only_folder(files, cache, decoded):
    HandcraftedFeatures(cache=cache).transform(files[:4])
    decoded.clear()
    cache.chmod(0o500)
    (cache / "features.sqlite").chmod(0o400)
    try:
        with pytest.warns(UserWarning, match="cannot be written"):
            HandcraftedFeatures(cache=cache).transform(files)
    finally:
        cache.chmod(0o700)
    assert sorted(decoded) == files[4:]


def test_damaged_row_is_a_miss(files, cache, decoded):
    expected = HandcraftedFeatures(cache=cache).transform(files)
    with sqlite3.connect(cache / "features.sqlite") as connection:
        connection.execute("UPDATE features SET data = zeroblob(100) WHERE rowid = 2")
        connection.execute("UPDATE features SET data = zeroblob(3) WHERE rowid = 5")
    connection.close()
    assert len(FeatureStore(cache).verify()) == 2
    decoded.clear()
    assert_same(HandcraftedFeatures(cache=cache).transform(files), expected)
    assert len(decoded) == 2
    assert FeatureStore(cache).verify() == []


# Looking after it.


def test_info_and_prune(files, cache, monkeypatch):
    HandcraftedFeatures(cache=cache).transform(files)
    HandcraftedFeatures(cache=cache, n_mfcc=13).transform(files)
    store = FeatureStore(cache)
    info = store.info()
    assert info["rows"] == 16 and info["bytes"] > 0
    first, second = info["keys"]
    assert (first["rows"], first["bytes"], first["parameters"]["n_mfcc"]) == (8, 800, 20)
    assert store.prune(keys=[first["id"]]) == 8
    assert store.prune(unused_days=1) == 0
    assert store.prune(max_bytes=5 * 18 * 4) == 3
    assert [key["id"] for key in store.info()["keys"]] == [second["id"]]
    tomorrow = time.time() + 86401
    monkeypatch.setattr(time, "time", lambda: tomorrow)
    assert store.prune(unused_days=1) == 5
    assert store.info()["keys"] == []


def test_prune_missing(files, cache, monkeypatch):
    monkeypatch.setattr(fingerprint, "_TICK", -1)
    HandcraftedFeatures(cache=cache).transform(files)
    os.remove(files[0])
    store = FeatureStore(cache)
    assert store.prune(missing=True) == 1
    assert store.info()["rows"] == store.info()["files"] == 7


def test_command(files, cache, capsys):
    HandcraftedFeatures(cache=cache).transform(files)
    folder = str(cache)
    assert main(["cache", "info", folder]) == 0
    assert "HandcraftedFeatures  8 rows" in capsys.readouterr().out
    assert main(["cache", "verify", folder]) == 0
    assert main(["cache", "prune", folder]) == 2
    assert main(["cache", "prune", folder, "--max-size", "0.4kB"]) == 0
    assert "deleted 4 rows" in capsys.readouterr().out
    _is_damaged(cache)
    assert main(["cache", "verify", folder]) == 1
    assert "sets it aside" in capsys.readouterr().out
    assert main(["cache", "info", folder]) == 2
    assert main(["cache", "info", f"{folder} else"]) == 2
    assert "no feature store" in capsys.readouterr().err


def test_batches_are_written_by_size(files, cache, monkeypatch):
    monkeypatch.setattr(database, "_BATCH_BYTES", 250)
    sizes = []
    put = database.Database.put

    def counting(self, key, rows):
        sizes.append(len(rows))
        put(self, key, rows)

    monkeypatch.setattr(database.Database, "put", counting)
    HandcraftedFeatures(cache=cache).transform(files)
    assert sizes == [3, 3, 2]
