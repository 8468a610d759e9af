"""FMA: the Free Music Archive's tracks, genres, artists and official split."""

from __future__ import annotations

import os
import re
import warnings
import zipfile
from pathlib import Path

import numpy as np

from sklearn_mgc.datasets._fma_tables import (
    SUBSETS,
    metadata_places,
    read_features,
    read_genres,
    read_tracks,
)
from sklearn_mgc.datasets._gtzan_table import folds_of
from sklearn_mgc.datasets.bunch import as_path, count, find_data, make_bunch
from sklearn_mgc.datasets.files import members, walk

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

_DESCR = """\
FMA, a dataset for music analysis
=================================

{found}

106,574 tracks of the Free Music Archive, in subsets: small (8000 clips of 30 s in 8 genres,
1000 each), medium (25,000 clips, 16 unbalanced genres), large (all tracks as 30 s clips) and
full (whole tracks). ``target`` is the top-level genre, ``genres`` all genres of a track,
``hierarchy`` the tree of 163 genres.

Source: https://github.com/mdeff/fma
Licence: metadata CC BY 4.0; each track has the Creative Commons licence its artist chose
(``licences``). Meant for research.

What is wrong with it
---------------------
* Of the small subset three clips hold no audio (99134, 108925, 133297) and three last less than
  two seconds (98565, 98567, 98569); medium and large hold more. They are left out and reported
  in ``errors``.
* The archives are compressed with bzip2: the unzip programs of macOS and Windows stop early
  (1945 files). `load_fma` reads the archive as it is.
* The beta release of December 2016 has other files under the same names.
* features.csv was computed at each track's own sample rate on the whole track: its values are
  not those of the 30 s clips at 22,050 Hz.

Split
-----
The official one (80/10/10 for small, per genre 800/100/100) keeps artists apart. ``split`` holds
it, ``cv`` is (train, test).

Reference
---------
M. Defferrard, K. Benzi, P. Vandergheynst, X. Bresson, "FMA: A dataset for music analysis",
ISMIR 2017, arXiv:1612.01840.
"""


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
        The audio: a folder of ``000/000002.mp3`` such as ``fma_small``, the archive
        ``fma_small.zip`` (read in place, no unpacking), or the folder that holds one of
        these. None is ``data_home/fma``.
    subset : {"small", "medium", "large", "full"}, default="small"
        Which tracks. A smaller subset may be taken from the audio of a larger one.
    metadata : str or path-like, default=None
        The folder or archive of ``tracks.csv`` and ``genres.csv``. By default
        ``fma_metadata`` or ``fma_metadata.zip`` in, or next to, `path`.
    data_home : str or path-like, default=None
        See :func:`get_data_home`.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects.

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
    places = _places(root, metadata)
    tracks = read_tracks(places, subset)
    hierarchy = read_genres(places)
    errors: list[dict[str, str]] = []
    files = _audio(root, subset, errors)
    known = tracks if subset in ("large", "full") else read_tracks(places, "full")
    errors += [
        {"id": str(number), "path": str(file), "error": "no row in tracks.csv"}
        for number, file in sorted(files.items())
        if number not in known
    ]
    missing = 0
    ids = []
    for number, track in sorted(tracks.items()):
        error = "" if track.genre else "no single top-level genre"
        if number in BAD and subset != "full":
            error = BAD[number]
        elif number not in files:
            error = "no audio file"
            missing += 1
        if error:
            file = str(files.get(number, ""))
            errors.append({"id": str(number), "path": file, "error": error})
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
    rows = [tracks[number] for number in ids]
    split = np.array([track.split for track in rows], dtype=object)
    target = [track.genre for track in rows]
    return make_bunch(
        [str(files[number]) for number in ids],
        target,
        name="path",
        columns=_columns(ids, rows),
        cv=folds_of(split),
        hierarchy=hierarchy,
        errors=errors,
        return_X_y=return_X_y,
        as_frame=as_frame,
        DESCR=_DESCR.format(
            found=f"fma_{subset} from {root}: {len(ids)} of {len(tracks)} tracks: {count(target)}; "
            f"{count(split)}."
        ),
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
    subset : {"small", "medium", "large", "full"}, default="small"
        Which tracks.
    data_home : str or path-like, default=None
        See :func:`get_data_home`.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects.

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
    places = _places(root, None)
    tracks = read_tracks(places, subset)
    hierarchy = read_genres(places)
    header, cells = read_features(places, set(tracks))
    errors: list[dict[str, str]] = []
    ids, values = [], []
    for number, track in sorted(tracks.items()):
        row = _numbers(cells.get(number), len(header))
        if not track.genre or row is None:
            error = "no complete row in features.csv" if track.genre else "no top-level genre"
            errors.append({"id": str(number), "path": "", "error": error})
        else:
            ids.append(number)
            values.append(row)
    if not ids:
        raise ValueError(f"{root}: features.csv has no track of the subset {subset!r}")
    data = np.array(values)
    names = [_our_name(*column) for column in header]
    if columns == "paper":
        data, names = _paper(data, header, root)
    rows = [tracks[number] for number in ids]
    split = np.array([track.split for track in rows], dtype=object)
    target = [track.genre for track in rows]
    return make_bunch(
        data,
        target,
        name="track",
        feature_names=names,
        columns=_columns(ids, rows),
        cv=folds_of(split),
        hierarchy=hierarchy,
        errors=errors,
        return_X_y=return_X_y,
        as_frame=as_frame,
        DESCR=_DESCR.format(
            found=f"{len(names)} descriptors of fma_{subset} from {root}: {len(ids)} of "
            f"{len(tracks)} tracks: {count(target)}; {count(split)}."
        ),
    )


def _places(root: Path, metadata: str | os.PathLike | None) -> list[Path]:
    if metadata is None:
        return metadata_places(root)
    given = as_path(metadata)
    if not given.exists():
        raise FileNotFoundError(f"{given}: no such folder or archive of tables")
    return [given.parent if given.suffix.lower() == ".csv" else given, given / "fma_metadata"]


def _columns(ids: list[int], rows: list) -> dict:
    genres = np.empty(len(rows), dtype=object)
    genres[:] = [track.genres for track in rows]
    return {
        "ids": np.array(ids),
        "groups": np.array([track.artist for track in rows]),
        "albums": np.array([track.album for track in rows]),
        "split": np.array([track.split for track in rows], dtype=object),
        "licences": np.array([track.licence for track in rows], dtype=object),
        "genres": genres,
    }


def _audio(root: Path, subset: str, errors: list[dict[str, str]]) -> dict[int, Path]:
    """File of each track: 000/000002.mp3 in a tree or an archive."""
    source = root
    if root.is_dir():
        # A larger set holds the smaller one; the folder itself may be the tree.
        sizes = SUBSETS[SUBSETS.index(subset) :] if subset != "full" else ("full",)
        names = [f"fma_{size}{end}" for size in sizes for end in ("", ".zip")]
        source = next((root / name for name in names if (root / name).exists()), root)
    if source.is_file() and not zipfile.is_zipfile(source):
        raise ValueError(
            f"{source}: not a complete zip archive; the download stopped early: fetch it again"
        )
    files = members(source) if source.is_file() else walk(source, errors)
    found: dict[int, Path] = {}
    for file in files:
        if file.suffix.lower() != ".mp3":
            continue
        match = re.fullmatch(r"0*(\d{1,6})", file.stem)
        if not match:
            error = "not named like a track (000002.mp3)"
            errors.append({"path": str(file), "error": error})
        elif int(match[1]) in found:
            error = f"second file of this track; {found[int(match[1])]} is used"
            errors.append({"id": match[1], "path": str(file), "error": error})
        else:
            found[int(match[1])] = file
    return found


def _numbers(cells: list[str] | None, n: int) -> list[float] | None:
    try:
        row = [float(cell) for cell in cells or ()]
    except ValueError:
        return None
    return row if len(row) == n and np.isfinite(row).all() else None


def _our_name(feature: str, statistic: str, number: str) -> str:
    feature = {"zcr": "zero_crossing_rate", "rmse": "rms"}.get(feature, feature)
    many = feature.startswith(("chroma", "mfcc", "tonnetz")) or feature == "spectral_contrast"
    return f"{feature}{int(number)}_{statistic}" if many else f"{feature}_{statistic}"


def _paper(data: np.ndarray, header: list[tuple], root: Path) -> tuple[np.ndarray, list[str]]:
    """The paper's 25: the mean of the twelve chroma means, and 24 columns."""
    from sklearn_mgc.features import HandcraftedFeatures

    place = {_our_name(*column): i for i, column in enumerate(header)}
    names = [str(name) for name in HandcraftedFeatures().get_feature_names_out()]
    chroma = [f"chroma_stft{i}_mean" for i in range(1, 13)]
    missing = [name for name in (*chroma, *names[1:]) if name not in place]
    if missing:
        raise ValueError(f"{root}: features.csv: columns such as {missing[0]} are missing")
    first = data[:, [place[name] for name in chroma]].mean(axis=1, keepdims=True)
    return np.hstack([first, data[:, [place[name] for name in names[1:]]]]), names
