"""Genres from the 50 tags of musicnn: what a network trained on other music is worth.

musicnn's tags of GTZAN's fault-filtered training and test clips come with
jordipons/sklearn-audio-transfer-learning (ISC). Each clip is the mean and the deviation of its
tags over time; the classifier is chosen by artist-grouped folds of the training clips, and the
test clips are scored once::

    python experiments/gtzan_tags.py musicnn_taggrams --out docs/results/gtzan_tags.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from sklearn_mgc.datasets import gtzan_clips
from sklearn_mgc.evaluation.statistics import share_interval

SEEDS = range(6)
CANDIDATES = {
    "linear SVM": (LinearSVC(), {"C": [0.003, 0.01, 0.03, 0.1]}),
    "logistic regression": (LogisticRegression(max_iter=3000), {"C": [0.01, 0.03, 0.1, 0.3]}),
    "SVM with RBF kernel": (SVC(), {"C": [1.0, 3.0, 10.0]}),
    "shrunk LDA": (
        LinearDiscriminantAnalysis(solver="lsqr"),
        {"shrinkage": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]},
    ),
}


def load(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and deviation of each clip's tags, its genre and its artist."""
    stored = np.load(path, allow_pickle=True)
    ids = np.array([Path(str(name)).stem for name in stored["IDS"]])
    names = np.unique(ids)
    parts = [stored["X"][ids == name] for name in names]
    X = np.array([np.concatenate([part.mean(axis=0), part.std(axis=0)]) for part in parts])
    genres = np.array([name.split(".")[0] for name in names])
    artists = np.array([gtzan_clips.clips()[name].artist for name in names])
    return X, genres, artists


def chosen_and_tested(name: str, folder: Path) -> dict:
    """The best setting of a classifier on folds of the training clips, and its test score."""
    X, y, artists = load(folder / "training_data_GTZAN_MSDmusicnn_taggram.npz")
    test = load(folder / "evaluation_data_GTZAN_MSDmusicnn_taggram.npz")
    folds = [
        pair
        for seed in SEEDS
        for pair in StratifiedGroupKFold(5, shuffle=True, random_state=seed).split(X, y, artists)
    ]
    classifier, grid = CANDIDATES[name]
    model = make_pipeline(StandardScaler(), classifier)
    step = model.steps[-1][0]
    search = GridSearchCV(model, {f"{step}__{k}": v for k, v in grid.items()}, cv=folds)
    search.fit(X, y)
    right = search.predict(test[0]) == test[1]
    low, high = share_interval(right, test[2])
    return {
        "classifier": name,
        "chosen": {k.split("__")[-1]: v for k, v in search.best_params_.items()},
        "inner folds": round(float(search.best_score_), 4),
        "test": round(float(right.mean()), 4),
        "low": round(low, 4),
        "high": round(high, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    rows = []
    for name in CANDIDATES:
        rows.append(chosen_and_tested(name, args.folder))
        print(rows[-1])
    best = max(rows, key=lambda row: row["inner folds"])
    print(f"chosen by inner folds: {best['classifier']}, test {best['test']}")
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps({"chosen": best["classifier"], "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
