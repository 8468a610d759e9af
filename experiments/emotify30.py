"""All networks on real music, artists kept apart: Emotify-30, 316 clips of four genres.

5-fold StratifiedGroupKFold over artists, shuffled anew by each seed, the same folds for every
system. Each fit is a file in ``--out``, so that a run that was stopped goes on, and several may
share the work; ``--report`` reads what is there and trains nothing::

    python experiments/emotify30.py FOLDER --out runs --systems svc dnn crnn --seeds 0 1 2
    python experiments/emotify30.py FOLDER --out runs --report docs/results/emotify30

FOLDER holds tracks.csv (path, genre, artist) and the clips.
"""

from __future__ import annotations

import argparse
import json
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from sklearn_mgc import (
    CNN2DClassifier,
    CRNNClassifier,
    DNNClassifier,
    HandcraftedFeatures,
    MelSpectrogram,
)
from sklearn_mgc.evaluation.statistics import share_interval
from sklearn_mgc.recipes import published, voting_crnn

N_FOLDS = 5
RECIPE = {
    "lr_schedule": "onecycle",
    "weight_decay": 0.05,
    "mixup": 0.3,
    "spec_augment": 0.2,
    "label_smoothing": 0.1,
}
"""What the issue of little data asks for, the same for all networks that bear its name."""


def features(name: str, cache: Path):
    shared = {"cache": cache, "n_jobs": 1, "verbose": 1}
    if name == "mel":
        return MelSpectrogram(**shared)
    return HandcraftedFeatures(name, **shared)


def means_and_deviations(mel):
    return np.hstack([mel.mean(axis=1), mel.std(axis=1)])


def svc(C: float):
    """Probabilities, by folds within the training clips, so that it can be averaged with others."""
    return make_pipeline(StandardScaler(), CalibratedClassifierCV(SVC(C=C), ensemble=False))


def system(name: str, seed: int):
    """Features and estimator of a system."""
    scaled, s = StandardScaler, {"random_state": seed}
    made = {
        "logreg": ("paper", make_pipeline(scaled(), LogisticRegression(max_iter=2000))),
        "svc": ("paper", svc(C=10)),
        "logreg_rich": ("rich", make_pipeline(scaled(), LogisticRegression(C=0.1, max_iter=2000))),
        "svc_rich": ("rich", svc(C=3)),
        "trees_rich": ("rich", ExtraTreesClassifier(500, **s)),
        "dnn": ("paper", make_pipeline(scaled(), DNNClassifier(**s))),
        "dnn_rich": ("rich", make_pipeline(scaled(), DNNClassifier(**s))),
        "svc_mel": ("mel", make_pipeline(FunctionTransformer(means_and_deviations), svc(C=3))),
        "crnn": ("mel", CRNNClassifier(**s)),
        "crnn_recipe": ("mel", CRNNClassifier(average_steps=True, **s, **RECIPE)),
        "crnn_segments": ("mel", voting_crnn(**s)),
        "cnn2d": ("mel", CNN2DClassifier(max_epochs=15, lr_schedule="onecycle", **s)),
        "singh": ("mel", published.singh(max_epochs=60, **s)),
    }
    return made if name == "all" else made[name]


AVERAGES = {
    "svc_rich + trees_rich": ("svc_rich", "trees_rich"),
    "svc_rich + dnn_rich + crnn_recipe": ("svc_rich", "dnn_rich", "crnn_recipe"),
}
"""Means of probabilities, decided before their scores were seen."""


def read_tracks(folder: Path):
    table = pd.read_csv(folder / "tracks.csv")
    paths = [str(folder / path) for path in table["path"]]
    return paths, table["genre"].to_numpy(str), table["artist"].fillna("unknown").to_numpy(str)


def folds(y, artists, seed: int):
    splitter = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=seed)
    return list(splitter.split(y, y, artists))


def run(args) -> None:
    paths, y, artists = read_tracks(args.folder)
    classes = np.unique(y)
    arrays: dict[str, np.ndarray] = {}
    for seed in args.seeds:
        for name in args.systems:
            for fold, (train, test) in enumerate(folds(y, artists, seed)):
                path = args.out / f"{name}-{seed}-{fold}.npz"
                if path.exists():
                    continue
                kind, model = system(name, seed)
                if kind not in arrays:
                    made = features(kind, args.out / "features")
                    arrays[kind] = made.fit_transform(paths)
                X, started = arrays[kind], time.perf_counter()
                model.fit(X[train], y[train])
                seconds = time.perf_counter() - started
                proba = model.predict_proba(X[test])
                np.savez(path, test=test, proba=proba, seconds=seconds)
                right = (classes[proba.argmax(axis=1)] == y[test]).mean()
                print(f"{name} seed {seed} fold {fold}: {right:.3f}, {seconds:.0f} s", flush=True)


def out_of_fold(args, names, seed: int, shape) -> tuple[np.ndarray, float] | None:
    """Mean probabilities of the systems for every clip, and the seconds of their fits."""
    total, seconds = np.zeros(shape), 0.0
    for name in names:
        for fold in range(N_FOLDS):
            path = args.out / f"{name}-{seed}-{fold}.npz"
            if not path.exists():
                return None
            with np.load(path) as saved:
                total[saved["test"]] += saved["proba"]
                seconds += float(saved["seconds"])
    return total / len(names), seconds


def report(args) -> None:
    _, y, artists = read_tracks(args.folder)
    classes, codes = np.unique(y, return_inverse=True)
    rows = []
    singles = {name: (name,) for name in system("all", 0)}
    for name, parts in {**singles, **AVERAGES}.items():
        found = {seed: out_of_fold(args, parts, seed, (len(y), len(classes))) for seed in range(10)}
        done = {seed: values for seed, values in found.items() if values is not None}
        if not done:
            continue
        right = np.array([proba.argmax(axis=1) == codes for proba, _ in done.values()])
        low, high = share_interval(right.mean(axis=0), artists)
        rows.append(
            {
                "system": name,
                "features": system(name, 0)[0] if name in singles else "",
                "accuracy": round(float(right.mean()), 4),
                "low": round(low, 4),
                "high": round(high, 4),
                "per_seed": [round(float(r.mean()), 4) for r in right],
                "seeds": list(done),
                "seconds_per_fit": round(np.mean([s for _, s in done.values()]) / N_FOLDS, 1),
            }
        )
    rows.sort(key=lambda row: -row["accuracy"])
    about = {
        "clips": len(y),
        "artists": len(set(artists)),
        "folds": N_FOLDS,
        "date": args.date,
        "versions": {p: version(p) for p in ("scikit-learn", "torch", "skorch", "numpy")},
        "systems": rows,
    }
    args.report.parent.mkdir(parents=True, exist_ok=True)
    args.report.with_suffix(".json").write_text(json.dumps(about, indent=1) + "\n")
    args.report.with_suffix(".inc").write_text(table(rows))
    print(table(rows))


def table(rows) -> str:
    lines = [
        ".. list-table::",
        "   :header-rows: 1",
        "",
        "   * - system",
        "     - features",
        "     - accuracy",
        "     - 95 % interval",
        "     - each seed",
        "     - seconds a fit",
    ]
    for row in rows:
        lines += [
            f"   * - {row['system']}",
            f"     - {row['features']}",
            f"     - {row['accuracy']:.3f}",
            f"     - {row['low']:.3f} - {row['high']:.3f}",
            f"     - {', '.join(f'{score:.3f}' for score in row['per_seed'])}",
            f"     - {row['seconds_per_fit']:.0f}",
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--systems", nargs="+", default=list(system("all", 0)))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--report", type=Path)
    parser.add_argument("--date", default=time.strftime("%Y-%m-%d"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    if args.report is None:
        run(args)
    else:
        report(args)


if __name__ == "__main__":
    main()
