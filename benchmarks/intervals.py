"""How often the intervals of scores hold the truth, by simulation.

Every artist plays one genre and has chances of its own, drawn from a Dirichlet distribution,
to be taken for each genre; the true score is that of the mean chances. Each cell draws
artists anew, 1000 times, and asks whether the interval holds that score:

    python benchmarks/intervals.py docs/results/coverage.json

"percentile" is the bootstrap over artists that is usual, with 500 resamples.
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

import sklearn_mgc
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
    yield 291, "GTZAN-like"


# Of GTZAN's genres, in alphabetic order; clips whose artist is unknown are artists here.
GTZAN_ARTISTS = [9, 23, 47, 62, 27, 22, 35, 24, 22, 20]


def draw_artists(rng, n_artists: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Genre of each artist, and number of clips."""
    if kind == "GTZAN-like":  # 100 clips a genre, of few artists or of many
        shares = [rng.dirichlet(np.full(n, 0.5)) for n in GTZAN_ARTISTS]
        sizes = [1 + rng.multinomial(100 - len(share), share) for share in shares]
        return np.repeat(np.arange(N_CLASSES), GTZAN_ARTISTS), np.concatenate(sizes)
    genres = rng.integers(N_CLASSES, size=n_artists)
    if kind == "equal":
        return genres, np.full(n_artists, 4)
    return genres, 1 + rng.poisson(rng.gamma(0.7, 4, n_artists))


def chances_of_artists(skill: float) -> np.ndarray:
    """Dirichlet parameters: who is taken for whom, some genres more than others."""
    others = np.linspace(1.0, 1.5, N_CLASSES) / N_CLASSES
    return np.tile(others, (N_CLASSES, 1)) + skill * np.eye(N_CLASSES)


def simulate(n_artists: int, sizes: str, *, skill=1.5, n_simulations=1000, seed=0) -> list[dict]:
    """Coverage and mean width of the intervals of each score in one cell."""
    rng = np.random.default_rng(seed)
    parameters = chances_of_artists(skill)
    mean = parameters / parameters.sum(1, keepdims=True)
    truths = {name: float(score(mean / N_CLASSES)) for name, score in SCORES.items()}
    found: dict[tuple[str, str], list] = {}
    blocks = jackknife_blocks(np.arange(n_artists))
    for _ in range(n_simulations):
        genres, n_clips = draw_artists(rng, n_artists, sizes)
        weights = rng.standard_gamma(parameters[genres])
        chances = weights / weights.sum(1, keepdims=True)
        clips = rng.multinomial(n_clips, chances)
        counts = np.zeros((n_artists, N_CLASSES, N_CLASSES))
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
                    float(score(total)), score(total - parts), int(total.sum())
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


def main() -> None:
    """Run all cells, print a table and write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--simulations", type=int, default=1000)
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
    versions = {
        "python": platform.python_version(),
        "sklearn_mgc": sklearn_mgc.__version__,
        "scikit-learn": sklearn.__version__,
        "scipy": scipy.__version__,
        "numpy": np.__version__,
    }
    about = {"simulations": args.simulations, "seed": args.seed, "versions": versions}
    args.out.write_text(json.dumps(about | {"rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
