"""Epochs a second of the three networks on data of GTZAN's size, on a GPU and on the CPU.

1000 clips, random numbers: 25 descriptors for the dense network, 640 x 128 spectrograms for the
others. The first epoch warms up; the median of the others counts::

    python benchmarks/gpu.py --devices cuda cpu
    python benchmarks/gpu.py --devices cpu --networks dnn --clips 200
"""

from __future__ import annotations

import argparse
import json
import platform
from statistics import median

import numpy as np
import torch

from sklearn_mgc import CNN2DClassifier, CRNNClassifier, DNNClassifier

NETWORKS = {
    "dnn": (DNNClassifier, (25,)),
    "cnn2d": (CNN2DClassifier, (640, 128)),
    "crnn": (CRNNClassifier, (640, 128)),
}


class Utilisation:
    """Mean share of the time in which the GPU had work, or None where nobody can say."""

    def __init__(self, device: str):
        self.device, self._shares = device, []

    def on_epoch_end(self) -> None:
        if self.device.startswith("cuda"):
            try:
                self._shares.append(torch.cuda.utilization(self.device) / 100)
            except (ModuleNotFoundError, RuntimeError):  # no nvidia-ml-py, or no permission
                self.device = "cpu"

    def mean(self) -> float | None:
        return round(float(np.mean(self._shares)), 2) if self._shares else None


def measure(name: str, device: str, precision: str, args) -> dict:
    made, shape = NETWORKS[name]
    rng = np.random.default_rng(0)
    X = rng.standard_normal((args.clips, *shape), dtype=np.float32)
    y = np.arange(args.clips) % 10
    model = made(batch_size=args.batch_size, device=device, precision=precision, random_state=0)
    used = Utilisation(device)
    for _ in range(args.epochs + 1):
        model.partial_fit(X, y, classes=np.arange(10))
        used.on_epoch_end()
    seconds = median(row["train_seconds"] for row in model.history_[1:])
    return {
        "network": name,
        "device": device,
        "precision": precision,
        "epochs a second": round(1 / seconds, 3),
        "utilisation": used.mean(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    available = ["cuda", "cpu"] if torch.cuda.is_available() else ["cpu"]
    parser.add_argument("--devices", nargs="+", default=available)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--precisions", nargs="+", default=["float32", "bf16"])
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=5)
    args = parser.parse_args()
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    print(
        f"{name}; {torch.get_num_threads()} CPU threads; torch {torch.__version__}, "
        f"Python {platform.python_version()}"
    )
    for network in args.networks:
        rates = {}
        for device in args.devices:
            for precision in args.precisions:
                row = measure(network, device, precision, args)
                rates.setdefault(device, row["epochs a second"])
                print(json.dumps(row), flush=True)
        if {"cpu", "cuda"} <= set(rates):
            print(json.dumps({"network": network, "to cpu": rates["cuda"] / rates["cpu"]}))


if __name__ == "__main__":
    main()
