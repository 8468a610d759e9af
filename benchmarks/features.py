"""Feature extraction beside librosa and others: ratios from one run on one machine.

    python benchmarks/features.py FOLDER [FOLDER ...] [--clips 6] [--repeat 11]
        [--sections waveforms files ...] [--others PYTHON]

Each FOLDER holds audio files, at any depth; ``--clips`` of each are timed. Set
OMP_NUM_THREADS=1 to compare single cores. A row is a median over repetitions and clips of
the processor time used; the methods take turns, so that a busy machine slows all alike.
``--others`` is a Python with opensmile and essentia, see ``other_tools.py``. Output is
reStructuredText.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import librosa
import numpy as np
import scipy.fft
import soundfile
import soxr

from sklearn_mgc.audio import load_audio
from sklearn_mgc.features import (
    HandcraftedFeatures,
    MelSpectrogram,
    PretrainedEmbedding,
    Sound,
    extract,
    spectrum,
)

SUFFIXES = {".au", ".flac", ".mp3", ".ogg", ".wav"}
SIX = "the paper's six librosa calls"
SECTIONS = ("waveforms", "files", "cores", "cached", "process", "embedding", "others")


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
    """Librosa as a careful user writes it: one spectrogram passed to every call."""
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


def librosa_both(y: np.ndarray) -> None:
    """What a user of both representations calls."""
    paper_calls(y)
    librosa_mel(y)


def bare(rfft: Callable) -> Callable:
    """Only the transforms of a clip's frames, in blocks that stay in the cache."""

    def transforms(y: np.ndarray) -> None:
        block = np.empty((32, 2048), dtype=np.float32)
        block[:] = y[: block.size].reshape(block.shape)
        for _ in range(-(-(1 + len(y) // 512) // 32)):
            rfft(block, axis=1)

    return transforms


def with_fft(rfft: Callable, method: Callable) -> Callable:
    """The method with this FFT."""

    def call(item):
        spectrum.fastest_rfft = lambda: rfft
        return method(item)

    return call


def medians(methods: dict[str, Callable], inputs: list, repeat: int, clock) -> dict[str, float]:
    """Milliseconds of each method: all take turns on all inputs after a warm-up."""
    times: dict[str, list[float]] = {name: [] for name in methods}
    for method in methods.values():
        method(inputs[0])
    for _ in range(repeat):
        for item in inputs:
            for name, method in methods.items():
                start = clock()
                method(item)
                times[name].append(1e3 * (clock() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def table(title: str, times: dict[str, float], reference: str) -> None:
    """Print milliseconds and how many times faster than the reference each method is."""
    print(f"\n.. csv-table:: {title}\n   :header: , ms, ratio\n   :widths: 60, 15, 15\n")
    for name, value in times.items():
        print(f'   "{name}", {value:.2f}, {times[reference] / value:.2f}', flush=True)


def machine() -> str:
    """Processor, cores and versions."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        model = info.read_text().partition("model name")[2].partition("\n")[0].strip(" \t:")
    found = []
    for name in ("numpy", "scipy", "numba", "librosa", "soundfile", "mkl_fft"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} absent")
    load = f"{os.getloadavg()[0]:.1f}"
    return (
        f"{model}, {os.cpu_count()} cores, load average at the start {load}; "
        f"Python {platform.python_version()}, {', '.join(found)}"
    )


def waveforms(clips: list[np.ndarray], repeat: int) -> None:
    """25 features, mel, and both, with each FFT."""
    ours, mel = HandcraftedFeatures(), MelSpectrogram()
    ffts = {"scipy.fft": scipy.fft.rfft}
    try:
        from mkl_fft import rfft

        ffts["mkl_fft"] = rfft
    except ImportError:
        pass

    def each(name: str, method: Callable) -> dict[str, Callable]:
        return {f"{name}, {fft}": with_fft(rfft, method) for fft, rfft in ffts.items()}

    methods = {
        SIX: paper_calls,
        "librosa sharing one STFT": shared_stft,
        **each("HandcraftedFeatures()", ours.extract),
        **each('HandcraftedFeatures("rich")', HandcraftedFeatures("rich").extract),
        **{f"the bare FFT, {fft}": bare(rfft) for fft, rfft in ffts.items()},
    }
    table("25 features of a waveform", medians(methods, clips, repeat, time.process_time), SIX)
    reached = [np.abs(ours.extract(y) / paper_calls(y) - 1).max() for y in clips]
    print(f"\nLargest relative difference of a feature from librosa's: {max(reached):.1e}.")

    methods = {"librosa": librosa_mel, **each("MelSpectrogram()", mel.extract)}
    found = medians(methods, clips, repeat, time.process_time)
    table("Mel-spectrogram of a waveform", found, "librosa")
    reached = [np.abs(mel.extract(y)[: len(r)] - r[:640]).max()
               for y in clips for r in [librosa_mel(y).T]]  # fmt: skip
    print(f"\nLargest difference from librosa's: {max(reached):.1e} dB.")

    def in_one_go(y: np.ndarray) -> None:
        sound = Sound.of(y, "clip", 22050)
        ours.extract_sound(sound)
        mel.extract_sound(sound)

    apart = each("one after the other", lambda y: (ours.extract(y), mel.extract(y)))
    both = {**apart, **each("extract(), in one go", in_one_go)}
    methods = {"the six librosa calls and librosa's mel": librosa_both, **both}
    found = medians(methods, clips, repeat, time.process_time)
    table("25 features and mel-spectrogram of a waveform", found, next(iter(methods)))


def files(chosen: list[str], clips: list[np.ndarray], repeat: int) -> None:
    """Decoding by format, and from a file to its features."""
    ours, mel = HandcraftedFeatures(), MelSpectrogram()
    with tempfile.TemporaryDirectory() as folder:
        decode = {}
        for suffix in ("wav", "au", "flac", "ogg", "mp3"):
            path = f"{folder}/clip.{suffix}"
            soundfile.write(path, np.clip(clips[0], -1, 1), 22050)
            decode[f"{suffix}, mono, 22,050 Hz"] = lambda _, path=path: load_audio(path)
        decode["the file as it is"] = load_audio
        decode["the file as it is, librosa.load"] = librosa.load
        found = medians(decode, chosen, repeat, time.process_time)
        table("Decoding to 22,050 Hz mono", found, "the file as it is, librosa.load")

        methods = {
            "librosa.load + six calls": lambda path: paper_calls(librosa.load(path)[0]),
            "HandcraftedFeatures().transform": lambda path: ours.transform([path]),
            "with MelSpectrogram() by extract()": lambda path: extract([path], ours, mel),
        }
        found = medians(methods, chosen, repeat, time.process_time)
        table("25 features of a file", found, "librosa.load + six calls")


def embedding(clips: list[np.ndarray], repeat: int) -> None:
    """What musicnn takes, at its own rate, beside librosa's calls on the same clips."""
    musicnn = PretrainedEmbedding("musicnn", statistics=["mean"]).fit()
    rate = musicnn.sample_rate
    both = [(y, Sound.of(soxr.resample(y, 22050, rate), "clip", rate)) for y in clips]
    methods = {
        SIX: lambda pair: paper_calls(pair[0]),
        "PretrainedEmbedding('musicnn')": lambda pair: musicnn.extract_sound(pair[1]),
    }
    table("Embedding of a waveform", medians(methods, both, repeat, time.process_time), SIX)


def cached(paths: list[str]) -> None:
    """A thousand rows out of a store."""
    with tempfile.TemporaryDirectory() as folder:
        stored = HandcraftedFeatures(cache=folder, on_error="nan")
        stored.transform(paths)
        thousand = (paths * (1000 // len(paths) + 1))[:1000]
        found = medians({"": stored.transform}, [thousand], 5, time.perf_counter)
        print(f"\nReading 1000 cached rows of 25 features: {found['']:.0f} ms.")


def cores(paths: list[str], repeat: int) -> None:
    """One and two threads in turn; the best round, in which others were quietest."""
    best = {1: np.inf, 2: np.inf}
    spent = {}
    for _ in range(repeat):
        for n in best:
            start, used = time.perf_counter(), time.process_time()
            HandcraftedFeatures(n_jobs=n, on_error="nan").transform(paths)
            best[n] = min(best[n], time.perf_counter() - start)
            spent[n] = time.process_time() - used
    print(
        f"\n{len(paths)} files: one thread {len(paths) / best[1]:.1f} clips/s, two threads "
        f"{len(paths) / best[2]:.1f} clips/s, {best[1] / best[2]:.2f} times as fast (best of "
        f"{repeat} rounds); processor time {1e3 * spent[1] / len(paths):.1f} and "
        f"{1e3 * spent[2] / len(paths):.1f} ms a clip."
    )


def fresh_process(path: str) -> None:
    """What a new process pays: seconds and memory."""
    transform = f"from sklearn_mgc import HandcraftedFeatures as H; H().transform([{path!r}])"
    six = (
        "import librosa; f = librosa.feature; y, _ = librosa.load(" + repr(path) + "); f.mfcc(y=y);"
        "f.chroma_stft(y=y); f.spectral_centroid(y=y); f.spectral_bandwidth(y=y);"
        "f.spectral_rolloff(y=y); f.zero_crossing_rate(y)"
    )
    peak = "; print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"
    print(
        "\n.. csv-table:: A new process, best of five\n"
        "   :header: , processor time (s), peak memory (MB)\n"
    )
    programs = {
        "import sklearn_mgc": "import sklearn_mgc",
        "transform of one file": transform,
        "librosa.load and the six calls": six,
    }
    for name, program in programs.items():
        seconds = []
        for _ in range(5):
            before = os.times()
            run = subprocess.run(
                [sys.executable, "-c", program + peak], capture_output=True, text=True, check=True
            )
            after = os.times()
            seconds.append(sum(after[2:4]) - sum(before[2:4]))
        print(f'   "{name}", {min(seconds):.2f}, {int(run.stdout) / 1024:.0f}', flush=True)


def other_tools(python: str, clips: list[np.ndarray]) -> None:
    """OpenSMILE and essentia, in a process of their own, between two timings of ours."""
    with tempfile.TemporaryDirectory() as folder:
        for i, clip in enumerate(clips):
            soundfile.write(f"{folder}/{i}.wav", np.clip(clip, -1, 1), 22050)
        script = Path(__file__).with_name("other_tools.py")
        run = subprocess.run([python, script, folder], capture_output=True, text=True, check=True)
    found = {"HandcraftedFeatures()": 0.0}
    ours = {"HandcraftedFeatures()": HandcraftedFeatures().extract}
    found.update(medians(ours, clips, 11, time.process_time))
    for line in run.stdout.splitlines():
        name, _, milliseconds = line.rpartition("\t")
        found[name] = float(milliseconds)
    table("Other tools, a waveform in memory", found, "HandcraftedFeatures()")


def main() -> None:
    """Run all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--clips", type=int, default=6)
    parser.add_argument("--repeat", type=int, default=11)
    parser.add_argument("--many", type=int, default=300)
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=SECTIONS)
    parser.add_argument("--others", metavar="PYTHON")
    args = parser.parse_args()
    print(machine())
    for folder in args.folders:
        paths = sorted(str(p) for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
        chosen = paths[:: max(len(paths) // args.clips, 1)][: args.clips]
        clips = [load_audio(path) for path in chosen]
        seconds = np.mean([len(y) for y in clips]) / 22050
        title = f"{folder.name}: {len(clips)} clips of {seconds:.1f} s"
        print(f"\n{title}\n{'-' * len(title)}")
        many = (paths * (args.many // len(paths) + 1))[: args.many]
        if "waveforms" in args.sections:
            waveforms(clips, args.repeat)
        if "files" in args.sections:
            files(chosen, clips, args.repeat)
        if "cores" in args.sections:
            cores(many, max(args.repeat // 3, 1))
        if "cached" in args.sections:
            cached(paths[: args.many])
        if "process" in args.sections:
            fresh_process(chosen[0])
        if "embedding" in args.sections:
            embedding(clips, args.repeat)
        if "others" in args.sections and args.others:
            other_tools(args.others, clips)


if __name__ == "__main__":
    main()
