"""``python -m sklearn_mgc cache``: look after a folder of stored features."""

from __future__ import annotations

import argparse
import json
import sqlite3
import time
from pathlib import Path

from sklearn_mgc.features import FeatureStore

EXAMPLE = "info feature_cache"

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    info = actions.add_parser("info", help="list what is stored")
    info.add_argument("--json", action="store_true", help="one JSON object")
    prune = actions.add_parser("prune", help="delete rows and free their space")
    prune.add_argument("--key", type=int, nargs="+", default=[], help="numbers from `info`")
    prune.add_argument("--unused-days", type=float, help="rows not used for so many days")
    prune.add_argument("--missing", action="store_true", help="rows of files that are gone")
    prune.add_argument("--max-size", type=_size, help="the oldest rows beyond, say, 20G")
    verify = actions.add_parser("verify", help="compare every row with its checksum")
    for action in (info, prune, verify):
        action.add_argument("folder", type=Path, help="the folder given as cache=")


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    with FeatureStore(args.folder) as store:
        try:
            if args.action == "verify":
                return _verify(store)
            if args.action == "prune":
                return _prune(store, args)
            return _info(store, args.json)
        except sqlite3.Error as error:
            raise OSError(f"{store.path}: {error}; `cache verify` tells more") from error


def _size(text: str) -> int:
    """Bytes of "20G"."""
    number = text.upper().rstrip("B")
    unit = number[-1:] if number[-1:] in _UNITS else ""
    try:
        return int(float(number.removesuffix(unit)) * _UNITS[unit])
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a size such as 500M or 20G: {text!r}") from None


def _info(store: FeatureStore, as_json: bool) -> int:
    info = store.info()
    if as_json:
        print(json.dumps(info))
        return 0
    print(
        f"{info['path']}: {info['rows']} rows of {info['files']} known files, "
        f"{info['bytes'] / 1e6:.1f} MB"
    )
    for key in info["keys"]:
        parameters = key["parameters"]
        used = time.strftime("%Y-%m-%d", time.localtime(key["used"]))
        print(
            f"{key['id']:>4}  {parameters.pop('transformer')}  {key['rows']} rows  "
            f"{key['bytes'] / 1e6:.1f} MB  last used {used}"
        )
        print("      " + ", ".join(f"{name}={value}" for name, value in parameters.items()))
    return 0


def _prune(store: FeatureStore, args: argparse.Namespace) -> int:
    chosen = {
        "keys": args.key,
        "unused_days": args.unused_days,
        "missing": args.missing,
        "max_bytes": args.max_size,
    }
    if not any(value not in ([], None, False) for value in chosen.values()):
        raise ValueError("say what to delete: --key, --unused-days, --missing or --max-size")
    before = store.info()["bytes"]
    deleted = store.prune(**chosen)
    print(f"deleted {deleted} rows, freed {(before - store.info()['bytes']) / 1e6:.1f} MB")
    return 0


def _verify(store: FeatureStore) -> int:
    problems = store.verify()
    for problem in problems:
        print(problem)
    if not problems:
        print(f"{store.path}: every row is sound")
    return int(bool(problems))
