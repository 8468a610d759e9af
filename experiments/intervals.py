"""How often the intervals of scores hold the truth, by simulation.

Every artist plays one genre and has chances of its own, drawn from a Dirichlet distribution,
to be taken for each genre; the true score is that of the mean chances. Each cell draws
artists anew, 1000 times, and asks whether the interval holds that score:

    python experiments/intervals.py docs/results/coverage.json

"percentile" is the bootstrap over artists that is usual, with 500 resamples.

The second part trains: data sets are drawn anew, two methods that are exchangeable (the same
discriminant analysis of two equally good views of the clips) are cross-validated on each, and
the truth of every trained model is measured on 2000 fresh artists. How often do intervals hold
the truth of the trained models, and that of the method; and how often does each test of
`compare` reject, where there is nothing to reject?
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import scipy
import sklearn
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

import sklearn_mgc
from sklearn_mgc.evaluation import compare, cross_validate
from sklearn_mgc.evaluation.statistics import jackknife_blocks, jackknife_interval, share_interval

N_CLASSES = 10


def accuracy(confusion):
    """Accuracy of each confusion matrix."""
    return np.einsum("...ii->...", confusion) / confusion.sum((-1, -2))


def macro_f1(confusion):
    """Mean of F1 over the genres that were played or predicted."""
    with np.errstate(invalid="ignore"):
        played = confusion.sum(-1) + confusion.sum(-2)
        return np.nanmean(2 * np.einsum("...ii->...i", confusion) / played, axis=-1)


def balanced_accuracy(confusion):
    """Mean of the recalls of the genres that were played."""
    with np.errstate(invalid="ignore"):
        recalls = np.einsum("...ii->...i", confusion) / confusion.sum(-1)
        return np.nanmean(recalls, axis=-1)


SCORES = {
    "accuracy": accuracy,
    "macro-F1": macro_f1,
    "balanced accuracy": balanced_accuracy,
}


def cells() -> Iterator[tuple[int, str]]:
    """Numbers of artists, and how many clips each has."""
    for sizes in ("equal", "unequal"):
        for n_artists in (20, 40, 80, 160):
            yield n_artists, sizes
    for sizes in ("one of a third", "Zipf"):
        for n_artists in (40, 80):
            yield n_artists, sizes
    for n_artists in (40, 90):
        yield n_artists, "rare genres"
    yield 291, "GTZAN-like"


# Of GTZAN's genres, in alphabetic order; clips whose artist is unknown are artists here.
GTZAN_ARTISTS = [9, 23, 47, 62, 27, 22, 35, 24, 22, 20]


RARE = np.array([0.7, 0.15, 0.1, 0.05])


def draw_artists(rng, n_artists: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Genre of each artist, and number of clips."""
    if kind == "GTZAN-like":  # 100 clips a genre, of few artists or of many
        shares = [rng.dirichlet(np.full(n, 0.5)) for n in GTZAN_ARTISTS]
        sizes = [1 + rng.multinomial(100 - len(share), share) for share in shares]
        return np.repeat(np.arange(N_CLASSES), GTZAN_ARTISTS), np.concatenate(sizes)
    genres = rng.integers(N_CLASSES, size=n_artists)
    if kind == "rare genres":
        genres = rng.choice(len(RARE), size=n_artists, p=RARE)
    if kind in ("equal", "rare genres"):
        return genres, np.full(n_artists, 4)
    if kind == "one of a third":  # of all clips
        return genres, np.r_[2 * (n_artists - 1), np.full(n_artists - 1, 4)]
    if kind == "Zipf":
        return genres, np.ceil(n_artists / np.arange(1, n_artists + 1)).astype(int)
    return genres, 1 + rng.poisson(rng.gamma(0.7, 4, n_artists))


def chances_of_artists(skill: float, n_classes: int) -> np.ndarray:
    """Dirichlet parameters: who is taken for whom, some genres more than others."""
    others = np.linspace(1.0, 1.5, n_classes) / n_classes
    return np.tile(others, (n_classes, 1)) + skill * np.eye(n_classes)


def simulate(n_artists: int, sizes: str, *, skill=1.5, n_simulations=1000, seed=0) -> list[dict]:
    """Coverage and mean width of the intervals of each score in one cell."""
    rng = np.random.default_rng(seed)
    prior = RARE if sizes == "rare genres" else np.full(N_CLASSES, 1 / N_CLASSES)
    parameters = chances_of_artists(skill, len(prior))
    mean = prior[:, None] * parameters / parameters.sum(1, keepdims=True)
    truths = {name: float(score(mean)) for name, score in SCORES.items()}
    found: dict[tuple[str, str], list] = {}
    blocks = jackknife_blocks(np.arange(n_artists))
    for _ in range(n_simulations):
        genres, n_clips = draw_artists(rng, n_artists, sizes)
        weights = rng.standard_gamma(parameters[genres])
        chances = weights / weights.sum(1, keepdims=True)
        clips = rng.multinomial(n_clips, chances)
        counts = np.zeros((n_artists, len(prior), len(prior)))
        counts[np.arange(n_artists), genres] = clips
        total = counts.sum(0)
        parts = np.zeros((blocks.max() + 1, *total.shape))
        np.add.at(parts, blocks, counts)
        drawn = rng.multinomial(n_artists, np.full(n_artists, 1 / n_artists), size=500)
        resamples = (drawn @ counts.reshape(n_artists, -1)).reshape(-1, *total.shape)
        for name, score in SCORES.items():
            intervals = {"percentile": np.quantile(score(resamples), [0.025, 0.975])}
            if name == "accuracy":
                n_right = clips[np.arange(n_artists), genres]
                counted = np.column_stack([n_right, n_clips - n_right]).ravel()
                right = np.repeat(np.tile([1, 0], n_artists), counted)
                artists = np.repeat(np.arange(n_artists), n_clips)
                intervals["sklearn_mgc"] = share_interval(right, artists)
            else:
                intervals["sklearn_mgc"] = jackknife_interval(
                    float(score(total)), score(total - parts), np.repeat(blocks, n_clips)
                )
            for method, (low, high) in intervals.items():
                holds = low <= truths[name] <= high
                found.setdefault((name, method), []).append((holds, high - low))
    return [
        {
            "artists": n_artists,
            "sizes": sizes,
            "score": name,
            "method": method,
            "truth": round(truths[name], 4),
            "coverage": round(float(np.mean([holds for holds, _ in runs])), 4),
            "width": round(float(np.mean([width for _, width in runs])), 4),
        }
        for (name, method), runs in found.items()
    ]


def draw_clips(rng, n_artists: int, n_clips: int, means: np.ndarray):
    """Two views of clips, genre and artist of each: a genre's mean, an artist's, and noise."""
    n_views, n_genres, n_features = means.shape
    genres = np.repeat(rng.permutation(np.arange(n_artists) % n_genres), n_clips)
    artists = np.repeat(np.arange(n_artists), n_clips)
    own = rng.normal(size=(n_views, n_artists, n_features))[:, artists]
    noise = rng.normal(size=(n_views, len(artists), n_features))
    return means[:, genres] + own + noise, genres, artists


class Remembered(LinearDiscriminantAnalysis):
    """A discriminant analysis whose trained models are kept."""

    fitted: list = []

    def fit(self, X, y):
        """Fit, and remember."""
        self.fitted.append(super().fit(X, y))
        return self


def end_to_end(n_artists: int, *, n_simulations: int, seed: int = 0) -> dict:
    """Coverage of intervals and level of tests with models that are trained anew."""
    rng = np.random.default_rng(seed)
    # One problem: genres lie alike in both views, which their noise alone tells apart.
    means = np.repeat(0.8 * rng.normal(size=(1, 4, 8)), 2, axis=0)
    scores, runs = [], []
    for _ in range(n_simulations):
        views, genres, artists = draw_clips(rng, n_artists, 4, means)
        new, new_genres, _ = draw_clips(rng, 2000, 1, means)
        results, truths = [], []
        for view, fresh in zip(views, new, strict=True):
            Remembered.fitted.clear()
            results.append(cross_validate(Remembered(), view, genres, groups=artists))
            truths.append(np.mean([m.score(fresh, new_genres) for m in Remembered.fitted]))
        found = compare(*results)
        _score, low, high = results[0].interval()
        scores.append((truths[0], low, high))
        difference = truths[0] - truths[1]
        runs.append(
            {
                "interval holds the truth of the trained models": low <= truths[0] <= high,
                "interval of the difference holds that of the trained models": found.low
                <= difference
                <= found.high,
                "interval of the difference leaves out 0": not found.low <= 0 <= found.high,
                "McNemar": found.p_mcnemar < 0.05,
                "corrected t over folds": found.p_folds < 0.05,
                "verdict names a better method": "is the better method" in found.verdict
                and "not shown" not in found.verdict,
            }
        )
    truth = np.mean([of for of, _, _ in scores])
    shares = {name: round(float(np.mean([run[name] for run in runs])), 4) for name in runs[0]}
    shares["interval holds the mean truth of the method"] = round(
        float(np.mean([low <= truth <= high for _, low, high in scores])), 4
    )
    return {"artists": n_artists, "truth": round(float(truth), 4)} | shares


def main() -> None:
    """Run all cells, print a table and write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--trained", type=int, default=400, help="data sets of the second part")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rows: list[dict] = []
    for n_artists, sizes in cells():
        rows += simulate(n_artists, sizes, n_simulations=args.simulations, seed=args.seed)
        cell = {(r["score"], r["method"]): r for r in rows[-2 * len(SCORES) :]}
        print(f"{n_artists:4} {sizes:10}", end="", flush=True)
        for name in SCORES:
            ours, usual = cell[name, "sklearn_mgc"], cell[name, "percentile"]
            print(f"   {name} {ours['coverage']:.3f} ({usual['coverage']:.3f})", end="")
        print()
    trained = []
    for n_artists in (30, 90):
        row = end_to_end(n_artists, n_simulations=args.trained, seed=args.seed)
        trained.append(row)
        print(row, flush=True)
    versions = {
        "python": platform.python_version(),
        "sklearn_mgc": sklearn_mgc.__version__,
        "scikit-learn": sklearn.__version__,
        "scipy": scipy.__version__,
        "numpy": np.__version__,
    }
    about = {
        "simulations": args.simulations,
        "trained": args.trained,
        "seed": args.seed,
        "versions": versions,
    }
    args.out.write_text(json.dumps(about | {"rows": rows, "end_to_end": trained}, indent=1) + "\n")


if __name__ == "__main__":
    main()
