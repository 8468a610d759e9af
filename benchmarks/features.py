"""Feature extraction beside librosa: ratios from one run on one machine.

    python benchmarks/features.py FOLDER [--repeat 15] [--clips 3]

FOLDER holds audio files, at any depth. Set OMP_NUM_THREADS=1 to compare single cores.
Each row is a median over repetitions, and over the clips; the methods take turns, so
that a busy machine slows all of them alike.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import scipy.fft

from sklearn_mgc.audio import load_audio
from sklearn_mgc.features import HandcraftedFeatures, MelSpectrogram
from sklearn_mgc.features._spectral import _rfft

SUFFIXES = {".au", ".flac", ".mp3", ".ogg", ".wav"}


def paper_calls(y: np.ndarray) -> np.ndarray:
    """The six librosa calls of the paper's code."""
    feature = librosa.feature
    means = [
        feature.chroma_stft(y=y, sr=22050).mean(),
        feature.spectral_centroid(y=y, sr=22050).mean(),
        feature.spectral_bandwidth(y=y, sr=22050).mean(),
        feature.spectral_rolloff(y=y, sr=22050).mean(),
        feature.zero_crossing_rate(y).mean(),
    ]
    return np.r_[means, feature.mfcc(y=y, sr=22050).mean(axis=1)]


def shared_stft(y: np.ndarray) -> np.ndarray:
    """librosa as a careful user writes it: one spectrogram passed to every call."""
    feature = librosa.feature
    magnitude = np.abs(librosa.stft(y))
    power = magnitude**2
    means = [
        feature.chroma_stft(S=power, sr=22050).mean(),
        feature.spectral_centroid(S=magnitude, sr=22050).mean(),
        feature.spectral_bandwidth(S=magnitude, sr=22050).mean(),
        feature.spectral_rolloff(S=magnitude, sr=22050).mean(),
        feature.zero_crossing_rate(y).mean(),
    ]
    mel = librosa.power_to_db(feature.melspectrogram(S=power, sr=22050))
    return np.r_[means, feature.mfcc(S=mel).mean(axis=1)]


def librosa_mel(y: np.ndarray) -> np.ndarray:
    """The paper's mel-spectrogram."""
    mel = librosa.feature.melspectrogram(y=y, sr=22050, n_fft=2048, hop_length=1024)
    return librosa.power_to_db(mel, ref=np.max)


def bare_fft(y: np.ndarray) -> None:
    """Only the transforms of a clip's frames, in blocks that stay in the cache."""
    block = np.empty((32, 2048), dtype=np.float32)
    block[:] = y[: block.size].reshape(block.shape)
    for _ in range(-(-(1 + len(y) // 512) // 32)):
        scipy.fft.rfft(block, axis=1)


def medians(methods: dict[str, Callable], inputs: list, repeat: int) -> dict[str, float]:
    """Milliseconds of each method: all take turns on all inputs after a warm-up."""
    times: dict[str, list[float]] = {name: [] for name in methods}
    for method in methods.values():
        method(inputs[0])
    for _ in range(repeat):
        for item in inputs:
            for name, method in methods.items():
                start = time.perf_counter()
                method(item)
                times[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def table(title: str, times: dict[str, float], reference: str) -> None:
    """Print milliseconds and how many times faster than the reference each method is."""
    print(f"\n{title}\n{'':44}{'ms':>9}{'ratio':>8}")
    for name, value in times.items():
        print(f"{name:44}{value:9.1f}{times[reference] / value:8.2f}")


def main() -> None:
    """Run all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--clips", type=int, default=3)
    args = parser.parse_args()

    files = sorted(p for p in args.folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    step = max(len(files) // args.clips, 1)
    chosen = [str(path) for path in files[::step][: args.clips]]
    clips = [load_audio(path) for path in chosen]
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, numpy {np.__version__}, "
        f"librosa {librosa.__version__}, FFT of {_rfft().__module__.split('.')[0]}; "
        f"{len(clips)} clips of {np.mean([len(y) for y in clips]) / 22050:.1f} s"
    )

    handcrafted, mel = HandcraftedFeatures(), MelSpectrogram()
    rich = HandcraftedFeatures("rich")
    times = medians(
        {
            "the paper's six librosa calls": paper_calls,
            "librosa sharing one STFT": shared_stft,
            "HandcraftedFeatures()": handcrafted._extract,
            'HandcraftedFeatures("rich"), 95 columns': rich._extract,
            "bare scipy.fft of the frames": bare_fft,
        },
        clips,
        args.repeat,
    )
    table("25 features of a waveform", times, "the paper's six librosa calls")
    reached = [np.abs(handcrafted._extract(y) / paper_calls(y) - 1).max() for y in clips]
    print(f"largest relative difference of a feature: {max(reached):.1e}")

    times = medians({"librosa": librosa_mel, "MelSpectrogram()": mel._extract}, clips, args.repeat)
    table("mel-spectrogram of a waveform", times, "librosa")

    times = medians(
        {
            "librosa.load + six calls": lambda path: paper_calls(librosa.load(path)[0]),
            "HandcraftedFeatures().transform": lambda path: handcrafted.transform([path]),
            "load_audio alone": load_audio,
            "librosa.load alone": librosa.load,
        },
        chosen,
        args.repeat,
    )
    table("25 features of a file", times, "librosa.load + six calls")

    many = [str(path) for path in files[:100]]
    times = medians(
        {f"n_jobs={n}": HandcraftedFeatures(n_jobs=n, on_error="nan").transform for n in (1, 2)},
        [many],
        3,
    )
    table(f"{len(many)} files", times, "n_jobs=1")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory of the whole run: {peak:.0f} MB")


if __name__ == "__main__":
    main()
