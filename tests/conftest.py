"""Shared fixtures: real data where it is, generated music everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Compiles what the tests call of librosa and of this package.
_WARM = """
import librosa, numpy as np
from sklearn_mgc import DNNClassifier, HandcraftedFeatures
y = np.random.default_rng(0).standard_normal(22050).astype(np.float32)
librosa.feature.zero_crossing_rate(y), librosa.feature.chroma_stft(y=y)
HandcraftedFeatures("rich").transform([y])
DNNClassifier((8,), max_epochs=1).fit(np.eye(8), list("ababcdcd"))
"""


def pytest_configure(config):
    """Fill numba's caches in one process before several test processes start.

    Processes that compile into one cache at the same time can damage it, and a damaged
    cache ends every later process with a segmentation fault (numba issue 10128).
    """
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        subprocess.run([sys.executable, "-c", _WARM], check=True)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real audio and tables; the test is skipped where it is absent."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SKLEARN_MGC_SHARED_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set SKLEARN_MGC_SHARED_DATA to run this test")
    return folder
