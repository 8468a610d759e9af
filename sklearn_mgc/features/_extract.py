"""Several representations of the same clips from one reading of them."""

from __future__ import annotations

import numpy as np

from sklearn_mgc.features.base import AudioTransformer, transform_together


def extract(X, *transformers) -> tuple[np.ndarray, ...]:
    """Compute several representations of clips, each of which is decoded once.

    Transformers on the same frames share their spectra too: the mel-spectrogram comes at
    little more than the cost of its decibels from the spectrum of the hand-crafted features.
    A ``FeatureUnion`` cannot do this: it glues columns together, and a table and a stack of
    spectrograms have no columns in common; and each of its parts reads every file anew.

    Extract once before a comparison of classifiers: rows of clips depend on that clip alone,
    so nothing leaks between the folds of a later cross-validation. Where the transformers
    have a ``cache``, later transforms of the same clips find there what was computed here.

    Parameters
    ----------
    X : sequence of n_clips paths, or of waveforms
        As in `AudioTransformer.transform`.
    *transformers : AudioTransformer
        With the same ``sample_rate``, ``offset``, ``duration`` and ``n_segments``. Each keeps
        its own other parameters, ``cache``, ``on_error`` and ``failed_``; ``n_jobs`` and
        ``verbose`` are those of the first.

    Returns
    -------
    tuple of ndarray
        What ``transformer.transform(X)`` returns, for each.

    Raises
    ------
    ValueError
        If no transformer is given, one is given twice, or they read different parts of the clips.
    TypeError
        If one is no audio transformer.
    AudioError
        For a clip that cannot be used by a transformer with ``on_error="raise"``.

    See Also
    --------
    HandcraftedFeatures, MelSpectrogram

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc import HandcraftedFeatures, MelSpectrogram
    >>> from sklearn_mgc.features import extract
    >>> t = np.arange(22050) / 22050
    >>> tones = np.stack([np.sin(2 * np.pi * f * t) for f in (440, 880)])
    >>> table, spectrograms = extract(tones, HandcraftedFeatures(), MelSpectrogram())
    >>> table.shape, spectrograms.shape
    ((2, 25), (2, 640, 128))
    """
    for transformer in transformers:
        if not isinstance(transformer, AudioTransformer):
            raise TypeError(
                f"{transformer!r} is no audio transformer: pass HandcraftedFeatures, "
                "MelSpectrogram, or a subclass of AudioTransformer"
            )
    if not transformers:
        raise ValueError("no transformers: pass at least one after X")
    if len({id(transformer) for transformer in transformers}) < len(transformers):
        raise ValueError("the same transformer is given twice")
    for name in ("sample_rate", "offset", "duration", "n_segments"):
        values = [getattr(transformer, name) for transformer in transformers]
        if any(value != values[0] for value in values):
            raise ValueError(
                f"the transformers have different values of {name} ({values}): "
                "they must read the same part of each clip"
            )
    return tuple(transform_together(X, list(transformers)))
