"""The base class of everything that turns sound into arrays."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from sklearn_mgc._shared_docs import share_docs
from sklearn_mgc._sklearn_compat import DocumentedMixin
from sklearn_mgc.features.extraction import extract_rows
from sklearn_mgc.features.sound import Sound
from sklearn_mgc.features.store import FeatureStore

# Worker processes inherit it. An object that was pickled elsewhere is a saved model, whose paths
# say nothing here, or are those of a stranger.
_SESSION = os.environ.setdefault("SKLEARN_MGC_SESSION", secrets.token_hex(16))
_PATHS = ("cache", "out")
# What changes no value of a row, or is in every key.
_NOT_IN_KEY = {"cache", "out", "n_jobs", "verbose", "on_error", "offset", "duration", "n_segments"}


class AudioTransformer(DocumentedMixin, TransformerMixin, BaseEstimator):
    """Base class of transformers from audio (paths or waveforms) to arrays.

    A subclass has two methods: ``output_shape()``, the shape of a clip's row, and
    ``extract(y)``, which computes it from a waveform. Everything else is done here: the forms
    of X, decoding, workers, segments, failures, progress, the cache, several transformers on
    one reading (`extract`). A clip's features depend on that clip alone, so nothing is learned
    in ``fit`` and nothing can leak between clips.

    The constructor stores its parameters, as always in scikit-learn. Those that are listed here
    have the defaults given unless the subclass has parameters of that name, whose docstring may
    name them as ``offset, duration : shared`` to get what is said here.

    Attributes
    ----------
    sample_rate : int, default=22050
        Rate in Hz to which files are resampled, and of waveforms that are passed.
    offset : float, default=0.0
        Where in each clip to start, in seconds.
    duration : float, default=None
        How many seconds of each clip to use; to its end by default.
    n_segments : int, default=None
        Cut each clip into this many equal segments and return them as an axis of
        their own; the clip stays the sample.
    on_error : {"raise", "nan"}, default="raise"
        What to do with a clip that cannot be used: raise its error, or go on with NaN,
        one warning, and an entry in ``failed_``.
    cache : str, path-like or FeatureStore, default=None
        A folder in which rows are kept: a clip that was computed before, by any
        process, is read from there and not decoded again.
    out : str or path-like, default=None
        For results larger than memory: a folder, into which each ``transform`` writes a new
        ``.npy`` file, of which it returns a read-only memory map; the file is yours to
        delete. With ``cache``, an interrupted run goes on where it stopped.
    n_jobs : int, default=None
        Number of workers, as in joblib: threads where they pay, or what is configured with
        ``joblib.parallel_config``.
    verbose : int, default=0
        1 shows a progress bar.
    row_dtype : str, default="float32"
        Type of what is returned and stored.
    releases_lock : bool, default=True
        Whether threads pay, as with numpy; else workers are processes.
    order : int, default=0
        With several transformers on one reading, those with a low order see a sound first.
    batch_clips : int, default=None
        Of how many clips `finish` gets the results together; None does not call it.
    failed_ : list of dict
        After ``transform``: index, path, error class and message of each failed clip, of the
        last call in this thread.

    See Also
    --------
    HandcraftedFeatures, MelSpectrogram : Subclasses.

    Notes
    -----
    Further methods may be overridden: ``cache_key()``, everything that determines a row (by
    default the parameters; add a version to change when the numbers change); ``check_params()``;
    ``min_samples()``, below which a clip is too short; ``warm_up()``, what to load once before
    workers start; ``extract_sound(sound)``, which gets a `Sound` and need not ask for the
    waveform of hours at once; ``finish(results)``, which makes rows of what ``extract_sound``
    returned for several clips, in the calling thread, such as by a network on a GPU.

    Examples
    --------
    The level of a clip and of its loudest tenth of a second:

    >>> import numpy as np
    >>> from sklearn_mgc.features import AudioTransformer
    >>> class Level(AudioTransformer):
    ...     def __init__(self, decibel=True, *, n_segments=None, cache=None):
    ...         self.decibel = decibel
    ...         self.n_segments = n_segments
    ...         self.cache = cache
    ...
    ...     def output_shape(self):
    ...         return (2,)
    ...
    ...     def extract(self, y):
    ...         power = [np.mean(part**2) for part in np.array_split(y, len(y) // 2205)]
    ...         level = np.array([np.mean(power), np.max(power)])
    ...         return 10 * np.log10(level) if self.decibel else level
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)
    >>> Level().fit_transform([tone, tone / 10]).round(1)
    array([[ -3.,  -3.],
           [-23., -23.]], dtype=float32)
    >>> Level(n_segments=4).fit_transform([tone]).shape
    (1, 4, 2)
    """

    # What a subclass has no parameters for.
    sample_rate = 22050
    offset = 0.0
    duration = None
    n_segments = None
    on_error = "raise"
    cache = None
    out = None
    n_jobs = None
    verbose = 0

    row_dtype = "float32"
    releases_lock = True
    order = 0
    batch_clips: int | None = None

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.requires_fit = False
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        share_docs(cls)

    # What scikit-learn calls.

    def fit(self, X=None, y=None):
        """Check the parameters; nothing is learned.

        Parameters
        ----------
        X : sequence of paths or waveforms, default=None
            Not read.
        y : array-like, default=None
            Not read.

        Returns
        -------
        self
            The transformer.

        Raises
        ------
        ValueError
            If a parameter is out of range.
        """
        self._check_shared_params()
        self.check_params()
        return self

    def transform(self, X) -> np.ndarray:
        """Compute the features of every clip.

        Parameters
        ----------
        X : sequence of n_clips paths, or of waveforms
            Paths: a list, tuple, array, ``(n, 1)`` column or pandas Series of str or
            path-like. Waveforms at ``sample_rate``: an array (n_clips, n_samples), or a
            list of 1-D arrays, channels averaged; floats between -1 and 1, or int16, int32
            or uint8 as in a file. An item may also be an audio file's bytes, or open.

        Returns
        -------
        ndarray of shape (n_clips, ...) or (n_clips, n_segments, ...), dtype float32
            One row per clip, in the order of X.

        Raises
        ------
        AudioError
            For a clip that cannot be used, with ``on_error="raise"``; the error
            names the file.
        TypeError
            If X is not a sequence of paths or waveforms.
        """
        (rows,), (failed,) = extract_rows(X, [self])
        self.record_failures(failed)
        return rows

    # What a subclass must have.

    def output_shape(self) -> tuple[int, ...]:
        """Shape of the row of a clip, or of each segment.

        Returns
        -------
        tuple of int
            Such as ``(25,)``.
        """
        raise NotImplementedError(f"{type(self).__name__} has no output_shape()")

    def extract(self, y: np.ndarray):
        """Row of one clip or segment.

        Parameters
        ----------
        y : float32 array of shape (n_samples,)
            Mono samples at ``sample_rate``.

        Returns
        -------
        array-like of the shape `output_shape`
            The row.
        """
        raise NotImplementedError(f"{type(self).__name__} has no extract(y)")

    # What a subclass may have.

    def cache_key(self) -> dict[str, Any]:
        """Everything that determines a row, besides the part of the clip that is read.

        Returns
        -------
        dict
            Numbers, strings and sequences of them by name.
        """
        params = {k: v for k, v in self.get_params(deep=False).items() if k not in _NOT_IN_KEY}
        return {"transformer": type(self).__name__, "sample_rate": self.sample_rate, **params}

    def check_params(self) -> None:
        """Raise a ValueError if a parameter of the subclass is out of range."""

    def min_samples(self) -> int:
        """Give the length of the shortest clip or segment that gives a row.

        Returns
        -------
        int
            Samples; fewer are a `TooShortError`.
        """
        return 1

    def warm_up(self) -> None:
        """Load and compile once what the workers need."""

    def extract_sound(self, sound: Sound) -> Any:
        """Row of a sound of any length, or what `finish` makes one of.

        Parameters
        ----------
        sound : Sound
            A clip or segment, which may be read in blocks.

        Returns
        -------
        array-like of the shape `output_shape`
            The row; with ``batch_clips`` anything.
        """
        return self.extract(sound.waveform())

    def finish(self, results: list) -> Sequence:
        """Make rows of the results of several clips; called if there is ``batch_clips``.

        Parameters
        ----------
        results : list
            What `extract_sound` returned, one for each clip or segment.

        Returns
        -------
        sequence of array-like
            As many rows.
        """
        return results

    # Failures are those of a call: threads may share a transformer.

    @property
    def failed_(self) -> list[dict[str, Any]]:
        """Index, path, error class and message of each failed clip of this thread's last call."""
        failed = getattr(self.__dict__.get("_calls"), "failed", None)
        if failed is None:
            raise AttributeError(f"{type(self).__name__} has not transformed anything here")
        return failed

    def record_failures(self, failed: list[dict[str, Any]]) -> None:
        """Make a call's failures this thread's ``failed_``.

        Parameters
        ----------
        failed : list of dict
            Index, path, error class and message of each failed clip.
        """
        self.__dict__.setdefault("_calls", threading.local()).failed = failed

    def __getstate__(self):
        state = {k: v for k, v in super().__getstate__().items() if k != "_calls"}
        for name in _PATHS:
            # As text: files that are loaded without trust hold no other type.
            if isinstance(state.get(name), FeatureStore):
                state[name] = ("store", str(state[name].folder))
            elif isinstance(state.get(name), os.PathLike):
                state[name] = ("path", os.fspath(state[name]))
        return {**state, "_session": _SESSION}

    def __setstate__(self, state):
        state = dict(state)
        ours = state.pop("_session", None) == _SESSION
        for name in _PATHS:
            if name in state and not ours:
                state[name] = None
            elif isinstance(state.get(name), tuple):
                kind, text = state[name]
                state[name] = FeatureStore(text) if kind == "store" else Path(text)
        super().__setstate__(state)

    def _check_shared_params(self) -> None:
        check_number("sample_rate", self.sample_rate, 1)
        check_number("offset", self.offset, 0)
        if self.duration is not None:
            check_number("duration", self.duration, 1e-3)
        if self.n_segments is not None:
            check_number("n_segments", self.n_segments, 1)
        if not (self.cache is None or isinstance(self.cache, (str, os.PathLike, FeatureStore))):
            raise ValueError(f"cache must be a folder or a FeatureStore, got {self.cache!r}")
        if not (self.out is None or isinstance(self.out, (str, os.PathLike))):
            raise ValueError(f"out must be a folder, got {self.out!r}")
        check_choice("on_error", self.on_error, ("raise", "nan"))


def check_number(name: str, value: object, low: float) -> None:
    """Raise a ValueError unless the value is a finite number from ``low`` on."""
    if not isinstance(value, Real) or isinstance(value, bool) or not low <= float(value) < np.inf:
        raise ValueError(f"{name} must be a number >= {low}, got {value!r}")


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise a ValueError that names the parameter and its choices."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}; got {value!r}")
