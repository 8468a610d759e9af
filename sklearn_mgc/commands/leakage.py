"""``python -m sklearn_mgc leakage``: whether a split tests what it trained on."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from sklearn_mgc._atomic import check_writable, write_table
from sklearn_mgc._optional import require
from sklearn_mgc.audio import printable
from sklearn_mgc.commands.tracks import add_left_out, count_folds, load_tracks
from sklearn_mgc.evaluation import leakage_report
from sklearn_mgc.evaluation.folds import draw_folds

EXAMPLE = "my_music --folds 5"

_N_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "source",
        type=Path,
        help="a folder genre/*.mp3, or a table of files; checks the split in the table's column "
        "`split` (train and test), else the folds that `train` draws",
    )
    parser.add_argument(
        "--groups",
        help="`artist` (from the files' tags) or a column of the table (default: artists, wherever "
        "they are found)",
    )
    parser.add_argument("--folds", type=int, default=5, help="number of folds (default: 5)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the folds")
    parser.add_argument(
        "--output", type=Path, help="write all leaks to this CSV file, a row per test track"
    )
    parser.add_argument(
        "--fail-on-leak", action="store_true", help="exit with status 1 if anything leaks"
    )
    parser.add_argument("--jobs", type=int, default=-1, help="threads (default: all cores)")
    add_left_out(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    if args.output is not None:
        check_writable(args.output)
    require("pandas", extra="data", what="tables")
    music = load_tracks(args.source, args.groups, every=args.left_out)
    judged, folds = _folds(music, args)
    print(f"{len(music.data)} tracks of {len(music.target_names)} genres, {judged}.")
    report = leakage_report(
        music.data, music.target, groups=_artists(music), cv=folds, n_jobs=args.jobs, verbose=1
    )
    print(report)
    leaks = report.to_frame("track")
    for side in ("test", "train"):
        names = np.asarray(music.data, dtype=object)[leaks[side].to_numpy(dtype=int)]
        # Not assigned as it is: the text that pandas would make of it is UTF-8 only.
        leaks[side] = leaks[side].astype(object)
        leaks.loc[:, side] = names
    # Shared artists are often many; copies among them should not drown.
    shown = leaks.sort_values("kind", key=lambda kind: kind == "artist", kind="stable")
    for row in shown.head(_N_SHOWN).itertuples():
        print(printable(f"{row.kind}: {row.test} is in test, {row.train} is in training"))
    if len(leaks) > _N_SHOWN:
        print(f"... and {len(leaks) - _N_SHOWN} more; --output writes them all")
    if args.output is not None:
        write_table(args.output, list(leaks), leaks.itertuples(index=False))
    return int(args.fail_on_leak and report.has_leak)


def _artists(music) -> np.ndarray | None:
    """The artist of each track, by name where there is one."""
    if music.groups is None:
        return None
    names = [name or f"unknown artist {i}" for i, name in enumerate(music.group_names)]
    return np.array(names, dtype=object)[music.groups]


def _folds(music, args: argparse.Namespace) -> tuple[str, list]:
    """What is judged, in words, and as pairs of indices."""
    split = music.get("split")
    if split is None:
        if args.folds < 2:
            raise ValueError(f"--folds must be at least 2, got {args.folds}")
        n_folds = count_folds(music.target, music.groups, args.folds)
        kind = "random folds" if music.groups is None else "folds by artist"
        folds = draw_folds(n_folds, music.target, music.groups, seed=args.seed, repeat=0)
        return f"{n_folds} {kind}", list(folds)
    if music.cv is None:
        found = ", ".join(sorted(map(repr, set(split))))
        raise ValueError(
            f"{args.source}: the split column must say train and test, but it says {found}"
        )
    ((train, test),) = music.cv
    rest = len(split) - len(train) - len(test)
    unused = f"; the other {rest} are in neither" if rest else ""
    return f"its own split: {len(train)} to train, {len(test)} to test{unused}", music.cv
