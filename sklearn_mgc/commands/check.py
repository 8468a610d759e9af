"""``python -m sklearn_mgc check``: what is wrong with a folder of audio files."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from sklearn.utils import Bunch

from sklearn_mgc._atomic import check_writable, write_table, write_whole
from sklearn_mgc.commands.tracks import add_left_out, tell_left_out
from sklearn_mgc.datasets import check_audio
from sklearn_mgc.display.tables import for_json

EXAMPLE = "my_music --csv report.csv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        help="folders, files, zip archives, patterns or tables of files",
    )
    parser.add_argument("--csv", type=Path, help="write the table of all files here")
    parser.add_argument("--json", type=Path, help="the same, one JSON object per line")
    parser.add_argument("--min-duration", type=float, default=5.0, help="seconds (default: 5)")
    parser.add_argument(
        "--max-clipped", type=float, default=1e-3, help="share of samples (default: 0.001)"
    )
    parser.add_argument("--jobs", type=int, default=-1, help="threads (default: all cores)")
    add_left_out(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    for path in (args.csv, args.json):
        if path is not None:
            check_writable(path)
    table = check_audio(
        args.paths,
        min_duration=args.min_duration,
        max_clipped=args.max_clipped,
        n_jobs=args.jobs,
        verbose=1,
    )
    plain = table.astype(object).where(table.notna(), None)
    if args.csv is not None:
        write_table(args.csv, list(plain), plain.itertuples(index=False))
    if args.json is not None:
        rows = plain.to_dict("records")
        with write_whole(args.json) as part:
            part.write_text(
                "".join(f"{json.dumps(for_json(row))}\n" for row in rows), encoding="ascii"
            )
    if args.left_out:
        tell_left_out(Bunch(errors=table.attrs["errors"]), every=True)
    return int((table["problem"] != "").any())
