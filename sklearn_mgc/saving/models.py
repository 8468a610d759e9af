"""Fitted models as files: written whole, checked before they are read."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path
from typing import Any

import joblib

from sklearn_mgc._atomic import write_whole
from sklearn_mgc._optional import require
from sklearn_mgc.audio import as_path
from sklearn_mgc.saving.trusted_types import TRUSTED_TYPES

# After the end of a pickle or a zip archive, where other readers look no further.
_MARK = b"\nsklearn_mgc sha256 "
_LENGTH = len(_MARK) + 64


def save_model(model, path: str | os.PathLike) -> Path:
    """Save a fitted model, whole or not at all, with a checksum.

    Parameters
    ----------
    model : estimator
        A fitted classifier or pipeline.
    path : str or path-like
        File to write: ``.skops`` for a file that others can load without trusting you, which
        needs skops_; anything else, such as ``.joblib``, for a joblib file of your own. Both
        remain readable by ``skops.io.load`` and ``joblib.load``.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ImportError
        If skops is not installed, for a ``.skops`` file.
    OSError
        If the file cannot be written; what was there before is whole.

    See Also
    --------
    load_model : Loads it.

    Notes
    -----
    Where features are kept (``cache=``, ``out=``) is no part of a model: another process that
    loads it finds None there.

    .. _skops: https://skops.readthedocs.io

    Examples
    --------
    >>> import os, tempfile
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mgc.saving import load_model, save_model
    >>> model = LogisticRegression().fit([[0.0], [1.0]], ["jazz", "rock"])
    >>> file = save_model(model, os.path.join(tempfile.mkdtemp(), "genres.joblib"))
    >>> load_model(file, trust=True).predict([[1.0]])
    array(['rock'], dtype='<U4')
    """
    path = as_path(path)
    is_skops = path.suffix.lower() == ".skops"
    if is_skops:
        skops = require("skops.io", extra="skops", what=".skops files")
    with write_whole(path) as part:
        if is_skops:
            skops.dump(model, part)
        else:
            joblib.dump(model, part)
        with open(part, "r+b") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.write(_MARK + digest.encode())
    return path


def load_model(path: str | os.PathLike, *, trust: bool = False) -> Any:
    """Load a model from a file of :func:`save_model`, joblib or skops.

    Parameters
    ----------
    path : str or path-like
        A ``.skops`` file, which is data, or a joblib file, which is a program: loading it runs
        the code that it names.
    trust : bool, default=False
        Whether you would run a program from where the file comes from. Needed for joblib
        files, and for skops files with types from outside this package and scikit-learn.

    Returns
    -------
    estimator
        The model; ``cache=`` and ``out=`` of its features are None, unless this process
        saved it.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If skops is not installed, for a ``.skops`` file.
    PermissionError
        If the file needs trust that it was not given; nothing was loaded.
    ValueError
        If the file is damaged, or is not a model.

    See Also
    --------
    save_model : Has an example.
    TRUSTED_TYPES : What is trusted in a skops file.
    """
    path = as_path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    _verify(path)
    is_program = runs_code(path)
    if is_program and not trust:
        raise PermissionError(
            f"{path}: loading a joblib or pickle file runs the code in it; pass trust=True if "
            "you would run a program from where it comes from, or ask for a .skops file"
        )
    try:
        return joblib.load(path) if is_program else _from_skops(path, trust)
    except (ImportError, PermissionError):
        raise
    except Exception as error:
        raise ValueError(
            f"{path}: cannot be loaded: it is damaged, not a model, or was saved with other "
            f"versions ({type(error).__name__}: {error})"
        ) from error


def runs_code(path: str | os.PathLike) -> bool:
    """Tell whether loading a saved model runs code that the file names.

    Parameters
    ----------
    path : str or path-like
        A file of a model.

    Returns
    -------
    bool
        False for files of skops, True for those of joblib and pickle.
    """
    path = as_path(path)
    return path.suffix.lower() != ".skops" and not zipfile.is_zipfile(path)


def _from_skops(path: Path, trust: bool):
    skops = require("skops.io", extra="skops", what=".skops files")
    unknown = sorted(set(skops.get_untrusted_types(file=path)) - set(TRUSTED_TYPES))
    if unknown and not trust:
        raise PermissionError(
            f"{path}: holds types that are not of this package or scikit-learn: "
            f"{', '.join(unknown)}; pass trust=True if you know them all to be harmless"
        )
    return skops.load(path, trusted=[*TRUSTED_TYPES, *unknown])


def _verify(path: Path) -> None:
    """Raise ValueError where a checksum differs; files of joblib and skops have none."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - _LENGTH))
        end = file.read()
        if not end.startswith(_MARK):
            return
        file.seek(0)
        digest, left = hashlib.sha256(), size - _LENGTH
        while left:
            block = file.read(min(left, 2**20))
            digest.update(block)
            left -= len(block)
    if digest.hexdigest().encode() != end[len(_MARK) :]:
        raise ValueError(f"{path}: is damaged, as its checksum says; get another copy of it")
