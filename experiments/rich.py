"""Which descriptors tell the genres of unknown artists apart: what the "rich" preset rests on.

    python experiments/rich.py FOLDER [--cache FOLDER] [--repeats 5] [--gtzan TABLE.csv]

FOLDER holds tracks.csv (path, genre, artist) and the clips. Every selection meets the same
folds: five, stratified by genre, no artist on both sides, repeated with other seeds. Output is
reStructuredText. ``--gtzan`` is the public table of GTZAN, in which means and variances of some
of the descriptors stand ready, and of which the artists are known.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_mgc.datasets import load_gtzan_features
from sklearn_mgc.features import HandcraftedFeatures
from sklearn_mgc.features.descriptors import DESCRIPTORS, PAPER, PRESETS

STATISTICS = ("mean", "std", "min", "max", "median", "skew", "kurtosis")
DESCRIPTORS = tuple(name for name in DESCRIPTORS if name not in ("harmony", "perceptr"))
RICH = PRESETS["rich"][0]
ADDED = RICH[len(PAPER) :]
MODELS = {
    "logistic regression": lambda: LogisticRegression(C=0.1, max_iter=2000),
    "RBF SVM": lambda: SVC(C=3),
}


def selections() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Descriptors and statistics by what a row of the table says."""
    two = ("mean", "std")
    table = {
        "paper: means of six descriptors": (PAPER, ("mean",)),
        "the same; means and standard deviations": (PAPER, two),
        "rich": (RICH, two),
        "rich; means only": (RICH, ("mean",)),
    }
    for name in ADDED:
        table[f"rich without {name}"] = (tuple(n for n in RICH if n != name), two)
    for name in DESCRIPTORS:
        if name not in RICH:
            table[f"rich and {name}"] = ((*RICH, name), two)
    table["rich with median"] = (RICH, (*two, "median"))
    table["rich with min and max"] = (RICH, (*two, "min", "max"))
    table["rich with skew and kurtosis"] = (RICH, (*two, "skew", "kurtosis"))
    table["everything"] = (DESCRIPTORS, STATISTICS)
    return table


def score(X, y, artists, model, repeats: int) -> np.ndarray:
    """Balanced accuracy of each repetition, over all its folds."""
    scores = []
    for seed in range(repeats):
        predicted = np.empty_like(y)
        folds = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
        for train, test in folds.split(X, y, artists):
            pipeline = make_pipeline(StandardScaler(), model()).fit(X[train], y[train])
            predicted[test] = pipeline.predict(X[test])
        scores.append(balanced_accuracy_score(y, predicted))
    return np.array(scores)


def print_row(title: str, X, y, artists, repeats: int) -> None:
    """One selection and its scores."""
    cells = []
    for model in MODELS.values():
        scores = score(X, y, artists, model, repeats)
        cells.append(f"{scores.mean():.3f} ({scores.std(ddof=1):.3f})")
    print(f"   {title}, {X.shape[1]}, {', '.join(cells)}", flush=True)


def gtzan(csv: Path, repeats: int) -> None:
    """Selections of the public table's columns."""
    bunch = load_gtzan_features(csv, columns="kaggle")
    y, artists = np.asarray(bunch.target, dtype=str), bunch.groups
    X = pd.DataFrame(bunch.data, columns=bunch.feature_names)
    paper = load_gtzan_features(csv).feature_names
    both = [c for c in X if c in paper or c.replace("_var", "_mean") in paper]
    print(f"\nGTZAN: {len(y)} clips, {len(set(artists))} artists\n")
    print_row("paper: means of six descriptors", X[paper].to_numpy(), y, artists, repeats)
    print_row("the same; means and variances", X[both].to_numpy(), y, artists, repeats)
    for name in ("rms", "tempo"):
        names = [c for c in X if c in both or c.startswith(name)]
        print_row(f"the same and {name}", X[names].to_numpy(), y, artists, repeats)
    print_row("kaggle: all", X.to_numpy(), y, artists, repeats)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--gtzan", type=Path)
    args = parser.parse_args()
    table = pd.read_csv(args.folder / "tracks.csv")
    paths = [args.folder / path for path in table["path"]]
    y, artists = table["genre"].to_numpy(dtype=str), table["artist"].to_numpy(dtype=str)
    options = {"statistics": STATISTICS, "cache": args.cache, "verbose": 1}
    transformer = HandcraftedFeatures(DESCRIPTORS, **options)
    X = pd.DataFrame(transformer.transform(paths), columns=transformer.get_feature_names_out())
    print(f"{len(paths)} clips, {len(set(artists))} artists, {len(set(y))} genres\n")
    print(f"   selection, columns, {', '.join(f'{name} (s.d.)' for name in MODELS)}")
    for title, (descriptors, statistics) in selections().items():
        names = HandcraftedFeatures(descriptors, statistics=statistics).get_feature_names_out()
        print_row(title, X[names].to_numpy(), y, artists, args.repeats)
    if args.gtzan:
        gtzan(args.gtzan, args.repeats)


if __name__ == "__main__":
    main()
