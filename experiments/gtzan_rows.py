"""Put the rows of a reproduction into docs/results/gtzan.json, and draw all rows.

A row replaces the older one of the same data, system and protocol; rows that were not run again
stay, and say the date of their run::

    python -m sklearn_mgc reproduce --gtzan-features features_30_sec.csv \
        --systems logreg svc best --output reproduction
    python experiments/gtzan_rows.py reproduction/summary.json docs/results/gtzan.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from sklearn_mgc.evaluation.protocols import PROTOCOLS
from sklearn_mgc.evaluation.reproduction_report import draw_accuracies
from sklearn_mgc.recipes.systems import SYSTEMS


def key(row: dict) -> tuple:
    """What a row is of, sorted as the page has them."""
    return (
        row["dataset"],
        list(SYSTEMS).index(row["system"]),
        list(PROTOCOLS).index(row["protocol"]),
    )


def main() -> None:
    """Merge, write and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("new", type=Path)
    parser.add_argument("kept", type=Path)
    args = parser.parse_args()
    rows = {}
    for path in (args.kept, args.new):
        about = json.loads(path.read_text())
        rows |= {key(row): {"date": about["date"]} | row for row in about["rows"]}
    about["rows"] = [rows[k] for k in sorted(rows)]
    args.kept.write_text(json.dumps(about, indent=1) + "\n")
    draw_accuracies(about["rows"], args.kept.with_suffix(".png"))
    for row in about["rows"]:
        low, accuracy, high = (f"{100 * row[name]:.1f}" for name in ("low", "accuracy", "high"))
        seeds = f", {row['runs']} runs ± {100 * row['spread']:.1f}" if row["runs"] > 1 else ""
        name = " | ".join([row["dataset"], row["system"], row["protocol"], row["date"]])
        print(f"{name}: {accuracy} ({low} to {high}){seeds}")


if __name__ == "__main__":
    main()
