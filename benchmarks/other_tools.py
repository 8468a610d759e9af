"""Milliseconds of openSMILE and essentia on the WAV files of a folder; see ``features.py``.

    python benchmarks/other_tools.py FOLDER

Needs ``opensmile``, ``essentia`` and ``soundfile``, and nothing of sklearn_mgc. essentia
computes the same six kinds of descriptors on the same frames, called from Python frame by
frame as its tutorials do; openSMILE computes the low-level descriptors of ComParE 2016,
the smallest of its sets that holds all of them (and more).
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import essentia
import essentia.standard as es
import opensmile
import soundfile

essentia.log.infoActive = False
essentia.log.warningActive = False


def by_essentia():
    """Spectral moments, roll-off, zero crossings, MFCCs and pitch classes of each frame."""
    window, spectrum = es.Windowing(type="hann", size=2048), es.Spectrum(size=2048)
    mfcc = es.MFCC(inputSize=1025, sampleRate=22050, numberBands=128, numberCoefficients=20)
    centroid = es.Centroid(range=11025)
    moments, shape = es.CentralMoments(range=11025), es.DistributionShape()
    rolloff, crossings = es.RollOff(sampleRate=22050), es.ZeroCrossingRate()
    peaks = es.SpectralPeaks(sampleRate=22050, minFrequency=40, maxFrequency=5000)
    pitches = es.HPCP(sampleRate=22050)

    def extract(y):
        for frame in es.FrameGenerator(y, frameSize=2048, hopSize=512):
            magnitude = spectrum(window(frame))
            mfcc(magnitude)
            centroid(magnitude)
            shape(moments(magnitude))
            rolloff(magnitude)
            crossings(frame)
            pitches(*peaks(magnitude))

    return extract


def main() -> None:
    """Print a name and milliseconds, separated by a tab, for each tool."""
    clips = [soundfile.read(p, dtype="float32")[0] for p in sorted(Path(sys.argv[1]).glob("*.wav"))]
    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.ComParE_2016,
        feature_level=opensmile.FeatureLevel.LowLevelDescriptors,
    )
    tools = {
        "essentia, from Python": by_essentia(),
        "openSMILE, ComParE 2016": lambda y: smile.process_signal(y, 22050),
    }
    for name, extract in tools.items():
        extract(clips[0])
        times = []
        for _ in range(3):
            for clip in clips:
                start = time.process_time()
                extract(clip)
                times.append(1e3 * (time.process_time() - start))
        print(f"{name}\t{statistics.median(times)}")


if __name__ == "__main__":
    main()
