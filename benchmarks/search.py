"""Searches by scikit-learn's GridSearchCV: ratios to plain skorch, and of two workers to one.

Three measurements, each in turns, so that all share whatever else the machine does:

``grid``
    The paper's 27 networks by 10 folds at batch 5 on the public table of GTZAN, for a few epochs:
    ``DNNClassifier`` and skorch as it is train the same modules on the same rows, on one thread.
    Seconds are those of one core (process time), scoring and set-up included.
``threads``
    The same grid with joblib's threading backend: wall time of one worker by that of two, and
    whether the scores are equal.
``paths``
    The headline pipeline with its default epochs on files, the paper's grid, with ``cache=`` and an
    empty store each time: wall time of one worker by that of two, in processes (the start of a
    worker, of some seconds, included) and in threads.

::

    python benchmarks/search.py --csv features_30_sec.csv --audio FOLDER --epochs 3

Without ``--csv`` a generated table of its shape is taken, without ``--audio`` generated music.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import sklearn
import skorch
import torch
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier

from sklearn_mgc import DNNClassifier, HandcraftedFeatures
from sklearn_mgc.datasets import load_audio_folder, load_gtzan_features, make_music
from sklearn_mgc.networks import DNN
from sklearn_mgc.recipes import paper

LRS, DROPOUTS = (paper.grid()[f"dnnclassifier__{name}"] for name in ("lr", "dropout"))


def plain_skorch(sizes, epochs: int, cv) -> GridSearchCV:
    """Skorch's defaults, but shuffled and without its split, which would train on less."""
    net = NeuralNetClassifier(
        DNN,
        module__input_shape=(25,),
        module__n_classes=10,
        module__hidden_sizes=sizes,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        batch_size=5,
        max_epochs=epochs,
        train_split=None,
        iterator_train__shuffle=True,
        verbose=0,
    )
    grid = {"neuralnetclassifier__lr": LRS, "neuralnetclassifier__module__dropout": DROPOUTS}
    return GridSearchCV(make_pipeline(StandardScaler(), net), grid, cv=cv, refit=False)


def ours(sizes, epochs: int, cv) -> GridSearchCV:
    """The paper's network as an estimator of this library."""
    model = paper.dnn(max_epochs=epochs, random_state=0)
    model.set_params(dnnclassifier__hidden_sizes=sizes, dnnclassifier__device="cpu")
    grid = {"dnnclassifier__lr": LRS, "dnnclassifier__dropout": DROPOUTS}
    return GridSearchCV(model, grid, cv=cv, refit=False)


def measure_grid(X, y, epochs: int, cv) -> dict:
    """Processor seconds of both, size by size."""
    total = {"ours": 0.0, "plain skorch": 0.0}
    for sizes in paper.grid()["dnnclassifier__hidden_sizes"]:
        row: dict = {"hidden_sizes": sizes}
        for name, search in (
            ("ours", ours(sizes, epochs, cv)),
            ("plain skorch", plain_skorch(sizes, epochs, cv)),
        ):
            started = time.process_time()
            search.fit(X, y)
            row[name] = round(time.process_time() - started, 2)
            total[name] += row[name]
            row[f"{name} score"] = round(float(search.cv_results_["mean_test_score"].mean()), 4)
        print(json.dumps(row), flush=True)
    return {"seconds": total, "ratio": round(total["plain skorch"] / total["ours"], 1)}


def measure_workers(make_search, X, y, backend="threading") -> dict:
    """Wall seconds of one worker and of two, and whether their scores are equal."""
    seconds, scores = {}, {}
    for n_jobs in (1, 2):
        search = make_search()
        started = time.perf_counter()
        with joblib.parallel_config(backend=backend, n_jobs=n_jobs):
            search.fit(X, y)
        seconds[n_jobs] = round(time.perf_counter() - started, 2)
        scores[n_jobs] = search.cv_results_["mean_test_score"]
    return {
        "seconds": seconds,
        "ratio": round(seconds[1] / seconds[2], 2),
        "equal": bool(np.array_equal(scores[1], scores[2])),
    }


def on_paths(cache_parent: Path) -> GridSearchCV:
    """The headline pipeline; its store is filled as a user would, before the workers start."""
    features = HandcraftedFeatures(cache=tempfile.mkdtemp(dir=cache_parent))
    network = DNNClassifier(random_state=0, device="cpu")

    class Filled(GridSearchCV):
        def fit(self, X, y):
            self.estimator[0].set_params(n_jobs=joblib.effective_n_jobs(None)).transform(X)
            self.estimator[0].set_params(n_jobs=None)
            return super().fit(X, y)

    grid = paper.grid()
    return Filled(make_pipeline(features, StandardScaler(), network), grid, cv=5, refit=False)


def table(csv: str | None):
    """25 descriptors of ten genres, and folds' labels."""
    if csv is None:
        return make_classification(1000, 25, n_informative=12, n_classes=10, random_state=0)
    gtzan = load_gtzan_features(csv, columns="paper")
    return gtzan.data, np.unique(gtzan.target, return_inverse=True)[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--csv")
    parser.add_argument("--audio", type=Path)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--sections", nargs="+", default=["grid", "threads", "paths"])
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    X, y = table(args.csv)
    X = X.astype(np.float32)
    cv = StratifiedKFold(args.folds, shuffle=True, random_state=0)
    print(
        f"torch {torch.__version__}, skorch {skorch.__version__}, scikit-learn "
        f"{sklearn.__version__}, Python {platform.python_version()}, {joblib.cpu_count()} cores, "
        f"{args.epochs} epochs, {args.folds} folds"
    )
    ours((8, 4), 1, StratifiedKFold(2)).fit(X, y)  # compiles, once per installation
    sizes = paper.grid()["dnnclassifier__hidden_sizes"][0]
    if "grid" in args.sections:
        print(json.dumps({"grid": measure_grid(X, y, args.epochs, cv)}), flush=True)
    if "threads" in args.sections:
        found = measure_workers(lambda: ours(sizes, args.epochs, cv), X, y)
        print(json.dumps({"threads": found}), flush=True)
    if "paths" in args.sections:
        with tempfile.TemporaryDirectory() as folder:
            if args.audio is None:
                music = make_music(60, duration=10.0, folder=f"{folder}/music", random_state=0)
            else:
                music = load_audio_folder(args.audio)
            for backend in ("loky", "threading"):
                search = partial(on_paths, Path(folder))
                found = measure_workers(search, music.data, music.target, backend)
                print(json.dumps({f"paths, {backend}": found}), flush=True)


if __name__ == "__main__":
    main()
