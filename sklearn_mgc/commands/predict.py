"""``python -m sklearn_mgc predict``: the genres of audio files."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import sklearn_mgc as mgc  # rooms of torch load on first use: `--help` needs none
from sklearn_mgc._atomic import check_writable, write_table
from sklearn_mgc.audio import AudioError, printable
from sklearn_mgc.commands.answers import (
    MODELS,
    add_asking,
    asked,
    check_asking,
    probabilities_of,
    saved_classifier,
    sure_from,
)
from sklearn_mgc.commands.tracks import add_left_out, list_files

EXAMPLE = "model.joblib song.mp3 --csv genres.csv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="[MODEL] FILE",
        help="a model saved by train or demo (.joblib, or .skops, which loads without running "
        "code from it), then audio files, folders, zip archives, patterns or tables of them; "
        "default model: a ready-made one for the ten genres of GTZAN",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per file")
    parser.add_argument("--csv", type=Path, help="also write a table")
    parser.add_argument("--top", type=int, default=3, help="how many genres to print")
    add_asking(parser, "0; for the ready-made model, so that nine of ten answers are right")
    add_left_out(parser)


def run(args: argparse.Namespace) -> int:
    """Print the most probable genres of each file; 1 if one could not be read."""
    if args.top < 1:
        raise ValueError(f"--top must be at least 1, got {args.top}")
    check_asking(args)
    if args.csv is not None:
        check_writable(args.csv)
    pipeline, files = _model(args)
    rows = []
    for row in asked(lambda file: _ask(pipeline, file, args), files):
        rows.append(row)
        if args.json:
            tqdm.write(json.dumps(row))
        elif "error" in row:
            tqdm.write(f"error: {printable(row['message'])}", file=sys.stderr)
        else:
            tqdm.write(_line(row))
    if args.csv is not None:
        columns = ["file", "genre", "probability", "sure", "error"]
        write_table(args.csv, columns, map(_cells, rows))
    return int(any("error" in row for row in rows))


def _model(args: argparse.Namespace) -> tuple[Any, list[str]]:
    """The pipeline, and the files to ask it about."""
    first, *rest = args.files
    if not first.lower().endswith(MODELS):
        if args.min_confidence is None:
            args.min_confidence = sure_from()
        return mgc.recipes.ready_model("gtzan"), _listed(args.files, args)
    if not rest:
        raise ValueError(f"name audio files or folders after the model {first}")
    return saved_classifier(first), _listed(rest, args)


def _listed(sources: list[str], args: argparse.Namespace) -> list[str]:
    return [str(file) for file in list_files(map(Path, sources), every=args.left_out)]


def _ask(pipeline, file: str, args: argparse.Namespace) -> dict[str, Any]:
    """What the model says of a file, or why it cannot be asked."""
    try:
        probabilities = probabilities_of(pipeline, file, args.window)
    except AudioError as error:
        return {"file": str(file), "error": type(error).__name__, "message": str(error)}
    best = np.argsort(-probabilities, kind="stable")[: args.top]
    sure = bool(probabilities[best[0]] >= (args.min_confidence or 0.0))
    return {
        "file": str(file),
        "genre": str(pipeline.classes_[best[0]]) if sure else None,
        "sure": sure,
        "probabilities": {
            str(pipeline.classes_[i]): round(float(probabilities[i]), 6) for i in best
        },
    }


def _line(row: dict[str, Any]) -> str:
    ranked = "  ".join(f"{printable(g)} {p:.2f}" for g, p in row["probabilities"].items())
    return f"{printable(row['file'])}: {'' if row['sure'] else 'not sure: '}{ranked}"


def _cells(row: dict[str, Any]) -> list:
    probability = max(row.get("probabilities", {"": ""}).values())
    return [row["file"], row.get("genre"), probability, row.get("sure"), row.get("message")]
