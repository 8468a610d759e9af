"""The table of descriptors that comes with FMA; it needs no audio."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from sklearn_mgc.datasets.bunch import count, find_data, make_bunch
from sklearn_mgc.datasets.files import Errors
from sklearn_mgc.datasets.fma import DATA_SET, fetch_archives, track_columns
from sklearn_mgc.datasets.fma_tables import (
    SUBSETS,
    metadata_folders,
    read_features,
    read_genres,
    read_tracks,
)


def load_fma_features(
    path: str | os.PathLike | None = None,
    *,
    columns: str = "paper",
    subset: str = "small",
    data_home: str | os.PathLike | None = None,
    return_X_y: bool = False,
    as_frame: bool = False,
):
    """Load the table of descriptors that comes with FMA.

    Parameters
    ----------
    path : str or path-like, default=None
        The folder ``fma_metadata``, its archive ``fma_metadata.zip`` (read in place), or
        its ``features.csv``. None is ``data_home/fma``.
    columns : {"paper", "all"}, default="paper"
        The paper's 25 means, or all 518 columns: 74 series by mean, std, skew, kurtosis,
        median, min and max.
    subset, data_home, return_X_y, as_frame
        As in :func:`load_fma`.

    Returns
    -------
    Bunch
        ``data`` (float64 array of shape (n_tracks, 25 or 518)), ``feature_names`` (ours:
        "zero_crossing_rate_mean", "mfcc1_mean"), and the rest as by :func:`load_fma`.

    Raises
    ------
    FileNotFoundError
        If there is no table.
    ValueError
        If an option is unknown or the table broken.

    Notes
    -----
    The descriptors were computed at each track's own sample rate on the whole track. They
    are not what :class:`sklearn_mgc.HandcraftedFeatures` gives for the 30 s clip.

    Examples
    --------
    >>> from sklearn_mgc.datasets import load_fma_features
    >>> fma = load_fma_features("fma_metadata.zip")  # doctest: +SKIP
    >>> fma.data.shape  # doctest: +SKIP
    (8000, 25)
    """
    if columns not in ("paper", "all"):
        raise ValueError(f"columns must be 'paper' or 'all', got {columns!r}")
    root = find_data(path, data_home, "fma", "pass fma_metadata or fma_metadata.zip")
    folders = metadata_folders(root)
    tracks = read_tracks(folders, subset)
    hierarchy = read_genres(folders)
    names, table = read_features(folders, tracks.index, _paper if columns == "paper" else list)
    described = table.dropna().index
    complete = tracks.index.isin(described)
    known = tracks["genre"] != ""
    errors = Errors()
    for number in tracks.index[~known]:
        errors.add("", "no top-level genre", str(number))
    for number in tracks.index[known & ~complete]:
        errors.add("", "no complete row in features.csv", str(number))
    n_listed, tracks = len(tracks), tracks[known & complete]
    if tracks.empty:
        raise ValueError(f"{root}: features.csv has no track of the subset {subset!r}")
    data = table.loc[tracks.index].to_numpy()
    if columns == "paper":  # the mean of the twelve chroma means is its first
        data = np.column_stack([data[:, :12].mean(axis=1), data[:, 12:]])
        names = ["chroma_stft_mean", *names[12:]]
    columns_ = track_columns(tracks)
    return make_bunch(
        data,
        tracks["genre"],
        name="track",
        feature_names=names,
        columns=columns_,
        hierarchy=hierarchy,
        errors=errors,
        return_X_y=return_X_y,
        as_frame=as_frame,
        DESCR=DATA_SET.describe(
            found=f"{len(names)} descriptors of fma_{subset} from {root}: {len(tracks)} of "
            f"{n_listed} tracks: {count(tracks['genre'])}; {count(columns_['split'])}."
        ),
    )


def fetch_fma_features(
    subset: str = "small",
    *,
    columns: str = "paper",
    data_home: str | os.PathLike | None = None,
    mirrors: Sequence[str] | str | None = None,
    download_if_missing: bool = True,
    timeout: float = 60.0,
    return_X_y: bool = False,
    as_frame: bool = False,
    verbose: int = 1,
):
    """Load the table of descriptors of FMA, downloading it (342 MiB) if it is not there.

    Parameters
    ----------
    subset : {"small", "medium", "large", "full"}, default="small"
        Which tracks. All are in the one table.
    columns : {"paper", "all"}, default="paper"
        The paper's 25 means, or all 518 columns.
    data_home, mirrors, download_if_missing, timeout, return_X_y, as_frame, verbose
        As in :func:`fetch_fma`.

    Returns
    -------
    Bunch
        As by :func:`load_fma_features`.

    Raises
    ------
    ValueError
        If the subset or the columns are unknown.
    FileNotFoundError
        If the table is not there and nothing may be downloaded.
    OSError
        If no mirror gave the right file, or the disk is too small.

    Examples
    --------
    >>> from sklearn_mgc.datasets import fetch_fma_features
    >>> X, y = fetch_fma_features(return_X_y=True)  # doctest: +SKIP
    """
    if subset not in SUBSETS or columns not in ("paper", "all"):
        raise ValueError(
            f"subset must be one of {', '.join(SUBSETS)} and columns 'paper' or 'all', got "
            f"{subset!r} and {columns!r}"
        )
    folder = fetch_archives(
        {"fma_metadata": ["fma_metadata"]},
        data_home, mirrors, download_if_missing, timeout, verbose,
    )  # fmt: skip
    return load_fma_features(
        folder, columns=columns, subset=subset, return_X_y=return_X_y, as_frame=as_frame
    )


def _paper(names: list[str]) -> list[str]:
    """The columns that the paper's 25 are made of."""
    from sklearn_mgc.features import HandcraftedFeatures

    ours = [str(name) for name in HandcraftedFeatures().get_feature_names_out()]
    wanted = [f"chroma_stft{i}_mean" for i in range(1, 13)] + ours[1:]
    missing = [name for name in wanted if name not in names]
    if missing:
        raise ValueError(f"columns such as {missing[0]} are missing")
    return wanted
