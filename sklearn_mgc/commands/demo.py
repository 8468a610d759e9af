"""``python -m sklearn_mgc demo``: the whole way from sound to genre, on any machine.

The features of a file depend on that file alone, so they are computed once, before
the folds; everything that learns (scalers, networks) is fitted inside each fold.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from sklearn_mgc.classifiers import CNN2DClassifier, CRNNClassifier, DNNClassifier
from sklearn_mgc.commands.tracks import announce, count_folds, describe, load_tracks
from sklearn_mgc.datasets import make_music
from sklearn_mgc.features import HandcraftedFeatures, MelScaler, MelSpectrogram

# Generated clips are short so that the demo fits into three minutes on two cores.
_CLIP_SECONDS = 8.0
_NAMES = ("logreg", "dnn", "cnn2d", "crnn")
# On whole clips the other two take minutes a fold.
_QUICK = ("logreg", "dnn")


@dataclass
class System:
    """A classifier under comparison and what its folds gave."""

    name: str
    features: str
    model: Pipeline
    scores: list[float] = field(default_factory=list)
    predicted: np.ndarray | None = None
    history: list[dict] = field(default_factory=list)
    seconds: float = 0.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "folder", nargs="?", type=Path, help="a folder genre/*.mp3 (default: generated music)"
    )
    parser.add_argument(
        "--systems",
        nargs="+",
        choices=[*_NAMES, "all"],
        metavar="SYSTEM",
        help=f"{', '.join(_NAMES)} or all (default: all on generated music, "
        f"{' '.join(_QUICK)} on a folder, where the others take minutes a fold)",
    )
    parser.add_argument("--output", type=Path, default=Path("demo_output"), help="where to write")
    parser.add_argument("--folds", type=int, help="number of folds (default: 3, or 5 of a folder)")
    parser.add_argument("--seed", type=int, default=0, help="seed of folds and networks")


def run(args: argparse.Namespace) -> int:
    """Cross-validate networks beside a baseline, save the best and return the exit status."""
    folder, output, seed = args.folder, args.output, args.seed
    started = time.perf_counter()
    asked = args.systems or (_NAMES if folder is None else _QUICK)
    asked = _NAMES if "all" in asked else asked
    compared = [
        system for name, system in zip(_NAMES, _systems(seed), strict=True) if name in asked
    ]
    n_folds = (3 if folder is None else 5) if args.folds is None else args.folds
    if n_folds < 2:
        raise ValueError(f"--folds must be at least 2, got {n_folds}")
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        if folder is None:
            print("No folder given: working on generated music (genres and artists are made up).")
            bunch = make_music(folder=scratch, duration=_CLIP_SECONDS, random_state=seed, verbose=1)
        else:
            bunch = load_tracks(folder)
        genres, groups = np.asarray(bunch.target), bunch.groups
        count_folds(genres, groups, n_folds)  # before anything takes time
        transformers, X, keep = _extract(
            bunch.data,
            {system.features for system in compared},
            seconds=_CLIP_SECONDS if folder is None else None,
        )
    genres, groups = genres[keep], None if groups is None else np.asarray(groups)[keep]
    folds = _folds(genres, groups, n_folds, seed)
    print(f"{len(genres)} tracks, {len(np.unique(genres))} genres, {len(folds)} folds.")
    print(bunch.get("about_groups", "No artist is on both sides of a fold."))
    if folder is not None:
        for system in compared:
            if system.features == "mel":
                announce(system.model, X["mel"], genres, len(folds))
    bar = tqdm(total=len(compared) * len(folds), desc="cross-validation", unit="fit")
    for system in compared:
        _cross_validate(system, X[system.features], genres, folds, bar)
    bar.close()
    _print_table(compared, genres)
    if groups is not None and "logreg" in asked:
        _print_leak(compared[0], X["handcrafted"], genres, len(folds), seed)

    best = max(compared, key=lambda system: np.mean(system.scores))
    saved = _save_best(best, transformers, X, genres, output)
    _plot(best, compared, genres, output)
    print(
        f"\nEverything is in {output}, after {time.perf_counter() - started:.0f} s.\n"
        f"Next: python -m sklearn_mgc predict {saved} NEW_SONG.mp3\n"
        + (
            "      python -m sklearn_mgc demo FOLDER    (your own genre/*.mp3)"
            if folder is None
            else f"      python -m sklearn_mgc train {folder}    (a model to keep, with its page)\n"
            f"      python -m sklearn_mgc demo {folder} --systems all    (all three networks)"
        )
    )
    return 0


def _folds(genres, groups, n_folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    n_folds = count_folds(genres, groups, n_folds)
    if groups is not None:
        splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
        return list(splitter.split(genres, genres, groups))
    return list(StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(genres, genres))


def _extract(paths, wanted: set[str], *, seconds: float | None):
    """Features of every track, and which tracks could be read."""
    hop = 1024
    n_frames = 640 if seconds is None else int(seconds * 22050 // hop)
    transformers = {
        "handcrafted": HandcraftedFeatures(n_jobs=-1),
        "mel": MelSpectrogram(n_frames=n_frames, hop_length=hop, n_jobs=-1),
    }
    transformers = {name: transformers[name] for name in transformers if name in wanted}
    X: dict[str, np.ndarray] = {}
    for name, transformer in transformers.items():
        X[name] = describe(transformer, paths, tell=not X)
    keep = np.ones(len(paths), dtype=bool)
    for values in X.values():
        keep &= np.isfinite(values).reshape(len(values), -1).all(axis=1)
    for transformer in transformers.values():
        transformer.set_params(on_error="raise", verbose=0, n_jobs=None)
    return transformers, {name: values[keep] for name, values in X.items()}, keep


def _systems(seed: int) -> list[System]:
    return [
        System(
            "LogisticRegression",
            "handcrafted",
            make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        ),
        System(
            "DNNClassifier",
            "handcrafted",
            make_pipeline(StandardScaler(), DNNClassifier(max_epochs=60, random_state=seed)),
        ),
        System(
            "CNN2DClassifier",
            "mel",
            make_pipeline(
                MelScaler(),
                CNN2DClassifier(max_epochs=8, lr=1e-3, batch_size=16, random_state=seed),
            ),
        ),
        System(
            "CRNNClassifier",
            "mel",
            make_pipeline(
                MelScaler(),
                CRNNClassifier(max_epochs=40, lr=2e-3, batch_size=16, random_state=seed),
            ),
        ),
    ]


def _cross_validate(system: System, X, genres, folds, bar) -> None:
    started = time.perf_counter()
    system.predicted = np.empty_like(genres)
    for number, (train, test) in enumerate(folds):
        bar.set_postfix_str(system.name)
        scaler, network = clone(system.model)
        scaled = scaler.fit_transform(X[train])
        held_out = scaler.transform(X[test])
        if hasattr(network, "max_epochs") and number == 0:
            # The first fold's test tracks are only watched, for the curves.
            network.fit(scaled, genres[train], X_val=held_out, y_val=genres[test])
            system.history = list(network.history_)
        else:
            network.fit(scaled, genres[train])
        system.predicted[test] = network.predict(held_out)
        system.scores.append(accuracy_score(genres[test], system.predicted[test]))
        bar.update()
    system.seconds = time.perf_counter() - started


def _print_table(systems: list[System], genres) -> None:
    chance = np.unique(genres, return_counts=True)[1].max() / len(genres)
    print(f"\n{'system':<20}{'features':<14}{'accuracy':>9}{'sd of folds':>13}{'seconds':>9}")
    print(f"{'(always one genre)':<34}{chance:>9.3f}")
    for system in systems:
        print(
            f"{system.name:<20}{system.features:<14}{np.mean(system.scores):>9.3f}"
            f"{np.std(system.scores):>13.3f}{system.seconds:>9.1f}"
        )


def _print_leak(baseline: System, X, genres, n_folds: int, seed: int) -> None:
    random_folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    flattered = cross_val_score(baseline.model, X, genres, cv=random_folds).mean()
    print(
        f"\nThe same {baseline.name} with artists on both sides of the folds: {flattered:.3f} "
        f"instead of {np.mean(baseline.scores):.3f}."
        + (" That is why artists are kept apart." if flattered > np.mean(baseline.scores) else "")
    )


def _save_best(best: System, transformers, X, genres, output: Path) -> Path:
    print(f"\nBest: {best.name}; fitting it on all tracks.")
    fitted = clone(best.model).fit(X[best.features], genres)
    pipeline = Pipeline([("features", transformers[best.features].fit(None)), *fitted.steps])
    saved = output / "model.joblib"
    joblib.dump(pipeline, saved)
    return saved


def _plot(best: System, systems: list[System], genres, output: Path) -> None:
    try:
        import matplotlib
    except ImportError:
        print("No figures: matplotlib is missing, `pip install sklearn_mgc[plot]` adds it.")
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from sklearn.metrics import ConfusionMatrixDisplay

    from sklearn_mgc.display import TrainingCurvesDisplay

    fig, ax = plt.subplots(figsize=(6.5, 5.5), layout="constrained")
    ConfusionMatrixDisplay.from_predictions(
        genres,
        best.predicted,
        normalize="true",
        values_format=".2f",
        ax=ax,
        xticks_rotation=45,
        colorbar=False,
        cmap="Blues",
    )
    ax.set_title(f"{best.name}, held-out tracks (rows: true genre)")
    fig.savefig(output / "confusion_matrix.png", dpi=120)

    networks = [system for system in systems if system.history]
    if not networks:
        return
    fig, axes = plt.subplots(
        len(networks), 2, figsize=(10, 3.2 * len(networks)), layout="constrained", squeeze=False
    )
    for system, row in zip(networks, axes, strict=True):
        TrainingCurvesDisplay.from_history(system.history, axes=row)
        row[0].set_title(system.name)
    fig.savefig(output / "training_curves.png", dpi=120)
    plt.close("all")
