"""What all audio transformers share: inputs, workers, segments, failures, progress."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from sklearn_mgc.audio import AUDIO_VERSION, AudioError, CorruptAudioError, stream_audio
from sklearn_mgc.features import _long
from sklearn_mgc.features._long import Stream
from sklearn_mgc.features._together import Result, rows_of
from sklearn_mgc.features.store import FeatureStore
from sklearn_mgc.features.workers import one_thread


class AudioTransformer(TransformerMixin, BaseEstimator):
    """Base class of transformers from audio (paths or waveforms) to arrays.

    A subclass says what one clip gives: ``_output_shape()``, ``_extract(y)`` and,
    where it has more parameters, ``_check_params()``. A clip's features depend on that
    clip alone, so nothing is learned in ``fit`` and nothing can leak between clips.
    """

    _dtype = "float32"  # of what is returned and stored
    _reads_spectra = False  # instead of the waveform
    _keeps_spectrum = False  # for the transformers after it

    # Filled by transform.
    failed_: list[dict[str, Any]]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.requires_fit = False
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return True

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
        self._check_params()
        return self

    def transform(self, X) -> np.ndarray:
        """Compute the features of every clip.

        Parameters
        ----------
        X : sequence of n_clips paths, or of waveforms
            Paths: a list, tuple, array, ``(n, 1)`` column or pandas Series of str or
            path-like. Waveforms at ``sample_rate``: an array (n_clips, n_samples), or a
            list of 1-D arrays, channels averaged; floats between -1 and 1, or int16, int32
            or uint8 as in a file.

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
            If X is no sequence of paths or waveforms.
        """
        return transform_together(X, [self])[0]

    def _row_shape(self) -> tuple[int, ...]:
        segments = () if self.n_segments is None else (self.n_segments,)
        return (*segments, *self._output_shape())

    @contextmanager
    def _rows(self, clips: list) -> Iterator[Any]:
        """Where the rows of the clips are written."""
        yield np.empty((len(clips), *self._row_shape()), dtype=self._dtype)

    def _finished(self, rows, clips: list) -> np.ndarray:
        """The rows, as `transform` returns them."""
        return rows

    def _take(self, rows, i: int, result: Result) -> None:
        """Put down one clip's row, or its failure."""
        if not isinstance(result, AudioError):
            rows[i] = result
            return
        rows[i] = np.nan
        error = {"error": type(result).__name__, "message": str(result)}
        self.failed_.append({"index": i, "path": result.path, **error})

    def _warn_of_failures(self, n_clips: int) -> None:
        self.failed_.sort(key=lambda row: row["index"])
        if self.failed_:
            warnings.warn(
                f"{len(self.failed_)} of {n_clips} clips could not be used and are rows of "
                f"NaN; failed_ lists them, the first is: {self.failed_[0]['message']}",
                UserWarning,
                stacklevel=4,
            )

    def _full_recipe(self) -> dict[str, Any]:
        """Everything that determines a row: the key of the cache."""
        return {
            **self._recipe(),
            "audio": AUDIO_VERSION,
            "librosa": version("librosa"),
            "offset": self.offset,
            "duration": self.duration,
            "n_segments": self.n_segments,
            "shape": self._row_shape(),
            "dtype": self._dtype,
        }

    @contextmanager
    def _progress(self, n_clips: int) -> Iterator[Callable[[], object]]:
        if not self.verbose:
            yield lambda: None
            return
        from tqdm import tqdm

        # Reading from a cache says nothing of the time that computing takes: a short
        # memory for the estimate.
        with tqdm(
            total=n_clips, desc=type(self).__name__, unit="clip", smoothing=0.1, mininterval=0.2
        ) as bar:
            yield bar.update

    def _wave(self, clip, i: int) -> tuple[str, np.ndarray | Stream]:
        """Name and waveform of a clip; a long file's waveform is never in memory as a whole."""
        if isinstance(clip, np.ndarray):
            name = f"waveform {i}"
            start = int(self.offset * self.sample_rate)
            stop = None if self.duration is None else start + int(self.duration * self.sample_rate)
            y = clip[start:stop]
            if not np.isfinite(y).all():
                raise CorruptAudioError(name, "holds NaN or infinite samples", "clean it first")
            return name, y
        params = {
            "sample_rate": self.sample_rate, "offset": self.offset, "duration": self.duration,
        }  # fmt: skip
        stream = Stream(lambda: stream_audio(clip, **params, block_duration=_long.BLOCK_SECONDS))
        waiting: list[np.ndarray] = []
        for block in stream:
            waiting.append(block)
            if sum(map(len, waiting)) > self._limit():
                return str(clip), stream
        return str(clip), waiting[0] if len(waiting) == 1 else np.concatenate(waiting)

    def _limit(self) -> float:
        """Samples above which a clip is described a part at a time."""
        return _long.LONG_SECONDS * self.sample_rate if self.backend == "fused" else np.inf

    def _check_shared_params(self) -> None:
        for name in ("sample_rate", "n_fft", "hop_length"):
            _check_number(name, getattr(self, name), 1)
        _check_number("offset", self.offset, 0)
        if self.duration is not None:
            _check_number("duration", self.duration, 1e-3)
        if self.n_segments is not None:
            _check_number("n_segments", self.n_segments, 1)
        if not (self.cache is None or isinstance(self.cache, (str, os.PathLike, FeatureStore))):
            raise ValueError(f"cache must be a folder or a FeatureStore, got {self.cache!r}")
        if self.on_error not in ("raise", "nan"):
            raise ValueError(f"on_error must be 'raise' or 'nan', got {self.on_error!r}")

    def _torch_device(self):
        """The torch device that computes batches of clips; None for the worker itself."""
        if getattr(self, "device", "cpu") == "cpu":
            return None
        from sklearn_mgc.features._torch import pick_device

        return pick_device(self.device)

    def _check_params(self) -> None:
        """Check the subclass's own parameters."""

    def _warm_up(self) -> None:
        """Load and compile once in the parent what the workers need."""


def transform_together(X, transformers: list) -> list[np.ndarray]:
    """What each transformer makes of the clips, of which each is read once."""
    for transformer in transformers:
        transformer.fit()
        transformer.failed_ = []
    clips = as_clips(X)
    first = transformers[0]
    with ExitStack() as stack:
        rows = [stack.enter_context(transformer._rows(clips)) for transformer in transformers]
        progress = stack.enter_context(first._progress(len(clips)))
        stack.enter_context(one_thread())
        left = np.full(len(clips), len(transformers))
        for k, i, result in rows_of(transformers, clips):
            transformers[k]._take(rows[k], i, result)
            left[i] -= 1
            if not left[i]:
                progress()
    for transformer in transformers:
        transformer._warn_of_failures(len(clips))
    return [t._finished(r, clips) for t, r in zip(transformers, rows, strict=True)]


def _check_number(name: str, value, low: float) -> None:
    if not isinstance(value, Real) or isinstance(value, bool) or not low <= float(value) < np.inf:
        raise ValueError(f"{name} must be a number >= {low}, got {value!r}")


def as_clips(X) -> list:
    """Normalize any accepted X to a list of str paths and 1-D float32 waveforms."""
    if isinstance(X, (str, bytes, os.PathLike)):
        raise TypeError(
            f"X is a single path ({os.fsdecode(X)!r}); pass a sequence of paths, for example [path]"
        )
    if isinstance(X, (set, frozenset, dict)) or hasattr(X, "__next__"):
        kind = type(X).__name__
        raise TypeError(
            f"X is a {kind}, which has no order or can be read only once; "
            f"pass a list, such as {'list(X.values())' if kind == 'dict' else 'list(X)'}"
        )
    if hasattr(X, "to_pylist"):  # pyarrow's scalars are no str
        X = X.to_pylist()
    shape = tuple(getattr(X, "shape", ()))
    if len(shape) == 2 and hasattr(X, "__array__"):  # frames of pandas and polars, too
        X = np.asarray(X)
        if X.dtype.kind in "fiu":
            X = list(X)
        elif shape[1] == 1:
            X = X[:, 0]
    if getattr(X, "ndim", 1) != 1:
        raise TypeError(
            f"X has shape {shape}; expected paths (n,) or (n, 1), or waveforms "
            "(n, n_samples), channels averaged"
        )
    try:
        clips = [_as_clip(item, i) for i, item in enumerate(X)]
    except TypeError as error:
        if "not iterable" in str(error):
            raise TypeError(f"X must be a sequence of paths or waveforms, got {X!r}") from None
        raise
    if not clips:
        raise ValueError("X is empty: no clips to transform")
    return clips


# Full scale of the integers in which sound is kept, and where zero is.
_SCALES = {"int16": (2.0**15, 0), "int32": (2.0**31, 0), "uint8": (2.0**7, 128)}


def _as_clip(item, i: int):
    if isinstance(item, (str, Path)) or hasattr(item, "__fspath__"):
        if not (path := os.fspath(item)):
            raise ValueError(f"item {i} of X is an empty string; pass the path of an audio file")
        return path
    if isinstance(item, bytes):
        return os.fsdecode(item)
    try:
        wave = np.asarray(item)
    except ValueError:
        wave = np.asarray(None)
    if wave.ndim == 1 and wave.dtype.kind == "f":
        return wave.astype(np.float32, copy=False)
    if wave.ndim == 1 and (scale := _SCALES.get(wave.dtype.name)):
        return ((wave - np.float64(scale[1])) / scale[0]).astype(np.float32)
    raise TypeError(f"item {i} of X is neither a path nor a 1-D waveform: {_about(item, wave)}")


def _about(item, wave: np.ndarray) -> str:
    """What an item is instead, and what to do."""
    kind = type(item).__name__
    if wave.dtype.kind in "fiu" and not wave.ndim:
        return f"{kind} {item!r}; if X is one waveform, pass [X]"
    if not wave.ndim:
        return f"{kind} {item!r:.200}; leave it out, or pass a path or an array of samples"
    kind = f"{kind} of {wave.dtype} and shape {wave.shape}"
    if wave.ndim == 2:
        axis = int(wave.shape[0] > wave.shape[1])
        return f"{kind}; average its channels, as in waveform.mean(axis={axis})"
    return f"{kind}; pass floats between -1 and 1, or int16"
