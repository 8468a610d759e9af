"""From the file's samples to the wanted ones: the mean of the channels, another rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from sklearn_mgc._optional import require


def downmix(samples: np.ndarray) -> np.ndarray:
    """Mean over the channels, as librosa and most tools for music analysis do.

    Where channels are in opposite phase they cancel, as they do on a mono loudspeaker.

    Parameters
    ----------
    samples : ndarray of shape (n_samples, n_channels), dtype float32
        Interleaved channels.

    Returns
    -------
    ndarray of shape (n_samples,), dtype float32
        One channel; always an array of its own or contiguous.
    """
    # Adding strided columns is a tenth of the cost of mean(axis=1).
    n_channels = samples.shape[1]
    y = samples[:, 0]
    if n_channels == 1:
        return np.ascontiguousarray(y)
    y = y.copy()
    for channel in range(1, n_channels):
        y += samples[:, channel]
    y /= np.float32(n_channels)
    return y


def with_channels(samples: np.ndarray, n_channels: int) -> np.ndarray:
    """The same sound in another number of channels: their mean in each."""
    if samples.shape[1] == n_channels:
        return samples
    return np.repeat(downmix(samples)[:, None], n_channels, axis=1)


def resampled(blocks: Iterable[tuple[np.ndarray, int]], sample_rate: int) -> Iterator[np.ndarray]:
    """Bring blocks to another rate with soxr; the same to the last bit however they are cut."""
    soxr = require("soxr", what="changes of the sample rate")

    resampler = None
    for y, rate, first, last in _with_ends(iter(blocks)):
        if rate != sample_rate:
            if first and last:
                y = soxr.resample(y, rate, sample_rate, quality="HQ")
            else:
                n_channels = 1 if y.ndim == 1 else y.shape[1]
                resampler = resampler or soxr.ResampleStream(
                    rate, sample_rate, n_channels, dtype="float32", quality="HQ"
                )
                y = resampler.resample_chunk(y, last=last)
        if len(y) or (first and last):
            yield y


def _with_ends(blocks: Iterator):
    """Add to each (samples, rate) whether it is the first, and whether it is the last."""
    before, first = next(blocks, None), True
    while before is not None:
        after = next(blocks, None)
        yield *before, first, after is None
        before, first = after, False
