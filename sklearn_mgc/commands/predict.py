"""``python -m sklearn_mgc predict``: the genres of audio files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import joblib
import numpy as np

from sklearn_mgc.audio import AudioError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("model", type=Path, help="a model saved with joblib, e.g. by demo")
    parser.add_argument("files", nargs="+", type=Path, help="audio files")
    parser.add_argument("--json", action="store_true", help="one JSON object per file")
    parser.add_argument("--top", type=int, default=3, help="how many genres to print")


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    return run_predict(args.model, args.files, as_json=args.json, top=args.top)


def run_predict(model: Path, files: Sequence[Path], *, as_json: bool = False, top: int = 3) -> int:
    """Print the most probable genres of each file.

    A file that cannot be read is reported on standard error; the others are
    predicted all the same.

    Parameters
    ----------
    model : Path
        A fitted pipeline from paths to genres, saved with ``joblib.dump``. Loading
        a joblib file runs code from it: load only models whose origin you trust.
    files : sequence of Path
        Audio files.
    as_json : bool, default=False
        Print one JSON object per line instead of a table.
    top : int, default=3
        How many genres to print per file.

    Returns
    -------
    int
        0 when every file was read, else 1.

    Raises
    ------
    ValueError
        If the model's file is missing, is no joblib file or holds no classifier.
    """
    pipeline = _load(model)
    classes = pipeline.classes_
    failed = 0
    for file in files:
        try:
            probabilities = pipeline.predict_proba([str(file)])[0]
        except AudioError as error:
            failed += 1
            print(f"error: {error}", file=sys.stderr)
            continue
        best = np.argsort(probabilities)[::-1]
        if as_json:
            row = {
                "file": str(file),
                "genre": str(classes[best[0]]),
                "probabilities": {str(classes[i]): round(float(probabilities[i]), 6) for i in best},
            }
            print(json.dumps(row, ensure_ascii=False))
        else:
            ranked = "  ".join(f"{classes[i]} {probabilities[i]:.2f}" for i in best[:top])
            print(f"{file}: {ranked}")
    return int(failed > 0)


def _load(model: Path):
    if not model.is_file():
        raise ValueError(
            f"{model}: no such model; train one with `python -m sklearn_mgc demo FOLDER`, "
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
