"""One epoch of a dense network as compiled loops: forward, backward and AdamW.

A step of five rows is a twentieth of a millisecond of arithmetic under a millisecond of calls
in PyTorch; here it is the arithmetic alone, and the weights stay in the cache of one core from
step to step. Importing this module compiles it, once per processor (numba keeps the result);
it is imported when a network is first trained.

All numbers of a network are in one float32 array ``w``, and a place in it is an integer. Its
beginning is four blocks of ``n_params``: weights, gradients, and AdamW's two moments. The
weights of a layer are (inputs + 1, outputs), the bias being the last row: the values that a
layer reads end with a 1. ``layers`` has a row of `COLUMNS` integers for each layer.

Three quarters of the units are zero under ReLU and dropout, so products go over the others
only. Pointers in place of arrays, ``math`` in place of NumPy and few, small functions make the
compilation short.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numba.core.types import CPointer, float32, float64, int64, uint8, void

from sklearn_mgc._numba import compiled_callback

# NaN and infinity keep their meaning: a diverging network is found by them.
_OPTIONS: dict[str, Any] = {
    "error_model": "numpy",
    "fastmath": {"reassoc", "contract", "nsz", "arcp"},
}
_compiled = njit(  # type: ignore[call-overload]  # numba's stubs lack the wrappers
    no_cpython_wrapper=True, no_cfunc_wrapper=True, **_OPTIONS
)

# Columns of ``layers``. VALUES is what the layer reads, SUMS what it computes from them and,
# after the normalization, normalized; GAMMA is followed by beta, RUNNING (0 for a layer without
# normalization) are the running mean and variance, INVERSE is 1 / deviation over the batch,
# SCALE is 1 / (share of units that are kept), KEPT is a place in ``kept``.
INPUTS, OUTPUTS, VALUES, WEIGHTS, SUMS, GAMMA, MEAN, INVERSE, RUNNING, SCALE, KEPT, SLOPES = range(
    12
)
COLUMNS = 12

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)
_EPS = np.float32(1e-5)  # of batch normalization
_MOMENTUM = np.float32(0.1)


@_compiled
def _move(w, tensors, places, n_tensors, back):
    """Copy tensors into ``w``, turned to (inputs, outputs), or back."""
    for t in range(n_tensors):
        tensor, at = tensors[t], places[3 * t]
        rows, columns = places[3 * t + 1], places[3 * t + 2]
        for i in range(rows):
            for j in range(columns):
                if back:
                    tensor[i * columns + j] = w[at + j * rows + i]
                else:
                    w[at + j * rows + i] = tensor[i * columns + j]


@_compiled
def _read(w, values, X, start, rows, width):
    """Copy rows of X, each with a 1 after it."""
    for r in range(rows):
        to, source = values + r * (width + 1), (start + r) * width
        for j in range(width):
            w[to + j] = X[source + j]
        w[to + width] = _ONE


@_compiled
def _product(w, found, result, left, down, along, right, shape, inner, width):
    """Result = left @ right, going over what is not zero in ``left``, four rows at once.

    ``left`` has ``down`` between its rows and ``along`` between its columns, so that it can be
    read transposed.
    """
    for i in range(shape):
        to, row = result + i * width, left + i * down
        for j in range(width):
            w[to + j] = _ZERO
        n = 0
        for k in range(inner):
            found[n] = k
            n += w[row + k * along] != _ZERO
        for q in range(n // 4):
            k0, k1 = found[4 * q], found[4 * q + 1]
            k2, k3 = found[4 * q + 2], found[4 * q + 3]
            v0, v1 = w[row + k0 * along], w[row + k1 * along]
            v2, v3 = w[row + k2 * along], w[row + k3 * along]
            r0, r1 = right + k0 * width, right + k1 * width
            r2, r3 = right + k2 * width, right + k3 * width
            for j in range(width):
                w[to + j] += v0 * w[r0 + j] + v1 * w[r1 + j] + v2 * w[r2 + j] + v3 * w[r3 + j]
        for q in range(n - n % 4, n):
            v0, r0 = w[row + found[q] * along], right + found[q] * width
            for j in range(width):
                w[to + j] += v0 * w[r0 + j]


@_compiled
def _normalize(w, sums, rows, width, mean, inverse, running):
    """Batch normalization in place, before gamma and beta; follows the running statistics."""
    n = np.float32(rows)
    for j in range(width):
        w[mean + j] = _ZERO
        w[inverse + j] = _ZERO
    for r in range(rows):
        at = sums + r * width
        for j in range(width):
            w[mean + j] += w[at + j] / n
    for r in range(rows):
        at = sums + r * width
        for j in range(width):
            delta = w[at + j] - w[mean + j]
            w[inverse + j] += delta * delta
    variance = running + width
    for j in range(width):
        squares = w[inverse + j]
        w[running + j] += _MOMENTUM * (w[mean + j] - w[running + j])
        w[variance + j] += _MOMENTUM * (squares / (n - _ONE) - w[variance + j])
        w[inverse + j] = _ONE / math.sqrt(squares / n + _EPS)
    for r in range(rows):
        at = sums + r * width
        for j in range(width):
            w[at + j] = (w[at + j] - w[mean + j]) * w[inverse + j]


@_compiled
def _activate(w, sums, gamma, kept, at_kept, scale, values, rows, width):
    """Gamma, beta, ReLU and dropout: the values that the next layer reads."""
    for r in range(rows):
        to, at, mask = values + r * (width + 1), sums + r * width, at_kept + r * width
        for j in range(width):
            v = w[at + j] * w[gamma + j] + w[gamma + width + j]
            w[to + j] = (v if v > _ZERO else _ZERO) * (np.float32(kept[mask + j]) * scale)
        w[to + width] = _ONE


@_compiled
def _loss(w, logits, slopes, labels, weight, start, smoothing, rows, width, totals):
    """Add the cross-entropy and the rows that are right; gradient of the logits."""
    for r in range(rows):
        label, share = labels[start + r], weight[start + r]
        at, to = logits + r * width, slopes + r * width
        top, best = w[at], 0
        for c in range(1, width):
            if w[at + c] > top:
                top, best = w[at + c], c
        totals[1] += best == label
        s = _ZERO
        for c in range(width):
            e = math.exp(w[at + c] - top)
            w[to + c] = e
            s += e
        log_s = math.log(s) + top
        spread = np.float32(smoothing / width)
        sure = np.float32(1.0 - smoothing)
        for c in range(width):
            target = spread + sure if c == label else spread
            totals[0] += share * target * (log_s - w[at + c])
            w[to + c] = share / np.float32(rows) * (w[to + c] / s - target)


@_compiled
def _back(w, slopes, weights, values, scale, below, rows, inner, width):
    """Slopes of the layer below, nothing where its unit was cut by ReLU or dropped."""
    for r in range(rows):
        at, value, to = slopes + r * width, values + r * (inner + 1), below + r * inner
        for i in range(inner):
            s = _ZERO
            if w[value + i] > _ZERO:
                row = weights + i * width
                for j in range(width):
                    s += w[at + j] * w[row + j]
            w[to + i] = s * scale


@_compiled
def _denormalize(w, slopes, sums, gamma, inverse, g_gamma, rows, width):
    """Back through gamma, beta and the normalization, in place."""
    n, g_beta = np.float32(rows), g_gamma + width
    for j in range(width):
        w[g_gamma + j] = _ZERO
        w[g_beta + j] = _ZERO
    for r in range(rows):
        at, unit = slopes + r * width, sums + r * width
        for j in range(width):
            w[g_beta + j] += w[at + j]
            w[g_gamma + j] += w[at + j] * w[unit + j]
    for r in range(rows):
        at, unit = slopes + r * width, sums + r * width
        for j in range(width):
            rest = (w[g_beta + j] + w[unit + j] * w[g_gamma + j]) / n
            w[at + j] = w[gamma + j] * w[inverse + j] * (w[at + j] - rest)


@_compiled
def _adamw(w, n, lr, settings, step):
    """AdamW as in PyTorch: decoupled decay, bias corrections outside the square root."""
    keep = np.float32(1.0 - lr * settings[3])
    length = np.float32(lr / (1.0 - math.exp(step * math.log(settings[0]))))
    root = np.float32(1.0 / math.sqrt(1.0 - math.exp(step * math.log(settings[1]))))
    new1, new2 = np.float32(1.0 - settings[0]), np.float32(1.0 - settings[1])
    old2, eps = np.float32(settings[1]), np.float32(settings[2])
    for i in range(n):
        g = w[n + i]
        m = w[2 * n + i] + new1 * (g - w[2 * n + i])
        v = old2 * w[3 * n + i] + new2 * g * g
        w[2 * n + i] = m
        w[3 * n + i] = v
        w[i] = keep * w[i] - length * m / (math.sqrt(v) * root + eps)


_floats, _doubles, _integers = CPointer(float32), CPointer(float64), CPointer(int64)


@compiled_callback(
    void(
        CPointer(_floats), _integers, int64,
        _floats, _integers, _integers, int64, int64, _floats, _integers, _floats, CPointer(uint8),
        _integers, int64, _doubles, _doubles, int64, _doubles,
    ),
    **_OPTIONS,
)  # fmt: skip
def train_batches(
    tensors, places, n_tensors,
    w, found, layers, n_layers, n_params, X, labels, weight, kept, ends, n_batches, lrs, settings,
    step, totals,
):  # fmt: skip
    """Take a step for each batch of X.

    The values that go on are in ``tensors`` before and after: pointers to row-major arrays, for
    each of which ``places`` has its place in ``w``, its rows and its columns.
    Batch k is the rows from ``ends[k]`` to ``ends[k + 1]``, its learning rate ``lrs[k]``.
    ``settings`` are beta1, beta2, eps, decay and label smoothing, ``step`` the steps done, and
    to ``totals`` the loss and the rows that were right are added. ``found`` has room for as
    many integers as the widest layer, or batch, has entries.
    """
    one, last = np.int64(1), (n_layers - 1) * COLUMNS
    _move(w, tensors, places, n_tensors, False)
    for k in range(n_batches):
        start = ends[k]
        rows = ends[k + 1] - start
        _read(w, layers[VALUES], X, start, rows, layers[INPUTS])
        for i in range(n_layers):
            at = i * COLUMNS
            width, outputs, sums = layers[at + INPUTS] + 1, layers[at + OUTPUTS], layers[at + SUMS]
            values, weights = layers[at + VALUES], layers[at + WEIGHTS]
            _product(w, found, sums, values, width, one, weights, rows, width, outputs)
            running = layers[at + RUNNING]
            if running:
                mean, inverse = layers[at + MEAN], layers[at + INVERSE]
                _normalize(w, sums, rows, outputs, mean, inverse, running)
            if at < last:
                units, scale = layers[at + KEPT] + start * outputs, w[layers[at + SCALE]]
                above = layers[at + COLUMNS + VALUES]
                _activate(w, sums, layers[at + GAMMA], kept, units, scale, above, rows, outputs)
        slopes, classes = layers[last + SLOPES], layers[last + OUTPUTS]
        logits, smoothing = layers[last + SUMS], settings[4]
        _loss(w, logits, slopes, labels, weight, start, smoothing, rows, classes, totals)
        for i in range(n_layers):
            at = last - i * COLUMNS
            width, outputs, slopes = (
                layers[at + INPUTS] + 1, layers[at + OUTPUTS], layers[at + SLOPES],
            )  # fmt: skip
            values, weights, gamma = (
                layers[at + VALUES], layers[at + WEIGHTS], layers[at + GAMMA],
            )  # fmt: skip
            if layers[at + RUNNING]:
                sums, inverse = layers[at + SUMS], layers[at + INVERSE]
                _denormalize(w, slopes, sums, gamma, inverse, gamma + n_params, rows, outputs)
            gradients = weights + n_params
            _product(w, found, gradients, values, one, width, slopes, width, rows, outputs)
            if at > 0:
                scale, below = w[layers[at - COLUMNS + SCALE]], layers[at - COLUMNS + SLOPES]
                _back(w, slopes, weights, values, scale, below, rows, width - one, outputs)
        _adamw(w, n_params, lrs[k], settings, step + k + 1)
    _move(w, tensors, places, n_tensors, True)
