"""Generated music and folders of audio."""

from __future__ import annotations

import os

import numpy as np
import pytest
import soundfile
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_mgc import HandcraftedFeatures
from sklearn_mgc.datasets import load_audio_folder, make_music


def test_random_folds_flatter_and_grouped_folds_do_not():
    music = make_music(n_tracks=120, duration=2.0, random_state=0)
    X = HandcraftedFeatures().fit_transform(music.data)
    model = make_pipeline(StandardScaler(), SVC(C=10))
    random = StratifiedKFold(5, shuffle=True, random_state=0)
    grouped = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    flattered = cross_val_score(model, X, music.target, cv=random).mean()
    honest = cross_val_score(model, X, music.target, groups=music.groups, cv=grouped).mean()
    assert flattered > honest + 0.1
    assert honest > 2 / 6  # twice chance: the genres themselves are audible


def test_reproducible_and_seeded():
    a, b, c = (make_music(6, duration=0.5, random_state=seed).data for seed in (0, 0, 1))
    np.testing.assert_array_equal(np.stack(a), np.stack(b))
    assert not np.array_equal(np.stack(a), np.stack(c))


def test_artists_play_one_genre():
    music = make_music(60, duration=0.2, artists_per_genre=3, random_state=0)
    pairs = set(zip(music.groups, music.target, strict=True))
    assert len(pairs) == len(np.unique(music.groups)) == 18
    assert np.unique(music.target, return_counts=True)[1].tolist() == [10] * 6


@pytest.mark.parametrize("format", ["wav", "flac", "ogg", "mp3"])
def test_files(tmp_path, format):
    music = make_music(6, duration=0.5, folder=tmp_path, format=format, random_state=0)
    found = load_audio_folder(tmp_path)
    assert found.data.tolist() == sorted(music.data)
    assert found.target_names == music.target_names
    assert soundfile.info(found.data[0]).samplerate == 22050


@pytest.mark.parametrize(
    "params",
    [{"genres": ["polka"]}, {"n_tracks": 2}, {"duration": 0}, {"format": "doc"},
     {"artists_per_genre": 0}],
)  # fmt: skip
def test_bad_parameters(params):
    with pytest.raises(ValueError, match=str(next(iter(params.values()))).strip("[]'")):
        make_music(**params)


def test_folder_reports_what_it_leaves_out(tmp_path):
    make_music(6, duration=0.2, folder=tmp_path, random_state=0)
    (tmp_path / "rock" / "cover.jpg").write_bytes(b"x")
    (tmp_path / "rock" / ".DS_Store").write_bytes(b"x")
    (tmp_path / "rock" / "._rock.00000.wav").write_bytes(b"x")
    (tmp_path / "loose.mp3").write_bytes(b"x")
    os.symlink(tmp_path / "rock", tmp_path / "rock" / "loop")
    found = load_audio_folder(tmp_path)
    assert len(found.data) == 6
    assert {os.path.basename(row["path"]) for row in found.errors} == {"cover.jpg", "loose.mp3"}
    paths, genres = load_audio_folder(tmp_path, return_X_y=True)
    assert len(paths) == len(genres) == 6


def test_folder_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_audio_folder(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="no audio"):
        load_audio_folder(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotADirectoryError, match="file"):
        load_audio_folder(tmp_path / "file")
