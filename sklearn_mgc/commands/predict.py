"""``python -m sklearn_mgc predict``: the genres of audio files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import joblib
import numpy as np

from sklearn_mgc.audio import AudioError
from sklearn_mgc.datasets.files import is_audio, walk


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "model",
        type=Path,
        help="a model saved by train or demo, or a fitted pipeline saved with "
        "joblib; loading one runs code of it, so open only files you trust",
    )
    parser.add_argument("files", nargs="+", type=Path, help="audio files, or folders of them")
    parser.add_argument("--json", action="store_true", help="one JSON object per file")
    parser.add_argument("--top", type=int, default=3, help="how many genres to print")


def run(args: argparse.Namespace) -> int:
    """Print the most probable genres of each file; 1 if one could not be read."""
    if args.top < 1:
        raise ValueError(f"--top must be at least 1, got {args.top}")
    pipeline = _load(args.model)
    classes = pipeline.classes_
    failed = 0
    for file in _files(args.files):
        try:
            probabilities = pipeline.predict_proba([str(file)])[0]
        except AudioError as error:
            failed += 1
            print(f"error: {error}", file=sys.stderr)
            continue
        best = np.argsort(probabilities)[::-1]
        if args.json:
            row = {
                "file": str(file),
                "genre": str(classes[best[0]]),
                "probabilities": {str(classes[i]): round(float(probabilities[i]), 6) for i in best},
            }
            print(json.dumps(row, ensure_ascii=False))
        else:
            ranked = "  ".join(f"{classes[i]} {probabilities[i]:.2f}" for i in best[: args.top])
            print(f"{file}: {ranked}")
    return int(failed > 0)


def _files(given: Sequence[Path]) -> Iterator[Path]:
    for path in given:
        found = [file for file in walk(path, []) if is_audio(file)] if path.is_dir() else [path]
        if not found:
            raise ValueError(f"{path}: there are no audio files in this folder")
        yield from found


def _load(model: Path):
    if not model.is_file():
        raise ValueError(
            f"{model}: no such model; train one with `python -m sklearn_mgc train FOLDER`, "
            "or save a fitted pipeline with joblib.dump"
        )
    try:
        pipeline = joblib.load(model)
    except Exception as error:
        raise ValueError(
            f"{model}: not a model saved with joblib ({type(error).__name__}: {error})"
        ) from error
    if not hasattr(pipeline, "predict_proba") or not hasattr(pipeline, "classes_"):
        raise ValueError(
            f"{model}: holds a {type(pipeline).__name__}, "
            "not a fitted classifier with predict_proba"
        )
    return pipeline
