"""``python -m sklearn_mgc data``: the public data sets, and whether a copy is whole."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from sklearn_mgc.audio import printable
from sklearn_mgc.datasets.catalog import data_sets, place
from sklearn_mgc.datasets.verification import Verdict, verify

EXAMPLE = "list"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="the data sets, and how to get them")
    info = actions.add_parser("info", help="source, licence, faults and splits of a data set")
    info.add_argument("name", choices=data_sets(), metavar="NAME", help=", ".join(data_sets()))
    for action in (listing, info):
        action.add_argument("--data-home", type=Path, help="default: SKLEARN_MGC_DATA")
    check = actions.add_parser("verify", help="compare an archive or a folder with what it was")
    check.add_argument("path", type=Path, help="archive or folder")
    check.add_argument(
        "--name", choices=[*data_sets(), "folder"], help="what it should be (default: found out)"
    )
    check.add_argument("--all", action="store_true", help="print every problem, not one per kind")
    check.add_argument("--json", action="store_true", help="one JSON object")


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    if args.action == "verify":
        return _report(args.path, verify(args.path, args.name), args)
    if args.action == "info":
        print(data_sets()[args.name].describe(_place(args.name, args.data_home)))
        return 0
    for name, data in data_sets().items():
        size = f", {data.size}" if data.size else ""
        print(f"{name}: {data.title}, {data.tracks}, {data.genres}{size}")
        print(f"    groups: {data.groups}; get it: {data.get}; load it: {data.load}")
        print(f"    {_place(name, args.data_home)}")
    return 0


def _place(name: str, data_home: Path | None) -> str:
    folder = place(name, data_home)
    return f"It is at {folder}." if folder else "It is not in the data home."


def _report(path: Path, verdict: Verdict, args: argparse.Namespace) -> int:
    if args.json:
        print(json.dumps({"path": str(path), **verdict._asdict()}))
        return int(bool(verdict.problems))
    kinds: dict[str, list[str]] = {}
    for row in verdict.problems:
        kinds.setdefault(row["error"], []).append(row.get("path") or row.get("id", ""))
    for error, places in kinds.items():
        if args.all:
            for found in places:
                print(printable(f"{found}: {error}"))
        else:
            more = f", and {len(places) - 1} more" if len(places) > 1 else ""
            print(printable(f"{places[0]}{more}: {error}"))
    bad = len(verdict.problems)
    print(printable(f"{path}: {verdict.what}; sound: {verdict.sound}, not: {bad}"))
    return int(bool(verdict.problems))
