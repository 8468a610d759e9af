"""``python -m sklearn_mgc check``: what is wrong with a folder of audio files."""

from __future__ import annotations

import argparse
from pathlib import Path

from sklearn_mgc.datasets import check_audio


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("paths", nargs="+", type=Path, help="folders, files or zip archives")
    parser.add_argument("--csv", type=Path, help="write the table of all files here")
    parser.add_argument("--json", type=Path, help="the same, one JSON object per line")
    parser.add_argument("--min-duration", type=float, default=5.0, help="seconds (default: 5)")
    parser.add_argument(
        "--max-clipped", type=float, default=1e-3, help="share of samples (default: 0.001)"
    )
    parser.add_argument("--jobs", type=int, default=-1, help="threads (default: all cores)")


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    table = check_audio(
        args.paths,
        min_duration=args.min_duration,
        max_clipped=args.max_clipped,
        n_jobs=args.jobs,
        verbose=1,
    )
    for path in (args.csv, args.json):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
    if args.csv is not None:
        table.to_csv(args.csv, index=False)
    if args.json is not None:
        table.to_json(args.json, orient="records", lines=True)
    return int((table["problem"] != "").any())
