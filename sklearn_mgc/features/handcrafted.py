"""The paper's first representation: 25 descriptors of a clip."""

from __future__ import annotations

import numpy as np

from sklearn_mgc.features import _long, _reference, _spectral
from sklearn_mgc.features._presets import DESCRIPTORS, ONE_A_CLIP, PRESETS, column_labels
from sklearn_mgc.features._shared import Spectra
from sklearn_mgc.features.base import AudioTransformer


class HandcraftedFeatures(AudioTransformer):
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
        (``pad_mode="reflect"`` gives its values). "rich": 95 means and standard deviations,
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
    sample_rate : int, default=22050
        Rate in Hz to which files are resampled, and of waveforms that are passed.
    offset : float, default=0.0
        Where in each clip to start, in seconds.
    duration : float, default=None
        How many seconds of each clip to use; to its end by default.
    n_segments : int, default=None
        Cut each clip into this many equal segments and return them as an axis of
        their own; the clip stays the sample.
    n_fft : int, default=2048
        Frame length in samples.
    hop_length : int, default=512
        Step between frames in samples.
    pad_mode : {"constant", "reflect", "edge"}, default="constant"
        How the signal is padded at its ends. librosa before 0.9 (and so the paper)
        used "reflect".
    backend : {"fused", "librosa"}, default="fused"
        "librosa" calls librosa's own functions, one STFT each: the slow reference.
    device : str, default="cpu"
        "cuda" (or "cuda:1", ...) computes batches of clips on that device while workers
        decode the next, at the same values; "auto" does so where there is a device.
    on_error : {"raise", "nan"}, default="raise"
        What to do with a clip that cannot be used: raise its error, or go on with a
        row of NaN, one warning, and an entry in ``failed_``.
    cache : str, path-like or FeatureStore, default=None
        A folder in which features are kept: a clip that was computed before, by any
        process, is read from there and not decoded again.
    n_jobs : int, default=None
        Number of workers, as in joblib: threads, or what is configured with
        ``joblib.parallel_config``.
    verbose : int, default=0
        1 shows a progress bar.

    Attributes
    ----------
    failed_ : list of dict
        After ``transform``: index, path, error class and message of each failed clip.

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

    _reads_spectra = True
    _keeps_spectrum = True

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
        device="cpu",
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
        self.device = device
        self.on_error = on_error
        self.cache = cache
        self.n_jobs = n_jobs
        self.verbose = verbose

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
        self._check_params()
        names = []
        for name in self._descriptors():
            statistics = ("",) if name in ONE_A_CLIP else [f"_{s}" for s in self._statistics()]
            labels = column_labels(name, self.n_mfcc)
            names += [f"{label}{statistic}" for label in labels for statistic in statistics]
        return np.array(names, dtype=object)

    def _descriptors(self) -> tuple[str, ...]:
        if isinstance(self.descriptors, str):
            return PRESETS[self.descriptors][0]
        return tuple(self.descriptors)

    def _statistics(self) -> tuple[str, ...]:
        if self.statistics is not None:
            return tuple(self.statistics)
        return PRESETS[self.descriptors][1] if isinstance(self.descriptors, str) else ("mean",)

    def _output_shape(self) -> tuple[int, ...]:
        return (len(self.get_feature_names_out()),)

    def _recipe(self) -> dict:
        plain = ("n_mfcc", "sample_rate", "n_fft", "hop_length", "pad_mode", "backend")
        return {
            "transformer": type(self).__name__,
            "kernel": _spectral.KERNEL_VERSION,
            "descriptors": self._descriptors(),
            "statistics": self._statistics(),
            **{name: getattr(self, name) for name in plain},
        }

    def _check_params(self) -> None:
        if isinstance(self.descriptors, str):
            _spectral.check_choice("descriptors", self.descriptors, tuple(PRESETS))
        _check_names("descriptors", self._descriptors(), DESCRIPTORS)
        if isinstance(self.statistics, str):
            raise ValueError(f"statistics must be a sequence of names, got {self.statistics!r}")
        _check_names("statistics", self._statistics(), tuple(_spectral.STATISTICS))
        if "spectral_contrast" in self._descriptors() and self.sample_rate <= 12800:
            raise ValueError(
                "spectral_contrast has a band from 6400 Hz up: "
                f"sample_rate must be above 12800, got {self.sample_rate!r}"
            )
        if not isinstance(self.n_mfcc, (int, np.integer)) or not 1 <= self.n_mfcc <= 128:
            raise ValueError(f"n_mfcc must be an integer from 1 to 128, got {self.n_mfcc!r}")
        _spectral.check_frames(self.n_fft, self.hop_length)
        _spectral.check_choice("pad_mode", self.pad_mode, _spectral.PAD_MODES)
        _spectral.check_choice("backend", self.backend, _spectral.BACKENDS)
        _spectral.check_device(self.device, self.backend)

    def _warm_up(self) -> None:
        noise = np.random.default_rng(0).standard_normal(2 * self.n_fft)
        self._extract(noise.astype(np.float32))

    def _limit(self) -> float:
        # A median of samples needs all of them.
        samples = set(_long.SAMPLES) & set(self._descriptors())
        return np.inf if samples and "median" in self._statistics() else super()._limit()

    def _extract(self, y) -> np.ndarray:
        names = ("sample_rate", "n_fft", "hop_length", "pad_mode", "n_mfcc")
        params = {name: getattr(self, name) for name in names}
        if isinstance(y, Spectra):
            found = y.describe(self._descriptors(), **params)
        else:
            fused = _long if isinstance(y, _long.Stream) else _spectral
            backend = _reference if self.backend == "librosa" else fused
            found = backend.describe(y, self._descriptors(), **params)
        columns = [self._summary(name, values) for name, values in found.items()]
        return np.concatenate(columns).astype(np.float32)

    def _summary(self, name: str, values) -> np.ndarray:
        if name in ONE_A_CLIP:
            return values[0]
        if isinstance(values, _long.Moments):
            return values.summarize(self._statistics())
        return _spectral.summarize(values, self._statistics())


def _check_names(parameter: str, names: tuple, known: tuple[str, ...]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown or not names or len(set(names)) != len(names):
        raise ValueError(
            f"{parameter} must be distinct names out of {', '.join(known)}; got {names!r}"
        )
