"""Command line: ``python -m sklearn_mgc demo | predict``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sklearn_mgc", description="Classify music by genre."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    demo = commands.add_parser(
        "demo",
        help="train and compare the networks on generated music, or on a folder of your own",
        description="Cross-validate the three networks beside a logistic regression, "
        "then save the best model, its confusion matrix and the training curves.",
    )
    demo.add_argument(
        "folder", nargs="?", type=Path, help="a folder genre/*.mp3 (default: generated music)"
    )
    demo.add_argument("--output", type=Path, default=Path("demo_output"), help="where to write")
    demo.add_argument("--folds", type=int, default=None, help="number of folds (3, or 5 with data)")
    demo.add_argument("--seed", type=int, default=0, help="seed of folds and networks")

    predict = commands.add_parser("predict", help="print the genres of audio files")
    predict.add_argument("model", type=Path, help="a model saved with joblib, e.g. by demo")
    predict.add_argument("files", nargs="+", type=Path, help="audio files")
    predict.add_argument("--json", action="store_true", help="one JSON object per file")
    predict.add_argument("--top", type=int, default=3, help="how many genres to print")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, default=None
        Arguments without the program's name; ``sys.argv[1:]`` by default.

    Returns
    -------
    int
        Exit status: 0 when everything worked, 1 when some file could not be read,
        2 for wrong arguments.
    """
    args = _parser().parse_args(argv)
    try:
        if args.command == "demo":
            from sklearn_mgc.commands.demo import run_demo

            run_demo(args.folder, output=args.output, n_folds=args.folds, seed=args.seed)
            return 0
        from sklearn_mgc.commands.predict import run_predict

        return run_predict(args.model, args.files, as_json=args.json, top=args.top)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
