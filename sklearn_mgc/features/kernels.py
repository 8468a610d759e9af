"""Compiled loops over the rows of a power spectrogram.

Each is called on a few dozen frames at a time, so that a block is read from the
core's cache and never again from memory. All release the interpreter's lock.
Imported late: loading and compiling numba costs seconds, and the fewer and the plainer the
loops, the fewer. What numpy does as fast is not here, nor anything that allocates.
"""

from __future__ import annotations

import numpy as np

from sklearn_mgc._numba import compiled

# Sums may be reordered into vector lanes: float32 errors of 1e-6, no change of meaning.
_kernel = compiled(fastmath={"reassoc", "contract", "nsz", "arcp"})
CHUNK = 32  # of the bins whose sum `shape_rows` keeps


@_kernel
def window_rows(samples, hop_length, window, out):
    """Frames of a signal times the window."""
    for t in range(out.shape[0]):
        frame = samples[t * hop_length :]
        for k in range(len(window)):
            out[t, k] = frame[k] * window[k]


@_kernel
def power_rows(spectrum, power):
    """Squared magnitudes; ``spectrum`` is complex, seen as pairs of floats."""
    for t in range(power.shape[0]):
        for k in range(power.shape[1]):
            real = spectrum[t, 2 * k]
            imag = spectrum[t, 2 * k + 1]
            power[t, k] = real * real + imag * imag


@_kernel
def shape_rows(power, hertz, tiny, magnitude, sums, out):
    """Centroid, bandwidth and 85 % roll-off of the magnitudes, in Hz, as rows of ``out``.

    ``magnitude`` has room for a row, ``sums`` for its chunks of bins.
    """
    n_bins = power.shape[1]
    n_chunks = len(sums)
    for t in range(power.shape[0]):
        row = power[t]
        for k in range(n_bins):
            magnitude[k] = np.sqrt(row[k])
        total = np.float32(0)
        moment = np.float32(0)
        for c in range(n_chunks):
            chunk = magnitude[c * CHUNK : (c + 1) * CHUNK]
            chunk_sum = np.float32(0)
            chunk_moment = np.float32(0)
            # An index of 64 bits would be converted one at a time: AVX2 has no such vector.
            for i in range(len(chunk)):
                chunk_sum += chunk[i]
                chunk_moment += np.float32(np.int32(i)) * chunk[i]
            sums[c] = chunk_sum
            total += chunk_sum
            moment += chunk_moment + np.float32(c * CHUNK) * chunk_sum
        norm = total if total >= tiny else np.float32(1)
        centre = moment / norm
        # About the centroid: the difference of raw moments would cancel.
        spread = np.float32(0)
        for k in range(n_bins):
            deviation = np.float32(np.int32(k)) - centre
            spread += magnitude[k] * deviation * deviation
        out[0, t] = centre * hertz
        out[1, t] = np.sqrt(spread / norm) * hertz

        threshold = np.float32(0.85) * total
        running = np.float32(0)
        c = 0
        while c < n_chunks - 1 and running + sums[c] < threshold:
            running += sums[c]
            c += 1
        k = c * CHUNK
        running += magnitude[k]
        while running < threshold and k < n_bins - 1:
            k += 1
            running += magnitude[k]
        out[2, t] = k * hertz


@_kernel
def crossing_rows(y, first, hop_length, length, out):
    """Changes of sign within each frame; frame t begins at ``first + t * hop_length`` of ``y``."""
    tiny = np.float32(-1e-10)
    for t in range(len(out)):
        start = first + t * hop_length
        end = min(start + length, len(y))
        frame = y[max(start, 0) : max(end, 0)]
        count = np.int32(0)
        for i in range(len(frame) - 1):
            count += np.int32((frame[i] < tiny) != (frame[i + 1] < tiny))
        out[t] = count


@_kernel
def band_rows(rows, weights, first, start, out):
    """Filterbank whose band ``m`` is ``weights[start[m]:start[m + 1]]`` from bin ``first[m]`` on.

    Bands are narrow: four frames at a time keep the processor busy where one would wait
    for its own sum. Where fewer are left, the last stands for those that are not there.
    """
    last = len(rows) - 1
    for t in range(0, len(rows), 4):
        t1 = t + 1 if t + 1 < last else last
        t2 = t + 2 if t + 2 < last else last
        t3 = t + 3 if t + 3 < last else last
        for m in range(len(first)):
            run = weights[start[m] : start[m + 1]]
            low = first[m]
            row, row1, row2, row3 = rows[t, low:], rows[t1, low:], rows[t2, low:], rows[t3, low:]
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


@_kernel
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


@_kernel
def contrast_rows(power, low, high, count, kept, out):
    """Mean of the ``count`` largest and smallest magnitudes of each band: peaks, then valleys.

    ``kept`` has room for the largest count.
    """
    n_bands = len(low)
    for t in range(power.shape[0]):
        for b in range(n_bands):
            n = count[b]
            for side in range(2):
                sign = np.float32(2 * side - 1)
                for i in range(n):
                    kept[i] = np.float32(np.inf)
                # Insertion into a short sorted list: a band gives a few values at most.
                limit = kept[n - 1]
                for k in range(low[b], high[b]):
                    value = sign * power[t, k]
                    if value < limit:
                        i = n - 1
                        while i > 0 and kept[i - 1] > value:
                            kept[i] = kept[i - 1]
                            i -= 1
                        kept[i] = value
                        limit = kept[n - 1]
                total = np.float32(0)
                for i in range(n):
                    total += np.sqrt(sign * kept[i])
                out[t, side * n_bands + b] = total / np.float32(n)
