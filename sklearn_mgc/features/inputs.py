"""Any accepted X as a list of clips: paths, contents of files, and waveforms."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np


def as_clips(X) -> list:
    """Normalize any accepted X to a list of clips."""
    _refuse_no_sequence(X)
    if hasattr(X, "to_pylist"):  # pyarrow's scalars are not str
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


def _refuse_no_sequence(X) -> None:
    """Raise TypeError for one item, and for what has no order."""
    if isinstance(X, (str, bytes, os.PathLike)):
        raise TypeError(
            f"X is a single item ({_shortened(X)}); pass a sequence of them, for example [path]"
        )
    if hasattr(X, "read"):
        raise TypeError("X is a single open file; pass a sequence of them, for example [file]")
    if isinstance(X, (set, frozenset, dict)) or hasattr(X, "__next__"):
        kind = type(X).__name__
        raise TypeError(
            f"X is a {kind}, which has no order or can be read only once; "
            f"pass a list, such as {'list(X.values())' if kind == 'dict' else 'list(X)'}"
        )


# Full scale of the integers in which sound is kept, and where zero is.
_SCALES = {"int16": (2.0**15, 0), "int32": (2.0**31, 0), "uint8": (2.0**7, 128)}


_LONGEST_PATH = 4096


def _as_clip(item, i: int):
    if isinstance(item, (str, Path)) or hasattr(item, "__fspath__"):
        if not (path := os.fspath(item)):
            raise ValueError(f"item {i} of X is an empty string; pass the path of an audio file")
        return path
    if hasattr(item, "read"):
        return _content(item, i)
    if isinstance(item, (bytes, bytearray, memoryview)):
        item = bytes(item)
        # No path holds a zero, and sound that has none is longer than any path.
        is_path = item and b"\0" not in item and len(item) < _LONGEST_PATH
        return os.fsdecode(item) if is_path else _content(io.BytesIO(item), i)
    try:
        wave = np.asarray(item)
    except ValueError:
        wave = np.asarray(None)
    if wave.ndim == 1 and wave.dtype.kind == "f":
        return wave.astype(np.float32, copy=False)
    if wave.ndim == 1 and (scale := _SCALES.get(wave.dtype.name)):
        return ((wave - np.float64(scale[1])) / scale[0]).astype(np.float32)
    raise TypeError(f"item {i} of X is neither a path nor a 1-D waveform: {_about(item, wave)}")


def _content(file, i: int) -> bytes:
    """What an open file holds, from its beginning."""
    if getattr(file, "closed", False):
        raise ValueError(f"item {i} of X is a file that is closed; open it, or pass its path")
    if getattr(file, "seekable", bool)():
        file.seek(0)
    content = file.read()
    if not isinstance(content, bytes):
        raise TypeError(f"item {i} of X is a file opened as text; open it with mode='rb'")
    if not content:
        raise ValueError(f"item {i} of X is an empty file; pass the bytes of an audio file")
    return content


def _shortened(item) -> str:
    return f"{len(item)} bytes" if isinstance(item, bytes) else repr(os.fspath(item))


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
