"""Every display as a picture, without its letters, beside the one that was looked at.

``python tests/display/test_pictures.py`` draws the pictures anew; with a folder, with letters.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.testing.compare import compare_images
from matplotlib.testing.decorators import remove_ticks_and_titles
from matplotlib.text import Text
from sklearn.base import BaseEstimator, ClassifierMixin

from sklearn_mgc import display
from sklearn_mgc.evaluation import LeakageReport, RobustnessResult, compare, cross_validate
from sklearn_mgc.inspection import DescriptorImportance, Explanation, GenreTimeline

pytest.importorskip("matplotlib", minversion="3.11", reason="its letters are of another size")
PICTURES = Path(__file__).parent / "pictures"
TOLERANCE = 3.0  # root mean square of 255: edges may lie a little elsewhere
STYLE: dict[Any, Any] = {"figure.dpi": 40, "savefig.dpi": 40, "path.simplify": False}


class Said(ClassifierMixin, BaseEstimator):
    """Its probabilities are its columns: the same on every processor."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return X / X.sum(axis=1, keepdims=True)

    def predict(self, X):
        return self.classes_[X.argmax(axis=1)]


def genres(n: int) -> np.ndarray:
    return np.array([f"a genre with a long name {i:02}" for i in range(n)])


@cache
def result(n: int, seed: int, skill: float = 0.4):
    rng = np.random.default_rng(seed)
    artists = np.arange(10 * n) // 2
    X = rng.random((len(artists), n))
    X[np.arange(len(X)), artists % n] += skill
    halves = artists // n % 2  # by no splitter, which may draw otherwise one day
    folds = [(np.flatnonzero(halves != half), np.flatnonzero(halves == half)) for half in (0, 1)]
    return cross_validate(Said(), X, genres(n)[artists % n], groups=artists, cv=folds)


def confusion(n, seed, **params):
    return display.ConfusionDisplay.from_result(result(n, seed), **params)


def scores(n, seed):
    systems = [f"a system with a long name {i:02}" for i in range(n)]
    pairs = {(s, p): (i, p) for i, s in enumerate(systems) for p in ("random", "by artist")}
    return display.ScoresDisplay.from_results(
        {key: result(2, seed + i, len(p) / 20) for key, (i, p) in pairs.items()}
    )


def robustness(n, seed):
    rng, y = np.random.default_rng(seed), np.resize(["jazz", "rock"], 60).astype(object)
    said = {f"condition {i:02}": np.where(rng.random(60) < i / n, y[::-1], y) for i in range(n)}
    return display.RobustnessDisplay(RobustnessResult(y, {"clean": y, **said})).plot()


def training(n, seed):
    slope = 1 + seed
    rows = [
        {"train_loss": np.exp(-slope * i / n), "train_acc": 1 - 0.8 * np.exp(-slope * i / n),
         "valid_loss": 0.3 + (i / n - 0.5) ** 2, "valid_acc": 0.6 - 0.5 * seed}
        for i in range(n)
    ]  # fmt: skip
    best = n if n == 1 else n // 2
    return display.TrainingCurvesDisplay(rows, name="DNNClassifier", best_epoch=best).plot()


def mel(n, seed):
    rows = np.add.outer(np.arange(n) * (3 - seed), np.arange(128)) % 80 - 80.0
    bands = 700 * (10 ** (np.linspace(0, 2840, 130)[1:-1] / 2595) - 1)
    return display.MelSpectrogramDisplay(rows, frame_duration=0.05, mel_frequencies=bands).plot()


def descriptor(n, seed):
    rng = np.random.default_rng(seed)
    y = np.repeat(genres(n), 20)
    values = rng.normal(size=len(y)) + np.repeat(3 * rng.random(n), 20)
    return display.DescriptorDisplay(values, y, name="spectral_centroid").plot()


def timeline(n, seed):
    t, start = np.linspace(0, 1, 60), np.arange(60.0) * 5
    near = np.exp(-((t[:, None] - np.roll(np.linspace(0, 1, n), seed)) ** 2) * 2 * n) + 0.02
    near[40:44] = np.nan
    return display.GenreTimelineDisplay(
        GenreTimeline("a song", start, start + 30, near / near.sum(1, keepdims=True), genres(n))
    ).plot()


def explanation(n, seed):
    rng = np.random.default_rng(seed)
    seconds, bands = ({h: rng.random(k) - 0.2 for h in ("silence", "noise")} for k in (n, 12))
    edges = np.geomspace(100, 11000, 13)
    return display.ExplanationDisplay(
        Explanation("a song", genres(1)[0], 0.8, np.linspace(0, 30, n + 1), edges, seconds, bands)
    ).plot()


def importance(n, seed):
    rng = np.random.default_rng(seed)
    names = [f"descriptor_{i:02}" for i in range(n)]
    drops = 0.3 * rng.random((n, 1)) ** 3 + 0.03 * rng.normal(size=(n, 5))
    found = DescriptorImportance(
        names, np.arange(n) % 3 * 10 + 1, drops, rng.random(5), "balanced_accuracy"
    )
    return display.ImportanceDisplay(found).plot()


def leakage(n, seed):
    rng = np.random.default_rng(seed)
    kinds = ("artist", "copy", "near", "track", "duplicate")[: 3 if n == 2 else 5]
    folds = [
        {"n_train": 80, "n_test": 20, **{kind: int(rng.integers(20)) for kind in kinds}}
        for _ in range(n)
    ]
    return display.LeakageDisplay(LeakageReport(folds, [])).plot()


KINDS: dict[str, Callable] = {
    "confusion": confusion,
    "confusion_similar": partial(confusion, order="similarity", values="share"),
    "evaluation": lambda n, seed: display.EvaluationDisplay.from_result(result(n, seed)),
    "reliability": lambda n, seed: display.ReliabilityDisplay.from_result(result(n, seed)),
    "coverage": lambda n, seed: display.CoverageDisplay.from_result(result(n, seed)),
    "comparison": lambda n, seed: display.ComparisonDisplay.from_result(
        compare(
            result(n, seed, 0.4 + 2 * seed),
            result(n, 2, 0.3),
            names=("a long name", "another long name"),
        )
    ),
    "scores": scores,
    "robustness": robustness,
    "training": training,
    "mel": mel,
    "descriptor": descriptor,
    "timeline": timeline,
    "explanation": explanation,
    "importance": importance,
    "leakage": leakage,
}
CASES = [(kind, n) for kind in KINDS for n in ((1, 30) if kind == "training" else (2, 30))]


def draw(kind: str, n: int, seed: int, path: Path, *, letters: bool = False) -> Path:
    """Save a picture; fonts differ between machines, so letters are left out."""
    with mpl.rc_context({**mpl.rcParamsDefault, **STYLE, "backend": "agg"}):
        figure = KINDS[kind](n, seed).figure_
        if not letters:
            remove_ticks_and_titles(figure)
            for text in figure.findobj(Text):
                text.set_text("")
        figure.savefig(path, dpi=70 if letters else 40)
    return path


@pytest.mark.parametrize(("kind", "n"), CASES)
def test_a_picture_is_as_it_was_and_another_is_not(kind, n, tmp_path):
    expected = str(PICTURES / f"{kind}_{n}.png")
    same = compare_images(expected, str(draw(kind, n, 0, tmp_path / "same.png")), TOLERANCE)
    assert same is None, same
    other = compare_images(expected, str(draw(kind, n, 1, tmp_path / "other.png")), TOLERANCE)
    assert other is not None


def test_every_display_is_a_picture():
    named = {name for name in display.__all__ if name.endswith("Display")}
    shown = {type(make(2, 0)).__name__ for make in KINDS.values()}
    assert named == shown
    assert {path.stem for path in PICTURES.glob("*.png")} == {f"{k}_{n}" for k, n in CASES}


if __name__ == "__main__":
    import matplotlib.pyplot as plt

    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES  # with letters, to look at
    for kind, n in CASES:
        draw(kind, n, 0, folder / f"{kind}_{n}.png", letters=folder != PICTURES)
        plt.close("all")
