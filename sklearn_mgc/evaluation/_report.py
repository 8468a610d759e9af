"""A page and figures from stored runs: ours beside what the paper printed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sklearn_mgc.evaluation._statistics import share_interval
from sklearn_mgc.evaluation.protocols import PROTOCOLS
from sklearn_mgc.evaluation.systems import SYSTEMS
from sklearn_mgc.recipes import paper


def table(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Accuracy with its interval of each data set, system and protocol of stored runs."""
    cells: dict[tuple[str, str, str], list[dict]] = {}
    for key, run in content["runs"].items():
        dataset, system, protocol, _ = key.split(" | ")
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
                "accuracy": float(right.mean()),
                "low": low,
                "high": high,
                "runs": len(runs),
                "spread": float(np.std([run["accuracy"] for run in runs])),
                "seconds": sum(run["seconds"] for run in runs),
            }
        )
    return rows


def write_report(content: Mapping[str, Any], folder: Path) -> None:
    """Write summary.json, results.md and, where matplotlib is installed, the figures."""
    rows = table(content)
    summary = {key: content[key] for key in ("settings", "date", "versions", "curves")}
    (folder / "summary.json").write_text(json.dumps({**summary, "rows": rows}, indent=1))
    (folder / "results.md").write_text("\n".join(_page(content, rows)), encoding="utf-8")
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        return
    _draw_accuracies(rows, folder / "accuracies.png")
    _draw_curves(content["curves"], folder)


def _page(content, rows) -> list[str]:
    lines = ["# The paper's systems, by the paper's protocol and by honest ones", ""]
    if content["settings"]["quick"]:
        lines += ["**A quick run: networks were trained for a few epochs only. No results.**", ""]
    for name, about in content["datasets"].items():
        artists = "artists unknown" if not about["n_artists"] else f"{about['n_artists']} artists"
        lines.append(
            f"* {name}: {about['n_clips']} clips, {about['n_genres']} genres, {artists}, "
            f"{len(content['errors'].get(name, ()))} clips left out"
        )
    lines += ["", "Accuracy in %, with a 95 % interval for other artists.", ""]
    for name in content["datasets"]:
        lines += _table(name, [row for row in rows if row["dataset"] == name])
    lines += ["## Protocols", ""]
    lines += [f"* **{p.name}**: {p.title}" for p in PROTOCOLS.values()]
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
    lines = [f"## {name}", "", "| system | " + " | ".join(protocols) + " | seconds |"]
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


def _draw_accuracies(rows, path: Path) -> None:
    from matplotlib.figure import Figure

    datasets = list(dict.fromkeys(row["dataset"] for row in rows))
    figure = Figure(figsize=(9, 3.2 * len(datasets)), layout="constrained")
    axes = figure.subplots(len(datasets), squeeze=False)[:, 0]
    for ax, dataset in zip(axes, datasets, strict=True):
        here = [row for row in rows if row["dataset"] == dataset]
        systems = [s for s in SYSTEMS if any(row["system"] == s for row in here)]
        protocols = [p for p in PROTOCOLS if any(row["protocol"] == p for row in here)]
        width = 0.8 / len(protocols)
        for i, protocol in enumerate(protocols):
            bars = {row["system"]: row for row in here if row["protocol"] == protocol}
            x = [systems.index(s) + (i - (len(protocols) - 1) / 2) * width for s in bars]
            heights = [row["accuracy"] for row in bars.values()]
            errors = [
                [row["accuracy"] - row["low"] for row in bars.values()],
                [row["high"] - row["accuracy"] for row in bars.values()],
            ]
            color = f"C{list(PROTOCOLS).index(protocol)}"
            ax.bar(x, heights, width, yerr=errors, label=protocol, color=color, capsize=2)
        ax.set_xticks(range(len(systems)), [name.replace("_", "\n") for name in systems])
        ax.set(ylabel="accuracy, 95 % CI", ylim=(0, 1), title=dataset)
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize="small", frameon=False)
    figure.savefig(path, dpi=150)


def _draw_curves(curves, folder: Path) -> None:
    from sklearn_mgc.display import TrainingCurvesDisplay

    for i, (key, history) in enumerate(curves.items()):
        display = TrainingCurvesDisplay.from_history(history, name=key)
        name = key.split(" | ")[-1]
        display.figure_.savefig(folder / f"curves_{name}_{i}.png", dpi=150)
