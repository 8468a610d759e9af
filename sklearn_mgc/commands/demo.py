"""``python -m sklearn_mgc demo``: the whole way from sound to genre, on any machine.

The features of a file depend on that file alone, so they are computed once, before
the folds; everything that learns (scalers, networks) is fitted inside each fold.
"""

from __future__ import annotations

import argparse
import shlex
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import sklearn_mgc as mgc  # rooms of torch load on first use: `--help` needs none
from sklearn_mgc._atomic import check_writable, write_whole
from sklearn_mgc._optional import require
from sklearn_mgc.audio import as_path
from sklearn_mgc.commands.tracks import (
    SOURCES,
    add_left_out,
    announce,
    check_folds,
    count_folds,
    describe_all,
    load_tracks,
)
from sklearn_mgc.datasets import make_music
from sklearn_mgc.display.tables import text_table
from sklearn_mgc.evaluation import EvaluationResult, cross_validate
from sklearn_mgc.evaluation.folds import draw_folds
from sklearn_mgc.features import HandcraftedFeatures, MelScaler, MelSpectrogram

EXAMPLE = "my_music --systems logreg dnn"

# Generated clips are short so that the demo fits into a minute on two cores.
_CLIP_SECONDS = 6.0
# On whole clips the networks of spectrograms take minutes a fold.
_QUICK = ("logreg", "dnn")
_SYSTEMS = {
    "logreg": (
        "handcrafted",
        lambda seed: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    ),
    "dnn": (
        "handcrafted",
        lambda seed: make_pipeline(
            StandardScaler(), mgc.DNNClassifier(max_epochs=60, random_state=seed)
        ),
    ),
    "cnn2d": (
        "mel",
        lambda seed: make_pipeline(
            MelScaler(),
            mgc.CNN2DClassifier(
                (16, 32, 64),
                kernel_size=3,
                dropout=0.3,
                max_epochs=15,
                lr=3e-3,
                batch_size=16,
                random_state=seed,
            ),
        ),
    ),
    "crnn": (
        "mel",
        lambda seed: make_pipeline(
            MelScaler(),
            mgc.CRNNClassifier(max_epochs=40, lr=2e-3, batch_size=16, random_state=seed),
        ),
    ),
}


@dataclass
class System:
    """A pipeline under comparison, the features it reads and what cross-validation said."""

    name: str
    features: str
    model: Pipeline
    result: EvaluationResult = field(init=False)
    history: list[dict] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def title(self) -> str:
        """Name of the classifier."""
        return type(self.model[-1]).__name__


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "folder", nargs="?", type=Path, help=f"{SOURCES} (default: generated music)"
    )
    parser.add_argument(
        "--systems",
        nargs="+",
        choices=[*_SYSTEMS, "all"],
        metavar="SYSTEM",
        help=f"{', '.join(_SYSTEMS)} or all (default: all on generated music, "
        f"{' '.join(_QUICK)} on a folder, where the others take minutes a fold)",
    )
    parser.add_argument("--output", type=Path, default=Path("demo_output"), help="where to write")
    parser.add_argument("--folds", type=int, help="number of folds (default: 3, or 5 of a folder)")
    parser.add_argument("--seed", type=int, default=0, help="seed of folds and networks")
    add_left_out(parser)


def run(args: argparse.Namespace) -> int:
    """Cross-validate networks beside a baseline, save the best and return the exit status."""
    started = time.perf_counter()
    folder, output = args.folder, as_path(args.output)
    n_folds = (3 if folder is None else 5) if args.folds is None else args.folds
    if n_folds < 2:
        raise ValueError(f"--folds must be at least 2, got {n_folds}")
    check_writable(output / "model.joblib")
    compared = _chosen(args.systems or (_SYSTEMS if folder is None else _QUICK), args.seed)
    with tempfile.TemporaryDirectory() as scratch:
        if folder is None:
            print("No folder given: working on generated music (genres and artists are made up).")
            music = make_music(
                folder=scratch, duration=_CLIP_SECONDS, random_state=args.seed, verbose=1
            )
        else:
            music = load_tracks(folder, every=args.left_out)
        n_folds = count_folds(music.target, music.groups, n_folds)
        check_folds(music.target, music.groups, n_folds, args.seed)  # before anything takes time
        transformers, X, read = _extract(
            music.data,
            {system.features for system in compared},
            seconds=_CLIP_SECONDS if folder is None else None,
        )
    y = np.asarray(music.target)[read]
    groups = None if music.groups is None else np.asarray(music.groups)[read]
    n_folds = count_folds(y, groups, n_folds)
    print(f"{len(y)} tracks, {len(np.unique(y))} genres, {n_folds} folds.")
    print(music.get("about_groups", "No artist is on both sides of a fold."))
    for system in compared:
        _evaluate(system, X[system.features], y, groups, n_folds, args.seed, tell=folder)
    _print_table(compared, y)
    if groups is not None:
        _print_leak(compared[0], X[compared[0].features], y, n_folds, args.seed)

    best = max(compared, key=lambda system: system.result.score)
    print(f"\nBest: {best.title}; fitting it on all tracks.")
    fitted = clone(best.model).fit(X[best.features], y)
    saved = output / "model.joblib"
    mgc.saving.save_model(
        Pipeline([("features", transformers[best.features]), *fitted.steps]), saved
    )
    _plot(best, compared, output)
    source = shlex.quote(str(folder))
    print(
        f"\nEverything is in {output}, after {time.perf_counter() - started:.0f} s.\n"
        f"Next: python -m sklearn_mgc predict {shlex.quote(str(saved))} NEW_SONG.mp3\n"
        + (
            "      python -m sklearn_mgc demo FOLDER    (your own genre/*.mp3)"
            if folder is None
            else f"      python -m sklearn_mgc train {source}    (a model to keep, with its page)\n"
            f"      python -m sklearn_mgc demo {source} --systems all    (all three networks)"
        )
    )
    return 0


def _chosen(names, seed: int) -> list[System]:
    names = list(_SYSTEMS) if "all" in names else list(names)
    return [
        System(name, features, make(seed))
        for name, (features, make) in _SYSTEMS.items()
        if name in names
    ]


def _extract(paths, wanted: set[str], *, seconds: float | None):
    """Features of every track, and which tracks could be read."""
    hop = 1024
    # Half as many bands as usual tell generated genres apart in half the time.
    n_bands, n_frames = (128, 640) if seconds is None else (64, int(seconds * 22050 // hop))
    transformers = {
        "handcrafted": HandcraftedFeatures(n_jobs=-1),
        "mel": MelSpectrogram(n_bands, n_frames=n_frames, hop_length=hop, n_jobs=-1),
    }
    transformers = {name: transformers[name] for name in transformers if name in wanted}
    X, read = describe_all(transformers, paths)
    return transformers, {name: values[read] for name, values in X.items()}, read


def _evaluate(system: System, X, y, groups, n_folds: int, seed: int, *, tell) -> None:
    if tell is not None and system.features == "mel":
        announce(system.model, X, y, n_folds)
    started = time.perf_counter()
    system.result = cross_validate(
        system.model, X, y, groups=groups, cv=n_folds, random_state=seed, verbose=1
    )
    system.seconds = time.perf_counter() - started
    scaler, network = clone(system.model)
    if hasattr(network, "max_epochs"):
        # Curves of one fold more, whose test tracks are only watched.
        train, test = next(draw_folds(n_folds, y, groups, seed=seed))
        network.fit(
            scaler.fit_transform(X[train]),
            y[train],
            X_val=scaler.transform(X[test]),
            y_val=y[test],
        )
        system.history = network.history_


def _print_table(systems: list[System], y) -> None:
    chance = np.unique(y, return_counts=True)[1].max() / len(y)
    rows: list[list] = [["(always one genre)", "", float(chance), None, None]]
    for system in systems:
        score, low, high = system.result.interval()
        interval = f"{low:.3f} to {high:.3f}"
        rows.append([system.title, system.features, score, interval, f"{system.seconds:.1f}"])
    print("\n" + text_table(["system", "features", "accuracy", "95 % interval", "seconds"], rows))


def _print_leak(baseline: System, X, y, n_folds: int, seed: int) -> None:
    flattered = cross_validate(baseline.model, X, y, cv=n_folds, random_state=seed).score
    honest = baseline.result.score
    print(
        f"\nThe same {baseline.title} with artists on both sides of the folds: {flattered:.3f} "
        f"instead of {honest:.3f}."
        + (" That is why artists are kept apart." if flattered > honest else "")
    )


def _plot(best: System, compared: list[System], output: Path) -> None:
    try:
        require("matplotlib", extra="plot", what="plots").use("Agg")
        plt = require("matplotlib.pyplot", extra="plot", what="plots")
    except ImportError as error:
        print(f"No figures: {error}")
        return

    from sklearn_mgc.display import ConfusionDisplay, TrainingCurvesDisplay

    display = ConfusionDisplay.from_result(best.result)
    display.ax_.set_title(f"{best.title}, held-out tracks")
    with write_whole(output / "confusion_matrix.png") as part:
        display.figure_.savefig(part, dpi=120)
    networks = [system for system in compared if system.history]
    if networks:
        fig, axes = plt.subplots(
            len(networks), 2, figsize=(10, 3.2 * len(networks)), layout="constrained", squeeze=False
        )
        for system, row in zip(networks, axes, strict=True):
            TrainingCurvesDisplay.from_history(system.history, axes=row)
            row[0].set_title(system.title)
        with write_whole(output / "training_curves.png") as part:
            fig.savefig(part, dpi=120)
    plt.close("all")
