"""GTZAN's audio, in whichever shape somebody has it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from sklearn_mgc.datasets import _gtzan_table as table
from sklearn_mgc.datasets._extract import extract
from sklearn_mgc.datasets._gtzan_descr import descr
from sklearn_mgc.datasets._gtzan_parquet import unpack_parquet
from sklearn_mgc.datasets.bunch import count, find_data, get_data_home, make_bunch
from sklearn_mgc.datasets.files import is_audio, members, problem, walk

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
        Keep the clips of this split and return its ``cv``. "artist_filtered": three folds
        with no artist in two of them; "foleiss": the same as published, which leak;
        "fault_filtered": 443 training, 197 validation, 290 test clips; "paper": random
        80/10/10; "paper_60_20_20": random 60/20/20. None keeps all clips: use ``groups``
        with ``StratifiedGroupKFold``.
    subset : str, int or sequence of those, default=None
        Keep only these parts of the split, such as "train" or fold 1.
    random_state : int, RandomState instance or None, default=0
        Seed of the two random splits of the paper.
    data_home : str or path-like, default=None
        Where archives are unpacked. See :func:`get_data_home`.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects.
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
    if split is not None and split not in table.SPLITS:
        raise ValueError(f"unknown split {split!r}; choose from {', '.join(table.SPLITS)}, or None")
    source = find_data(path, data_home, "gtzan", WHERE)
    errors: list[dict[str, str]] = []
    layout, found = _find(source, get_data_home(data_home) / "gtzan", errors, verbose)
    ids = sorted(found)
    missing = sorted(set(table.clips()) - found.keys() - {row.get("id") for row in errors})
    errors += [{"id": name, "path": "", "error": "not in this copy"} for name in missing]
    if len(missing) > 2:
        warnings.warn(
            f"{source}: {len(missing)} of GTZAN's 1000 clips are missing, such as {missing[0]}; "
            "was it copied or unpacked to the end? They are listed in errors",
            stacklevel=2,
        )
    parts = table.part_of(ids, split, random_state)
    if parts is not None:
        keep = _keep(parts, subset)
        ids, parts = [ids[i] for i in keep], parts[keep]
    target = [name.split(".")[0] for name in ids]
    return make_bunch(
        [str(found[name]) for name in ids],
        target,
        name="path",
        columns={
            "ids": np.array(ids, dtype=object),
            "groups": np.array([table.clips()[name].artist for name in ids], dtype=int),
            "duplicates": np.array([table.clips()[name].song for name in ids], dtype=int),
            **({} if parts is None else {"split": parts}),
        },
        **({"split": None} if parts is None else {}),
        cv=table.folds_of(parts),
        faults=table.faults(ids),
        errors=errors,
        layout=layout,
        return_X_y=return_X_y,
        as_frame=as_frame,
        DESCR=descr(
            f"{source}: {_COPIES[layout]}; {len(found)} readable clips, {len(ids)} of them in this "
            f"Bunch: {count(target)}.",
            split,
        ),
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


def _find(
    source: Path, home: Path, errors: list[dict[str, str]], verbose: int
) -> tuple[str, dict[str, Path]]:
    """Which copy it is, and the file of each clip in it."""
    archive = source.is_file()
    if archive and source.suffix.lower() == ".zip":
        layout, files = "zip", members(source)
    elif archive and source.suffix.lower() == ".parquet":
        layout, files = "parquet", unpack_parquet([source], home / source.stem, errors)
    elif archive:
        layout = "tar"
        files = walk(extract(source, home / source.name.split(".")[0], verbose=verbose), errors)
    else:
        files = walk(source, errors)
        tables = [file for file in files if file.suffix.lower() == ".parquet"]
        layout = "parquet" if tables and not any(map(is_audio, files)) else ""
        if layout:
            files = unpack_parquet(tables, home / "parquet", errors)
    found = _clips(files, errors)
    if not found:
        raise ValueError(
            f"{source}: no clip of GTZAN in {len(files)} files. {WHERE}. {_first(errors)}"
        )
    return layout or _layout(source, found.values()), found


def _clips(files: Iterable[Path], errors: list[dict[str, str]]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for file in files:
        if not is_audio(file):
            continue  # pictures and tables belong to the copies
        name = table.clip_id(file.name)
        folder = table.genre_name(file.parent.name)
        if name is None:
            error = "not named like a clip of GTZAN (blues.00000.wav)"
        elif folder not in (None, name.split(".")[0]):
            error = f"a clip of {name.split('.')[0]} in the folder of {folder}"
        elif name in found:
            error = f"second file of this clip; {found[name]} is used"
        else:
            error = problem(file) or ""
        if error:
            errors.append({**({"id": name} if name else {}), "path": str(file), "error": error})
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


def _first(errors: list[dict[str, str]]) -> str:
    return f"First problem: {errors[0]['path']}: {errors[0]['error']}" if errors else ""
