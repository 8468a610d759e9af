"""What early stopping costs `DNNClassifier`: by the clips held out, and by the chosen epoch.

GTZAN's 57 public descriptors, or with ``--audio`` the "rich" ones of a table of clips; five folds
with artists apart, three seeds of folds and networks. Each variant sees the same folds; "held out,
not stopped" trains to the end on the rows that stopping would leave, so that the two costs are
told apart. Accuracy in points; the difference to the default is paired by fold, with its standard
error over the 15::

    OMP_NUM_THREADS=1 python experiments/early_stopping.py features_30_sec.csv
    OMP_NUM_THREADS=1 python experiments/early_stopping.py --audio EMOTIFY/tracks.csv

Patience is the class's default.
"""

from __future__ import annotations

import argparse
import json
import warnings

import numpy as np
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback, EarlyStopping

from sklearn_mgc import DNNClassifier, HandcraftedFeatures
from sklearn_mgc.classifiers import validation_split
from sklearn_mgc.datasets import load_audio_table, load_gtzan_features

N_SEEDS, N_FOLDS = 3, 5
# Share held out, whether by artist, and what is watched.
VARIANTS: dict[str, tuple[float, bool, str | None]] = {
    "not stopped": (0.0, False, None),
    "0.1, loss": (0.1, False, "loss"),
    "0.1 by artist, loss": (0.1, True, "loss"),
    "0.2 by artist, loss": (0.2, True, "loss"),
    "0.1 by artist, accuracy": (0.1, True, "acc"),
    "0.2 by artist, accuracy": (0.2, True, "acc"),
    "0.1 by artist, accuracy, then loss": (0.1, True, "acc_then_loss"),
    "0.2 by artist, accuracy, then loss": (0.2, True, "acc_then_loss"),
    "0.1 by artist held out, not stopped": (0.1, True, None),
    "0.2 by artist held out, not stopped": (0.2, True, None),
}


class AccuracyThenLoss(Callback):
    """Records the accuracy, with the loss between equal ones."""

    def on_epoch_end(self, net, **kwargs):
        row = net.history[-1]
        net.history.record("valid_acc_then_loss", row["valid_acc"] - 1e-4 * row["valid_loss"])


def fit(X, y, groups, seed: int, fraction: float, by_artist: bool, watched: str | None):
    """A network of this variant."""
    model = DNNClassifier(random_state=seed, device="cpu")
    if not fraction:
        return model.fit(X, y)
    genres, encoded = np.unique(y, return_inverse=True)
    kept, held_out = validation_split.split(
        encoded, groups if by_artist else None, fraction, seed, genres=genres
    )
    if watched is not None:
        stop = EarlyStopping(
            f"valid_{watched}",
            lower_is_better=watched == "loss",
            patience=model.n_iter_no_change,
            threshold=0,
            threshold_mode="abs",
            load_best=True,
            sink=lambda *args, **kwargs: None,
        )
        model.set_params(callbacks=[AccuracyThenLoss(), stop])
    return model.fit(X[kept], y[kept], X_val=X[held_out], y_val=y[held_out])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table")
    parser.add_argument("--audio", action="store_true", help="a table of clips, as files")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    if args.audio:
        music = load_audio_table(args.table)
        X = np.asarray(HandcraftedFeatures("rich").fit_transform(music.data))
    else:
        music = load_gtzan_features(args.table, columns="kaggle")
        X = music.data
    y, groups = np.asarray(music.target), np.asarray(music.groups)
    scores: dict[str, list[float]] = {name: [] for name in VARIANTS}
    losses: dict[str, list[float]] = {name: [] for name in VARIANTS}
    epochs: dict[str, list[int]] = {name: [] for name in VARIANTS}
    for seed in range(N_SEEDS):
        folds = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=seed)
        for train, test in folds.split(X, y, groups):
            scaler = StandardScaler().fit(X[train])
            table = scaler.transform(X).astype(np.float32)
            for name, variant in VARIANTS.items():
                model = fit(table[train], y[train], groups[train], seed, *variant)
                scores[name].append(100 * model.score(table[test], y[test]))
                proba = model.predict_proba(table[test])
                losses[name].append(log_loss(y[test], proba, labels=model.classes_))
                epochs[name].append(model.n_iter_)
    for name, values in scores.items():
        lost = np.subtract(values, scores["not stopped"])
        row = {
            "variant": name,
            "accuracy": round(float(np.mean(values)), 1),
            "difference": round(float(lost.mean()), 1),
            "error": round(float(lost.std(ddof=1) / np.sqrt(len(lost))), 1),
            "log-loss": round(float(np.mean(losses[name])), 2),
            "epochs": round(float(np.mean(epochs[name])), 1),
        }
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
