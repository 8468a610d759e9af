"""An epoch and a prediction of the convolutional networks, to hand-written loops.

The loops run the same layers on images that are contiguous, and with channels last. Processor
time of one thread; methods take turns, ratios are medians of the rounds::

    OMP_NUM_THREADS=1 python benchmarks/spectrogram_networks.py --clips 8 --rounds 3
"""

from __future__ import annotations

import argparse
import json
import time
from statistics import median

import numpy as np
import torch

from sklearn_mgc import CNN2DClassifier, CRNNClassifier, ParallelCRNNClassifier
from sklearn_mgc.networks import cnn2d, crnn, parallel_crnn

SHARED = {"max_epochs": 1, "random_state": 0, "device": "cpu", "normalize_input": False}
NETWORKS = {
    "cnn2d": (cnn2d, CNN2DClassifier),
    "crnn": (crnn, CRNNClassifier),
    "parallel crnn": (parallel_crnn, ParallelCRNNClassifier),
}


class Loop:
    """What one writes without a library, of batches that are drawn once."""

    def __init__(self, room, module, X, y, batch_size: int, *, channels_last: bool):
        self._room, self._last = room, channels_last
        self._module = module.to(memory_format=torch.channels_last) if channels_last else module
        self._optimizer = torch.optim.AdamW(self._module.parameters(), fused=True)
        self._batches = list(zip(X.split(batch_size), y.split(batch_size), strict=True))

    def _images(self, X):
        return X.unsqueeze(3).permute(0, 3, 1, 2) if self._last else X.unsqueeze(1)

    def _logits(self, X):
        kept = getattr(self._room, "as_images", None)
        self._room.as_images = self._images
        try:
            return self._module(X)
        finally:
            self._room.as_images = kept

    def epoch(self) -> None:
        self._module.train()
        for X, y in self._batches:
            self._optimizer.zero_grad()
            torch.nn.functional.cross_entropy(self._logits(X), y).backward()
            self._optimizer.step()

    def predict(self) -> None:
        self._module.eval()
        with torch.no_grad():
            for X, _ in self._batches:
                self._logits(X).softmax(1)


def measure(name: str, n_clips: int, batch_size: int, rounds: int) -> dict:
    room, kind = NETWORKS[name]
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_clips, 640, 128), dtype=np.float32)
    y = np.arange(n_clips) % 4
    model = kind(batch_size=batch_size, **SHARED)
    model.partial_fit(X, y, classes=np.unique(y))
    tensors = torch.from_numpy(X), torch.from_numpy(y)
    acts = {"ours": (lambda: model.partial_fit(X, y), lambda: model.predict_proba(X))}
    for order in ("contiguous", "channels last"):
        module = type(model.module_)((640, 128), 4)
        loop = Loop(room, module, *tensors, batch_size, channels_last=order != "contiguous")
        acts[order] = loop.epoch, loop.predict
    row: dict = {"network": name}
    for i, what in enumerate(("epoch", "prediction")):
        seconds: dict[str, list[float]] = {method: [] for method in acts}
        for turn in range(rounds + 1):
            for method, act in acts.items():
                started = time.process_time()
                act[i]()
                if turn:  # the first one warms up
                    seconds[method].append(time.process_time() - started)
        for order in ("contiguous", "channels last"):
            ratio = median(np.divide(seconds["ours"], seconds[order]))
            row[f"{what}, to {order}"] = round(float(ratio), 2)
        row[f"{what}, ms"] = round(median(seconds["ours"]) * 1e3)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    args = parser.parse_args()
    torch.set_num_threads(1)
    for name in args.networks:
        row = measure(name, args.clips, args.batch_size, args.rounds)
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
