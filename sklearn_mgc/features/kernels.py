"""Compiled loops over the rows of a power spectrogram.

Each is called on a few dozen frames at a time, so that a block is read from the
core's cache and never again from memory. All release the interpreter's lock.
Imported late: loading and compiling numba costs seconds.
"""

from __future__ import annotations

import numpy as np
from numba import njit

# Sums may be reordered into vector lanes: float32 errors of 1e-6, no change of meaning.
_compiled = njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "arcp"})
_CHUNK = 32


@_compiled
def window_rows(samples, hop_length, window, out):
    """Frames of a signal times the window."""
    for t in range(out.shape[0]):
        frame = samples[t * hop_length : t * hop_length + len(window)]
        for k in range(len(window)):
            out[t, k] = frame[k] * window[k]


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
    """Filterbank whose row ``m`` is ``weights[start[m]:start[m + 1]]`` from bin ``first[m]`` on.

    Bands are narrow: four frames at a time keep the processor busy where one would wait
    for its own sum. Where fewer are left, the last stands for those that are not there.
    """
    last = len(power) - 1
    for t in range(0, len(power), 4):
        t1, t2, t3 = min(t + 1, last), min(t + 2, last), min(t + 3, last)
        for m in range(len(first)):
            run = weights[start[m] : start[m + 1]]
            low = first[m]
            high = low + len(run)
            row, row1, row2, row3 = (
                power[t, low:high], power[t1, low:high], power[t2, low:high], power[t3, low:high],
            )  # fmt: skip
            sum0 = sum1 = sum2 = sum3 = np.float32(0)
            for i in range(len(run)):
                sum0 += run[i] * row[i]
                sum1 += run[i] * row1[i]
                sum2 += run[i] * row2[i]
                sum3 += run[i] * row3[i]
            out[t, m] = sum0
            out[t1, m] = sum1
            out[t2, m] = sum2
            out[t3, m] = sum3


@_compiled
def peak_rows(power, loudest, low, high, position, height, found):
    """Local maxima above a tenth of the row's loudest bin, with a parabola through each.

    Appends bin positions and heights from index ``found`` on, returns the new count.
    """
    for t in range(power.shape[0]):
        threshold = np.float32(0.1) * loudest[t]
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
        count = np.int32(0)
        low = max(edges[i], 0)
        before = y[low : max(min(edges[i + 1], len(y) - 1), low)]
        after = y[low + 1 : low + 1 + len(before)]
        for k in range(len(after)):
            changed = (after[k] < np.float32(-1e-10)) != (before[k] < np.float32(-1e-10))
            count += np.int32(changed)
        out[i] = count


@_compiled
def mean_square_rows(samples, hop_length, length, out):
    """Mean square of each frame of a signal."""
    for t in range(len(out)):
        frame = samples[t * hop_length : t * hop_length + length]
        total = np.float32(0)
        for k in range(length):
            total += frame[k] * frame[k]
        out[t] = total / np.float32(length)


@_compiled
def contrast_rows(power, low, high, count, valley, peak):
    """Mean of the ``count`` smallest and largest magnitudes of each band of bins."""
    kept = np.empty(count.max(), dtype=np.float32)
    for t in range(power.shape[0]):
        for b in range(len(low)):
            band = power[t, low[b] : high[b]]
            n = count[b]
            for sign in (np.float32(1), np.float32(-1)):
                # Insertion into a short sorted list: a band gives a few values at most.
                kept[:n] = np.inf
                for value in band:
                    signed = sign * value
                    if signed < kept[n - 1]:
                        i = n - 1
                        while i > 0 and kept[i - 1] > signed:
                            kept[i] = kept[i - 1]
                            i -= 1
                        kept[i] = signed
                total = np.float32(0)
                for i in range(n):
                    total += np.sqrt(abs(kept[i]))
                if sign > 0:
                    valley[t, b] = total / n
                else:
                    peak[t, b] = total / n
