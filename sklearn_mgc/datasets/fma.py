"""FMA: the Free Music Archive's tracks, genres, artists and official split."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sklearn_mgc.datasets.bunch import (
    count,
    find_data,
    get_data_home,
    locate_data_home,
    make_bunch,
    part_name,
)
from sklearn_mgc.datasets.catalog import DataSet
from sklearn_mgc.datasets.download import download, mirrors_of, require_space
from sklearn_mgc.datasets.files import Errors, members, walk
from sklearn_mgc.datasets.fma_tables import SUBSETS, metadata_folders, read_genres, read_tracks

_NO_AUDIO = (99134, 108925, 133297)
_SHORT = (98565, 98567, 98569)
_BROKEN = (
    1486, 5574, 65753, 80391, *range(98558, 98572), 105247, 108924, 126981, 127336, 143992,
)  # fmt: skip
BAD = {
    **dict.fromkeys(_BROKEN, "known to be broken or far shorter than 30 s"),
    **dict.fromkeys(_SHORT, "known to last less than 2 s"),
    **dict.fromkeys(_NO_AUDIO, "known to hold no audio"),
}

DATA_SET = DataSet(
    name="fma",
    title="FMA",
    tracks="8000 to 106,574 tracks",
    genres="8 to 16 genres",
    groups="artists",
    size="7.2 to 879 GiB, tables 342 MiB",
    get="fetch_fma, fetch_fma_features",
    load="load_fma, load_fma_features",
    archives={
        "fma_metadata.zip": ("sha1:f0df49ffe5f2a6008d7dc83c6915b31835dfe733", 342 * 2**20),
        "fma_small.zip": ("sha1:ade154f733639d52e35e32f5593efe5be76c6d70", int(7.2 * 2**30)),
        "fma_medium.zip": ("sha1:c67b69ea232021025fca9231fc1c7c1a063ab50b", 22 * 2**30),
        "fma_large.zip": ("sha1:497109f4dd721066b5ce5e5f250ec604dc78939e", 93 * 2**30),
        "fma_full.zip": ("sha1:0f0ace23fbe9ba30ecb7e95f763e435ea802b8ab", 879 * 2**30),
    },
)
_MIRRORS = ("https://os.unil.cloud.switch.ch/fma",)


def load_fma(
    path: str | os.PathLike | None = None,
    *,
    subset: str = "small",
    metadata: str | os.PathLike | None = None,
    data_home: str | os.PathLike | None = None,
    return_X_y: bool = False,
    as_frame: bool = False,
):
    """List the tracks of FMA with genres, artists, licences and the official split.

    Parameters
    ----------
    path : str or path-like, default=None
        The audio: a folder such as ``fma_small`` with ``000/000002.mp3`` in it, the archive
        ``fma_small.zip`` (read in place, without unpacking), or the folder that holds one of these.
        None is ``data_home/fma``.
    subset : {"small", "medium", "large", "full"}, default="small"
        Which tracks. A smaller subset may be taken from the audio of a larger one.
    metadata : str or path-like, default=None
        The folder or archive of ``tracks.csv`` and ``genres.csv``. By default
        ``fma_metadata`` or ``fma_metadata.zip`` in, or next to, `path`.
    data_home : str or path-like, default=None
        See :func:`get_data_home`.
    return_X_y, as_frame : bool, default=False
        Return ``(data, target)`` instead of a Bunch; return pandas objects.

    Returns
    -------
    Bunch
        ``data`` (object array of paths; those inside an archive read
        "fma_small.zip/fma_small/000/000002.mp3", which :func:`sklearn_mgc.load_audio`
        understands), ``target`` (top-level genres), ``target_names``, ``ids``, ``groups``
        (artists), ``albums``, ``split`` ("train", "valid" or "test"), ``licences``,
        ``genres`` (all genres of a track, ids), ``cv`` (list of index arrays (train, test)),
        ``hierarchy`` (dict of genres: title, parent, top_level, path), ``errors`` (what was
        left out, and why), ``frame`` and ``DESCR``.

    Raises
    ------
    FileNotFoundError
        If there is no audio, or no table.
    ValueError
        If the subset is unknown, or a table or archive is broken.

    Warns
    -----
    UserWarning
        If audio is missing for more than a hundredth of the tracks.

    See Also
    --------
    load_fma_features : The table of descriptors that comes with FMA; needs no audio.

    Examples
    --------
    >>> from sklearn_mgc.datasets import load_fma
    >>> fma = load_fma("fma_small.zip")  # doctest: +SKIP
    >>> train = fma.split == "train"  # doctest: +SKIP
    >>> model.fit(fma.data[train], fma.target[train])  # doctest: +SKIP
    """
    if subset not in SUBSETS:
        raise ValueError(f"unknown subset {subset!r}; choose from {', '.join(SUBSETS)}")
    root = find_data(
        path, data_home, "fma",
        f"download fma_{subset}.zip and fma_metadata.zip from https://github.com/mdeff/fma, or "
        f"call fetch_fma({subset!r}), and pass the folder that holds them",
    )  # fmt: skip
    folders = metadata_folders(root, metadata)
    tracks = read_tracks(folders, subset)
    hierarchy = read_genres(folders)
    errors = Errors()
    files = _audio(root, subset, errors)
    known = tracks if subset in ("large", "full") else read_tracks(folders, "full")
    for number in sorted(files.keys() - set(known.index)):
        errors.add(files[number], "no row in tracks.csv", str(number))
    missing = 0
    ids = []
    for number, genre in tracks["genre"].items():
        error = "" if genre else "no single top-level genre"
        if number in BAD and subset != "full":
            error = BAD[number]
        elif number not in files:
            error = "no audio file"
            missing += 1
        if error:
            errors.add(files.get(number, ""), error, str(number))
        else:
            ids.append(number)
    if not ids:
        raise ValueError(
            f"{root}: audio of none of the {len(tracks)} tracks of fma_{subset}; expected "
            f"fma_{subset}/000/000002.mp3 or fma_{subset}.zip"
        )
    if missing > len(tracks) / 100:
        warnings.warn(
            f"{root}: {missing} of {len(tracks)} tracks have no audio file. The archives are "
            f"compressed with bzip2, which many unzip programs cannot read: pass "
            f"fma_{subset}.zip as it is",
            stacklevel=2,
        )
    n_listed, tracks = len(tracks), tracks.loc[ids]
    columns = track_columns(tracks)
    return make_bunch(
        [str(files[number]) for number in ids],
        tracks["genre"],
        name="path",
        columns=columns,
        hierarchy=hierarchy,
        errors=errors,
        return_X_y=return_X_y,
        as_frame=as_frame,
        DESCR=DATA_SET.describe(
            found=f"fma_{subset} from {root}: {len(ids)} of {n_listed} tracks: "
            f"{count(tracks['genre'])}; {count(columns['split'])}."
        ),
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
        If False, raise an error if the archives are not in the data home.
    timeout : float, default=60.0
        Seconds without a byte after which a connection counts as broken.
    return_X_y, as_frame : bool, default=False
        Return ``(data, target)`` instead of a Bunch; return pandas objects.
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
        If FMA is not there and ``download_if_missing`` is False.
    OSError
        If no mirror has the right file, or the disk is too small. What was downloaded is kept, and
        the next call resumes from there.

    Examples
    --------
    >>> from sklearn_mgc.datasets import fetch_fma
    >>> fma = fetch_fma("small")  # doctest: +SKIP
    """
    if subset not in SUBSETS:
        raise ValueError(f"unknown subset {subset!r}; choose from {', '.join(SUBSETS)}")
    # A larger subset holds the smaller one, but full has whole tracks.
    larger = SUBSETS[SUBSETS.index(subset) : -1] or (subset,)
    folder = fetch_archives(
        {"fma_metadata": ["fma_metadata"], f"fma_{subset}": [f"fma_{size}" for size in larger]},
        data_home, mirrors, download_if_missing, timeout, verbose,
    )  # fmt: skip
    return load_fma(folder, subset=subset, return_X_y=return_X_y, as_frame=as_frame)


def fetch_archives(
    holders: dict[str, list[str]], data_home, mirrors, download_if_missing: bool,
    timeout: float, verbose: int,
) -> Path:  # fmt: skip
    """Download the archives of FMA that nothing in the data home stands in for."""
    folder = locate_data_home(data_home) / "fma"
    addresses = mirrors_of(_MIRRORS, mirrors)
    wanted = [
        f"{name}.zip"
        for name, names in holders.items()
        if not any((folder / n).is_dir() or (folder / f"{n}.zip").is_file() for n in names)
    ]
    if wanted and not download_if_missing:
        raise FileNotFoundError(f"{folder}: {wanted[0]} is not there")
    if wanted:
        folder = get_data_home(data_home) / "fma"
        folder.mkdir(exist_ok=True)
        came = sum(file.stat().st_size for file in folder.glob("fma_*.zip.part"))
        require_space(folder, sum(DATA_SET.archives[name][1] for name in wanted) - came, wanted[-1])
    for name in wanted:
        checksum, size = DATA_SET.archives[name]
        download(name, checksum, folder, addresses, size=size, timeout=timeout, verbose=verbose)
    return folder


def track_columns(tracks) -> dict[str, Any]:
    """What is known of some tracks, beside their genre."""
    return {
        "ids": tracks.index.to_numpy(dtype=int),
        "groups": tracks["artist"].to_numpy(dtype=int),
        "albums": tracks["album"].to_numpy(dtype=int),
        "split": list(map(part_name, tracks["split"])),
        "licences": tracks["licence"].to_numpy(dtype=object),
        "genres": tracks["genres"].tolist(),
    }


def _audio(root: Path, subset: str, errors: Errors) -> dict[int, Path]:
    """File of each track: 000/000002.mp3 in a tree or an archive."""
    source = root
    if root.is_dir():
        # A larger set holds the smaller one; the folder itself may be the tree.
        sizes = SUBSETS[SUBSETS.index(subset) :] if subset != "full" else ("full",)
        names = [f"fma_{size}{end}" for size in sizes for end in ("", ".zip")]
        source = next((root / name for name in names if (root / name).exists()), root)
    files = members(source, errors) if source.is_file() else walk(source, errors)
    found: dict[int, Path] = {}
    for file in files:
        if file.suffix.lower() != ".mp3":
            continue
        match = re.fullmatch(r"0*(\d{1,6})", file.stem)
        if not match:
            errors.add(file, "not named like a track (000002.mp3)")
        elif int(match[1]) in found:
            errors.add(file, f"second file of this track; {found[int(match[1])]} is used", match[1])
        else:
            found[int(match[1])] = file
    return found
