"""``python -m sklearn_mgc tags``: what a pretrained network hears in audio files."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from sklearn_mgc.audio import AudioError, printable
from sklearn_mgc.commands.answers import asked
from sklearn_mgc.commands.tracks import add_left_out, list_files
from sklearn_mgc.features import PretrainedEmbedding
from sklearn_mgc.features.base import check_choice

EXAMPLE = "song.mp3"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("files", nargs="+", type=Path, help="audio files, or folders of them")
    parser.add_argument("--model", default="musicnn", help="default: musicnn")
    parser.add_argument("--top", type=int, help="print only this many, the most probable")
    parser.add_argument("--json", action="store_true", help="one JSON object per file")
    add_left_out(parser)


def run(args: argparse.Namespace) -> int:
    """Print the tags of each file, most probable first; 1 if one could not be read."""
    if args.top is not None and args.top < 1:
        raise ValueError(f"--top must be at least 1, got {args.top}")
    from sklearn_mgc.features.backbones import cards

    tagging = {name: card.tags for name, card in cards().items() if card.tags}
    check_choice("--model", args.model, tuple(tagging))
    names = tagging[args.model]
    embedding = PretrainedEmbedding(args.model, layer="tags", statistics=("mean",)).fit()

    def ask(file: Path) -> np.ndarray | AudioError:
        try:
            return embedding.transform([str(file)])[0]
        except AudioError as error:
            return error

    failed = False
    files = list_files(args.files, every=args.left_out)
    for file, tags in zip(files, asked(ask, files), strict=True):
        if isinstance(tags, AudioError):
            failed = True
            if args.json:
                message = {"error": type(tags).__name__, "message": str(tags)}
                tqdm.write(json.dumps({"file": str(file), **message}))
            else:
                tqdm.write(f"error: {printable(str(tags))}", file=sys.stderr)
            continue
        best = np.argsort(-tags, kind="stable")[: args.top]
        found = {names[i]: round(float(tags[i]), 4) for i in best}
        if args.json:
            tqdm.write(json.dumps({"file": str(file), "tags": found}))
        else:
            tqdm.write(printable(str(file)))
            for name, probability in found.items():
                tqdm.write(f"  {probability:6.3f}  {name}")
    return int(failed)
