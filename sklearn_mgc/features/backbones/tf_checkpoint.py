"""Read a TensorFlow checkpoint without TensorFlow.

The index is a leveldb table: a footer with the place of the index block, blocks of keys that
share prefixes, each value a protobuf message (type 1, shape 2, offset 4, size 5) that says where
in the data file the numbers of a variable are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

_MAGIC = 0xDB4775248B80FB57
_FLOAT = 1


def read_checkpoint(index: bytes, data: bytes) -> dict[str, np.ndarray]:
    """The float32 variables of a checkpoint."""
    try:
        return dict(_variables(index, data))
    except (IndexError, KeyError, struct.error) as error:
        raise ValueError("not a TensorFlow checkpoint, or a damaged one") from error


def _variables(index: bytes, data: bytes) -> Iterator[tuple[str, np.ndarray]]:
    if struct.unpack("<Q", index[-8:])[0] != _MAGIC:
        raise ValueError("not the index of a TensorFlow checkpoint")
    footer, place = index[-48:], 0
    handle = []
    for _ in range(4):  # offset and size of the meta index, then of the index
        value, place = _varint(footer, place)
        handle.append(value)
    for _, block in _entries(index, *handle[2:]):
        start, place = _varint(block, 0)
        size, _ = _varint(block, place)
        for name, message in _entries(index, start, size):
            entry = _fields(message)
            if not name or entry[1] != _FLOAT:  # the header has no name
                continue
            shape = [_fields(dim)[1] for dim in _all(entry.get(2, b""), 2)]
            offset, n_bytes = entry.get(4, 0), entry[5]
            if offset + n_bytes > len(data):
                raise ValueError(f"the data file of the checkpoint ends before {name.decode()}")
            values = np.frombuffer(data, "<f4", n_bytes // 4, offset).reshape(shape)
            yield name.decode(), values


def _entries(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block."""
    block = table[offset : offset + size]
    if table[offset + size] != 0:
        raise ValueError("the index of the checkpoint is compressed")
    (n_restarts,) = struct.unpack("<I", block[-4:])
    end, place, key = len(block) - 4 - 4 * n_restarts, 0, b""
    while place < end:
        shared, place = _varint(block, place)
        n_key, place = _varint(block, place)
        n_value, place = _varint(block, place)
        key = key[:shared] + block[place : place + n_key]
        place += n_key
        yield key, block[place : place + n_value]
        place += n_value


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 127) << shift
        shift, place = shift + 7, place + 1
        if byte < 128:
            return value, place


def _pairs(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, place = _varint(message, place)
            yield number, value
            continue
        if kind == 2:
            size, place = _varint(message, place)
        else:
            size = {1: 8, 5: 4}[kind]
        yield number, message[place : place + size]
        place += size


def _fields(message: bytes) -> dict:
    return dict(_pairs(message))


def _all(message: bytes, number: int) -> list:
    return [value for n, value in _pairs(message) if n == number]
