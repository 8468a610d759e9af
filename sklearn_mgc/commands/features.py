"""``python -m sklearn_mgc features``: a table of descriptors from a folder of audio."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from sklearn_mgc._atomic import check_writable, write_table
from sklearn_mgc.audio import as_path
from sklearn_mgc.commands.tracks import SOURCES, add_left_out, describe, load_files
from sklearn_mgc.features import HandcraftedFeatures

EXAMPLE = "my_music --output features.csv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("source", type=Path, help=f"{SOURCES}, with or without genres")
    parser.add_argument("--output", type=Path, default=Path("features.csv"), help="a CSV file")
    parser.add_argument(
        "--descriptors",
        nargs="+",
        default=["paper"],
        help="a preset (paper, kaggle, rich) or names of descriptors (default: paper)",
    )
    parser.add_argument(
        "--statistics", nargs="+", help="statistics over frames, e.g. mean std (default: mean)"
    )
    parser.add_argument("--jobs", type=int, default=-1, help="threads (default: all cores)")
    add_left_out(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    check_writable(args.output)
    files, genres = load_files(args.source, every=args.left_out)
    preset = len(args.descriptors) == 1 and args.descriptors[0] in ("paper", "kaggle", "rich")
    chosen = {} if args.statistics is None else {"statistics": tuple(args.statistics)}
    transformer = HandcraftedFeatures(
        args.descriptors[0] if preset else tuple(args.descriptors),
        n_jobs=args.jobs,
        **chosen,
    )
    X = describe(transformer, files)
    read = np.isfinite(X).all(axis=1)
    rows = (
        [_relative(Path(files[i]), as_path(args.source)), *map("{:.9g}".format, X[i]), genres[i]]
        for i in np.flatnonzero(read)
    )
    write_table(args.output, ["filename", *transformer.get_feature_names_out(), "label"], rows)
    print(f"{read.sum()} of {len(X)} files, {X.shape[1]} columns -> {args.output}")
    return int(not read.all())


def _relative(file: Path, source: Path) -> str:
    """A file's name in its folder or archive, or beside its table."""
    for base in (source, source.parent):
        if file.is_relative_to(base):
            return file.relative_to(base).as_posix()
    return str(file)
