"""How long a song waits for its genre: a fitted pipeline in a warm process, part by part.

Descriptors, scaler and dense network are fitted on generated music, saved with joblib and loaded
again. Then one file is predicted many times: alone, with the median of each part (decoding,
descriptors, all that follows), and by eight threads that share the estimator, whose answers must be
those of one thread. Processes that share nothing, one for each core, show what the machine has to
give::

    OMP_NUM_THREADS=1 python benchmarks/latency.py --audio song.mp3 --rounds 50

Without ``--audio``, 30 s of generated music as MP3. Milliseconds are of the wall; the ratio of
throughputs is that of eight threads to one.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from statistics import median

import joblib
import numpy as np
import soundfile
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mgc import DNNClassifier, HandcraftedFeatures, PretrainedEmbedding
from sklearn_mgc.audio import load_audio
from sklearn_mgc.datasets import make_music


def pipelines() -> dict:
    made = {
        "paper's 25, DNNClassifier": make_pipeline(
            HandcraftedFeatures(), StandardScaler(), DNNClassifier(max_epochs=5, device="cpu")
        ),
        "rich, logistic regression": make_pipeline(
            HandcraftedFeatures("rich"), StandardScaler(), LogisticRegression()
        ),
    }
    embedding = make_pipeline(
        PretrainedEmbedding(device="cpu"), StandardScaler(), LogisticRegression()
    )
    try:
        embedding[0].warm_up()
        made["musicnn, logistic regression"] = embedding
    except FileNotFoundError as error:
        print(error)
    return made


def milliseconds(act, rounds: int) -> float:
    took = []
    for _ in range(rounds):
        started = time.perf_counter()
        act()
        took.append(time.perf_counter() - started)
    return round(1000 * median(took), 2)


def parts(model, path: str, rounds: int) -> dict:
    """The median of each part, and of the whole."""
    rate = model[0].sample_rate
    waveform = load_audio(path, sample_rate=rate)
    row = model[0].transform([waveform])
    return {
        "decode ms": milliseconds(lambda: load_audio(path, sample_rate=rate), rounds),
        "features ms": milliseconds(lambda: model[0].transform([waveform]), rounds),
        "classifier ms": milliseconds(lambda: model[1:].predict_proba(row), rounds),
        "predict ms": milliseconds(lambda: model.predict_proba([path]), rounds),
    }


def together(model, file: Path, song: str, rounds: int, n_threads: int = 8) -> dict:
    """Songs a second of one thread, of eight on the same estimator, and of a process a core."""
    expected = model.predict_proba([song])
    rates = {}
    for n in (1, n_threads):
        with ThreadPoolExecutor(n) as pool:
            started = time.perf_counter()
            answers = list(pool.map(lambda _: model.predict_proba([song]), range(rounds)))
            rates[n] = rounds / (time.perf_counter() - started)
        assert all(np.allclose(answer, expected, atol=1e-6) for answer in answers)
    n_cores = joblib.cpu_count()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_cores, mp_context=context) as processes:
        start = time.monotonic() + 30  # all are loaded and warm by then
        work = [processes.submit(alone, file, song, rounds, start) for _ in range(n_cores)]
        total = sum(future.result() for future in work)
    return {
        "songs/s, one thread": round(rates[1], 1),
        f"songs/s, {n_threads} threads": round(rates[n_threads], 1),
        "ratio": round(rates[n_threads] / rates[1], 2),
        f"ratio of {n_cores} processes": round(total / rates[1], 2),
    }


def alone(file: Path, song: str, rounds: int, start: float) -> float:
    """Songs a second in a process of its own, from a time on the clock of all processes."""
    model = joblib.load(file)
    model.predict_proba([song])
    time.sleep(start - time.monotonic())
    for _ in range(rounds):
        model.predict_proba([song])
    return rounds / (time.monotonic() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--audio")
    parser.add_argument("--rounds", type=int, default=50)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        music = make_music(n_tracks=16, duration=4.0, folder=Path(folder, "music"), random_state=0)
        song = args.audio
        if song is None:
            song = str(Path(folder, "song.mp3"))
            clip = make_music(n_tracks=6, duration=30.0, random_state=1)
            soundfile.write(song, clip.data[0], 22050)
        for name, model in pipelines().items():
            file = Path(folder, "model.joblib")
            joblib.dump(model.fit(music.data, music.target), file)
            loaded = joblib.load(file)
            loaded.predict([song])
            print(json.dumps({"model": name, **parts(loaded, song, args.rounds)}), flush=True)
            print(
                json.dumps({"model": name, **together(loaded, file, song, args.rounds)}), flush=True
            )


if __name__ == "__main__":
    main()
