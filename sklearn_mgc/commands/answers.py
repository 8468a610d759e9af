"""What commands share that ask a classifier about files: which one, how, and how sure it is."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

import sklearn_mgc as mgc  # rooms of torch load on first use: `--help` needs none
from sklearn_mgc._optional import require
from sklearn_mgc.audio import as_path, printable

MODELS = (".joblib", ".pkl", ".pickle", ".skops")


def add_asking(parser: argparse.ArgumentParser, default: str) -> None:
    """Declare the arguments of `check_asking` and `probabilities_of`."""
    parser.add_argument(
        "--min-confidence",
        type=float,
        metavar="P",
        help='say "not sure" if no genre is as probable as this, between 0 and 1 '
        f"(default: {default})",
    )
    parser.add_argument(
        "--window",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="longer recordings are classified in windows of this length, and the probabilities "
        "are averaged; best the length of the training clips (default: 30)",
    )


def check_asking(args: argparse.Namespace) -> None:
    """Raise a ValueError for arguments that make no sense."""
    if args.min_confidence is not None and not 0 <= args.min_confidence <= 1:
        raise ValueError(f"--min-confidence must be between 0 and 1, got {args.min_confidence}")


def sure_from() -> float:
    """The probability from which on nine of ten answers of the ready model are right."""
    rows = mgc.recipes.ready_card("gtzan")["not_sure"]
    return next(row["threshold"] for row in rows if row["rate"] == 0.9)


def saved_classifier(path: str) -> Any:
    """The model of a file; says so if that runs code."""
    if not as_path(path).is_file():
        raise ValueError(
            f"{path}: no such model; train one with `python -m sklearn_mgc train FOLDER`, or "
            "save a fitted pipeline with saving.save_model"
        )
    is_program = mgc.saving.runs_code(path)
    if is_program:
        note = f"note: loading {path} runs code from it; a .skops file loads without running code"
        print(printable(note), file=sys.stderr)
    pipeline = mgc.saving.load_model(path, trust=is_program)
    if not hasattr(pipeline, "predict_proba") or not hasattr(pipeline, "classes_"):
        raise ValueError(
            f"{path}: holds a {type(pipeline).__name__}, not a fitted classifier with predict_proba"
        )
    return pipeline


def asked(ask: Callable, files: Sequence) -> Iterator[Any]:
    """What ``ask`` says of each file, in order, with a progress bar: as many at once as cores."""
    from tqdm import tqdm

    from sklearn_mgc.features.workers import run

    n_jobs = -1 if len(files) > 1 else 1
    answers = run(ask, ((file,) for file in files), n_jobs=n_jobs, prefer="threads")
    silent = n_jobs == 1 or not sys.stderr.isatty()
    yield from tqdm(answers, total=len(files), unit="file", disable=silent)


def probabilities_of(pipeline, file: str, window: float) -> np.ndarray:
    """Probabilities of a file's genres, an AudioError if it cannot be heard."""
    if not _is_long(file, window):
        return pipeline.predict_proba([file])[0]
    return mgc.inspection.genre_timeline(
        pipeline, file, window=window, hop=window / 2, verbose=int(sys.stderr.isatty())
    ).overall


def _is_long(file: str, window: float) -> bool:
    """Whether the header tells of much more than a window; a guess is good enough here."""
    soundfile = require("soundfile", what="sound files")
    try:
        with open(file, "rb") as raw:  # soundfile takes no names that are not UTF-8
            return soundfile.info(raw).duration > 1.5 * window
    except (OSError, soundfile.SoundFileError, TypeError, ValueError):
        return False
