"""Which training the dense network should have by default: chosen on folds by artist.

A grid over learning rate, dropout, weight decay, label smoothing and schedule for 50 epochs, and
the former default of 100 epochs, on four tables: GTZAN (25 and 57 columns, ten genres) and
Emotify-30 ("paper" and "rich" descriptors, four genres). The default is what is best on average
over the tables, so that no one of them has a say alone; each table's best is beside it. Results
are written table by table, and a run that was stopped goes on::

    python experiments/defaults.py features_30_sec.csv EMOTIFY --date 2026-11-23 \
        --out docs/results/defaults
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path

import numpy as np
import sklearn
import torch
from emotify30 import read_tracks
from sklearn.model_selection import GridSearchCV, ParameterGrid, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import DNNClassifier, HandcraftedFeatures
from sklearn_mgc.datasets import load_gtzan_features

GRID = {
    "lr": [3e-4, 1e-3, 3e-3],
    "dropout": [0.25, 0.5],
    "weight_decay": [0.0, 0.1],
    "label_smoothing": [0.0, 0.1],
    "lr_schedule": [None, "onecycle"],
    "max_epochs": [50],
}
BEFORE = {
    "lr": 1e-3,
    "dropout": 0.25,
    "weight_decay": 0.0,
    "label_smoothing": 0.0,
    "lr_schedule": None,
    "max_epochs": 100,
}
"""The former defaults, chosen by nothing."""


def tables(gtzan: Path, emotify: Path, cache: Path | None):
    for columns in ("paper", "kaggle"):
        data = load_gtzan_features(gtzan, columns=columns)
        yield f"GTZAN, {data.data.shape[1]} columns", data.data, data.target, data.groups
    paths, y, artists = read_tracks(emotify)
    for preset in ("paper", "rich"):
        X = HandcraftedFeatures(preset, cache=cache, n_jobs=2).transform(paths)
        yield f'Emotify-30, "{preset}"', X, y, artists


def scores(X, y, groups, seed: int, grid: dict) -> np.ndarray:
    """Accuracy of each candidate, the mean of five folds by artist."""
    search = GridSearchCV(
        make_pipeline(StandardScaler(), DNNClassifier(random_state=seed)),
        {f"dnnclassifier__{name}": values for name, values in grid.items()},
        cv=StratifiedGroupKFold(5, shuffle=True, random_state=seed),
        refit=False,
        n_jobs=1,
    ).fit(X, y, groups=groups)
    return search.cv_results_["mean_test_score"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gtzan", type=Path)
    parser.add_argument("emotify", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--date", default=time.strftime("%Y-%m-%d"))
    args = parser.parse_args()
    path = args.out.with_suffix(".json")
    about = json.loads(path.read_text()) if path.exists() else {"scores": {}}
    about |= {
        "date": args.date,
        "candidates": [BEFORE, *ParameterGrid(GRID)],
        "versions": {
            "python": platform.python_version(),
            "scikit-learn": sklearn.__version__,
            "torch": torch.__version__,
        },
    }
    data = list(tables(args.gtzan, args.emotify, args.cache))
    for seed in args.seeds:
        for name, X, y, groups in data:
            done = about["scores"].setdefault(name, {})
            if str(seed) not in done:
                started = time.perf_counter()
                before = {key: [value] for key, value in BEFORE.items()}
                found = [scores(X, y, groups, seed, grid) for grid in (before, GRID)]
                done[str(seed)] = np.round(np.concatenate(found), 4).tolist()
                path.write_text(json.dumps(about) + "\n")
                print(f"{name}, seed {seed}: {time.perf_counter() - started:.0f} s", flush=True)
    print(report(about))


def report(about) -> str:
    """The ten best on average, and the former default, table by table."""
    names = list(about["scores"])
    mean = np.array([np.mean(list(about["scores"][name].values()), axis=0) for name in names])
    candidates = about["candidates"]
    before = 0
    order = np.argsort(-mean.mean(axis=0))
    lines = ["mean    " + "  ".join(names)]
    for i in [*order[:10], before]:
        cells = "  ".join(f"{value:.3f}" for value in mean[:, i])
        lines.append(f"{mean[:, i].mean():.4f}  {cells}  {candidates[i]}")
    gain = mean[:, order[0]] - mean[:, before]
    lines.append(f"gain of the first over the former default: {np.round(gain, 3)}")
    for k, name in enumerate(names):
        best = int(mean[k].argmax())
        lines.append(f"best of {name}: {mean[k, best]:.3f}  {candidates[best]}")
    for key, values in GRID.items():
        for value in values:
            rows = [i for i, c in enumerate(candidates) if i and c[key] == value]
            lines.append(f"{key}={value}: {mean[:, rows].mean():.4f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
