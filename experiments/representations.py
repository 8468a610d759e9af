"""Which representation of sound: descriptors, spectrograms and embeddings on Emotify-30.

Five folds with artists apart, shuffled anew by each of three seeds, the same for every row; the
accuracy is over all clips and seeds, its interval over artists. Columns are standardized. The last
rows are soft votes. Seconds are of the processor, for one clip of 30 s on one core. The choice of a
row or of a head is not part of the folds: the best of so many numbers is a little too good::

    OMP_NUM_THREADS=1 python experiments/representations.py EMOTIFY --cache features \
        --out docs/results/representations.json

EMOTIFY holds tracks.csv (path, genre, artist) and the clips. The rows of spectrograms are those of
``emotify30.py``, on the same folds.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
from emotify30 import folds, read_tracks
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_mgc import DNNClassifier, HandcraftedFeatures, PretrainedEmbedding
from sklearn_mgc.classifiers import RegularizedDiscriminantAnalysis
from sklearn_mgc.evaluation.statistics import share_interval

SEEDS = range(3)
HEADS = {
    "logistic regression": lambda seed: LogisticRegression(C=0.003, max_iter=3000),
    "LDA": lambda seed: LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.8),
    "SVC": lambda seed: CalibratedClassifierCV(SVC(C=3), cv=3, ensemble=False),
    "RDA": lambda seed: RegularizedDiscriminantAnalysis(),
    "DNNClassifier": lambda seed: DNNClassifier(random_state=seed, device="cpu"),
}
VOTES = {
    "vote: penultimate LDA, penultimate and max-pool SVC": (
        ("penultimate", "LDA"),
        ("penultimate, max-pool", "SVC"),
    ),
    "vote: penultimate LDA, rich SVC": (("penultimate", "LDA"), ("rich", "SVC")),
}


def columns(paths: list[str], cache: Path | None) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """The columns of each row of the table, and seconds a clip of what they are made of."""
    layers = ["tags", "penultimate", "max_pool"]
    ears = {"layer": layers, "statistics": ["mean", "std"], "cache": cache, "device": "cpu"}
    transformers = {
        "rich": HandcraftedFeatures("rich", cache=cache),
        "musicnn": PretrainedEmbedding("musicnn", **ears),
        "musicnn, hop 1.5 s": PretrainedEmbedding("musicnn", hop=1.5, **ears),
        "musicnn-mtt": PretrainedEmbedding("musicnn-mtt", **ears),
    }
    tables, seconds = {}, {}
    for name, transformer in transformers.items():
        timed = transformer.set_params(cache=None).fit()
        timed.transform(paths[:1])
        started = time.process_time()
        timed.transform(paths[:5])
        seconds[name] = (time.process_time() - started) / 5
        tables[name] = transformer.set_params(cache=cache, verbose=1).transform(paths)

    def of(network: str, *wanted: str) -> np.ndarray:
        names = transformers[network].get_feature_names_out()
        keys = [f"{name.split('_')[0]}_{name.rsplit('_', 1)[1]}" for name in names]
        return tables[network][:, [key in wanted for key in keys]]

    rich, penultimate = tables["rich"], of("musicnn", "penultimate_mean")
    return {
        "rich": rich,
        "tags": of("musicnn", "tags_mean"),
        "tags, mean and std": of("musicnn", "tags_mean", "tags_std"),
        "penultimate": penultimate,
        "penultimate, mean and std": of("musicnn", "penultimate_mean", "penultimate_std"),
        "penultimate, hop 1.5 s": of("musicnn, hop 1.5 s", "penultimate_mean"),
        "max-pool": of("musicnn", "max_mean"),
        "penultimate, max-pool": of("musicnn", "penultimate_mean", "max_mean"),
        "tags, penultimate": of("musicnn", "tags_mean", "penultimate_mean"),
        "rich, penultimate": np.hstack([rich, penultimate]),
        "two networks, penultimate": np.hstack(
            [penultimate, of("musicnn-mtt", "penultimate_mean")]
        ),
    }, seconds


def probabilities(X: np.ndarray, y: np.ndarray, artists: np.ndarray, head: str) -> np.ndarray:
    """Of each clip by the fold that tests it, for each seed."""
    out = np.zeros((len(SEEDS), len(y), len(np.unique(y))))
    for seed in SEEDS:
        for train, test in folds(y, artists, seed):
            model = make_pipeline(StandardScaler(), HEADS[head](seed))
            out[seed, test] = model.fit(X[train], y[train]).predict_proba(X[test])
    return out


def scored(found: np.ndarray, y: np.ndarray, artists: np.ndarray) -> dict:
    """Accuracy with its interval over artists."""
    right = (np.unique(y)[found.argmax(axis=-1)] == y).mean(axis=0)
    low, high = share_interval(right, artists)
    return {
        "accuracy": round(float(right.mean()), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
    }


def table(report: dict) -> str:
    """The rows as reStructuredText, the best head of each in bold."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    cells = [["columns", "number", *HEADS]]
    for row in report["rows"]:
        heads = row["heads"]
        best = max(heads, key=lambda head: heads[head]["accuracy"])
        told = {head: f"{found['accuracy']:.3f}" for head, found in heads.items()}
        found = heads[best]
        told[best] = f"**{told[best]}** ({found['low']:.3f} to {found['high']:.3f})"
        if "vote" in heads:
            cells.append([row["columns"], "", told["vote"], *[""] * (len(HEADS) - 1)])
        else:
            cells.append([row["columns"], str(row["number"]), *(told[head] for head in HEADS)])
    for row in cells:
        lines += [f"   {'* -' if i == 0 else '  -'} {cell}".rstrip() for i, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    paths, y, artists = read_tracks(args.folder)
    tables, seconds = columns(paths, args.cache)
    found, rows = {}, []
    for name, X in tables.items():
        row: dict = {"columns": name, "number": X.shape[1], "heads": {}}
        for head in HEADS:
            found[name, head] = probabilities(X, y, artists, head)
            row["heads"][head] = scored(found[name, head], y, artists)
        rows.append(row)
        print(json.dumps(row), flush=True)
    for name, members in VOTES.items():
        mean = np.mean([found[member] for member in members], axis=0)
        rows.append({"columns": name, "heads": {"vote": scored(mean, y, artists)}})
        print(json.dumps(rows[-1]), flush=True)
    packages = ("numpy", "scikit-learn", "librosa", "torch")
    report = {
        "clips": len(y),
        "artists": len(np.unique(artists)),
        "seconds a clip": {name: round(value, 3) for name, value in seconds.items()},
        "versions": {name: version(name) for name in packages},
        "rows": rows,
    }
    args.out.write_text(json.dumps(report, indent=1) + "\n")
    args.out.with_suffix(".inc").write_text(table(report))


if __name__ == "__main__":
    main()
