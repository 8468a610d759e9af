"""Would more clips help? Emotify-30 with a quarter to all of each training fold.

The folds of ``emotify30.py``. What is left of a training fold are one, two or three of the four
parts into which it is split by artist, stratified; the whole is read from the files of that
script. Each fit is a file, so that a run that was stopped goes on::

    python experiments/learning_curve.py FOLDER --runs runs --report docs/results/learning_curve
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from emotify30 import features, folds, read_tracks, system
from matplotlib.figure import Figure
from sklearn.model_selection import StratifiedGroupKFold

from sklearn_mgc.evaluation.statistics import share_interval

SYSTEMS = {
    "svc_rich": "SVM, rich descriptors",
    "dnn_rich": "DNNClassifier, rich descriptors",
    "svc_mel": "SVM, mean and deviation of each band",
    "crnn_segments": "CRNNClassifier, segments that vote",
}
N_PARTS = 4


def share(train, y, artists, n_parts: int, seed: int) -> np.ndarray:
    """The clips of the first parts of a training fold."""
    if n_parts == N_PARTS:
        return train
    splitter = StratifiedGroupKFold(N_PARTS, shuffle=True, random_state=seed)
    parts = [part for _, part in splitter.split(train, y[train], artists[train])]
    return train[np.concatenate(parts[:n_parts])]


def probabilities(args, name: str, seed: int, fold: int, n_parts: int, cut, data, arrays):
    """Of the test clips of a fold, and the number of clips that were trained on."""
    (train, test), (paths, y, artists) = cut, data
    part = share(train, y, artists, n_parts, seed)
    whole = n_parts == N_PARTS
    path = args.runs / f"{name}-{seed}-{fold}{'' if whole else f'-{n_parts}of{N_PARTS}'}.npz"
    if not path.exists():
        kind, model = system(name, seed)
        if kind not in arrays:
            arrays[kind] = features(kind, args.runs / "features").fit_transform(paths)
        model.fit(arrays[kind][part], y[part])
        np.savez(path, test=test, proba=model.predict_proba(arrays[kind][test]), seconds=np.nan)
        print(name, seed, fold, n_parts, flush=True)
    with np.load(path) as saved:
        return saved["proba"], len(part)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--report", type=Path, required=True)
    args = parser.parse_args()
    data = read_tracks(args.folder)
    _, y, artists = data
    _classes, codes = np.unique(y, return_inverse=True)
    arrays: dict[str, np.ndarray] = {}
    rows = []
    for name in SYSTEMS:
        for n_parts in range(1, N_PARTS + 1):
            right, clips = np.zeros((len(args.seeds), len(y))), []
            for i, seed in enumerate(args.seeds):
                for fold, cut in enumerate(folds(y, artists, seed)):
                    proba, n = probabilities(args, name, seed, fold, n_parts, cut, data, arrays)
                    right[i, cut[1]] = proba.argmax(axis=1) == codes[cut[1]]
                    clips.append(n)
            low, high = share_interval(right.mean(axis=0), artists)
            row = [name, round(float(np.mean(clips)), 1), right.mean(), low, high]
            rows.append(
                dict(zip(("system", "clips", "accuracy", "low", "high"), row, strict=True))
                | {"per_seed": right.mean(axis=1).round(4).tolist()}
            )
            print(rows[-1], flush=True)
    args.report.with_suffix(".json").write_text(json.dumps(rows, indent=1) + "\n")
    draw(rows, args.report.with_suffix(".png"))


def draw(rows, path: Path) -> None:
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for i, (name, title) in enumerate(SYSTEMS.items()):
        mine = [row for row in rows if row["system"] == name]
        clips = [row["clips"] for row in mine]
        scores = np.array([[row["low"], row["accuracy"], row["high"]] for row in mine]).T
        beside = [n * 1.015 ** (i - 1.5) for n in clips]  # so that the bars are told apart
        axes.errorbar(beside, scores[1], np.abs(np.diff(scores, axis=0)), fmt="o-", label=title)
    axes.set(xlabel="training clips", ylabel="accuracy, artists apart", xscale="log")
    axes.set_xticks(clips, [f"{n:.0f}" for n in clips])
    axes.minorticks_off()
    axes.legend(loc="lower right")
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
