"""Runs that are kept as they end, and a page and figures of them beside what the paper printed."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_mgc._atomic import write_whole
from sklearn_mgc._optional import require
from sklearn_mgc._versions import versions
from sklearn_mgc.display.tables import escape_markdown, for_json
from sklearn_mgc.evaluation.protocols import PROTOCOLS
from sklearn_mgc.evaluation.statistics import share_interval
from sklearn_mgc.recipes import paper
from sklearn_mgc.recipes.systems import SYSTEMS


def table(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Accuracy with its interval of each data set, system and protocol of stored runs."""
    cells: dict[tuple[str, str, str], list[dict]] = {}
    for key, run in content["runs"].items():
        dataset, system, protocol, _ = key.rsplit(" | ", 3)
        cells.setdefault((dataset, system, protocol), []).append(run)
    rows = []
    for (dataset, system, protocol), runs in cells.items():
        about = content["datasets"][dataset]
        target = np.asarray(about["target"])
        tested = np.concatenate([run["tested"] for run in runs])
        right = np.concatenate([run["predicted"] for run in runs]) == target[tested]
        groups = np.arange(len(target)) if about["groups"] is None else np.array(about["groups"])
        low, high = share_interval(right, groups[tested])
        rows.append(
            {
                "dataset": dataset,
                "system": system,
                "protocol": protocol,
                "accuracy": round(float(right.mean()), 4),
                "low": round(low, 4),
                "high": round(high, 4),
                "runs": len(runs),
                "folds": runs[0]["n_folds"],
                "spread": round(float(np.std([run["accuracy"] for run in runs])), 4),
                "seconds": round(sum(run["seconds"] for run in runs), 1),
                "accuracies": [run["accuracy"] for run in runs],
            }
        )
    return rows


def write_report(content: Mapping[str, Any], folder: Path) -> None:
    """Write summary.json, results.md and, where matplotlib is installed, the figure."""
    rows = table(content)
    summary = {key: content[key] for key in ("settings", "date", "versions")}
    with write_whole(folder / "summary.json") as part:
        part.write_text(json.dumps(for_json({**summary, "rows": rows}), indent=1), encoding="ascii")
    with write_whole(folder / "results.md") as part:
        part.write_text("\n".join(_page(content, rows)), encoding="utf-8")
    if _can_draw():
        draw_accuracies(rows, folder / "accuracies.png")


def draw_curves(curves: Mapping[str, list[dict]], folder: Path) -> None:
    """Draw the curves of each network into a file of its own, where matplotlib is installed."""
    if not _can_draw():
        return
    from sklearn_mgc.display import TrainingCurvesDisplay

    for i, (key, history) in enumerate(curves.items()):
        display = TrainingCurvesDisplay.from_history(history, name=key)
        with write_whole(folder / f"curves_{key.split(' | ')[-1]}_{i}.png") as part:
            display.figure_.savefig(part, dpi=150)


def _page(content, rows) -> list[str]:
    lines = ["# The paper's systems, by the paper's protocol and by honest ones", ""]
    if content["settings"]["quick"]:
        lines += ["**A quick run: networks were trained for a few epochs only. No results.**", ""]
    for name, about in content["datasets"].items():
        artists = "artists unknown" if not about["n_artists"] else f"{about['n_artists']} artists"
        lines.append(
            f"* {escape_markdown(name)}: {about['n_clips']} clips, {about['n_genres']} genres, "
            f"{artists}, {len(content['errors'].get(name, ()))} clips left out"
        )
    lines += ["", "Accuracy in %, with a 95 % interval for other artists.", ""]
    for name in content["datasets"]:
        lines += _table(name, [row for row in rows if row["dataset"] == name])
    lines += ["## Protocols", ""]
    lines += [f"* **{p.name}**: {p.title}" for p in PROTOCOLS.values()]
    drawn = {(row["dataset"], row["folds"]) for row in rows if row["protocol"] == "artist"}
    lines += [f"* Folds by artist of {escape_markdown(name)}: {n}" for name, n in sorted(drawn)]
    lines += ["", "The runs of a system have the seeds 0, 1 and so on, for splits and networks."]
    lines += ["", "## What the paper printed", "", "| system | data | accuracy | 95 % interval |"]
    lines += ["|---|---|---|---|"]
    for r in paper.results:
        low, high = r.interval()
        lines.append(
            f"| {SYSTEMS[r.system].title} | {r.dataset} | {100 * r.accuracy:.1f} % of "
            f"{r.n_test} clips | {100 * low:.1f} to {100 * high:.1f} |"
        )
    versions = ", ".join(f"{name} {number}" for name, number in content["versions"].items())
    lines += ["", f"{content['date']}; {versions}.", ""]
    return lines


def _table(name, rows) -> list[str]:
    protocols = [p for p in PROTOCOLS if any(row["protocol"] == p for row in rows)]
    cells = {(row["system"], row["protocol"]): row for row in rows}
    lines = [
        f"## {escape_markdown(name)}",
        "",
        "| system | " + " | ".join(protocols) + " | seconds |",
    ]
    lines.append("|---|" + "---|" * (len(protocols) + 1))
    for system in SYSTEMS:
        found = [cells.get((system, protocol)) for protocol in protocols]
        if not any(found):
            continue
        seconds = sum(row["seconds"] for row in found if row)
        lines.append(
            f"| {SYSTEMS[system].title} | "
            + " | ".join("" if row is None else _cell(row) for row in found)
            + f" | {seconds:.0f} |"
        )
    return [*lines, ""]


def _cell(row) -> str:
    text = f"{100 * row['accuracy']:.1f} ({100 * row['low']:.1f} to {100 * row['high']:.1f})"
    return text + (f", {row['runs']} runs ± {100 * row['spread']:.1f}" if row["runs"] > 1 else "")


def _can_draw() -> bool:
    try:
        require("matplotlib.pyplot", extra="plot", what="plots")
    except ImportError as error:
        warnings.warn(f"no figures: {error}", stacklevel=4)
        return False
    return True


def draw_accuracies(rows: list[dict[str, Any]], path: Path) -> None:
    """Draw the rows of `table`, a panel per data set; needs matplotlib."""
    plt = require("matplotlib.pyplot", extra="plot", what="plots")

    from sklearn_mgc.display import ScoresDisplay

    datasets = list(dict.fromkeys(row["dataset"] for row in rows))
    tall = [1 + 0.5 * len({row["system"] for row in rows if row["dataset"] == d}) for d in datasets]
    figure, axes = plt.subplots(
        len(datasets), squeeze=False, figsize=(7, sum(tall) + 0.8), height_ratios=tall,
        layout="constrained",
    )  # fmt: skip
    for ax, dataset in zip(axes[:, 0], datasets, strict=True):
        here = [row for row in rows if row["dataset"] == dataset]
        ScoresDisplay(
            [
                {"system": system.title, "protocol": protocol.label, "score": row["accuracy"]}
                | {end: row[end] for end in ("low", "high")}
                for system in SYSTEMS.values()
                for protocol in PROTOCOLS.values()
                for row in here
                if (row["system"], row["protocol"]) == (system.name, protocol.name)
            ]
        ).plot(ax=ax)
        ax.set_title(dataset)
        ax.get_legend().remove()
    shown = max(
        (ax.get_legend_handles_labels() for ax in axes[:, 0]), key=lambda pair: len(pair[1])
    )
    figure.legend(*shown, loc="outside upper center", frameon=False, ncols=4)
    with write_whole(path) as part:
        figure.savefig(part, dpi=150)
    plt.close(figure)


class RunStore:
    """The runs of a reproduction in ``results.json``, written whole or not at all.

    What the file holds is gone on with; runs with other settings are a ValueError.
    """

    def __init__(self, path: Path, settings: dict):
        self._path = path
        self.content: dict[str, Any] = {
            "settings": settings,
            "date": date.today().isoformat(),
            "versions": versions(),
            "datasets": {},
            "errors": {},
            "runs": {},
            "curves": {},
        }
        if not path.exists():
            return
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            differs = stored["settings"] != settings
        except (ValueError, KeyError) as error:
            raise ValueError(f"{path} is not a file of results; move it away") from error
        if differs:
            raise ValueError(
                f"{path} holds results with {stored['settings']}, not {settings}: "
                "choose another output folder"
            )
        if stored["versions"] != self.content["versions"]:
            warnings.warn(
                f"{path} holds runs of other versions ({stored['versions']}); new ones are added "
                "to them, and the report names the old",
                stacklevel=3,
            )
        self.content = stored

    def add_dataset(self, name: str, about: dict) -> None:
        """Refuse other clips under a name that has results."""
        if self.content["datasets"].setdefault(name, about) != about:
            raise ValueError(
                f"{self._path} holds results of other clips as {name!r}: choose another output "
                "folder, or another name"
            )

    def save(self) -> None:
        """Write what is there."""
        with write_whole(self._path) as part:
            # ASCII, because names of files need not be UTF-8.
            part.write_text(json.dumps(self.content, indent=1), encoding="ascii")
