"""Large arrays whose memory is used again for the next clip.

The system zeroes fresh memory page by page, and takes it back when it is freed: for every clip
anew, that takes as long as half of the descriptors, and threads wait for each other.
"""

from __future__ import annotations

import weakref
from collections import deque

import numpy as np

MOST_BYTES = 8 * 2**20
"""Of an array whose memory is kept: the spectrum of 40 s. A longer sound takes fresh memory."""

_free: deque[np.ndarray] = deque(maxlen=4)


def scratch(shape: tuple[int, ...], dtype) -> np.ndarray:
    """An array of any content, like `numpy.empty`; its memory is used again after its last view."""
    n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if not 0 < n_bytes <= MOST_BYTES:
        return np.empty(shape, dtype)
    try:
        memory = _free.pop()
    except IndexError:
        memory = np.empty(MOST_BYTES, np.uint8)
    # A view's base is this array, not the memory: only so do all views count.
    array = np.frombuffer(memory.data[:n_bytes], dtype)
    weakref.finalize(array, _free.append, memory).atexit = False
    return array.reshape(shape)
