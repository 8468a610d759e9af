"""Shared fixtures: real data where it is, generated music everywhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
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


@pytest.fixture
def as_anybody():
    """A folder of a user to whom permissions apply, which they do not to root."""
    if not hasattr(os, "geteuid"):
        pytest.skip("permissions are another matter on Windows")
    changed = os.geteuid() == 0
    if changed and not all(folder.stat().st_mode & 1 for folder in Path(os.__file__).parents):
        pytest.skip("Python itself may be read by root alone")
    folder = Path(tempfile.mkdtemp())  # those of pytest may be searched by their owner alone
    if changed:
        os.chown(folder, 65534, -1)
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if changed:
            os.seteuid(0)
        subprocess.run(["chmod", "-R", "u+rwx", str(folder)], check=True)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real audio and tables; the test is skipped where it is absent."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SKLEARN_MGC_SHARED_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set SKLEARN_MGC_SHARED_DATA to run this test")
    return folder
