"""What results were made with: packages, processor, linear algebra, date.

OMP_NUM_THREADS=1 python experiments/environment.py > docs/results/environment.txt
"""

from __future__ import annotations

import argparse
import platform
from datetime import date
from importlib.metadata import version

import numpy  # noqa: F401 - loads the library that threadpoolctl names
import torch
from llvmlite import binding
from threadpoolctl import threadpool_info

PACKAGES = [
    "numpy", "scipy", "scikit-learn", "joblib", "threadpoolctl", "pandas", "torch", "skorch",
    "numba", "llvmlite", "librosa", "soundfile", "soxr", "optuna", "matplotlib",
]  # fmt: skip


def main() -> None:
    """Print it."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    blas = {i["filepath"].split("/")[-1].split("-")[0]: i for i in threadpool_info()}
    lines = [
        f"# {date.today().isoformat()}",
        f"# Python {platform.python_version()} on {platform.system()} {platform.machine()}",
        f"# processor: {binding.get_host_cpu_name()}, torch uses "
        f"{torch.backends.cpu.get_cpu_capability()}",
    ]
    for name, found in blas.items():
        if found["user_api"] == "blas":
            lines.append(
                f"# {name} {found['version']} for {found['architecture']}, "
                f"threads: {found['num_threads']}"
            )
    lines += [f"{name}=={version(name)}" for name in PACKAGES]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
