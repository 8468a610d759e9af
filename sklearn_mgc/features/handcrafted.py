"""The paper's first representation: 25 descriptors of a clip."""

from __future__ import annotations

import numpy as np
from sklearn.utils.metaestimators import available_if

from sklearn_mgc.features.base import check_choice
from sklearn_mgc.features.descriptors import (
    DESCRIPTORS,
    PRESETS,
    Settings,
    column_labels,
    describe,
    describe_by_librosa,
    separated,
)
from sklearn_mgc.features.framed import FramedTransformer
from sklearn_mgc.features.sound import Sound
from sklearn_mgc.features.summary import STATISTICS, Moments, Values, summarize


class HandcraftedFeatures(FramedTransformer):
    """Means over time of librosa's descriptors: 25 numbers per clip.

    Chroma (mean over the twelve classes), spectral centroid, bandwidth and roll-off
    in Hz, zero-crossing rate and 20 MFCCs, with librosa's definitions and defaults,
    all from one STFT per clip.

    Parameters
    ----------
    descriptors : {"paper", "kaggle", "rich"} or sequence of str, default="paper"
        "paper": the means of ``"chroma_stft"``, ``"spectral_centroid"``,
        ``"spectral_bandwidth"``, ``"spectral_rolloff"``, ``"zero_crossing_rate"`` and
        ``"mfcc"``. "kaggle": the 57 means and variances of the public GTZAN table
        (``pad_mode="reflect"`` gives its values). "rich": 90 means and standard deviations,
        which tell genres of unknown artists apart better. Or names, in the order of the columns:
        those above, ``"chroma"`` (each pitch class by itself), ``"mfcc_delta"``,
        ``"mfcc_delta2"``, ``"onset_strength"``, ``"rms"``, ``"spectral_contrast"``,
        ``"spectral_flatness"``, ``"tempo"``, ``"tonnetz"``, and ``"harmony"`` and
        ``"perceptr"``: the samples of the harmonic and percussive parts, which take
        a hundred times as long as all others.
    statistics : sequence of str, default=None
        How a descriptor is summed up over the frames of a clip: ``"mean"``, ``"std"``,
        ``"var"``, ``"min"``, ``"max"``, ``"median"``, ``"skew"``, ``"kurtosis"`` (3 for a
        normal distribution). None is that of the preset, or the mean. ``"tempo"`` is
        one number a clip and has none.
    n_mfcc : int, default=20
        Number of MFCCs.
    sample_rate, offset, duration, n_segments, n_fft, hop_length, pad_mode, backend : shared
    on_error, cache, n_jobs, verbose : shared

    Attributes
    ----------
    failed_ : shared

    See Also
    --------
    FeatureStore : What ``cache`` keeps, and how long.
    MelSpectrogram : The input of the convolutional networks.

    References
    ----------
    .. [1] B. McFee et al., "librosa: Audio and Music Signal Analysis in Python",
       Proc. 14th Python in Science Conference, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc import HandcraftedFeatures
    >>> t = np.arange(22050) / 22050
    >>> tones = np.stack([np.sin(2 * np.pi * f * t) for f in (440, 880)])
    >>> X = HandcraftedFeatures().fit_transform(tones)
    >>> X.shape
    (2, 25)
    >>> names = HandcraftedFeatures().get_feature_names_out()
    >>> [str(name) for name in names[:2]]
    ['chroma_stft_mean', 'spectral_centroid_mean']
    """

    order = -1  # its spectrum serves others

    def __init__(
        self,
        descriptors="paper",
        *,
        statistics=None,
        n_mfcc=20,
        sample_rate=22050,
        offset=0.0,
        duration=None,
        n_segments=None,
        n_fft=2048,
        hop_length=512,
        pad_mode="constant",
        backend="fused",
        on_error="raise",
        cache=None,
        n_jobs=None,
        verbose=0,
    ):
        self.descriptors = descriptors
        self.statistics = statistics
        self.n_mfcc = n_mfcc
        self.sample_rate = sample_rate
        self.offset = offset
        self.duration = duration
        self.n_segments = n_segments
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.pad_mode = pad_mode
        self.backend = backend
        self.on_error = on_error
        self.cache = cache
        self.n_jobs = n_jobs
        self.verbose = verbose

    # Segments are an axis, for which a table has no columns.
    @available_if(lambda self: self.n_segments is None)
    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Names of the columns.

        Parameters
        ----------
        input_features : array-like, default=None
            Not used.

        Returns
        -------
        ndarray of str objects of shape (n_features,)
            Such as ``"spectral_centroid_mean"``.
        """
        return np.array(self.column_names(), dtype=object)

    def column_names(self) -> list[str]:
        """Give the names of the last axis, with or without segments.

        Returns
        -------
        list of str
            Such as ``"spectral_centroid_mean"``.
        """
        self.check_params()
        names = []
        for name in self._descriptors():
            one = DESCRIPTORS[name].one_a_clip
            statistics = [""] if one else [f"_{s}" for s in self._statistics()]
            labels = column_labels(name, self.n_mfcc)
            names += [f"{label}{statistic}" for label in labels for statistic in statistics]
        return names

    def output_shape(self):
        return (len(self.column_names()),)

    def cache_key(self):
        return {
            **super().cache_key(),  # in which a preset is a name
            "descriptors": self._descriptors(),
            "statistics": self._statistics(),
        }

    def check_params(self):
        super().check_params()
        if isinstance(self.descriptors, str):
            check_choice("descriptors", self.descriptors, tuple(PRESETS))
        _check_names("descriptors", self._descriptors(), tuple(DESCRIPTORS))
        if isinstance(self.statistics, str):
            raise ValueError(f"statistics must be a sequence of names, got {self.statistics!r}")
        _check_names("statistics", self._statistics(), tuple(STATISTICS))
        if "spectral_contrast" in self._descriptors() and self.sample_rate <= 12800:
            raise ValueError(
                "spectral_contrast has a band from 6400 Hz up: "
                f"sample_rate must be above 12800, got {self.sample_rate!r}"
            )
        if not isinstance(self.n_mfcc, (int, np.integer)) or not 1 <= self.n_mfcc <= 128:
            raise ValueError(f"n_mfcc must be an integer from 1 to 128, got {self.n_mfcc!r}")

    def extract_sound(self, sound: Sound):
        settings = Settings(self._frames, self.n_mfcc)
        names, statistics = self._descriptors(), self._statistics()
        of_samples = tuple(name for name in names if DESCRIPTORS[name].frames is None)
        if self.backend == "librosa":
            values, of_samples = describe_by_librosa(sound.waveform(), names, settings), ()
        else:
            of_frames = tuple(name for name in names if name not in of_samples)
            values = describe(sound, of_frames, settings)
        columns = {name: _summary(name, found, statistics) for name, found in values.items()}
        if of_samples:
            kept = not sound.is_long or "median" in statistics
            collected = {name: Values() if kept else Moments() for name in of_samples}
            for part in separated(sound, of_samples, settings):
                for name, found in part.items():
                    collected[name].add(found)
            columns.update({name: c.summarize(statistics) for name, c in collected.items()})
        return np.concatenate([columns[name] for name in names]).astype(np.float32)

    def _descriptors(self) -> tuple[str, ...]:
        if isinstance(self.descriptors, str):
            return PRESETS[self.descriptors][0]
        return tuple(self.descriptors)

    def _statistics(self) -> tuple[str, ...]:
        if self.statistics is not None:
            return tuple(self.statistics)
        return PRESETS[self.descriptors][1] if isinstance(self.descriptors, str) else ("mean",)


def _summary(name: str, values: np.ndarray, statistics: tuple[str, ...]) -> np.ndarray:
    return values[0] if DESCRIPTORS[name].one_a_clip else summarize(values, statistics)


def _check_names(parameter: str, names: tuple, known: tuple[str, ...]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown or not names or len(set(names)) != len(names):
        raise ValueError(
            f"{parameter} must be distinct names out of {', '.join(known)}; got {names!r}"
        )
