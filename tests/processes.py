"""What other processes do in the tests.

A server that has imported the package is forked for each of them, where there is fork: a
process that only had to import would take seconds to begin.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
import warnings
from unittest import mock

import numpy as np
from sklearn.linear_model import LogisticRegression

from sklearn_mgc.features import HandcraftedFeatures, MelSpectrogram, database
from sklearn_mgc.features.backbones import weights

if sys.platform == "win32":
    CONTEXT = multiprocessing.get_context("spawn")
else:
    CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__, "sklearn_mgc.search", "sqlalchemy"])


def start(function, *args):
    """Start a process that calls a function of this file."""
    process = CONTEXT.Process(target=function, args=args)
    process.start()
    return process


def finish(*processes):
    """Wait for processes, which must end well."""
    for process in processes:
        process.join(timeout=300)
    assert [process.exitcode for process in processes] == [0] * len(processes)


def extract_slowly(cache, delay, files):
    """Fill a feature store, a file at a time."""
    extract = HandcraftedFeatures.extract_sound

    def slowly(self, y):
        time.sleep(delay)
        return extract(self, y)

    database._BATCH_SECONDS = 0.05
    with mock.patch.object(HandcraftedFeatures, "extract_sound", slowly):
        HandcraftedFeatures(cache=cache).transform(files)


def extract_on_a_full_disk(cache, files):
    """Fill a feature store where no file can grow beyond 100 kB."""
    import resource

    expected = HandcraftedFeatures().transform(files)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        X = HandcraftedFeatures(cache=cache).transform(files)
    np.testing.assert_allclose(X, expected, rtol=1e-5, atol=1e-5)
    ours = [str(w.message) for w in caught if "cache" in str(w.message)]
    assert len(ours) == 1 and "cannot be written" in ours[0], ours


def run_with_a_copy(package, code):
    """Run code that imports a copy of the package, and other packages as they are."""
    for name in [name for name in sys.modules if name.partition(".")[0] == package.name]:
        del sys.modules[name]
    sys.path.insert(0, str(package.parent))
    known: dict = {}
    exec(code, known)
    assert known["sklearn_mgc"].__file__ == str(package / "__init__.py")


def fetch_musicnn(home, folder, source):
    """Fetch weights from a folder into a data home."""
    os.environ["SKLEARN_MGC_DATA"] = str(home)
    weights.fetch_weights("musicnn", source, folder)


def _most_resident():
    """Largest memory so far, in MB."""
    with open("/proc/self/status") as file:
        return int(next(line for line in file if line.startswith("VmHWM")).split()[1]) / 1024


def write_spectrograms(folder):
    """Write spectrograms that are larger than the memory that is taken for them."""
    clip = np.random.default_rng(0).normal(size=22050).astype(np.float32)
    transformer = MelSpectrogram(n_frames=2000, out=folder)
    transformer.transform([clip] * 10)
    before = _most_resident()
    X = transformer.transform([clip] * 150)
    assert X.nbytes > 150e6 and _most_resident() - before < 50, (before, _most_resident())


class SlowRegression(LogisticRegression):
    """A regression that takes its time."""

    seconds = 0.0

    def fit(self, X, y):
        """Wait, and fit."""
        time.sleep(self.seconds)
        return super().fit(X, y)


def optimize(storage, seconds, n_trials, begin):
    """Take part in a study, once all who take part are ready."""
    import optuna

    from sklearn_mgc import search

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    SlowRegression.seconds = seconds
    y = np.array(["jazz", "rock"] * 20)
    X = np.random.default_rng(0).normal(size=(40, 2)) + (y == "jazz")[:, None]
    function = search.objective(SlowRegression(), X, y, cv=2)
    study = search.open_study(storage, space=function.space, heartbeat=1)
    begin.wait(300)
    stop = optuna.study.MaxTrialsCallback(n_trials)
    study.optimize(function, n_trials=n_trials, callbacks=[stop])


def open_studies(storages, begin):
    """Open studies one after another, each at the same time as others do."""
    from sklearn_mgc import search

    for storage in storages:
        begin.wait(300)
        search.open_study(storage)
