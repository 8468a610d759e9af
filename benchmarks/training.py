"""One training step beside a hand-written PyTorch loop and beside plain skorch.

The same network, data, batch size and optimizer in the three loops, which take turns epoch by
epoch, so that they share whatever else the machine does; medians over the epochs::

    python benchmarks/training.py --rounds 7

``--engines`` compares whole fits of `DNNClassifier` by the compiled loops and by torch, in
processor time, and what two threads gain, by the clock::

    OMP_NUM_THREADS=1 python benchmarks/training.py --engines
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from statistics import median

import numpy as np
import torch
from joblib import Parallel, delayed
from sklearn.base import clone
from skorch import NeuralNetClassifier
from torch.nn.functional import cross_entropy

from sklearn_mgc import CNN2DClassifier, CRNNClassifier, DNNClassifier
from sklearn_mgc.classifiers import compiled

N_CLASSES, LR = 10, 1e-4
# Rows are chosen for a second or less per epoch. The spectrograms of the 2-D network are
# smaller than the paper's: at 640 x 128 it is compute-bound and every ratio is 1.
CASES = {
    ("dnn", 5): (DNNClassifier(), (25,), 2000),
    ("dnn", 100): (DNNClassifier(), (25,), 10000),
    ("cnn2d", 5): (CNN2DClassifier(normalize_input=False), (80, 32), 100),
    ("cnn2d", 100): (CNN2DClassifier(normalize_input=False), (80, 32), 200),
    ("crnn", 5): (CRNNClassifier(normalize_input=False), (640, 128), 50),
    ("crnn", 100): (CRNNClassifier(normalize_input=False), (640, 128), 300),
}


class HandWritten:
    """The loop of a tutorial, with whole-batch slices and the fused optimizer."""

    def __init__(self, module, X, y, batch_size):
        self.module = module.train()
        self.optimizer = torch.optim.AdamW(module.parameters(), lr=LR, weight_decay=0.0, fused=True)
        self.X, self.y, self.batch_size = torch.as_tensor(X), torch.as_tensor(y), batch_size

    def epoch(self) -> float:
        started = time.perf_counter()
        order = torch.randperm(len(self.X))
        for start in range(0, len(self.X), self.batch_size):
            rows = order[start : start + self.batch_size]
            self.optimizer.zero_grad()
            loss = cross_entropy(self.module(self.X[rows]), self.y[rows])
            loss.backward()
            self.optimizer.step()
        return time.perf_counter() - started


class PlainSkorch:
    """skorch's defaults, but for the validation split, which it would train less with."""

    def __init__(self, module, X, y, batch_size):
        self.net = NeuralNetClassifier(
            module,
            criterion=torch.nn.CrossEntropyLoss,
            optimizer=torch.optim.Adam,
            lr=LR,
            batch_size=batch_size,
            train_split=None,
            verbose=0,
        ).initialize()
        self.X, self.y = X, y

    def epoch(self) -> float:
        started = time.perf_counter()
        self.net.partial_fit(self.X, self.y, epochs=1)
        return time.perf_counter() - started


class Ours:
    """An epoch of `fit`: all that happens between the first batch and the record."""

    def __init__(self, estimator, X, y, batch_size):
        self.model = estimator.set_params(
            batch_size=batch_size, lr=LR, device="cpu", lr_schedule=None, weight_decay=0.0
        )
        self.X, self.y = X, y

    def epoch(self) -> float:
        self.model.partial_fit(self.X, self.y, classes=np.arange(N_CLASSES))
        return self.model.history_[-1]["train_seconds"]


def measure(name: str, batch_size: int, rounds: int) -> dict:
    estimator, shape, n = CASES[name, batch_size]
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, *shape), dtype=np.float32)
    y = rng.integers(0, N_CLASSES, n)
    ours = Ours(estimator, X, y, batch_size)
    ours.epoch()
    copies = [type(ours.model.module_)(shape, N_CLASSES) for _ in range(2)]
    loops = {
        "hand-written": HandWritten(copies[0], X, y, batch_size),
        "skorch": PlainSkorch(copies[1], X, y, batch_size),
        "sklearn_mgc": ours,
    }
    seconds: dict[str, list[float]] = {loop: [] for loop in loops}
    for i in range(rounds + 1):
        for loop, runner in loops.items():
            took = runner.epoch()
            if i:  # the first round warms up
                seconds[loop].append(took)
    steps = -(-n // batch_size)
    row = {loop: median(values) / steps * 1e6 for loop, values in seconds.items()}
    # Neighbours in time are compared, and then the median is taken.
    hand = seconds["hand-written"]
    return {
        "network": name,
        "batch": batch_size,
        **{f"{loop} us/step": round(us, 1) for loop, us in row.items()},
        "to hand-written": round(median(np.divide(seconds["sklearn_mgc"], hand)), 3),
        "skorch to hand-written": round(median(np.divide(seconds["skorch"], hand)), 3),
    }


def measure_engines(batch_size: int, rounds: int) -> dict:
    """Processor time of a fit of 800 rows and five epochs: torch's to that of the loops."""
    X, y = _blobs(800)
    model = DNNClassifier(batch_size=batch_size, max_epochs=5, random_state=0, device="cpu")
    seconds: dict[str, list[float]] = {"compiled": [], "torch": []}
    for i in range(rounds + 1):
        for engine, values in seconds.items():
            with compiled.forced(engine):
                started = time.process_time()
                model.fit(X, y)
                if i:  # the first round compiles
                    values.append(time.process_time() - started)
    ratio = median(np.divide(seconds["torch"], seconds["compiled"]))
    times = {f"{name} ms": round(median(v) * 1e3, 1) for name, v in seconds.items()}
    return {"batch": batch_size, **times, "torch to compiled": round(ratio, 2)}


def measure_threads(rounds: int) -> dict:
    """Eight fits in two threads and one after the other, by the clock."""
    X, y = _blobs(800)
    model = DNNClassifier(batch_size=32, max_epochs=20, random_state=0, device="cpu").fit(X, y)
    ratios = []
    for _ in range(rounds):
        took = []
        for n_jobs in (1, 2):
            started = time.perf_counter()
            fits = (delayed(clone(model).fit)(X, y) for _ in range(8))
            Parallel(n_jobs=n_jobs, prefer="threads")(fits)
            took.append(time.perf_counter() - started)
        ratios.append(took[0] / took[1])
    return {"two threads to one": round(median(ratios), 2)}


def _blobs(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((n, 25), dtype=np.float32), rng.integers(0, N_CLASSES, n)
    X[np.arange(n), y] += 2
    return X, y


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--networks", nargs="+", default=["dnn", "cnn2d", "crnn"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--engines", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(f"torch {torch.__version__}, Python {platform.python_version()}, {args.threads} thread")
    if args.engines:
        for batch_size in (5, 32, 100, 256):
            print(json.dumps(measure_engines(batch_size, args.rounds)), flush=True)
        print(json.dumps(measure_threads(args.rounds)))
        return
    for name, batch_size in CASES:
        if name in args.networks:
            print(json.dumps(measure(name, batch_size, args.rounds)), flush=True)


if __name__ == "__main__":
    main()
