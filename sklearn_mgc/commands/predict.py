"""``python -m sklearn_mgc predict``: the genres of audio files."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from sklearn_mgc.audio import AudioError, printable
from sklearn_mgc.commands.tracks import add_left_out, list_files
from sklearn_mgc.saving import load_model, runs_code

EXAMPLE = "model.joblib new_song.mp3"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "model",
        type=Path,
        help="a model saved by train or demo, or a fitted pipeline in a file of skops or "
        "joblib; loading one of joblib runs code in it, so open only those you trust",
    )
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        help="audio files, folders, zip archives, patterns or tables of them",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per file")
    parser.add_argument("--top", type=int, default=3, help="how many genres to print")
    add_left_out(parser)


def run(args: argparse.Namespace) -> int:
    """Print the most probable genres of each file; 1 if one could not be read."""
    if args.top < 1:
        raise ValueError(f"--top must be at least 1, got {args.top}")
    pipeline = _load(args.model)
    classes = pipeline.classes_
    failed = 0
    for file in list_files(args.files, every=args.left_out):
        try:
            probabilities = pipeline.predict_proba([str(file)])[0]
        except AudioError as error:
            failed += 1
            print(printable(f"error: {error}"), file=sys.stderr)
            continue
        best = np.argsort(probabilities)[::-1]
        if args.json:
            row = {
                "file": str(file),
                "genre": str(classes[best[0]]),
                "probabilities": {str(classes[i]): round(float(probabilities[i]), 6) for i in best},
            }
            print(json.dumps(row))
        else:
            ranked = "  ".join(f"{classes[i]} {probabilities[i]:.2f}" for i in best[: args.top])
            print(printable(f"{file}: {ranked}"))
    return int(failed > 0)


def _load(model: Path):
    if not model.is_file():
        raise ValueError(
            f"{model}: no such model; train one with `python -m sklearn_mgc train FOLDER`, "
            "or save a fitted pipeline with saving.save_model"
        )
    is_program = runs_code(model)
    if is_program:
        note = f"note: loading {model} runs code in it; a .skops file is loaded without running any"
        print(printable(note), file=sys.stderr)
    pipeline = load_model(model, trust=is_program)
    if not hasattr(pipeline, "predict_proba") or not hasattr(pipeline, "classes_"):
        raise ValueError(
            f"{model}: holds a {type(pipeline).__name__}, "
            "not a fitted classifier with predict_proba"
        )
    return pipeline
