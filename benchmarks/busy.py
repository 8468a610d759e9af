"""Each network's fit and predict with none, one and two busy processes beside it.

On cores that are shared, a team of threads waits for the slowest of them at every operation.
Seconds are of the wall, medians of the rounds; the ratios to an idle machine should stay below
2.5. Nothing else should run meanwhile::

    python benchmarks/busy.py --rounds 3
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from statistics import median

import numpy as np
import torch

from sklearn_mgc import (
    CNN2DClassifier,
    CRNNClassifier,
    DNNClassifier,
    ParallelCRNNClassifier,
)

SHARED = {"max_epochs": 2, "random_state": 0, "device": "cpu"}
CASES = {
    "dnn": (DNNClassifier(batch_size=8, **SHARED), (200, 25)),
    "cnn2d, small": (CNN2DClassifier(batch_size=8, **SHARED), (32, 80, 32)),
    "cnn2d": (CNN2DClassifier(batch_size=8, **SHARED), (8, 640, 128)),
    "crnn": (CRNNClassifier(batch_size=8, **SHARED), (32, 640, 128)),
    "parallel crnn": (ParallelCRNNClassifier(batch_size=8, **SHARED), (16, 640, 128)),
}


@contextlib.contextmanager
def busy(n: int):
    """So many processes that do nothing but count."""
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(n)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def seconds(act, rounds: int) -> float:
    took = []
    for _ in range(rounds):
        started = time.perf_counter()
        act()
        took.append(time.perf_counter() - started)
    return median(took)


def measure(name: str, rounds: int) -> dict:
    model, shape = CASES[name]
    X = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    y = np.arange(len(X)) % 4
    model.fit(X, y).predict(X)  # compiles what is compiled
    row: dict = {"network": name}
    acts = {"fit": lambda: model.fit(X, y), "predict": lambda: model.predict(X)}
    for what, act in acts.items():
        times = []
        for n in range(3):
            with busy(n):
                times.append(seconds(act, rounds))
        row[f"{what} s, idle"] = round(times[0], 4)
        row[f"{what}, one busy"] = round(times[1] / times[0], 2)
        row[f"{what}, two busy"] = round(times[2] / times[0], 2)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--networks", nargs="+", default=list(CASES), choices=list(CASES))
    args = parser.parse_args()
    print(f"torch {torch.__version__}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name in args.networks:
        print(json.dumps(measure(name, args.rounds)), flush=True)


if __name__ == "__main__":
    main()
