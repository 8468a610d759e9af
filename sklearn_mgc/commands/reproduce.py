"""``python -m sklearn_mgc reproduce``: the paper's results, and what they are worth."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from sklearn_mgc._atomic import check_writable
from sklearn_mgc.evaluation.protocols import PROTOCOLS
from sklearn_mgc.recipes.systems import SYSTEMS

EXAMPLE = "--gtzan-features features_30_sec.csv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--gtzan", type=Path, help="GTZAN's audio, in any of its layouts")
    parser.add_argument("--fma", type=Path, help="folder of FMA-small and its metadata")
    parser.add_argument("--gtzan-features", type=Path, help="the table features_30_sec.csv")
    parser.add_argument(
        "--protocol", action="append", choices=list(PROTOCOLS), help="may be repeated; default: all"
    )
    parser.add_argument(
        "--systems",
        nargs="+",
        choices=list(SYSTEMS),
        metavar="SYSTEM",
        help=f"{', '.join(SYSTEMS)} (default: all)",
    )
    parser.add_argument("--repeats", type=int, help="draws or seeds of each protocol")
    parser.add_argument(
        "--quick", action="store_true", help="5 epochs: a check that it runs, not results"
    )
    parser.add_argument("--output", type=Path, default=Path("reproduction"), help="where to write")
    parser.add_argument("--jobs", type=int, help="folds to train at a time")


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    from sklearn_mgc.evaluation import reproduce

    if args.repeats is not None and args.repeats < 1:
        raise ValueError(f"--repeats must be at least 1, got {args.repeats}")
    page = check_writable(args.output / "results.md")
    with tempfile.TemporaryDirectory() as scratch:
        datasets = _given(args)
        if not datasets:
            print(
                "NO DATA GIVEN: running on generated music, which checks that everything works and "
                "says nothing about real genres. Pass --gtzan-features, --gtzan or --fma.",
                file=sys.stderr,
            )
            datasets = {"generated music": _generated(Path(scratch))}
        reproduce(
            datasets,
            protocols=args.protocol,
            systems=args.systems,
            n_repeats=args.repeats,
            output=args.output,
            quick=args.quick,
            n_jobs=args.jobs,
            verbose=1,
        )
    print(page.read_text(encoding="utf-8"))
    print(f"written to {args.output}: results.md, results.json and figures")
    return 0


def _given(args: argparse.Namespace) -> dict:
    from sklearn_mgc.datasets import load_fma, load_gtzan, load_gtzan_features

    datasets = {}
    if args.gtzan_features:
        for columns, n in (("paper", 25), ("kaggle", 57)):
            loaded = load_gtzan_features(args.gtzan_features, columns=columns)
            datasets[f"GTZAN table, {n} descriptors"] = loaded
    if args.gtzan:
        datasets["GTZAN"] = load_gtzan(args.gtzan)
    if args.fma:
        datasets["FMA-small"] = load_fma(args.fma, subset="small")
    return datasets


def _generated(folder: Path):
    from sklearn_mgc.datasets import make_music

    return make_music(duration=8.0, folder=folder, random_state=0, verbose=1)
