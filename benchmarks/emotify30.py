"""The three networks on real music, artists kept apart.

5-fold StratifiedGroupKFold over artists on the 316 clips of Emotify-30 (four genres).
Run with the folder that holds tracks.csv and the clips::

    python benchmarks/emotify30.py ../shared/data/emotify30 --systems logreg dnn crnn
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_mgc import (
    CNN2DClassifier,
    CRNNClassifier,
    DNNClassifier,
    HandcraftedFeatures,
    MelScaler,
    MelSpectrogram,
)


def systems(seed: int) -> dict:
    return {
        "logreg": ("handcrafted", StandardScaler(), LogisticRegression(max_iter=2000)),
        "svc": ("handcrafted", StandardScaler(), SVC(C=10)),
        "dnn": ("handcrafted", StandardScaler(), DNNClassifier(max_epochs=100, random_state=seed)),
        "cnn2d": (
            "mel",
            MelScaler(),
            CNN2DClassifier(max_epochs=10, lr=1e-3, batch_size=16, random_state=seed),
        ),
        "crnn": (
            "mel",
            MelScaler(),
            CRNNClassifier(max_epochs=100, lr=1e-3, batch_size=32, random_state=seed),
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--systems", nargs="+", default=list(systems(0)), choices=list(systems(0)))
    parser.add_argument("--seeds", type=int, default=1)
    args = parser.parse_args()

    table = pd.read_csv(args.folder / "tracks.csv")
    paths = [str(args.folder / path) for path in table["path"]]
    y, artists = table["genre"].to_numpy(dtype=object), table["artist"].fillna("unknown")
    extractors = {
        "handcrafted": HandcraftedFeatures(n_jobs=2, verbose=1),
        "mel": MelSpectrogram(n_jobs=2, verbose=1),
    }
    wanted = {systems(0)[name][0] for name in args.systems}
    X = {name: extractors[name].fit_transform(paths) for name in wanted}
    print(f"{len(y)} clips, {artists.nunique()} artists, 5 artist-grouped folds")
    print("| system | accuracy | sd over folds | folds | seeds | seconds |")
    print("|---|---|---|---|---|---|")
    for name in args.systems:
        scores, started = [], time.perf_counter()
        for seed in range(args.seeds):
            features, scaler, model = systems(seed)[name]
            scores += list(
                cross_val_score(
                    make_pipeline(scaler, model),
                    X[features],
                    y,
                    groups=artists,
                    cv=StratifiedGroupKFold(5, shuffle=True, random_state=seed),
                    error_score="raise",
                )
            )
        print(
            f"| {name} | {np.mean(scores):.3f} | {np.std(scores):.3f} | 5 | {args.seeds} "
            f"| {time.perf_counter() - started:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
