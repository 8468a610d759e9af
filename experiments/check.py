"""Whether committed results come out again: a seeded sample of cells that are cheap to re-run.

A cell is one run of ``docs/results/gtzan.json``, one row of ``gtzan_tags.json`` or one test score
of ``vote.json``. Each has a tolerance, and the command ends with status 1 if one moves beyond it::

    OMP_NUM_THREADS=1 python experiments/check.py GTZAN            # a few minutes at most
    OMP_NUM_THREADS=1 python experiments/check.py GTZAN --cells 1000 --networks 6

GTZAN holds features_30_sec.csv and, for the cells of tags, musicnn_taggrams.

Classifiers without random numbers may move by a clip or two, where a processor sums in another
order. A network follows another path after the first such sum, and ends as one of another seed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from sklearn_mgc.datasets import load_gtzan_features
from sklearn_mgc.display.tables import text_table
from sklearn_mgc.evaluation.protocols import PROTOCOLS
from sklearn_mgc.evaluation.reproduction import run_once
from sklearn_mgc.recipes.systems import SYSTEMS

RESULTS = Path(__file__).parents[1] / "docs" / "results"
CHEAP = ("logreg", "svc", "best")
NETWORKS = ("dnn", "dnn_tuned")
COLUMNS = {"GTZAN table, 25 descriptors": "paper", "GTZAN table, 57 descriptors": "kaggle"}


@dataclass(frozen=True)
class Cell:
    """A committed number, how far it may move, and how to get it again."""

    name: str
    committed: float
    tolerance: float
    again: Callable[[], float]


def two_clips(n: int) -> float:
    """What a classifier without random numbers may move by."""
    return 2 / n + 1e-4  # committed numbers are rounded


def three_deviations(n: int) -> float:
    """What a network may move by: two of them agree on most clips, which halves the deviation."""
    return 3 * 0.5 * np.sqrt(2 * 0.25 / n)


def runs(gtzan: Path, results: Path, systems) -> Iterator[Cell]:
    """Single runs of GTZAN's table."""
    data = {name: load_gtzan_features(gtzan / "features_30_sec.csv", columns=kind)
            for name, kind in COLUMNS.items()}  # fmt: skip
    for row in json.loads((results / "gtzan.json").read_text())["rows"]:
        if row["system"] not in systems:
            continue
        protocol, system = PROTOCOLS[row["protocol"]], SYSTEMS[row["system"]]
        n = {"paper": 100, "fault_filtered": 290}.get(protocol.name, 1000)
        may = three_deviations if row["system"] in NETWORKS else two_clips
        for repeat, committed in enumerate(row["accuracies"]):
            name = f"{row['dataset']} | {system.name} | {protocol.name} | {repeat}"
            again = partial(_score, data[row["dataset"]], system, protocol, repeat)
            yield Cell(name, committed, may(n), again)


def _score(data, system, protocol, repeat: int) -> float:
    return run_once(data, data.data, system, protocol, repeat).score


def tags(gtzan: Path, results: Path) -> Iterator[Cell]:
    """Test scores of the tags of musicnn, the choice on training folds included."""
    import gtzan_tags

    folder = gtzan / "musicnn_taggrams"
    if not folder.is_dir():
        return
    for row in json.loads((results / "gtzan_tags.json").read_text())["rows"]:
        name = row["classifier"]
        again = partial(_tag_score, name, folder, gtzan_tags.chosen_and_tested)
        yield Cell(f"tags | {name} | test", row["test"], two_clips(290), again)


def _tag_score(name: str, folder: Path, run) -> float:
    return run(name, folder)["test"]


def votes(gtzan: Path, results: Path) -> Iterator[Cell]:
    """Test scores of the choice of our best."""
    import vote

    table = load_gtzan_features(gtzan / "features_30_sec.csv", columns="kaggle")
    for name, scores in json.loads((results / "vote.json").read_text())["test"].items():
        again = partial(_vote_score, table, name, vote.test_once)
        yield Cell(f"choice | {name} | test", scores["accuracy"][0], two_clips(290), again)


def _vote_score(table, name: str, run) -> float:
    return run(table, name)["accuracy"][0]


def sample(cells: list[Cell], n: int, seed: int) -> list[Cell]:
    """Up to n of the cells."""
    drawn = np.random.default_rng(seed).permutation(len(cells))[:n]
    return [cells[i] for i in sorted(drawn)]


def main(argv: list[str] | None = None) -> int:
    """Re-run the sample and print the table; 1 if a cell moved beyond its tolerance."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gtzan", type=Path, help="folder of features_30_sec.csv")
    parser.add_argument("--results", type=Path, default=RESULTS, help="default: docs/results")
    parser.add_argument("--cells", type=int, default=12, help="without networks (default: 12)")
    parser.add_argument("--networks", type=int, default=1, help="runs of networks (default: 1)")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    args = parser.parse_args(argv)
    sys.path.insert(0, str(Path(__file__).parent))  # for the scripts beside this one
    given = (args.gtzan, args.results)
    cheap = [*runs(*given, CHEAP), *tags(*given), *votes(*given)]
    # Of the networks those that are trained once, on the fewest clips.
    small = [cell for cell in runs(*given, NETWORKS) if "| fault_filtered |" in cell.name]
    chosen = sample(cheap, args.cells, args.seed) + sample(small, args.networks, args.seed)
    rows, moved = [], 0
    for cell in chosen:
        again = float(cell.again())
        far = abs(again - cell.committed) > cell.tolerance
        moved += far
        verdict = "MOVED" if far else ""
        rows.append([cell.name, cell.committed, again, f"{cell.tolerance:.4f}", verdict])
        print(f"{cell.name}: {cell.committed:.4f}, now {again:.4f} {verdict}", flush=True)
    print(text_table(["cell", "committed", "now", "may move by", ""], rows))
    print(f"{moved} of {len(chosen)} cells moved beyond their tolerance.")
    return 1 if moved else 0


if __name__ == "__main__":
    sys.exit(main())
