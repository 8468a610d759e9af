"""``python -m sklearn_mgc train``: a model of your own music, and how good it is.

The features of a file depend on that file alone, so they are computed once, before the
folds; everything that learns, the choice of a model included, is done inside each fold.
"""

from __future__ import annotations

import argparse
import math
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils import Bunch

import sklearn_mgc as mgc  # rooms of torch load on first use: `--help` needs none
from sklearn_mgc._atomic import check_writable
from sklearn_mgc._optional import require
from sklearn_mgc.commands.tracks import (
    SOURCES,
    add_left_out,
    announce,
    check_folds,
    count_folds,
    describe_all,
    load_tracks,
    network_of,
)
from sklearn_mgc.display.tables import text_table
from sklearn_mgc.evaluation import cross_validate
from sklearn_mgc.features import MelSpectrogram, backbones

EXAMPLE = "my_music --output model.joblib"

_MODELS: dict[str, Callable] = {
    "dnn": lambda seed: make_pipeline(StandardScaler(), mgc.DNNClassifier(random_state=seed)),
    "svc": lambda seed: make_pipeline(StandardScaler(), SVC(C=3)),
    "crnn": lambda seed: mgc.recipes.voting_crnn(random_state=seed),
    "cnn2d": lambda seed: make_pipeline(mgc.CNN2DClassifier(random_state=seed)),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("source", type=Path, help=SOURCES)
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("model.joblib"),
        help="file for the model (default: model.joblib; .skops for one that loads without "
        "running code); a page about the model is written beside it, as .md",
    )
    parser.add_argument(
        "--model",
        choices=["auto", *_MODELS],
        help="auto (the default) tries descriptors and, if the weights are there, pretrained "
        "embeddings, each with several classifiers, and keeps the best; dnn (the default with "
        "--epochs) and svc read descriptors and take seconds; crnn and cnn2d read spectrograms "
        "and take minutes to hours",
    )
    parser.add_argument(
        "--fast", action="store_true", help="auto without embeddings: descriptors only"
    )
    parser.add_argument(
        "--groups",
        help="what folds keep apart: `artist` (from the files' tags), a column of the table, or "
        "`none` (default: artists, wherever they are found)",
    )
    parser.add_argument("--epochs", type=int, help="of a network (default: the network's own)")
    parser.add_argument("--folds", type=int, default=5, help="number of folds (default: 5)")
    parser.add_argument("--seed", type=int, default=0, help="seed of folds and networks")
    parser.add_argument("--jobs", type=int, default=-1, help="threads (default: all cores)")
    add_left_out(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command and return its exit status."""
    _check(args)
    music = load_tracks(args.source, args.groups, every=args.left_out)
    _count_folds(args, music)  # before anything takes time
    transformers = _transformers(args)
    columns, X, music = _extract(transformers, music)
    n_folds = _count_folds(args, music)
    print(f"{len(X)} tracks of {len(np.unique(music.target))} genres, {n_folds} folds.")
    print(music.about_groups)
    model = _model(args, columns, music)
    if args.model in ("crnn", "cnn2d"):
        announce(model, X, music.target, n_folds)
    result = cross_validate(
        model, X, music.target, groups=music.groups, cv=n_folds, random_state=args.seed, verbose=1
    )
    from sklearn_mgc.evaluation.calibration import calibrate, trust

    temperature, scores = calibrate(result)
    chance = max(np.unique(music.target, return_counts=True)[1]) / len(X)
    print(f"\n{scores}\n\nAlways the most frequent genre: {chance:.3f}.")
    print(trust(scores))
    print("Now fitting on all tracks.")
    fitted = _fit_on_all(model, transformers, temperature, X, music)
    mgc.saving.save_model(fitted, args.output)
    card = args.output.with_suffix(".md")
    mgc.saving.model_card(fitted, data=music, scores=scores, notes=music.about_groups, path=card)
    print(f"Wrote {args.output} and {card}, a page about it.")
    print(f"Next: python -m sklearn_mgc predict {shlex.quote(str(args.output))} NEW_SONG.mp3")
    return 0


def _check(args: argparse.Namespace) -> None:
    """Refuse what cannot work before anything takes time."""
    args.model = args.model or ("auto" if args.epochs is None else "dnn")
    if args.folds < 2:
        raise ValueError(f"--folds must be at least 2, got {args.folds}")
    if args.output.suffix == ".md":
        raise ValueError(f"{args.output}: --output is the model's file, such as model.joblib")
    if args.epochs is not None and args.model in ("auto", "svc"):
        raise ValueError(f"--epochs applies to networks only; {args.model} is not one")
    if args.fast and args.model != "auto":
        raise ValueError(f"--fast applies to --model auto only, not to {args.model}")
    check_writable(args.output)
    check_writable(args.output.with_suffix(".md"))
    if args.output.suffix == ".skops":
        require("skops", extra="skops", what=".skops files")


def _count_folds(args: argparse.Namespace, music: Bunch) -> int:
    """As many folds as there can be, in which everything that learns has enough tracks."""
    n_folds = count_folds(music.target, music.groups, args.folds)
    inner, needed = None, 1
    if args.model == "auto":
        from sklearn_mgc.recipes.candidates import LEAST_TRACKS

        inner, needed = _model(args, {"descriptors": 1}, music).cv, LEAST_TRACKS
    check_folds(music.target, music.groups, n_folds, args.seed, inner, needed)
    return n_folds


def _transformers(args: argparse.Namespace) -> dict:
    """What turns files into columns, by the kind of columns."""
    if args.model in ("crnn", "cnn2d"):
        return {"mel": MelSpectrogram(n_jobs=args.jobs)}
    transformers: dict = {
        "descriptors": mgc.recipes.best("descriptors")[0].set_params(n_jobs=args.jobs)
    }
    if args.model == "auto" and not args.fast:
        try:
            backbones.load("musicnn")
            transformers["embedding"] = mgc.recipes.best("embedding")[0].set_params(
                n_jobs=args.jobs
            )
        except FileNotFoundError:
            print(
                "Not using pretrained embeddings, which reach 0.78 on new artists of Emotify-30 "
                "where descriptors reach 0.70. To use them, run once: "
                "python -m sklearn_mgc models fetch musicnn"
            )
    return transformers


def _extract(transformers: dict, music: Bunch):
    """Columns of each kind, all columns side by side, and the tracks that could be read."""
    parts, read = describe_all(transformers, music.data)
    X = next(iter(parts.values())) if len(parts) == 1 else np.hstack(list(parts.values()))
    kept = Bunch(
        data=music.data[read],
        target=music.target[read].astype(str),
        groups=None if music.groups is None else music.groups[read],
        DESCR=music.DESCR,
        about_groups=music.about_groups,
    )
    return {name: part.shape[1] for name, part in parts.items()}, X[read], kept


def _model(args: argparse.Namespace, columns: dict[str, int], music: Bunch):
    if args.model == "auto":
        # An outer fold tests up to a share of the artists of the smallest genre.
        fewest = count_folds(music.target, music.groups, 10)
        n_inner = max(2, min(5, fewest - math.ceil(fewest / min(args.folds, fewest))))
        return mgc.recipes.choice(
            columns,
            n_folds=n_inner,
            grouped=music.groups is not None,
            random_state=args.seed,
        )
    model = _MODELS[args.model](args.seed)
    if args.epochs is not None:
        network_of(model).set_params(max_epochs=args.epochs)
    return model


def _fit_on_all(model, transformers: dict, temperature: float, X, music: Bunch) -> Pipeline:
    """The model that is kept: from files to calibrated probabilities."""
    used = list(transformers)
    if not isinstance(model, Pipeline):
        by_artist = {} if music.groups is None else {"groups": music.groups}
        search = clone(model).fit(X, music.target, **by_artist)
        _print_choice(search)
        kind = mgc.recipes.chosen_columns(search)
        used = used if kind == "both" else [kind]
        X = search.best_estimator_["columns"].transform(X)
        model = clone(search.best_estimator_[1:])
    fitted = mgc.classifiers.TemperatureScaledClassifier(model, temperature).fit(X, music.target)
    if len(used) == 1:
        features = transformers[used[0]].fit(None)
    else:
        features = FeatureUnion([(name, transformers[name]) for name in used]).fit(None)
    return Pipeline([("features", features), ("classifier", fitted)])


def _print_choice(search) -> None:
    found = search.cv_results_
    rows = [
        [
            params["columns"].transformers[0][0],
            type(params["classifier"]).__name__,
            float(found["mean_test_score"][i]),
            "chosen" if i == search.best_index_ else "",
        ]
        for i, params in enumerate(found["params"])
    ]
    print("\nAll candidates, on folds of all tracks:")
    print(text_table(["columns", "classifier", "accuracy", ""], rows) + "\n")
