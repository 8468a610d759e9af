"""What every loader returns, and where data sets are kept."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch


def get_data_home(data_home: str | os.PathLike | None = None) -> Path:
    """Folder of the data sets, made if it is not there.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder. None is the environment variable ``SKLEARN_MGC_DATA``, or
        ``~/sklearn_mgc_data`` where it is not set.

    Returns
    -------
    pathlib.Path
        The folder.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_mgc.datasets import get_data_home
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     get_data_home(folder + "/music").name
    'music'
    """
    if data_home is None:
        data_home = os.environ.get("SKLEARN_MGC_DATA") or Path("~", "sklearn_mgc_data")
    folder = as_path(data_home)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def clear_data_home(data_home: str | os.PathLike | None = None) -> None:
    """Delete the folder of the data sets and everything in it.

    Parameters
    ----------
    data_home : str or path-like, default=None
        As in :func:`get_data_home`.

    Returns
    -------
    None
        The folder is gone.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklearn_mgc.datasets import clear_data_home, get_data_home
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     home = get_data_home(folder + "/music")
    ...     clear_data_home(home)
    ...     os.path.exists(home)
    False
    """
    shutil.rmtree(get_data_home(data_home))


def as_path(path) -> Path:
    """A path as people write it: text, bytes or path-like, ``~`` for their own folder."""
    return Path(os.path.expanduser(os.fsdecode(path)))


def find_data(path: str | os.PathLike | None, data_home, name: str, hint: str) -> Path:
    """The path given, or `name` below the data home; a helpful error if nothing is there."""
    found = as_path(path) if path is not None else get_data_home(data_home) / name
    if not found.exists():
        raise FileNotFoundError(f"{found}: no such file or folder; {hint}")
    return found


def make_bunch(
    data: np.ndarray | list,
    target: Iterable,
    *,
    name: str,
    return_X_y: bool,
    as_frame: bool,
    feature_names: list[str] | None = None,
    columns: Mapping[str, Iterable] | None = None,
    **extra,
):
    """A Bunch of data, target, one array per column and anything else, or just (X, y).

    `name` is what the data are called in a frame when they are not a table ("path").
    """
    columns = {} if columns is None else columns
    target = np.asarray(list(target), dtype=object)
    if feature_names is None:
        data = np.asarray(list(data), dtype=object)
    frame = None
    if as_frame:
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError("as_frame=True needs pandas: run `pip install pandas`") from error
        target = pd.Series(target, name="genre")
        if feature_names is None:
            data = pd.Series(data, name=name)
        else:
            data = pd.DataFrame(data, columns=feature_names)
        others = [pd.Series(list(values), name=key) for key, values in columns.items()]
        frame = pd.concat([data, target, *others], axis=1)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        target_names=sorted(set(target)),
        frame=frame,
        **({} if feature_names is None else {"feature_names": feature_names}),
        **columns,
        **extra,
    )


def count(values: Iterable) -> str:
    """``jazz 100, rock 99``."""
    return ", ".join(f"{value} {n}" for value, n in sorted(Counter(values).items()))
