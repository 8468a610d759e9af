"""``python -m sklearn_mgc features``: a table of descriptors from a folder of audio."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np

from sklearn_mgc.commands.tracks import describe
from sklearn_mgc.datasets import load_audio_folder
from sklearn_mgc.features import HandcraftedFeatures


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("folder", type=Path, help="a folder genre/*.mp3")
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


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    music = load_audio_folder(args.folder)
    preset = len(args.descriptors) == 1 and args.descriptors[0] in ("paper", "kaggle", "rich")
    chosen = {} if args.statistics is None else {"statistics": tuple(args.statistics)}
    transformer = HandcraftedFeatures(
        args.descriptors[0] if preset else tuple(args.descriptors),
        n_jobs=args.jobs,
        **chosen,
    )
    X = describe(transformer, music.data)
    read = np.isfinite(X).all(axis=1)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    with args.output.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["filename", *transformer.get_feature_names_out(), "label"])
        for path, row, genre in zip(music.data[read], X[read], music.target[read], strict=True):
            name = Path(path).relative_to(args.folder).as_posix()
            table.writerow([name, *(f"{value:.9g}" for value in row), genre])
    print(f"{read.sum()} of {len(X)} files, {X.shape[1]} columns -> {args.output}")
    return int(not read.all())
