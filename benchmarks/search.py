"""The paper's grid search: stacked, by GridSearchCV, and by GridSearchCV over plain skorch.

27 networks of 10 folds at batch 5 on the public table of GTZAN, for a few epochs: all three
train the same modules on the same rows, on one thread, and take turns after every size of
network, so that they share whatever else the machine does::

    python benchmarks/search.py features_30_sec.csv --epochs 3

Seconds are those of one core (process time) in ``fit`` without a refit, scoring and set-up
included.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
import warnings

import numpy as np
import sklearn
import skorch
import torch
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier

from sklearn_mgc import StackedGridSearchCV
from sklearn_mgc.datasets import load_gtzan_features
from sklearn_mgc.networks import DNN
from sklearn_mgc.recipes import paper

LRS, DROPOUTS = (paper.grid()[f"dnnclassifier__{name}"] for name in ("lr", "dropout"))


def plain_skorch(sizes, epochs: int, cv) -> GridSearchCV:
    """skorch's defaults, but shuffled and without its split, which would train on less."""
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


def ours(search, sizes, epochs: int, cv):
    """The paper's network as an estimator of this library."""
    model = paper.dnn(max_epochs=epochs, random_state=0)
    model.set_params(dnnclassifier__hidden_sizes=sizes, dnnclassifier__device="cpu")
    grid = {"dnnclassifier__lr": LRS, "dnnclassifier__dropout": DROPOUTS}
    return search(model, grid, cv=cv, refit=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("csv")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--folds", type=int, default=10)
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    gtzan = load_gtzan_features(args.csv, columns="paper")
    X = gtzan.data.astype(np.float32)
    y = np.unique(gtzan.target, return_inverse=True)[1]
    cv = StratifiedKFold(args.folds, shuffle=True, random_state=0)
    print(
        f"torch {torch.__version__}, skorch {skorch.__version__}, scikit-learn "
        f"{sklearn.__version__}, Python {platform.python_version()}, one thread, {args.epochs} "
        f"epochs, {args.folds} folds"
    )
    warm = ours(StackedGridSearchCV, (8, 4), 1, StratifiedKFold(2))
    warm.fit(X, y)  # numba compiles, once per installation
    total: dict[str, float] = {}
    for sizes in paper.grid()["dnnclassifier__hidden_sizes"]:
        searches = {
            "stacked": ours(StackedGridSearchCV, sizes, args.epochs, cv),
            "GridSearchCV": ours(GridSearchCV, sizes, args.epochs, cv),
            "plain skorch": plain_skorch(sizes, args.epochs, cv),
        }
        row: dict = {"hidden_sizes": sizes}
        for name, search in searches.items():
            started = time.process_time()
            search.fit(X, y)
            row[name] = round(time.process_time() - started, 2)
            total[name] = total.get(name, 0) + row[name]
            row[f"{name} score"] = round(float(search.cv_results_["mean_test_score"].mean()), 4)
        print(json.dumps(row), flush=True)
    ratios = {
        name: round(seconds / total["stacked"], 1)
        for name, seconds in total.items()
        if name != "stacked"
    }
    print(json.dumps({"total": {k: round(v, 1) for k, v in total.items()}, "ratio": ratios}))


if __name__ == "__main__":
    main()
