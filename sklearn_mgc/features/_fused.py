"""Compiled loops over the rows of a power spectrogram.

Each is called on a few dozen frames at a time, so that a block is read from the
core's cache and never again from memory. All release the interpreter's lock.
Imported late: loading and compiling numba costs seconds.
"""

from __future__ import annotations

import numpy as np
from numba import njit

# Sums may be reordered into vector lanes: float32 errors of 1e-6, no change of meaning.
_compiled = njit(cache=True, nogil=True, fastmath=True)
_CHUNK = 32


@_compiled
def power_rows(spectrum, power):
    """Squared magnitudes; ``spectrum`` is complex, seen as pairs of floats."""
    for t in range(power.shape[0]):
        for k in range(power.shape[1]):
            real = spectrum[t, 2 * k]
            imag = spectrum[t, 2 * k + 1]
            power[t, k] = real * real + imag * imag


@_compiled
def shape_rows(power, hertz, tiny, centroid, bandwidth, rolloff):
    """Centroid, bandwidth and 85 % roll-off of the magnitudes, in Hz."""
    n_bins = power.shape[1]
    n_chunks = (n_bins + _CHUNK - 1) // _CHUNK
    magnitude = np.empty(n_bins, dtype=np.float32)
    sums = np.empty(n_chunks, dtype=np.float32)
    for t in range(power.shape[0]):
        total = np.float32(0)
        moment = np.float32(0)
        for c in range(n_chunks):
            chunk = np.float32(0)
            for k in range(c * _CHUNK, min((c + 1) * _CHUNK, n_bins)):
                value = np.sqrt(power[t, k])
                magnitude[k] = value
                chunk += value
                moment += np.float32(k) * value
            sums[c] = chunk
            total += chunk
        norm = total if total >= tiny else np.float32(1)
        centre = moment / norm
        # About the centroid: the difference of raw moments would cancel.
        spread = np.float32(0)
        for k in range(n_bins):
            deviation = np.float32(k) - centre
            spread += magnitude[k] * deviation * deviation
        centroid[t] = centre * hertz
        bandwidth[t] = np.sqrt(spread / norm) * hertz

        threshold = np.float32(0.85) * total
        running = np.float32(0)
        c = 0
        while c < n_chunks - 1 and running + sums[c] < threshold:
            running += sums[c]
            c += 1
        k = c * _CHUNK
        running += magnitude[k]
        while running < threshold and k < n_bins - 1:
            k += 1
            running += magnitude[k]
        rolloff[t] = k * hertz


@_compiled
def band_rows(power, weights, first, start, out):
    """Filterbank whose row ``m`` is ``weights[start[m]:start[m + 1]]`` from bin ``first[m]`` on."""
    for t in range(power.shape[0]):
        for m in range(len(first)):
            total = np.float32(0)
            low = start[m]
            shift = first[m] - low
            for i in range(low, start[m + 1]):
                total += weights[i] * power[t, i + shift]
            out[t, m] = total


@_compiled
def peak_rows(power, low, high, position, height, found):
    """Local maxima above a tenth of the row's own, with a parabola through each.

    Appends bin positions and heights from index ``found`` on, returns the new count.
    """
    for t in range(power.shape[0]):
        top = np.float32(0)
        for k in range(power.shape[1]):
            top = max(top, power[t, k])
        threshold = np.float32(0.1) * top
        for k in range(low, high):
            here = power[t, k]
            if here <= threshold:
                continue
            before = power[t, k - 1]
            after = power[t, k + 1]
            # What lies below the threshold counts as zero.
            if (here <= before and before > threshold) or here < after:
                continue
            curvature = after + before - 2 * here
            slope = (after - before) / 2
            shift = np.float32(0)
            if abs(slope) < abs(curvature):
                shift = -slope / curvature
            position[found] = k + np.float64(shift)
            height[found] = here + np.float32(0.5) * slope * shift
            found += 1
    return found


@_compiled
def count_sign_changes(y, edges, out):
    """Sign changes between the samples of consecutive ``edges``, cut to the signal."""
    for i in range(len(edges) - 1):
        count = 0
        for k in range(max(edges[i], 0) + 1, min(edges[i + 1], len(y) - 1) + 1):
            count += (y[k] < np.float32(-1e-10)) != (y[k - 1] < np.float32(-1e-10))
        out[i] = count


@_compiled
def mean_square_rows(frames, out):
    """Mean square of each frame."""
    for t in range(frames.shape[0]):
        total = np.float32(0)
        for k in range(frames.shape[1]):
            total += frames[t, k] * frames[t, k]
        out[t] = total / np.float32(frames.shape[1])
