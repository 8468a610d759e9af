"""Memory that is used again, and never while it is in use."""

import numpy as np

from sklearn_mgc.features.scratch import MOST_BYTES, scratch


def address(array):
    return array.__array_interface__["data"][0]


def test_memory_is_used_again_after_the_last_view():
    first = scratch((100, 10), np.float32)
    at = address(first)
    row = first[3]
    row[:] = 7
    del first
    other = scratch((100, 10), np.float32)
    other[:] = 0
    assert address(other) != at  # a row of the first is still looked at
    assert np.all(row == 7)
    del row
    assert address(scratch((50,), np.float64)) == at


def test_arrays_are_writeable_and_of_any_size():
    for shape in ((), (0, 5), (MOST_BYTES // 4 + 1,), (2, 3)):
        array = scratch(shape, np.float32)
        array[...] = 1
        assert array.shape == shape
        assert array.dtype == np.float32
