"""``python -m sklearn_mgc train``: a model of your own music, and how good it is.

The features of a file depend on that file alone, so they are computed once, before the
folds; everything that learns is fitted inside each fold.
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils import Bunch

from sklearn_mgc._atomic import check_writable
from sklearn_mgc._optional import require
from sklearn_mgc.classifiers import CNN2DClassifier, DNNClassifier
from sklearn_mgc.commands.tracks import (
    SOURCES,
    add_left_out,
    announce,
    count_folds,
    describe,
    load_tracks,
    network_of,
)
from sklearn_mgc.evaluation import cross_validate
from sklearn_mgc.features import HandcraftedFeatures, MelSpectrogram
from sklearn_mgc.recipes import voting_crnn
from sklearn_mgc.saving import model_card, save_model

EXAMPLE = "my_music --out model.joblib"

_MODELS = {
    "dnn": lambda seed: make_pipeline(StandardScaler(), DNNClassifier(random_state=seed)),
    "svc": lambda seed: make_pipeline(
        StandardScaler(), CalibratedClassifierCV(SVC(C=3), cv=3, ensemble=False)
    ),
    "crnn": lambda seed: voting_crnn(random_state=seed),
    "cnn2d": lambda seed: make_pipeline(CNN2DClassifier(random_state=seed)),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("source", type=Path, help=SOURCES)
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("model.joblib"),
        help="the model, .joblib or, for others to load without trusting you, .skops (default: "
        "model.joblib); a page about it is written beside it, as .md",
    )
    parser.add_argument(
        "--model",
        choices=_MODELS,
        default="dnn",
        help="dnn and svc read descriptors and take "
        "seconds; crnn and cnn2d read spectrograms and take minutes to hours (default: dnn)",
    )
    parser.add_argument(
        "--groups",
        help="what folds keep apart: `artist` (tags of the files), a column of the table, or "
        "`none` (default: artists, wherever they are found)",
    )
    parser.add_argument("--epochs", type=int, help="of a network (default: the network's own)")
    parser.add_argument("--folds", type=int, default=5, help="number of folds (default: 5)")
    parser.add_argument("--seed", type=int, default=0, help="seed of folds and networks")
    parser.add_argument("--jobs", type=int, default=-1, help="threads (default: all cores)")
    add_left_out(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    if args.folds < 2:
        raise ValueError(f"--folds must be at least 2, got {args.folds}")
    if args.out.is_dir() or args.out.suffix == ".md":
        raise ValueError(f"{args.out}: --out is the model's file, such as model.joblib")
    check_writable(args.out)
    if args.out.suffix == ".skops":
        require("skops", extra="skops", what=".skops files")
    model = _model(args)
    music = load_tracks(args.source, args.groups, every=args.left_out)
    count_folds(music.target, music.groups, args.folds)  # before anything takes time
    features, X, music = _extract(music, args)
    n_folds = count_folds(music.target, music.groups, args.folds)
    print(f"{len(X)} tracks of {len(np.unique(music.target))} genres, {n_folds} folds.")
    print(music.about_groups)
    if args.model in ("crnn", "cnn2d"):
        announce(model, X, music.target, n_folds)
    scores = cross_validate(
        model, X, music.target, groups=music.groups, cv=n_folds, random_state=args.seed, verbose=1
    )
    chance = max(np.unique(music.target, return_counts=True)[1]) / len(X)
    print(f"\n{scores}\n\nAlways the most frequent genre: {chance:.3f}. Now fitting on all tracks.")
    fitted = Pipeline([("features", features), *clone(model).fit(X, music.target).steps])
    save_model(fitted, args.out)
    card = args.out.with_suffix(".md")
    model_card(fitted, data=music, scores=scores, notes=music.about_groups, path=card)
    print(f"Wrote {args.out} and {card}, a page about it.")
    print(f"Next: python -m sklearn_mgc predict {shlex.quote(str(args.out))} NEW_SONG.mp3")
    return 0


def _model(args: argparse.Namespace) -> Pipeline:
    model = _MODELS[args.model](args.seed)
    if args.epochs is not None:
        if args.model == "svc":
            raise ValueError("--epochs is of networks, and svc is none")
        network_of(model).set_params(max_epochs=args.epochs)
    return model


def _extract(music: Bunch, args: argparse.Namespace):
    """The transformer, its features, and the tracks that could be read."""
    if args.model in ("dnn", "svc"):
        features = HandcraftedFeatures("rich", n_jobs=args.jobs)
    else:
        features = MelSpectrogram(n_jobs=args.jobs)
    X = describe(features, music.data)
    keep = np.isfinite(X).reshape(len(X), -1).all(axis=1)
    features.set_params(n_jobs=None, on_error="raise", verbose=0)
    groups = None if music.groups is None else music.groups[keep]
    kept = Bunch(
        data=music.data[keep],
        target=music.target[keep].astype(str),
        groups=groups,
        DESCR=music.DESCR,
        about_groups=music.about_groups,
    )
    return features.fit(None), X[keep], kept
