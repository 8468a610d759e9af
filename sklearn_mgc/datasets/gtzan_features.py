"""GTZAN as a table of descriptors."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np

from sklearn_mgc.audio import as_path
from sklearn_mgc.datasets.bunch import count, make_bunch
from sklearn_mgc.datasets.files import Errors
from sklearn_mgc.datasets.gtzan import DATA_SET
from sklearn_mgc.datasets.gtzan_clips import clip_id, columns_of, faults, part_of
from sklearn_mgc.datasets.readers import cell_text, column_index, numbers_of, read_table

_HINT = (
    "It is the file features_30_sec.csv of the Kaggle copy of GTZAN. Without it, make one from "
    "the audio: `python -m sklearn_mgc features genres --descriptors kaggle`, or "
    "HandcraftedFeatures(descriptors='kaggle', pad_mode='reflect') on load_gtzan(...).data"
)


def load_gtzan_features(
    csv: str | os.PathLike,
    *,
    columns: str = "paper",
    split: str | None = None,
    random_state=0,
    return_X_y: bool = False,
    as_frame: bool = False,
):
    """Load the public table of GTZAN's descriptors.

    Parameters
    ----------
    csv : str or path-like
        ``features_30_sec.csv`` of the Kaggle copy, its 3-second sister, or a table
        written by ``python -m sklearn_mgc features``.
    columns : {"paper", "kaggle"}, default="paper"
        The paper's 25 means, or the 57 means and variances. They are named as by
        :meth:`sklearn_mgc.HandcraftedFeatures.get_feature_names_out`.
    split, random_state, return_X_y, as_frame
        As in :func:`load_gtzan`.

    Returns
    -------
    Bunch
        ``data`` (float64 array of shape (n_clips, 25 or 57)), ``target`` (genres),
        ``target_names``, ``feature_names``, ``ids``, ``groups`` (artists as integers),
        ``duplicates`` (clips of one song share a number, -1 for all others), ``split``
        (part of each clip, or None), ``cv`` (list of index arrays (train, test) for
        scikit-learn, or None), ``faults`` (list of dict), ``errors`` (rows left out, and
        why), ``frame`` and ``DESCR``.

    Raises
    ------
    FileNotFoundError
        If there is no table.
    ValueError
        If columns are missing, a clip occurs twice, or an option is unknown.

    See Also
    --------
    load_gtzan : The audio, with the same groups and splits.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_mgc.datasets import load_gtzan_features
    >>> gtzan = load_gtzan_features(
    ...     "features_30_sec.csv", split="artist_filtered")  # doctest: +SKIP
    >>> model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    >>> cross_val_score(model, gtzan.data, gtzan.target, cv=gtzan.cv)  # doctest: +SKIP
    """
    if columns not in ("paper", "kaggle"):
        raise ValueError(f"columns must be 'paper' or 'kaggle', got {columns!r}")
    names = _names(columns)
    path = as_path(csv)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such table. {_HINT}")
    rows, values, errors = _read(path, names)
    parts = part_of(rows, split, random_state)
    keep = np.arange(len(rows)) if parts is None else np.flatnonzero(parts != "")
    parts = None if parts is None else parts[keep]
    ids = [rows[i] for i in keep]
    target = [name.split(".")[0] for name in ids]
    return make_bunch(
        values[keep],
        target,
        name="clip",
        feature_names=names,
        columns=columns_of(ids, parts),
        faults=faults(ids),
        errors=errors,
        return_X_y=return_X_y,
        as_frame=as_frame,
        DESCR=DATA_SET.describe(f"{len(ids)} rows of {path}: {count(target)}.", split=split),
    )


def _names(columns: str) -> list[str]:
    from sklearn_mgc.features import HandcraftedFeatures

    return [str(name) for name in HandcraftedFeatures(columns).get_feature_names_out()]


def _read(path: Path, names: list[str]) -> tuple[list[str], np.ndarray, Errors]:
    table = read_table(path)
    # The public table says "rolloff" where librosa and we say "spectral_rolloff".
    header = [f"spectral_{name}" if name.startswith("rolloff") else name for name in table.header]
    missing = [name for name in ("filename", *names) if name not in header]
    if missing:
        raise ValueError(
            f"{path}: {len(missing)} columns are missing ({', '.join(missing[:4])}"
            f"{', ...' if len(missing) > 4 else ''}). {_HINT}"
        )
    index = column_index(header, str(path), ["filename", *names])
    cells = [[cell_text(row, index[name]) for name in names] for _, row in table.rows]
    values = np.array(numbers_of(cells, table.delimiter)).reshape(-1, len(names))
    kept: list[int] = []
    ids: list[str] = []
    errors = Errors()
    seen = Counter[str]()
    for i, (line, row) in enumerate(table.rows):
        file_name = cell_text(row, index["filename"])
        clip = clip_id(file_name)
        bad = [name for name, gap in zip(names, np.isnan(values[i]), strict=True) if gap]
        if clip is None:
            errors.add(f"{path}:{line}", f"no GTZAN clip; {file_name!r}")
        elif bad or len(row) > len(header):
            what = f"no number; in {bad}" if bad else "more cells than the header"
            errors.add(f"{path}:{line}", what, clip)
        else:
            kept.append(i)
            ids.append(clip)
            seen[file_name] += 1
    twice = [name for name, n in seen.items() if n > 1]
    if twice:
        raise ValueError(f"{path}: {len(twice)} files occur twice, such as {twice[0]}")
    if not ids:
        raise ValueError(f"{path}: no row of GTZAN in this table. {errors.first()}. {_HINT}")
    return ids, values[kept], errors
