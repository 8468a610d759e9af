"""``python -m sklearn_mgc predict``: the genres of audio files."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from sklearn_mgc._atomic import check_writable, write_whole
from sklearn_mgc.audio import AudioError, printable
from sklearn_mgc.commands.tracks import add_left_out, list_files
from sklearn_mgc.inspection import genre_timeline
from sklearn_mgc.saving import load_model, runs_code

EXAMPLE = "model.joblib song.mp3 my_music --csv genres.csv"

_MODELS = (".joblib", ".pkl", ".pickle", ".skops")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="[MODEL] FILE",
        help="a model saved by train or demo (.joblib, or .skops, which loads without running "
        "code of it), then audio files, folders, zip archives, patterns or tables of them; without "
        "a model, the ready one is used, which tells the ten genres of GTZAN",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per file")
    parser.add_argument("--csv", type=Path, help="also write a table")
    parser.add_argument("--top", type=int, default=3, help="how many genres to print")
    parser.add_argument(
        "--min-confidence",
        type=float,
        metavar="P",
        help='say "not sure" where no genre is as probable as this, between 0 and 1 (default: 0; '
        "for the ready model, what makes nine of ten answers right)",
    )
    parser.add_argument(
        "--window",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="longer recordings are asked about in windows of this length, best that of the "
        "clips that were trained on, and answers are averaged (default: 30)",
    )
    add_left_out(parser)


def run(args: argparse.Namespace) -> int:
    """Print the most probable genres of each file; 1 if one could not be read."""
    if args.top < 1:
        raise ValueError(f"--top must be at least 1, got {args.top}")
    if args.min_confidence is not None and not 0 <= args.min_confidence <= 1:
        raise ValueError(f"--min-confidence must be between 0 and 1, got {args.min_confidence}")
    if args.csv is not None:
        check_writable(args.csv)
    pipeline, files = _model(args)
    rows = []
    alone = len(files) == 1 or not sys.stderr.isatty()
    for file in tqdm(files, unit="file", disable=alone):
        row = _ask(pipeline, file, args)
        rows.append(row)
        if args.json:
            tqdm.write(json.dumps(row))
        elif "error" in row:
            tqdm.write(f"error: {printable(row['message'])}", file=sys.stderr)
        else:
            tqdm.write(_line(row))
    if args.csv is not None:
        _write(rows, args.csv)
    return int(any("error" in row for row in rows))


def _model(args: argparse.Namespace) -> tuple[Any, list[str]]:
    """The pipeline, and the files to ask it about."""
    first, *rest = args.files
    if not first.lower().endswith(_MODELS):
        from sklearn_mgc.recipes import ready_card, ready_model

        if args.min_confidence is None:
            args.min_confidence = next(
                row["threshold"] for row in ready_card("gtzan")["not_sure"] if row["rate"] == 0.9
            )
        return ready_model("gtzan"), _listed(args.files, args)
    if not rest:
        raise ValueError(f"name audio files or folders after the model {first}")
    if not Path(first).expanduser().is_file():
        raise ValueError(
            f"{first}: no such model; train one with `python -m sklearn_mgc train FOLDER`, or "
            "save a fitted pipeline with saving.save_model"
        )
    files = _listed(rest, args)
    is_program = runs_code(first)
    if is_program:
        note = f"note: loading {first} runs code in it; a .skops file is loaded without running any"
        print(printable(note), file=sys.stderr)
    pipeline = load_model(first, trust=is_program)
    if not hasattr(pipeline, "predict_proba") or not hasattr(pipeline, "classes_"):
        raise ValueError(
            f"{first}: holds a {type(pipeline).__name__}, "
            "not a fitted classifier with predict_proba"
        )
    return pipeline, files


def _listed(sources: list[str], args: argparse.Namespace) -> list[str]:
    return [str(file) for file in list_files(map(Path, sources), every=args.left_out)]


def _ask(pipeline, file: str, args: argparse.Namespace) -> dict[str, Any]:
    """What the model says of a file, or why it cannot be asked."""
    try:
        if _is_long(file, args.window):
            timeline = genre_timeline(
                pipeline,
                file,
                window=args.window,
                hop=args.window / 2,
                verbose=int(sys.stderr.isatty()),
            )
            probabilities = timeline.overall
        else:
            probabilities = pipeline.predict_proba([file])[0]
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


def _is_long(file: str, window: float) -> bool:
    """Whether the header tells of much more than a window; a guess is good enough here."""
    import soundfile

    try:
        return soundfile.info(file).duration > 1.5 * window
    except (soundfile.SoundFileError, TypeError, ValueError):
        return False


def _line(row: dict[str, Any]) -> str:
    ranked = "  ".join(f"{printable(g)} {p:.2f}" for g, p in row["probabilities"].items())
    return f"{printable(row['file'])}: {'' if row['sure'] else 'not sure: '}{ranked}"


def _write(rows: list[dict[str, Any]], path: Path) -> None:
    with (
        write_whole(path) as part,
        # Names that are not UTF-8 are written with their odd bytes escaped.
        part.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
    ):
        table = csv.writer(file)
        table.writerow(["file", "genre", "probability", "sure", "error"])
        for row in rows:
            probability = max(row.get("probabilities", {"": ""}).values())
            table.writerow(
                [row["file"], row.get("genre"), probability, row.get("sure"), row.get("message")]
            )
