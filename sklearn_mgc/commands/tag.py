"""``python -m sklearn_mgc tag``: genres into the tags of audio files."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import sklearn_mgc as mgc  # rooms of torch load on first use: `--help` needs none
from sklearn_mgc._atomic import check_writable, write_table
from sklearn_mgc._optional import require
from sklearn_mgc.audio import AudioError, printable
from sklearn_mgc.commands.answers import (
    add_asking,
    asked,
    check_asking,
    probabilities_of,
    saved_classifier,
    sure_from,
)
from sklearn_mgc.commands.tracks import add_left_out, list_files
from sklearn_mgc.datasets.files import exists
from sklearn_mgc.datasets.names import read_tags
from sklearn_mgc.saving.genre_tags import (
    NoTagsError,
    TagError,
    check_taggable,
    spelled,
    write_genres,
)
from sklearn_mgc.saving.tag_journal import TagJournal, undo

EXAMPLE = "my_music --write"

_COLUMNS = ("file", "genre", "proposed", "confidence", "skipped")
_HAS_ONE = "genre present"
_NOT_SURE = "not sure"
_FAILED = "error: "


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "files", nargs="*", type=Path, help="folders, audio files, patterns or tables of files"
    )
    parser.add_argument(
        "--model", help="a model saved by train or demo (default: a ready-made one, GTZAN's genres)"
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="write the genres; without it, they are only shown",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="also replace genres that are there already"
    )
    parser.add_argument(
        "--max-genres",
        type=int,
        default=5,
        help="how many at most, of those at least half as probable as the first (default: 5)",
    )
    add_asking(
        parser, f"{sure_from():.3f}: the ready-made model is then right in nine of ten cases"
    )
    parser.add_argument("--output", type=Path, help="also write the table to this CSV file")
    parser.add_argument(
        "--journal",
        type=Path,
        default=Path(time.strftime("tags-%Y%m%d-%H%M%S.journal")),
        help="new file for what --undo needs (default: tags-DATE-TIME.journal)",
    )
    parser.add_argument(
        "--undo", type=Path, metavar="JOURNAL", help="restore the files of a journal, byte by byte"
    )
    add_left_out(parser)


def run(args: argparse.Namespace) -> int:
    """Show or write genres; 1 if a file could not be read, written or restored."""
    if args.undo is not None:
        return _undo(args)
    check_asking(args)
    if args.max_genres < 1:
        raise ValueError(f"--max-genres must be at least 1, got {args.max_genres}")
    if not args.files:
        raise ValueError("name audio files or folders, or a journal to --undo")
    require("mutagen", extra="data", what="tags of audio files")
    if args.min_confidence is None:
        args.min_confidence = sure_from()
    if args.output is not None:
        check_writable(args.output)
    journal = TagJournal(args.journal) if args.write else None
    files = list_files(args.files, every=args.left_out)
    pipeline = (
        mgc.recipes.ready_model("gtzan") if args.model is None else saved_classifier(args.model)
    )
    rows = []
    tqdm.write(_line(dict(zip(_COLUMNS, _COLUMNS, strict=True))))
    try:
        proposed = asked(lambda file: _propose(pipeline, file, args), files)
        for file, row in zip(files, proposed, strict=True):
            if journal is not None and not row["skipped"]:
                _write(row, file, journal)
            rows.append(row)
            tqdm.write(_line(row))
    finally:
        _tell(rows, journal)
    if args.output is not None:
        write_table(args.output, _COLUMNS, ([row[name] for name in _COLUMNS] for row in rows))
    return int(any(row["skipped"].startswith(_FAILED) for row in rows))


def _propose(pipeline, file: Path, args: argparse.Namespace) -> dict[str, Any]:
    """A row about a file: which genres it would get, or why it gets none."""
    row: dict[str, Any] = dict.fromkeys(_COLUMNS, "")
    row |= {"file": str(file), "genre": read_tags(file)["genre"]}
    if row["genre"] and not args.overwrite:
        return row | {"skipped": _HAS_ONE}
    try:
        if exists(file):
            check_taggable(file)
        probabilities = probabilities_of(pipeline, str(file), args.window)
    except NoTagsError as error:
        return row | {"skipped": str(error)}
    except TagError as error:
        return row | {"skipped": f"{_FAILED}{error}"}
    except AudioError as error:
        return row | {"skipped": f"{_FAILED}{error.problem}"}
    order = np.argsort(-probabilities, kind="stable")[: args.max_genres]
    best = float(probabilities[order[0]])
    genres = [spelled(str(pipeline.classes_[i])) for i in order if probabilities[i] >= best / 2]
    row |= {"proposed": "; ".join(genres), "confidence": round(best, 3), "genres": genres}
    return row if best >= args.min_confidence else row | {"skipped": _NOT_SURE}


def _write(row: dict[str, Any], file: Path, journal: TagJournal) -> None:
    try:
        write_genres(file, row["genres"], journal)
    except (OSError, ValueError) as error:
        row["skipped"] = f"{_FAILED}{getattr(error, 'strerror', None) or error}"


def _line(row: dict[str, Any]) -> str:
    genre, proposed = (printable(row[name]) or "-" for name in ("genre", "proposed"))
    end = f": {row['skipped']}" if row["skipped"] else ""
    return f"{genre:<16} {proposed:<16} {row['confidence']:>10}  {printable(row['file'] + end)}"


def _tell(rows: list[dict[str, Any]], journal: TagJournal | None) -> None:
    counts = Counter(row["skipped"] for row in rows)
    n_failed = sum(count for why, count in counts.items() if why.startswith(_FAILED))
    done = counts.pop("", 0)
    told = [f"{done} {'would get' if journal is None else 'got'} a genre"]
    told += [f"{n} {why}" for why, n in counts.most_common() if not why.startswith(_FAILED)]
    told += [f"{n_failed} failed"] if n_failed else []
    print(f"{len(rows)} files: {', '.join(told)}.")
    if journal is None:
        print("Nothing was written; --write does.")
    elif journal.n_files:
        print(printable(f"To undo: python -m sklearn_mgc tag --undo {journal.path}"))


def _undo(args: argparse.Namespace) -> int:
    failed = 0
    for file, outcome, is_old in undo(args.undo):
        failed += not is_old
        print(printable(f"{file}: {outcome}"), file=sys.stdout if is_old else sys.stderr)
    return int(failed > 0)
