"""Download data sets into the data home, and load them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sklearn_mgc.datasets._fma_tables import SUBSETS
from sklearn_mgc.datasets.bunch import get_data_home
from sklearn_mgc.datasets.download import download, mirrors_of, require_space
from sklearn_mgc.datasets.files import is_audio, walk
from sklearn_mgc.datasets.fma import load_fma, load_fma_features
from sklearn_mgc.datasets.gtzan import WHERE, load_gtzan

_GIB = 2**30
#: Checksum and size in bytes (rounded) of each archive.
ARCHIVES = {
    "genres.tar.gz": ("md5:5b3d6dddb579ab49814ab86dba69e7c7", int(1.14 * _GIB)),
    "fma_metadata.zip": ("sha1:f0df49ffe5f2a6008d7dc83c6915b31835dfe733", 342 * 2**20),
    "fma_small.zip": ("sha1:ade154f733639d52e35e32f5593efe5be76c6d70", int(7.2 * _GIB)),
    "fma_medium.zip": ("sha1:c67b69ea232021025fca9231fc1c7c1a063ab50b", 22 * _GIB),
    "fma_large.zip": ("sha1:497109f4dd721066b5ce5e5f250ec604dc78939e", 93 * _GIB),
    "fma_full.zip": ("sha1:0f0ace23fbe9ba30ecb7e95f763e435ea802b8ab", 879 * _GIB),
}
_FMA = ("https://os.unil.cloud.switch.ch/fma",)


def fetch_gtzan(
    *,
    split: str | None = None,
    data_home: str | os.PathLike | None = None,
    mirrors: Sequence[str] | str | None = None,
    download_if_missing: bool = True,
    timeout: float = 60.0,
    return_X_y: bool = False,
    as_frame: bool = False,
    verbose: int = 1,
):
    """Load GTZAN from the data home, downloading it from a mirror if it is not there.

    The host of GTZAN is gone and its licence does not allow others to take its place, so
    there is no default mirror: without one, the error says where copies are and how to load
    them.

    Parameters
    ----------
    split : str, default=None
        As in :func:`load_gtzan`.
    data_home : str or path-like, default=None
        See :func:`get_data_home`. The archive and the clips go into ``data_home/gtzan``.
    mirrors : str or sequence of str, default=None
        Addresses of folders that hold ``genres.tar.gz``, tried in turn. None is the
        environment variable ``SKLEARN_MGC_MIRRORS`` (addresses with blanks between them).
    download_if_missing : bool, default=True
        If False, raise an error where GTZAN is not in the data home.
    timeout : float, default=60.0
        Seconds without a byte after which a connection counts as broken.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects.
    verbose : int, default=1
        1 shows progress.

    Returns
    -------
    Bunch
        As by :func:`load_gtzan`.

    Raises
    ------
    FileNotFoundError
        If GTZAN is not there and there is no mirror, or nothing may be downloaded.
    OSError
        If no mirror gave the right file, or the disk is too small. What came is kept, and
        the next call goes on from there.

    Examples
    --------
    >>> from sklearn_mgc.datasets import fetch_gtzan
    >>> gtzan = fetch_gtzan(mirrors="https://example.org/sound")  # doctest: +SKIP
    """
    folder = get_data_home(data_home) / "gtzan"
    archive = folder / "genres.tar.gz"
    source = archive
    if not archive.is_file():
        if _holds_gtzan(folder):
            source = folder
        else:
            addresses = mirrors_of((), mirrors)
            if not (addresses and download_if_missing):
                raise FileNotFoundError(
                    f"{folder}: no GTZAN here. {WHERE}. An address of your own of the folder of "
                    "genres.tar.gz can be passed as mirrors="
                )
            # The archive and, beside it, the clips.
            checksum, size = ARCHIVES[archive.name]
            require_space(get_data_home(data_home), 2 * size, "GTZAN")
            download(
                archive.name, checksum, folder, addresses,
                size=size, timeout=timeout, verbose=verbose,
            )  # fmt: skip
    return load_gtzan(
        source,
        split=split,
        data_home=data_home,
        return_X_y=return_X_y,
        as_frame=as_frame,
        verbose=verbose,
    )


def _holds_gtzan(folder) -> bool:
    names = (".zip", ".parquet")
    return folder.is_dir() and any(
        is_audio(file) or file.suffix.lower() in names for file in walk(folder, [])
    )


def fetch_fma(
    subset: str = "small",
    *,
    data_home: str | os.PathLike | None = None,
    mirrors: Sequence[str] | str | None = None,
    download_if_missing: bool = True,
    timeout: float = 60.0,
    return_X_y: bool = False,
    as_frame: bool = False,
    verbose: int = 1,
):
    """Load a subset of FMA from the data home, downloading it if it is not there.

    The archives stay packed: :func:`sklearn_mgc.load_audio` reads out of them.

    Parameters
    ----------
    subset : {"small", "medium", "large", "full"}, default="small"
        7.2, 22, 93 or 879 GiB, and 342 MiB of tables.
    data_home : str or path-like, default=None
        See :func:`get_data_home`. The archives go into ``data_home/fma``.
    mirrors : str or sequence of str, default=None
        Addresses of folders that hold ``fma_small.zip``, tried in turn. None is the
        environment variable ``SKLEARN_MGC_MIRRORS`` (addresses with blanks between them),
        or the authors' server.
    download_if_missing : bool, default=True
        If False, raise an error where the archives are not in the data home.
    timeout : float, default=60.0
        Seconds without a byte after which a connection counts as broken.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects.
    verbose : int, default=1
        1 shows progress.

    Returns
    -------
    Bunch
        As by :func:`load_fma`.

    Raises
    ------
    ValueError
        If the subset is unknown.
    FileNotFoundError
        If FMA is not there and nothing may be downloaded.
    OSError
        If no mirror gave the right file, or the disk is too small. What came is kept, and
        the next call goes on from there.

    Examples
    --------
    >>> from sklearn_mgc.datasets import fetch_fma
    >>> fma = fetch_fma("small")  # doctest: +SKIP
    """
    if subset not in SUBSETS:
        raise ValueError(f"unknown subset {subset!r}; choose from {', '.join(SUBSETS)}")
    # A larger subset holds the smaller one, but full has whole tracks.
    larger = SUBSETS[SUBSETS.index(subset) : -1] or (subset,)
    folder = _fetch_archives(
        {"fma_metadata": ["fma_metadata"], f"fma_{subset}": [f"fma_{size}" for size in larger]},
        data_home, mirrors, download_if_missing, timeout, verbose,
    )  # fmt: skip
    return load_fma(folder, subset=subset, return_X_y=return_X_y, as_frame=as_frame)


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
    data_home : str or path-like, default=None
        See :func:`get_data_home`. The archive goes into ``data_home/fma``.
    mirrors : str or sequence of str, default=None
        As in :func:`fetch_fma`.
    download_if_missing : bool, default=True
        If False, raise an error where the archive is not in the data home.
    timeout : float, default=60.0
        Seconds without a byte after which a connection counts as broken.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects.
    verbose : int, default=1
        1 shows progress.

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
    folder = _fetch_archives(
        {"fma_metadata": ["fma_metadata"]},
        data_home, mirrors, download_if_missing, timeout, verbose,
    )  # fmt: skip
    return load_fma_features(
        folder, columns=columns, subset=subset, return_X_y=return_X_y, as_frame=as_frame
    )


def _fetch_archives(
    holders: dict[str, list[str]], data_home, mirrors, download_if_missing: bool,
    timeout: float, verbose: int,
) -> Path:  # fmt: skip
    """Download the archives of FMA that nothing in the data home stands in for."""
    folder = get_data_home(data_home) / "fma"
    addresses = mirrors_of(_FMA, mirrors)
    wanted = [
        f"{name}.zip"
        for name, names in holders.items()
        if not any((folder / n).is_dir() or (folder / f"{n}.zip").is_file() for n in names)
    ]
    if wanted and not download_if_missing:
        raise FileNotFoundError(f"{folder}: {wanted[0]} is not there")
    if wanted:
        folder.mkdir(parents=True, exist_ok=True)
        came = sum(file.stat().st_size for file in folder.glob("fma_*.zip.part"))
        require_space(folder, sum(ARCHIVES[name][1] for name in wanted) - came, wanted[-1])
    for name in wanted:
        checksum, size = ARCHIVES[name]
        download(name, checksum, folder, addresses, size=size, timeout=timeout, verbose=verbose)
    return folder
