"""The paper's grid, finished: 27 networks, 10 folds, 200 epochs at batch 5, two protocols.

The folds are random (stratified), as in the paper, and by artist. Results are written after
every size of network, and a run that was stopped goes on where it was::

    python experiments/gtzan_grid.py features_30_sec.csv --date 2026-11-23 \
        --out docs/results/gtzan_grid

"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path

import numpy as np
import scipy.stats
import sklearn
import torch
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, StratifiedKFold

import sklearn_mgc
from sklearn_mgc.datasets import load_gtzan_features
from sklearn_mgc.recipes import paper

PROTOCOLS = {
    "random": StratifiedKFold(10, shuffle=True, random_state=0),
    "artists": StratifiedGroupKFold(10, shuffle=True, random_state=0),
}


def run(gtzan, protocol: str, sizes, *, epochs: int, seed: int, n_jobs: int) -> dict:
    """Scores of the nine candidates of one size of network."""
    grid = {**paper.grid(), "dnnclassifier__hidden_sizes": [sizes]}
    model = paper.dnn(max_epochs=epochs, random_state=seed)
    search = GridSearchCV(
        model, grid, cv=PROTOCOLS[protocol], n_jobs=n_jobs, refit=False, return_train_score=True
    )
    started = time.perf_counter()
    groups = gtzan.groups if protocol == "artists" else None
    search.fit(gtzan.data, gtzan.target, groups=groups)
    seconds = time.perf_counter() - started
    found = search.cv_results_
    folds = range(search.n_splits_)
    return {
        "seconds": round(seconds, 1),
        "candidates": [
            {
                "hidden_sizes": list(sizes),
                "lr": params["dnnclassifier__lr"],
                "dropout": params["dnnclassifier__dropout"],
                "test": [round(float(found[f"split{k}_test_score"][i]), 4) for k in folds],
                "train": [round(float(found[f"split{k}_train_score"][i]), 4) for k in folds],
                "fit_seconds": round(float(found["mean_fit_time"][i]), 2),
            }
            for i, params in enumerate(found["params"])
        ],
    }


def interval(scores) -> tuple[float, float]:
    """Student's interval of the mean over folds."""
    half = scipy.stats.sem(scores) * scipy.stats.t.ppf(0.975, len(scores) - 1)
    return float(np.mean(scores) - half), float(np.mean(scores) + half)


def unselected(candidates: list[dict]) -> list[float]:
    """Score on each fold of the candidate that is best on the other folds."""
    scores = np.array([c["test"] for c in candidates])
    rest = scores.sum(axis=1, keepdims=True) - scores
    return [float(scores[rest[:, k].argmax(), k]) for k in range(scores.shape[1])]


def as_rst(report: dict) -> str:
    """The report as a page."""
    lines = ["The paper's grid on GTZAN", "=========================", "", report["text"], ""]
    for protocol, parts in report["protocols"].items():
        candidates = [c for part in parts.values() for c in part["candidates"]]
        candidates.sort(key=lambda c: -np.mean(c["test"]))
        title = {"random": "Random folds", "artists": "Folds by artist"}[protocol]
        lines += [title, "-" * len(title), ""]
        low, high = interval(candidates[0]["test"])
        honest = unselected(candidates)
        honest_low, honest_high = interval(honest)
        lines += [
            f"{len(candidates)} candidates, {sum(p['seconds'] for p in parts.values()) / 60:.1f} "
            f"minutes. Best: {np.mean(candidates[0]['test']):.3f} ({low:.3f} to {high:.3f}), "
            "chosen by the very score that is shown. Chosen on nine folds and scored on the "
            f"tenth: {np.mean(honest):.3f} ({honest_low:.3f} to {honest_high:.3f}).",
            "",
            ".. list-table::",
            "   :header-rows: 1",
            "",
            "   * - Hidden sizes",
            "     - lr",
            "     - Dropout",
            "     - Accuracy",
            "     - 95 % interval",
            "     - On training rows",
        ]
        for c in candidates:
            low, high = interval(c["test"])
            lines += [
                f"   * - {', '.join(map(str, c['hidden_sizes']))}",
                f"     - {c['lr']:g}",
                f"     - {c['dropout']:g}",
                f"     - {np.mean(c['test']):.3f}",
                f"     - {low:.3f} to {high:.3f}",
                f"     - {np.mean(c['train']):.3f}",
            ]
        lines.append("")
    return "\n".join(lines)


def describe(args, n: int) -> str:
    """What was run, in a paragraph."""
    return (
        f"{args.date}: 27 networks on 25 descriptors ({n} clips of the public table), "
        f"{args.epochs} epochs at batch 5, network seed {args.seed}, columns standardized "
        "within each fold, 10 folds (seed 0). Accuracy is the mean over folds, with Student's "
        "interval. Command: ``python experiments/gtzan_grid.py features_30_sec.csv "
        f"--epochs {args.epochs} --seed {args.seed} --n-jobs {args.n_jobs} --date {args.date} "
        f"--out docs/results/gtzan_grid``, one thread per job. sklearn_mgc "
        f"{sklearn_mgc.__version__}, torch {torch.__version__.split('+')[0]}, scikit-learn "
        f"{sklearn.__version__}, Python {platform.python_version()}. The same numbers are in "
        "``gtzan_grid.json``."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("csv")
    parser.add_argument("--out", required=True, help="path without suffix")
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--n-jobs", type=int, default=1)
    parser.add_argument("--date", default=time.strftime("%Y-%m-%d"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    gtzan = load_gtzan_features(args.csv, columns="paper")
    out = Path(args.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    report = {"text": describe(args, len(gtzan.target)), "protocols": {}}
    file = out.with_suffix(".json")
    if file.exists() and json.loads(file.read_text())["text"] == report["text"]:
        report = json.loads(file.read_text())
    sizes_first = sorted(paper.grid()["dnnclassifier__hidden_sizes"], key=sum)
    for sizes in sizes_first:
        for protocol in ("artists", "random"):
            done = report["protocols"].setdefault(protocol, {})
            key = "-".join(map(str, sizes))
            if key in done:
                continue
            given = {"epochs": args.epochs, "seed": args.seed, "n_jobs": args.n_jobs}
            done[key] = run(gtzan, protocol, sizes, **given)
            file.write_text(json.dumps(report, indent=1) + "\n")
            out.with_suffix(".rst").write_text(as_rst(report))
            print(protocol, key, done[key]["seconds"], "s", flush=True)


if __name__ == "__main__":
    main()
