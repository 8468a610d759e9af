"""What predictions on real recordings survive: out of fold, artists kept apart.

    python benchmarks/robustness_card.py TRACKS.csv --out docs/results/robustness

TRACKS.csv names files, genres and artists, as `load_audio_table` reads them. Every clip is
predicted under every condition by a model that was trained on other artists' clips as they are.
Folds that are done are kept in ``OUT/folds`` and not computed again.
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
from sklearn_mgc.evaluation import RobustnessResult, best_handcrafted, paper, robustness

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
    "best": (
        "best_handcrafted, 57 descriptors",
        lambda: make_pipeline(HandcraftedFeatures("kaggle"), best_handcrafted()),
    ),
    "svc_4khz": (
        "support vector machine, 24 descriptors below 4 kHz, without the first MFCC",
        without_loudness,
    ),
}


def card(name: str, music, out: Path) -> RobustnessResult:
    """Out-of-fold predictions under every condition."""
    folds = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=0)
    predictions: dict[str, np.ndarray] = {}
    for k, (train, test) in enumerate(folds.split(music.data, music.target, music.groups)):
        file = out / "folds" / f"{name}.{k}.json"
        if not file.exists():
            model = SYSTEMS[name][1]().fit(music.data[train], music.target[train])
            found = robustness(model, music.data[test], music.target[test], random_state=0)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps({k: list(v) for k, v in found.predictions.items()}))
        for condition, predicted in json.loads(file.read_text()).items():
            every = predictions.setdefault(condition, np.full(len(music.data), None, object))
            every[test] = predicted
    return RobustnessResult(np.asarray(music.target, dtype=object), predictions, music.groups)


def main() -> None:
    """Run the systems and write their cards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tracks", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    args = parser.parse_args()
    music = load_audio_table(args.tracks)
    cards = {name: card(name, music, args.out) for name in args.systems}
    versions = f"sklearn_mgc {sklearn_mgc.__version__}, scikit-learn {sklearn.__version__}, "
    versions += f"numpy {np.__version__}, Python {platform.python_version()}"
    lines = [
        "# What a prediction survives\n",
        f"{len(music.data)} clips of {len(set(music.target))} genres by "
        f"{len(set(music.groups))} artists; {N_FOLDS} folds by artist, seed 0. Intervals "
        f"(95 %) go by artists. {versions}.\n",
        "    python benchmarks/robustness_card.py TRACKS.csv --out docs/results/robustness\n",
    ]
    for name, result in cards.items():
        lines += [f"## {SYSTEMS[name][0][0].upper()}{SYSTEMS[name][0][1:]}\n", "```"]
        lines += [str(result), "```\n"]
    (args.out / "results.md").write_text("\n".join(lines))
    (args.out / "results.json").write_text(
        json.dumps({name: result.rows for name, result in cards.items()}, indent=1) + "\n"
    )
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(
        1, len(cards), figsize=(4.2 * len(cards), 5), sharey=True, layout="constrained",
        squeeze=False,
    )  # fmt: skip
    for ax, (name, result) in zip(axes[0], cards.items(), strict=True):
        result.plot(ax=ax)
        ax.set_title(SYSTEMS[name][0].replace(", ", "\n", 1), fontsize="medium")
    fig.savefig(args.out / "robustness.png", dpi=80)


if __name__ == "__main__":
    main()
