"""What predictions on real recordings survive: out of fold, artists kept apart.

    python experiments/robustness_card.py TRACKS.csv --out docs/results/robustness --folds FOLDER

TRACKS.csv names files, genres and artists, as `load_audio_table` reads them. Every clip is
predicted under every condition by a model that was trained on other artists' clips as they are.
Folds that are done are kept in FOLDER and not computed again. Writes OUT.txt, OUT.json, OUT.png.
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path

import numpy as np
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import sklearn_mgc
from sklearn_mgc import HandcraftedFeatures
from sklearn_mgc.datasets import load_audio_table
from sklearn_mgc.evaluation import RobustnessResult, robustness
from sklearn_mgc.recipes import best, paper

N_FOLDS = 5


def without_loudness():
    """Below 4 kHz, and without the first MFCC."""
    features = HandcraftedFeatures(sample_rate=8000, hop_length=256).set_output(transform="pandas")
    rest = ColumnTransformer([("loudness", "drop", ["mfcc1_mean"])], remainder="passthrough")
    return make_pipeline(features, rest, StandardScaler(), SVC(C=10))


SYSTEMS = {
    "svc": (
        "support vector machine, the paper's 25 descriptors",
        lambda: make_pipeline(HandcraftedFeatures(), StandardScaler(), SVC(C=10)),
    ),
    "dnn": (
        "the paper's dense network, its 25 descriptors",
        lambda: make_pipeline(HandcraftedFeatures(), paper.dnn_tuned(random_state=0)),
    ),
    "svc_4khz": (
        "support vector machine, 24 descriptors below 4 kHz, without the first MFCC",
        without_loudness,
    ),
    "musicnn": ("linear discriminant analysis, musicnn's embedding", lambda: best("embedding")),
}


class Together:
    """Several classifiers that hear each changed clip while it is there."""

    def __init__(self, models):
        self.models = models

    def predict(self, X):
        return ["|".join(row) for row in zip(*(m.predict(X) for m in self.models), strict=True)]


def cards(names: list[str], music, folder: Path) -> dict[str, RobustnessResult]:
    """Out-of-fold predictions of every system under every condition."""
    folds = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=0)
    predictions: dict[str, dict[str, np.ndarray]] = {name: {} for name in names}
    for k, (train, test) in enumerate(folds.split(music.data, music.target, music.groups)):
        file = folder / f"{'+'.join(names)}.{k}.json"
        if not file.exists():
            models = [SYSTEMS[name][1]() for name in names]
            for model in models:
                model.fit(music.data[train], music.target[train])
            found = robustness(
                Together(models), music.data[test], music.target[test], random_state=0
            )
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps({k: list(v) for k, v in found.predictions.items()}))
        for condition, joined in json.loads(file.read_text()).items():
            for i, name in enumerate(names):
                every = predictions[name].setdefault(
                    condition, np.full(len(music.data), None, object)
                )
                every[test] = [None if row is None else row.split("|")[i] for row in joined]
    y = np.asarray(music.target, dtype=object)
    return {name: RobustnessResult(y, found, music.groups) for name, found in predictions.items()}


def main() -> None:
    """Run the systems and write their cards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tracks", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--folds", type=Path, required=True)
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    args = parser.parse_args()
    music = load_audio_table(args.tracks)
    found = cards(args.systems, music, args.folds)
    versions = f"sklearn_mgc {sklearn_mgc.__version__}, scikit-learn {sklearn.__version__}, "
    versions += f"numpy {np.__version__}, Python {platform.python_version()}"
    lines = [
        f"{len(music.data)} clips of {len(set(music.target))} genres by "
        f"{len(set(music.groups))} artists; {N_FOLDS} folds by artist, seed 0.",
        f"Intervals (95 %) go by artists. {versions}.",
    ]
    for name, result in found.items():
        lines += ["", f"{SYSTEMS[name][0]}:", str(result)]
    args.out.with_suffix(".txt").write_text("\n".join(lines) + "\n")
    args.out.with_suffix(".json").write_text(
        json.dumps({name: result.rows for name, result in found.items()}, indent=1) + "\n"
    )
    import matplotlib.pyplot as plt

    rows = -(-len(found) // 2)
    fig, axes = plt.subplots(rows, 2, figsize=(9, 5 * rows), sharey=True, layout="constrained")
    for ax, (name, result) in zip(axes.flat, found.items(), strict=False):
        result.plot(ax=ax)
        ax.set_title(SYSTEMS[name][0].replace(", ", "\n", 1), fontsize="medium")
    for ax in axes.flat[len(found) :]:
        ax.remove()
    fig.savefig(args.out.with_suffix(".png"), dpi=80)


if __name__ == "__main__":
    main()
