"""One epoch of a small dense network, compiled: forward, backward and AdamW without overhead.

A step of batch 5 is a third of a millisecond of arithmetic under a millisecond of calls in
PyTorch; here it is the arithmetic alone, and the weights stay in the cache of one core from
step to step. The interpreter's lock is released. Imported late: numba compiles for seconds.

Weights are one flat float32 array in the order of ``module.parameters()``: per layer
``W (out, in)``, ``b (out)`` and, where it is normalized, ``gamma (out)`` and ``beta (out)``.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

# NaN and infinity keep their meaning: a diverging network is found by them.
_compiled = njit(
    cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz", "arcp"}
)
_EPS = 1e-5  # of batch normalization
_MOMENTUM = 0.1


@_compiled
def _affine(W, b, x, z):
    """z = x W^T + b; five rows at once, so that a weight is loaded once for them."""
    rows, width = x.shape
    r = 0
    while r + 5 <= rows:
        x0, x1, x2, x3, x4 = x[r], x[r + 1], x[r + 2], x[r + 3], x[r + 4]
        for o in range(W.shape[0]):
            w = W[o]
            s0 = s1 = s2 = s3 = s4 = np.float32(0.0)
            for i in range(width):
                s0 += w[i] * x0[i]
                s1 += w[i] * x1[i]
                s2 += w[i] * x2[i]
                s3 += w[i] * x3[i]
                s4 += w[i] * x4[i]
            z[r, o] = s0 + b[o]
            z[r + 1, o] = s1 + b[o]
            z[r + 2, o] = s2 + b[o]
            z[r + 3, o] = s3 + b[o]
            z[r + 4, o] = s4 + b[o]
        r += 5
    while r < rows:
        x0 = x[r]
        for o in range(W.shape[0]):
            w = W[o]
            s0 = np.float32(0.0)
            for i in range(width):
                s0 += w[i] * x0[i]
            z[r, o] = s0 + b[o]
        r += 1


@_compiled
def _outer(dz, x, gW, gb):
    """gW = dz^T x and gb = sum of dz, five rows at once."""
    rows, width = x.shape
    for o in range(gW.shape[0]):
        g = gW[o]
        g[:] = np.float32(0.0)
        gb[o] = np.float32(0.0)
    r = 0
    while r + 5 <= rows:
        x0, x1, x2, x3, x4 = x[r], x[r + 1], x[r + 2], x[r + 3], x[r + 4]
        for o in range(gW.shape[0]):
            g = gW[o]
            d0, d1, d2, d3, d4 = dz[r, o], dz[r + 1, o], dz[r + 2, o], dz[r + 3, o], dz[r + 4, o]
            gb[o] += d0 + d1 + d2 + d3 + d4
            for i in range(width):
                g[i] += d0 * x0[i] + d1 * x1[i] + d2 * x2[i] + d3 * x3[i] + d4 * x4[i]
        r += 5
    while r < rows:
        x0 = x[r]
        for o in range(gW.shape[0]):
            g, d0 = gW[o], dz[r, o]
            gb[o] += d0
            for i in range(width):
                g[i] += d0 * x0[i]
        r += 1


@_compiled
def _back(dz, W, dx):
    """dx = dz W, four outputs at once."""
    outs, width = W.shape
    for r in range(dz.shape[0]):
        d = dx[r]
        d[:] = np.float32(0.0)
    o = 0
    while o + 4 <= outs:
        w0, w1, w2, w3 = W[o], W[o + 1], W[o + 2], W[o + 3]
        for r in range(dz.shape[0]):
            d, d0, d1, d2, d3 = dx[r], dz[r, o], dz[r, o + 1], dz[r, o + 2], dz[r, o + 3]
            for i in range(width):
                d[i] += d0 * w0[i] + d1 * w1[i] + d2 * w2[i] + d3 * w3[i]
        o += 4
    while o < outs:
        w0 = W[o]
        for r in range(dz.shape[0]):
            d, d0 = dx[r], dz[r, o]
            for i in range(width):
                d[i] += d0 * w0[i]
        o += 1


@_compiled
def _adamw(p, m, v, g, lr, beta1, beta2, eps, decay, step):
    """AdamW as in PyTorch: decoupled decay, bias corrections outside the square root."""
    keep = np.float32(1.0 - lr * decay)
    length = np.float32(lr / (1.0 - beta1**step))
    root = np.float32(1.0 / math.sqrt(1.0 - beta2**step))
    new1, new2 = np.float32(1.0 - beta1), np.float32(1.0 - beta2)
    old2, small = np.float32(beta2), np.float32(eps)
    for i in range(p.shape[0]):
        m[i] += new1 * (g[i] - m[i])
        v[i] = old2 * v[i] + new2 * g[i] * g[i]
        p[i] = keep * p[i] - length * m[i] / (np.sqrt(v[i]) * root + small)


@_compiled
def _normalize(z, gamma, beta, unit, scale, mean, var):
    """Batch normalization in place; keeps the unit-variance values for the way back."""
    rows, width = z.shape
    n = np.float32(rows)
    for j in range(width):
        mu = np.float32(0.0)
        for r in range(rows):
            mu += z[r, j]
        mu /= n
        s = np.float32(0.0)
        for r in range(rows):
            s += (z[r, j] - mu) ** 2
        inv = np.float32(1.0) / np.sqrt(s / n + np.float32(_EPS))
        scale[j] = inv
        mean[j] += np.float32(_MOMENTUM) * (mu - mean[j])
        var[j] += np.float32(_MOMENTUM) * (s / (n - np.float32(1.0)) - var[j])
        for r in range(rows):
            unit[r, j] = (z[r, j] - mu) * inv
            z[r, j] = unit[r, j] * gamma[j] + beta[j]


@_compiled
def _denormalize(d, gamma, unit, scale, g_gamma, g_beta):
    """Way back through batch normalization, in place."""
    rows, width = d.shape
    n = np.float32(rows)
    for j in range(width):
        sum_d = sum_du = np.float32(0.0)
        for r in range(rows):
            sum_d += d[r, j]
            sum_du += d[r, j] * unit[r, j]
        g_gamma[j], g_beta[j] = sum_du, sum_d
        k = gamma[j] * scale[j]
        for r in range(rows):
            d[r, j] = k * (d[r, j] - sum_d / n - unit[r, j] * sum_du / n)


@_compiled
def _softmax_loss(logits, labels, weight, smoothing, d):
    """Mean cross-entropy, rows that are right, and the gradient of the logits in ``d``."""
    rows, classes = logits.shape
    total, right = 0.0, 0
    for r in range(rows):
        top, best = logits[r, 0], 0
        for c in range(1, classes):
            if logits[r, c] > top:
                top, best = logits[r, c], c
        right += best == labels[r]
        s = np.float32(0.0)
        for c in range(classes):
            d[r, c] = np.exp(logits[r, c] - top)
            s += d[r, c]
        log_s = np.log(s) + top
        w = weight[r] / np.float32(rows)
        spread = np.float32(smoothing / classes)
        for c in range(classes):
            target = spread + (np.float32(1.0 - smoothing) if c == labels[r] else np.float32(0.0))
            total += w * target * (log_s - logits[r, c])
            d[r, c] = w * (d[r, c] / s - target)
    return total, right


@_compiled
def train_epoch(
    sizes,
    normed,
    drop,
    p,
    m,
    v,
    stats,
    X,
    labels,
    weight,
    bounds,
    masks,
    lrs,
    adam,
    smoothing,
    step,
):
    """Train on rows in the order they are in.

    ``bounds`` are the ends of the batches, ``masks`` the kept units (0 or 1) of each layer with
    dropout: of layer after layer, all rows. ``adam`` is (beta1, beta2, eps, decay) and ``step``
    the steps done. Returns the summed loss, the rows that were right and the steps done.
    """
    n_layers = sizes.shape[0] - 1
    most, start = 0, 0
    for end in bounds:
        most = max(most, end - start)
        start = end
    total_width = sizes.sum()
    acts = np.empty(most * total_width, np.float32)
    units = np.empty(most * total_width, np.float32)
    scales = np.empty(total_width, np.float32)
    d_in = np.empty(most * sizes.max(), np.float32)
    d_out = np.empty(most * sizes.max(), np.float32)
    grads = np.zeros(p.shape[0], np.float32)
    loss, right = 0.0, 0
    start = 0
    for k in range(bounds.shape[0]):
        end = bounds[k]
        rows = end - start
        x = X[start:end]
        at, a, kept, s = 0, 0, 0, 0
        for i in range(n_layers):
            n_in, n_out = sizes[i], sizes[i + 1]
            z = acts[a : a + rows * n_out].reshape(rows, n_out)
            W = p[at : at + n_in * n_out].reshape(n_out, n_in)
            at += n_in * n_out
            _affine(W, p[at : at + n_out], x, z)
            at += n_out
            if normed[i]:
                unit = units[a : a + rows * n_out].reshape(rows, n_out)
                mean, var = stats[s : s + n_out], stats[s + n_out : s + 2 * n_out]
                gamma, beta = p[at : at + n_out], p[at + n_out : at + 2 * n_out]
                _normalize(z, gamma, beta, unit, scales[a // most : a // most + n_out], mean, var)
                at += 2 * n_out
                s += 2 * n_out
            if i < n_layers - 1:
                flat = acts[a : a + rows * n_out]
                if drop[i] > 0:
                    mask = masks[kept + start * n_out : kept + end * n_out]
                    up = np.float32(1.0 / (1.0 - drop[i]))
                    for j in range(flat.shape[0]):
                        flat[j] = max(flat[j], np.float32(0.0)) * (np.float32(mask[j]) * up)
                    kept += X.shape[0] * n_out
                else:
                    for j in range(flat.shape[0]):
                        flat[j] = max(flat[j], np.float32(0.0))
            a += most * n_out
            x = z
        d = d_out[: rows * sizes[n_layers]].reshape(rows, sizes[n_layers])
        batch_loss, batch_right = _softmax_loss(
            x, labels[start:end], weight[start:end], smoothing, d
        )
        loss += batch_loss * rows
        right += batch_right
        for i in range(n_layers - 1, -1, -1):
            n_in, n_out = sizes[i], sizes[i + 1]
            a -= most * n_out
            if i < n_layers - 1:
                # A unit that is zero was cut by ReLU or dropped.
                flat = acts[a : a + rows * n_out]
                up = np.float32(1.0 / (1.0 - drop[i])) if drop[i] > 0 else np.float32(1.0)
                flat_d = d_out[: rows * n_out]
                for j in range(flat.shape[0]):
                    flat_d[j] *= up if flat[j] > 0 else np.float32(0.0)
            if normed[i]:
                at -= 2 * n_out
                unit = units[a : a + rows * n_out].reshape(rows, n_out)
                _denormalize(
                    d,
                    p[at : at + n_out],
                    unit,
                    scales[a // most : a // most + n_out],
                    grads[at : at + n_out],
                    grads[at + n_out : at + 2 * n_out],
                )
            at -= n_out + n_in * n_out
            gW = grads[at : at + n_in * n_out].reshape(n_out, n_in)
            gb = grads[at + n_in * n_out : at + n_in * n_out + n_out]
            if i == 0:
                _outer(d, X[start:end], gW, gb)
                break
            below = acts[a - most * n_in : a - most * n_in + rows * n_in].reshape(rows, n_in)
            _outer(d, below, gW, gb)
            d_below = d_in[: rows * n_in].reshape(rows, n_in)
            _back(d, p[at : at + n_in * n_out].reshape(n_out, n_in), d_below)
            d_in, d_out, d = d_out, d_in, d_below
        step += 1
        _adamw(p, m, v, grads, lrs[k], adam[0], adam[1], adam[2], adam[3], step)
        start = end
    return loss, right, step
