"""``~`` is one's own folder in every parameter that takes a path, by one helper."""

from __future__ import annotations

import inspect
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import sklearn_mgc
from sklearn_mgc import (
    HandcraftedFeatures,
    MelSpectrogram,
    audio,
    datasets,
    evaluation,
    features,
    inspection,
    saving,
    search,
)
from sklearn_mgc.commands.tracks import list_files
from sklearn_mgc.datasets.names import read_tags
from sklearn_mgc.recipes import ready_model

WAVE = np.random.default_rng(0).uniform(-0.5, 0.5, 22050).astype(np.float32)
FITTED = LogisticRegression().fit([[0.0], [1.0]], ["jazz", "rock"])


def heard():
    return make_pipeline(HandcraftedFeatures(), LogisticRegression()).fit([WAVE, -WAVE], ["a", "b"])


def cached(transformer):
    return transformer.fit_transform([WAVE])


# What is called with "~/place": it makes something there, or says that there is nothing.
CASES: dict[str, Callable | None] = {
    "load_audio.source": lambda p: audio.load_audio(p),
    "stream_audio.source": lambda p: list(audio.stream_audio(p)),
    "decode_blocks.source": lambda p: list(audio.decode_blocks(p)),
    "as_path.path": lambda p: audio.as_path(p),
    "HandcraftedFeatures.X": lambda p: HandcraftedFeatures().transform([p]),
    "HandcraftedFeatures.cache": lambda p: cached(HandcraftedFeatures(cache=p)),
    "MelSpectrogram.cache": lambda p: cached(MelSpectrogram(cache=p)),
    "MelSpectrogram.out": lambda p: cached(MelSpectrogram(out=p)),
    "PretrainedEmbedding.cache": None,  # as the others, but needs weights
    "PretrainedEmbedding.model": lambda p: features.PretrainedEmbedding(f"onnx:{p}").fit(),
    "FeatureStore.folder": lambda p: features.FeatureStore(p),
    "check_audio.paths": lambda p: datasets.check_audio([p], verbose=0)["path"].tolist(),
    "clear_data_home.data_home": None,  # below: it deletes
    "get_data_home.data_home": lambda p: datasets.get_data_home(p),
    "fetch_fma.data_home": lambda p: datasets.fetch_fma(data_home=p, download_if_missing=False),
    "fetch_fma_features.data_home": lambda p: datasets.fetch_fma_features(
        data_home=p, download_if_missing=False
    ),
    "fetch_gtzan.data_home": lambda p: datasets.fetch_gtzan(data_home=p, download_if_missing=False),
    "load_acousticbrainz.path": lambda p: datasets.load_acousticbrainz(p),
    "load_acousticbrainz.annotations": lambda p: datasets.load_acousticbrainz(".", annotations=p),
    "load_acousticbrainz.data_home": lambda p: datasets.load_acousticbrainz(data_home=p),
    "load_audio_folder.path": lambda p: datasets.load_audio_folder(p),
    "load_audio_table.table": lambda p: datasets.load_audio_table(f"{p}.csv"),
    "load_audio_table.root": lambda p: datasets.load_audio_table("songs.csv", root=p).errors,
    "load_fma.path": lambda p: datasets.load_fma(p),
    "load_fma.metadata": lambda p: datasets.load_fma(".", metadata=p),
    "load_fma.data_home": lambda p: datasets.load_fma(data_home=p),
    "load_fma_features.path": lambda p: datasets.load_fma_features(p),
    "load_fma_features.data_home": lambda p: datasets.load_fma_features(data_home=p),
    "load_gtzan.path": lambda p: datasets.load_gtzan(p),
    "load_gtzan.data_home": lambda p: datasets.load_gtzan(data_home=p),
    "load_gtzan_features.csv": lambda p: datasets.load_gtzan_features(f"{p}.csv"),
    "load_homburg.path": lambda p: datasets.load_homburg(p),
    "load_homburg.data_home": lambda p: datasets.load_homburg(data_home=p),
    "make_music.folder": lambda p: datasets.make_music(6, duration=0.1, folder=p),
    "explain.source": lambda p: inspection.explain(heard(), p),
    "genre_timeline.source": lambda p: inspection.genre_timeline(heard(), p),
    "reproduce.output": None,  # below: it takes long
    "open_study.storage": lambda p: search.open_study(p, name="study"),
    "load_model.path": lambda p: saving.load_model(p),
    "model_card.path": lambda p: saving.model_card(FITTED, path=p),
    "runs_code.path": None,  # below: it has no errors
    "save_model.path": lambda p: saving.save_model(FITTED, p),
    "to_onnx.path": lambda p: saving.to_onnx(FITTED, p),
    "files of commands": lambda p: [str(f) for f in list_files([Path(p)])],
}  # fmt: skip


@pytest.fixture
def home(tmp_path, monkeypatch):
    """One's own folder, which is not the working directory."""
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    here.mkdir()
    (here / "songs.csv").write_text("path,genre\na.wav,jazz\nb.wav,rock\n")
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.chdir(here)
    yield home
    assert os.listdir() == ["songs.csv"]


@pytest.mark.parametrize(("name", "call"), [case for case in CASES.items() if case[1]])
def test_it_is_expanded(home, name, call):
    if name.startswith(("to_onnx", "open_study")):
        pytest.importorskip("optuna" if "study" in name else "onnx")
    if name.startswith("to_onnx"):
        pytest.importorskip("torch", minversion="2.13")
    try:
        said = str(call("~/place"))
    except (OSError, ValueError) as error:
        said = str(error)
    assert str(home / "place") in said or any(f.name.startswith("place") for f in home.iterdir())


def test_where_it_is_read_only_once_it_is_there(home):
    with zipfile.ZipFile(home / "model.bin", "w") as archive:
        archive.writestr("schema.json", "{}")
    assert not saving.runs_code("~/model.bin")
    (home / "place").mkdir()
    datasets.clear_data_home("~/place")
    assert not (home / "place").exists()
    (home / "file").touch()
    with pytest.raises(NotADirectoryError, match="file is a file"):
        evaluation.reproduce({}, output="~/file")
    datasets.make_music(6, duration=0.1, folder="~/music")
    song = next((home / "music").rglob("*.wav"))
    tilde = f"~/{song.relative_to(home)}"
    assert read_tags(tilde)["genre"] == ""
    store = features.FeatureStore("~/store")
    computed = HandcraftedFeatures(cache=store).transform([tilde])
    moved = shutil.copy(song, home / "copy.wav")  # known by its content
    np.testing.assert_array_equal(HandcraftedFeatures(cache=store).transform([moved]), computed)
    assert store.info()["rows"] == 1


@pytest.mark.skipif(os.name != "posix", reason="users of POSIX")
def test_a_user_without_a_home_is_told(monkeypatch):
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("SKLEARN_MGC_DATA", raising=False)
    monkeypatch.setattr("os.getuid", lambda: 987_654)  # whom nobody knows
    with pytest.raises(FileNotFoundError, match="has no home, .* SKLEARN_MGC_DATA"):
        ready_model()


def parameters_that_take_paths():
    rooms = [sklearn_mgc, *(getattr(sklearn_mgc, name) for name in sklearn_mgc.__all__)]
    named = {"cache", "out", "source", "path", "folder", "data_home"}
    for room in rooms:
        if not isinstance(room, ModuleType):
            continue
        for value in (getattr(room, name) for name in room.__all__):
            if not callable(value) or (
                isinstance(value, type) and issubclass(value, (Exception, Warning))
            ):
                continue
            for name, parameter in inspect.signature(value).parameters.items():
                kind = str(parameter.annotation)
                if "PathLike" in kind or (name in named and kind != "str | None"):
                    yield f"{value.__name__}.{name}"


def test_every_parameter_is_in_the_table():
    assert set(parameters_that_take_paths()) - set(CASES) == set()


def test_one_helper_expands():
    package = Path(sklearn_mgc.__file__).parent
    users = [f for f in package.rglob("*.py") if "expanduser" in f.read_text(encoding="utf-8")]
    assert [file.relative_to(package).as_posix() for file in users] == ["audio/paths.py"]
