"""What all loaders have in common."""

from __future__ import annotations

import inspect
import os
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.utils import Bunch

from sklearn_mgc import datasets

# Loader, miniature, what is in `data`.
LOADERS = [
    ("load_gtzan", "gtzan", "path"),
    ("load_gtzan_features", "gtzan_features", "table"),
    ("load_fma", "fma", "path"),
    ("load_fma_features", "fma", "table"),
    ("load_homburg", "homburg", "path"),
    ("load_acousticbrainz", "acousticbrainz", "table"),
    ("load_audio_folder", "homburg", "path"),
    ("load_audio_table", "audio_table", "path"),
]
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*clips are missing", "ignore:.*fewer clips than published"
)


def test_every_loader_is_here():
    public = {name for name in datasets.__all__ if name.startswith("load_")}
    assert public == {name for name, _, _ in LOADERS}


@pytest.mark.parametrize(("loader", "source", "kind"), LOADERS)
def test_bunch_frame_and_pair(miniature, loader, source, kind):
    load, path = getattr(datasets, loader), miniature(source)
    bunch = load(path)
    assert type(bunch) is Bunch
    n = len(bunch.data)
    assert n > 0 and bunch.target.shape == (n,) and bunch.target.dtype == object
    assert bunch.target_names == sorted(set(bunch.target))
    assert isinstance(bunch.DESCR, str) and len(bunch.DESCR) > 50
    assert bunch.frame is None and isinstance(bunch.errors, list)
    assert bunch.groups is None or bunch.groups.shape == (n,)
    if kind == "table":
        assert bunch.data.shape == (n, len(bunch.feature_names)) and bunch.data.dtype.kind == "f"
    else:
        assert bunch.data.dtype == object and all(isinstance(x, str) for x in bunch.data)
    if loader not in ("load_audio_folder", "load_audio_table"):
        for word in ("Licence", "Reference", "What is wrong with it"):
            assert word in bunch.DESCR

    X, y = load(path, return_X_y=True)
    np.testing.assert_array_equal(X, bunch.data)
    np.testing.assert_array_equal(y, bunch.target)

    framed = load(path, as_frame=True)
    assert isinstance(framed.frame, pd.DataFrame) and len(framed.frame) == n
    assert isinstance(framed.target, pd.Series) and framed.target.tolist() == y.tolist()
    names = bunch.feature_names if kind == "table" else ["path"]
    assert framed.frame.columns[: len(names) + 1].tolist() == [*names, "genre"]
    np.testing.assert_array_equal(np.asarray(framed.data), bunch.data)
    X, y = load(path, return_X_y=True, as_frame=True)
    assert isinstance(X, pd.DataFrame if kind == "table" else pd.Series)
    assert isinstance(y, pd.Series)


@pytest.mark.parametrize(("loader", "source", "kind"), LOADERS)
def test_as_frame_needs_pandas(miniature, monkeypatch, loader, source, kind):
    path = miniature(source)
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install"):
        getattr(datasets, loader)(path, as_frame=True)
    if not loader.startswith("load_fma"):  # whose tables are pandas' size
        assert len(getattr(datasets, loader)(path).data)


def test_same_options_everywhere():
    names = [name for name in datasets.__all__ if name.startswith(("load_", "fetch_"))]
    for name in names:
        parameters = inspect.signature(getattr(datasets, name)).parameters
        options = list(parameters.values())
        first = [p.name for p in options if p.kind is not inspect.Parameter.KEYWORD_ONLY]
        assert len(first) <= 1, f"{name}: options are passed by name"
        for option in ("return_X_y", "as_frame"):
            assert parameters[option].default is False


@pytest.mark.parametrize(
    ("loader", "source", "home"),
    [
        ("load_gtzan", "gtzan", "gtzan"),
        ("load_fma", "fma", "fma"),
        ("load_fma_features", "fma", "fma"),
        ("load_homburg", "homburg", "homburg"),
        ("load_acousticbrainz", "acousticbrainz", "acousticbrainz"),
    ],
)
def test_data_home(tmp_path, miniature, monkeypatch, loader, source, home):
    """By argument, and by the environment."""
    load = getattr(datasets, loader)
    with pytest.raises(FileNotFoundError):
        load(data_home=tmp_path / "elsewhere")
    miniature(source, tmp_path / "home" / home)
    expected = load(data_home=tmp_path / "home").target.tolist()
    monkeypatch.setenv("SKLEARN_MGC_DATA", str(tmp_path / "home"))
    assert load().target.tolist() == expected


TREES = [
    ("load_gtzan", "gtzan"),
    ("load_fma", "fma"),
    ("load_homburg", "homburg"),
    ("load_acousticbrainz", "acousticbrainz"),
    ("load_audio_folder", "homburg"),
]


def tree_of(miniature, source):
    """The folder of a miniature, FMA's archive unpacked."""
    path = miniature(source)
    if source == "fma":
        with zipfile.ZipFile(path / "fma_small.zip") as file:
            file.extractall(path)
        (path / "fma_small.zip").unlink()
    return path


def files_below(path):
    return sorted(file for file in path.rglob("*") if file.suffix in (".wav", ".mp3", ".json"))


@pytest.mark.parametrize(("loader", "source"), TREES)
def test_loop_of_links(miniature, loader, source):
    path, load = tree_of(miniature, source), getattr(datasets, loader)
    expected = load(path)
    for folder in {file.parent for file in files_below(path)}:
        (folder / "again").symlink_to(path, target_is_directory=True)
        (folder / "self").symlink_to(folder / "self")
    found = load(path)
    np.testing.assert_array_equal(found.data, expected.data)


@pytest.mark.parametrize(("loader", "source"), TREES)
def test_unreadable_folder_is_an_error_row(miniature, monkeypatch, loader, source):
    """Root may read everything, so the system's refusal is put in by hand."""
    path, load = tree_of(miniature, source), getattr(datasets, loader)
    locked = files_below(path)[0].parent / "locked"
    locked.mkdir()
    scandir = os.scandir

    def refuse(folder):
        if os.fspath(folder) == str(locked):
            raise PermissionError(13, "Permission denied", str(locked))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    bunch = load(path)
    assert {"path": str(locked), "error": "unreadable: Permission denied"} in bunch.errors


@pytest.mark.parametrize(("loader", "source"), TREES)
def test_upper_case(miniature, loader, source):
    """Copies that went through other systems: names in capitals."""
    path, load = tree_of(miniature, source), getattr(datasets, loader)
    expected = load(path)
    for file in files_below(path):
        file.rename(file.with_name(file.name.upper()))
    found = load(path)
    assert found.target.tolist() == expected.target.tolist()
    if "ids" in expected:
        assert found.ids.tolist() == expected.ids.tolist()


@pytest.mark.parametrize(("loader", "source"), TREES[:1] + TREES[3:4])
def test_duplicate_ids_are_error_rows(miniature, loader, source):
    path, load = tree_of(miniature, source), getattr(datasets, loader)
    expected = load(path)
    first = files_below(path)[0]
    (first.parent / "copy").mkdir()
    (first.parent / "copy" / first.name).write_bytes(first.read_bytes())
    found = load(path)
    assert found.ids.tolist() == expected.ids.tolist()
    assert any(row["error"].startswith("second file of this") for row in found.errors)


@pytest.mark.parametrize(("loader", "source"), TREES)
def test_empty_folder(tmp_path, loader, source):
    helpful = r"expected|no clip|no audio|not found"
    with pytest.raises((ValueError, FileNotFoundError), match=helpful):
        getattr(datasets, loader)(tmp_path)
