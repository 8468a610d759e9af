"""Progress of a search: a bar over epochs, and a line per candidate."""

from __future__ import annotations

import threading

import numpy as np


class Progress:
    """Shows nothing, a bar (``verbose=1``), or a line per candidate as well (2 and more).

    Parameters
    ----------
    verbose : int
        How much to show.
    candidates : list of dict
        Parameters of each candidate.
    n_folds : int
        Number of folds.
    rungs : list of float
        Shares of the epochs at which candidates are compared.
    epochs : list of int
        ``max_epochs`` of each candidate.
    """

    def __init__(self, verbose: int, candidates, n_folds: int, rungs, epochs):
        self._verbose = verbose
        self._lock = threading.Lock()
        self._bar = None
        self._told: set[int] = set()
        if not verbose:
            return
        from tqdm import tqdm

        print(
            f"Fitting {n_folds} folds for each of {len(candidates)} candidates, totalling "
            f"{n_folds * len(candidates)} fits"
        )
        total = None
        if len(rungs) == 1:
            total = n_folds * sum(epochs)
        self._bar = tqdm(total=total, unit="epoch")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self._bar is not None:
            self._bar.close()

    def tick(self, n: int) -> None:
        """Go on by so many epochs."""
        if self._bar is not None:
            with self._lock:
                self._bar.update(n)

    def scored(self, out: dict, candidates: list[dict], n_folds: int) -> None:
        """Tell the scores of the candidates that were scored on all folds."""
        if self._bar is None:
            return
        best = -np.inf
        for i, params in enumerate(candidates):
            if not all((i, k) in out for k in range(n_folds)):
                continue
            scores = [out[i, k]["test_scores"] for k in range(n_folds)]
            if isinstance(scores[0], dict):
                means = {name: float(np.mean([s[name] for s in scores])) for name in scores[0]}
            else:
                means = {"score": float(np.mean(scores))}
            best = max(best, next(iter(means.values())))
            if self._verbose > 1 and i not in self._told:
                self._told.add(i)
                text = ", ".join(f"{name}={mean:.3f}" for name, mean in means.items())
                self._bar.write(f"{params}: {text}")
        if np.isfinite(best):
            self._bar.set_postfix(best=f"{best:.3f}")
