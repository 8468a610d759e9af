"""A hundred thousand files: whether rate, memory and store stay as they are for a thousand.

Short WAV files of distinct content are written under one folder and described three times, each
time by a new process: without a cache, into an empty store, and from the full store. A line of
output has the files, files/s, the peak of the resident memory, and the store's size; the last
lines have the slopes of log(time) over log(files), which are 1 where a file costs the same
however many there are::

    OMP_NUM_THREADS=1 python benchmarks/scale.py --sizes 1000 10000 100000 --seconds 0.25

The files of 100,000 clips of 0.25 s take 1.1 GB. Times are of the wall, on one thread.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

import numpy as np

SAMPLE_RATE = 22050


def write_files(folder: Path, n_files: int, seconds: float) -> list[str]:
    """WAV files whose first two samples are their number."""
    pcm = np.random.default_rng(0).integers(-8000, 8000, int(seconds * SAMPLE_RATE), dtype="<i2")
    paths = []
    for i in range(n_files):
        path = folder / f"{i // 1000:03d}" / f"{i:06d}.wav"
        paths.append(str(path))
        if path.exists():
            continue
        path.parent.mkdir(exist_ok=True)
        pcm[:2] = i & 0x7FFF, i >> 15
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(pcm.tobytes())
    return paths


def describe(paths: list[str], cache: Path | None) -> dict:
    """Seconds of one transform, and the peak memory of this process after it."""
    from sklearn_mgc import HandcraftedFeatures

    features = HandcraftedFeatures(cache=cache)
    features.transform(paths[:1])  # imports and compiled code are there
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    table = features.transform(paths)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert np.isfinite(table).all()
    return {
        "seconds": round(seconds, 3),
        "files/s": round(len(paths) / seconds),
        "MB": peak // 1024,
        "of which before": before // 1024,
    }


def in_new_process(folder: Path, n_files: int, seconds: float, cache: Path | None) -> dict:
    command = [sys.executable, __file__, "--describe", str(folder), str(n_files), str(seconds)]
    found = subprocess.run(
        command + ([] if cache is None else [str(cache)]), check=True, capture_output=True
    )
    return json.loads(found.stdout)


def slope(sizes: list[int], seconds: list[float]) -> float:
    return round(float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0]), 3)


def main() -> None:
    if sys.argv[1:2] == ["--describe"]:
        folder, n_files, seconds = Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
        cache = Path(sys.argv[5]) if sys.argv[5:] else None
        print(json.dumps(describe(write_files(folder, n_files, seconds), cache)))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--seconds", type=float, default=0.25)
    args = parser.parse_args()
    took: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made, "clips")
        folder.mkdir()
        for n_files in args.sizes:
            write_files(folder, n_files, args.seconds)
            store = Path(made, f"store{n_files}")
            for case, cache in (
                ("without a cache", None),
                ("into an empty store", store),
                ("from the full store", store),
            ):
                row = in_new_process(folder, n_files, args.seconds, cache)
                took.setdefault(case, []).append(row["seconds"])
                if cache is not None:
                    size = sum(file.stat().st_size for file in store.iterdir())
                    row["bytes a row"] = round(size / n_files)
                print(json.dumps({"case": case, "files": n_files, **row}), flush=True)
    for case, seconds in took.items():
        print(json.dumps({"case": case, "slope": slope(args.sizes, seconds)}))


if __name__ == "__main__":
    main()
