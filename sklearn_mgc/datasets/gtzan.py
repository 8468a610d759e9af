"""GTZAN's audio, in whichever shape somebody has it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from sklearn_mgc._atomic import write_whole
from sklearn_mgc.datasets import gtzan_clips
from sklearn_mgc.datasets.archives import unpack
from sklearn_mgc.datasets.bunch import count, find_data, get_data_home, locate_data_home, make_bunch
from sklearn_mgc.datasets.catalog import DataSet
from sklearn_mgc.datasets.download import download, mirrors_of, require_space
from sklearn_mgc.datasets.files import Errors, is_archive, is_audio, members, problem, walk
from sklearn_mgc.datasets.readers import read_parquet

WHERE = (
    "The original host of genres.tar.gz is gone. Copies are at "
    "kaggle.com/datasets/andradaolteanu/gtzan-dataset-music-genre-classification (Data.zip), "
    "kaggle.com/datasets/carlthome/gtzan-genre-collection and huggingface.co/datasets/"
    "marsyas/gtzan. Point load_gtzan at any of these: a folder genres/blues/blues.00000.wav "
    "(or .au), Kaggle's Data/genres_original, one flat folder of blues.00000.wav, genres.tar.gz, "
    "the zip as it is, or the parquet files"
)
_COPIES = {
    "tar": "the archive genres.tar.gz, unpacked",
    "zip": "a zip archive, read in place",
    "parquet": "parquet files, as on Hugging Face",
    "kaggle": "the Kaggle copy (genres_original)",
    "au": "the original distribution (.au files)",
    "flat": "one flat folder",
    "genres": "a folder per genre",
}

DATA_SET = DataSet(
    name="gtzan",
    parts={"split": None},
    title="GTZAN",
    tracks="1000 clips of 30 s",
    genres="10 genres",
    groups="artists",
    size="1.1 GiB",
    get="by hand (no host), or fetch_gtzan(mirrors=...)",
    load="load_gtzan, load_gtzan_features",
    archives={"genres.tar.gz": ("md5:5b3d6dddb579ab49814ab86dba69e7c7", int(1.14 * 2**30))},
)


def load_gtzan(
    path: str | os.PathLike | None = None,
    *,
    split: str | None = None,
    subset=None,
    random_state=0,
    data_home: str | os.PathLike | None = None,
    return_X_y: bool = False,
    as_frame: bool = False,
    verbose: int = 0,
):
    """List the clips of GTZAN with genres, artists, repetitions, faults and splits.

    Parameters
    ----------
    path : str or path-like, default=None
        Any copy: a folder with a folder per genre (``genres/blues/blues.00000.wav`` or
        ``.au``), Kaggle's ``Data/genres_original`` or the folder above it, one flat folder,
        ``genres.tar.gz`` (unpacked into `data_home`), a zip archive (read in place), or
        parquet files with embedded audio (written into `data_home`). None is
        ``data_home/gtzan``.
    split : {"fault_filtered", "artist_filtered", "foleiss", "paper", \
"paper_60_20_20"}, default=None
        Keep the clips of this split and return its ``cv``. "artist_filtered": three folds with no
        artist in two of them; "foleiss": the same folds as published, which leak; "fault_filtered":
        443 training, 197 validation, 290 test clips; "paper": random 80/10/10; "paper_60_20_20":
        random 60/20/20. None keeps all clips: use ``groups`` with ``StratifiedGroupKFold``.
    subset : str, int or sequence of those, default=None
        Keep only these parts of the split, such as "train" or fold 1.
    random_state : int, RandomState instance or None, default=0
        Seed of the two random splits of the paper.
    data_home : str or path-like, default=None
        Where archives are unpacked. See :func:`get_data_home`.
    return_X_y, as_frame : bool, default=False
        Return ``(data, target)`` instead of a Bunch; return pandas objects.
    verbose : int, default=0
        1 shows progress while an archive is unpacked.

    Returns
    -------
    Bunch
        ``data`` (object array of paths), ``target`` (genres), ``target_names``, ``ids``
        (such as "blues.00000"), ``groups`` (artists as integers), ``duplicates`` (clips of
        one song share a number, -1 for all others), ``split`` (part of each clip, or None),
        ``cv`` (list of index arrays (train, test) for scikit-learn, or None), ``faults``
        (list of dict: id, fault and the clip that it repeats), ``errors`` (what was left out
        or is missing, and why), ``layout`` (which copy it is), ``frame`` and ``DESCR``.

    Raises
    ------
    FileNotFoundError
        If there is nothing at `path`; the message says where people find GTZAN.
    ValueError
        If `path` holds no clip of GTZAN, or `split` or `subset` is unknown.

    Warns
    -----
    UserWarning
        If more than two clips are missing, as after an interrupted copy.

    See Also
    --------
    load_gtzan_features : The public table of descriptors, with the same groups and splits.

    Examples
    --------
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn_mgc.datasets import load_gtzan
    >>> gtzan = load_gtzan("genres.tar.gz", split="artist_filtered")  # doctest: +SKIP
    >>> cross_val_score(model, gtzan.data, gtzan.target, cv=gtzan.cv)  # doctest: +SKIP
    """
    if split is None and subset is not None:
        raise ValueError("subset needs a split: pass split='fault_filtered', for example")
    if split is not None and split not in gtzan_clips.SPLITS:
        known = ", ".join(gtzan_clips.SPLITS)
        raise ValueError(f"unknown split {split!r}; choose from {known}, or None")
    source = find_data(path, data_home, "gtzan", WHERE)
    errors = Errors()
    layout, found = _find(source, data_home, errors, verbose)
    ids = sorted(found)
    missing = sorted(set(gtzan_clips.clips()) - found.keys() - {row.get("id") for row in errors})
    for name in missing:
        errors.add("", "not in this copy", name)
    if len(missing) > 2:
        warnings.warn(
            f"{source}: {len(missing)} of GTZAN's 1000 clips are missing, such as {missing[0]}; "
            "was it copied or unpacked to the end? They are listed in errors",
            stacklevel=2,
        )
    parts = gtzan_clips.part_of(ids, split, random_state)
    if parts is not None:
        keep = _keep(parts, subset)
        ids, parts = [ids[i] for i in keep], parts[keep]
    target = [name.split(".")[0] for name in ids]
    return make_bunch(
        [str(found[name]) for name in ids],
        target,
        name="path",
        columns=gtzan_clips.columns_of(ids, parts),
        faults=gtzan_clips.faults(ids),
        errors=errors,
        layout=layout,
        return_X_y=return_X_y,
        as_frame=as_frame,
        DESCR=DATA_SET.describe(
            f"{source}: {_COPIES[layout]}; {len(found)} readable clips, {len(ids)} of them in this "
            f"Bunch: {count(target)}.",
            split=split,
        ),
    )


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

    The host of GTZAN is gone and its licence does not allow others to take its place, so there is
    no default mirror. If you pass none, the error says where copies are and how to load them.

    Parameters
    ----------
    split : str, default=None
        As in :func:`load_gtzan`.
    data_home : str or path-like, default=None
        See :func:`get_data_home`. The archive and the clips go into ``data_home/gtzan``.
    mirrors : str or sequence of str, default=None
        Addresses of folders that hold ``genres.tar.gz``, tried in turn. None is the
        environment variable ``SKLEARN_MGC_MIRRORS`` (addresses with blanks between them).
    download_if_missing, timeout, return_X_y, as_frame, verbose
        As in :func:`fetch_fma`.

    Returns
    -------
    Bunch
        As by :func:`load_gtzan`.

    Raises
    ------
    FileNotFoundError
        If GTZAN is not there, and there is no mirror or ``download_if_missing`` is False.
    OSError
        If no mirror has the right file, or the disk is too small. What was downloaded is kept, and
        the next call resumes from there.

    Examples
    --------
    >>> from sklearn_mgc.datasets import fetch_gtzan
    >>> gtzan = fetch_gtzan(mirrors="https://example.org/sound")  # doctest: +SKIP
    """
    folder = locate_data_home(data_home) / "gtzan"
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
            checksum, size = DATA_SET.archives[archive.name]
            folder = get_data_home(data_home) / "gtzan"
            require_space(folder.parent, 2 * size, "GTZAN")
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
        is_audio(file) or file.suffix.lower() in names for file in walk(folder, Errors())
    )


def _keep(parts: np.ndarray, subset) -> np.ndarray:
    if subset is None:
        return np.flatnonzero(parts != "")
    wanted = [subset] if isinstance(subset, (str, int)) else list(subset)
    known = [part for part in dict.fromkeys(parts) if part != ""]
    unknown = [part for part in wanted if part not in known]
    if unknown:
        raise ValueError(f"unknown subset {unknown}; choose from {sorted(known)}")
    return np.flatnonzero(np.isin(parts, np.array(wanted, dtype=object)))


def _find(source: Path, data_home, errors: Errors, verbose: int) -> tuple[str, dict[str, Path]]:
    """Which copy it is, and the file of each clip in it."""

    def home(name: str) -> Path:  # made only where something is written into it
        return get_data_home(data_home) / "gtzan" / name

    if is_archive(source):
        layout, files = "zip", members(source, errors)
    elif source.suffix.lower() == ".parquet" and source.is_file():
        layout, files = "parquet", _unpack_parquet([source], home(source.stem), errors)
    elif source.is_file():
        folder = unpack(source, home(source.name.split(".")[0]), verbose=verbose)
        layout, files = "tar", walk(folder, errors)
    else:
        layout, files = "", walk(source, errors)
        tables = [file for file in files if file.suffix.lower() == ".parquet"]
        if tables and not any(map(is_audio, files)):
            layout, files = "parquet", _unpack_parquet(tables, home("parquet"), errors)
    found = _clips(files, errors)
    if not found:
        raise ValueError(
            f"{source}: no clip of GTZAN in {len(files)} files. {WHERE}. {errors.first()}"
        )
    return layout or _layout(source, found.values()), found


def _unpack_parquet(files: list[Path], folder: Path, errors: Errors) -> list[Path]:
    """Write the clips of parquet files as audio files, and return their paths.

    The column ``audio`` holds the bytes and a path, ``file`` (or that path) the name of the
    clip. Clips that are there already are not written again.
    """
    paths = []
    for file in files:
        for row in read_parquet(file, ("audio", "file")):
            if "audio" not in row:
                raise ValueError(f"{file}: no column 'audio', with the bytes of the clips")
            audio = row["audio"] if isinstance(row["audio"], dict) else {}
            name = str(audio.get("path") or row.get("file") or "")
            clip = gtzan_clips.clip_id(name) or gtzan_clips.clip_id(str(row.get("file") or ""))
            content = audio.get("bytes")
            if clip and content:
                suffix = Path(name).suffix.lower() if is_audio(name) else ".wav"
                paths.append(folder / clip.split(".")[0] / f"{clip}{suffix}")
                if not (paths[-1].is_file() and paths[-1].read_bytes() == content):
                    with write_whole(paths[-1]) as part:
                        part.write_bytes(content)
            else:
                what = "no audio bytes" if clip else f"no name of a clip: {name!r}"
                errors.add(file, what, clip)
    return paths


def _clips(files: Iterable[Path], errors: Errors) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for file in files:
        if not is_audio(file):
            continue  # pictures and tables belong to the copies
        name = gtzan_clips.clip_id(file.name)
        folder = gtzan_clips.genre_name(file.parent.name)
        if name is None:
            error = "not named like a clip of GTZAN (blues.00000.wav)"
        elif folder not in (None, name.split(".")[0]):
            error = f"a clip of {name.split('.')[0]} in the folder of {folder}"
        elif name in found:
            error = f"second file of this clip; {found[name]} is used"
        else:
            error = problem(file) or ""
        if error:
            errors.add(file, error, name)
        elif name:
            found[name] = file
    return found


def _layout(source: Path, files: Iterable[Path]) -> str:
    files = list(files)
    if any("genres_original" in file.parts for file in files):
        return "kaggle"
    if all(file.suffix.lower() == ".au" for file in files):
        return "au"
    return "flat" if all(file.parent == source for file in files) else "genres"
