"""What the first use on a machine costs: processes with an empty and with a full numba cache.

    python benchmarks/cold_start.py

Processor seconds of whole processes, imports included, and what compiling adds to them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

_FEATURES = """
import numpy as np
from sklearn_mgc import HandcraftedFeatures
y = np.random.default_rng(0).standard_normal(5 * 22050).astype(np.float32)
HandcraftedFeatures({preset}).transform([y])
"""
_DENSE = """
import numpy as np
from sklearn_mgc import DNNClassifier
X = np.random.default_rng(0).standard_normal((64, 25)).astype(np.float32)
DNNClassifier(max_epochs=1).fit(X, np.arange(64) % 2)
"""
CASES = {
    "the paper's 25 of one clip": _FEATURES.format(preset=""),
    "rich of one clip": _FEATURES.format(preset="'rich'"),
    "a first DNNClassifier.fit": _DENSE,
}


def seconds(code: str, cache: str) -> float:
    """Processor seconds of a process that runs the code."""
    timed = f"import time\n{code}\nprint(time.process_time())"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", timed],
        env={**os.environ, "NUMBA_CACHE_DIR": cache, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def main() -> None:
    """Print a line per case."""
    for name, code in CASES.items():
        with tempfile.TemporaryDirectory() as cache:
            empty, full = seconds(code, cache), seconds(code, cache)
        row = {"case": name, "empty": round(empty, 2), "full": round(full, 2)}
        print(json.dumps({**row, "compiling": round(empty - full, 2)}))


if __name__ == "__main__":
    main()
