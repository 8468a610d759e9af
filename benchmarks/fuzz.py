"""Damaged files of every format: each must give a row of numbers or an AudioError.

    python benchmarks/fuzz.py [--files 500] [--seed 0] [--formats wav flac ...] [--keep FOLDER]

A few sound files are damaged in ten ways: cut short, bytes changed in header or body, a stretch
of zeros, lengths that promise gigabytes, another format's name, tags alone, nothing at all.
A second process reads them, so that one that dies or stands still is seen and named; what went
wrong is kept in FOLDER. Output is reStructuredText.
"""

from __future__ import annotations

import argparse
import platform
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from mutants import DAMAGES, FORMATS, GOOD, RATE, mutants, outcome

LIMIT = 10.0  # seconds, in which a file of one second must be read


class Reader:
    """A process that reads files for us, and is replaced when it dies."""

    def __init__(self):
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--reader"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1,
        )  # fmt: skip
        self._process.stdout.readline()  # it is ready, and numba's code compiled

    def outcome(self, path: Path) -> str:
        """As `outcome`, or how the process ended."""
        self._process.stdin.write(f"{path}\n")
        if not select.select([self._process.stdout], [], [], LIMIT)[0]:
            self._process.kill()
        if line := self._process.stdout.readline():
            return line.rstrip("\n")
        code = self._process.wait()
        self._start()
        return f"no answer within {LIMIT:.0f} s" if code == -9 else f"process ended with {code}"

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait()


def serve() -> None:
    """Answer with the outcome of every path that comes in."""
    outcome("warm up: no such file")
    from sklearn_mgc import HandcraftedFeatures

    HandcraftedFeatures().transform(np.random.default_rng(0).normal(size=(1, RATE)))
    print("ready", flush=True)
    for line in sys.stdin:
        print(outcome(line.rstrip("\n")), flush=True)


def main() -> None:
    """Count the outcomes of every format and kind of damage."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=FORMATS)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--reader", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.reader:
        serve()
        return
    counts: Counter[tuple[str, str]] = Counter()
    bad, slowest = [], 0.0
    reader = Reader()
    for suffix in arguments.formats:
        with tempfile.TemporaryDirectory() as folder:
            files = mutants(suffix, arguments.files, arguments.seed, Path(folder))
            for path, damage in files:
                began = time.monotonic()
                found = reader.outcome(path)
                slowest = max(slowest, time.monotonic() - began)
                kind = found if found in GOOD else "other"
                counts[suffix, kind] += 1
                counts[damage, kind] += 1
                if kind == "other":
                    bad.append(f"{path.name} ({damage}): {found}")
                    if arguments.keep:
                        arguments.keep.mkdir(parents=True, exist_ok=True)
                        shutil.copy(path, arguments.keep)
    reader.close()
    used = ("soundfile", "av") if "m4a" in arguments.formats else ("soundfile",)
    versions = [f"{name} {version(name)}" for name in used]
    versions.append(f"libsndfile {soundfile.__libsndfile_version__}")
    print(f"Python {platform.python_version()}, {', '.join(versions)}.")
    print(f"The slowest file took {slowest:.2f} s.\n")
    for title, names in (("Format", arguments.formats), ("Damage", DAMAGES)):
        print(".. list-table::\n   :header-rows: 1\n")
        _row(title, "files", "row of numbers", "AudioError", "anything else")
        for name in names:
            found = [counts[name, kind] for kind in (*GOOD, "other")]
            _row(name, sum(found), *found)
        print()
    print("\n".join(bad))
    sys.exit(bool(bad))


def _row(*cells) -> None:
    print("\n".join(f"   {'*' if not i else ' '} - {cell}" for i, cell in enumerate(cells)))


if __name__ == "__main__":
    main()
