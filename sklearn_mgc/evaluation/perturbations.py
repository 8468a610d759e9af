"""What may happen to a recording on its way to a classifier without changing its genre.

Each condition is a function of (waveform, sample rate) that gives a waveform of that rate,
or None where it does not apply.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

import numpy as np
from sklearn.utils import check_random_state

from sklearn_mgc._optional import require

Condition = Callable[[np.ndarray, int], np.ndarray | None]

# Bit rates that MPEG allows, by sample rate: the encoder counts from the highest down.
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_MP3_DELAY = 1105  # samples: 576 of the encoder, 529 of the decoder


def robustness_conditions(random_state=None) -> dict[str, Condition]:
    """Return the conditions that `robustness` tries by default.

    Parameters
    ----------
    random_state : int, RandomState instance or None, default=None
        Seed of the noise. With an int, a clip is given the same noise in every run.

    Returns
    -------
    dict of str to callable
        By name, a function of a mono waveform (float32, full scale 1) and its sample rate (Hz) that
        returns the changed waveform, or None if it does not apply to the clip.

        ``mp3``: 128, 64 and 32 kbit/s, if the clip's sample rate allows that bit rate. ``gain``:
        -20, -6, -3, 3 and 6 dB; nothing is clipped. ``clipping``: 6 dB too loud for the format.
        ``low-pass``: 8 and 4 kHz (Butterworth, order 8, no delay), if the clip reaches there.
        ``noise``: white, 20 and 10 dB below the clip's power. ``resampled``: to 16000 and 11025 Hz
        and back. ``offset``: without its first 0.5 and 5 s, if at least half of the clip is left.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mgc.evaluation import robustness_conditions
    >>> conditions = robustness_conditions(random_state=0)
    >>> quieter = conditions["gain -6 dB"](np.ones(4, dtype=np.float32), 22050)
    >>> print(quieter.round(2))
    [0.5 0.5 0.5 0.5]
    """
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    return {
        **{f"mp3 {rate} kbit/s": _mp3(rate) for rate in (128, 64, 32)},
        **{f"gain {decibel:+d} dB": _gain(decibel) for decibel in (-20, -6, -3, 3, 6)},
        "clipping 6 dB": _clipping(6),
        **{f"low-pass {kilohertz} kHz": _low_pass(1000 * kilohertz) for kilohertz in (8, 4)},
        **{f"noise {decibel} dB": _noise(decibel, seed) for decibel in (20, 10)},
        **{f"resampled {rate} Hz": _resampled(rate) for rate in (16000, 11025)},
        **{f"offset {seconds} s": _offset(seconds) for seconds in (0.5, 5)},
    }


def _gain(decibel: float) -> Condition:
    return lambda y, rate: y * np.float32(10 ** (decibel / 20))


def _clipping(decibel: float) -> Condition:
    """As when a loud recording is made louder still: its own peak is full scale."""

    def clip(y, rate):
        peak = np.abs(y).max()
        return np.clip(y * np.float32(10 ** (decibel / 20)), -peak, peak)

    return clip


def _mp3(kilobits: int) -> Condition:
    def encode_and_decode(y, rate):
        soundfile = require("soundfile", what="sound files")
        # 96 kHz and the like exist in no MP3: what encoders do is to resample.
        allowed = min(_MP3_RATES, key=lambda r: (abs(r - rate), -r)) if rate < 48000 else 48000
        most, least = (320, 32) if allowed >= 32000 else (160, 8) if allowed >= 16000 else (64, 8)
        if kilobits > most:
            return None
        file = io.BytesIO()
        sound = np.clip(_resample(y, rate, allowed), -1, 1)
        soundfile.write(
            file,
            sound,
            allowed,
            format="MP3",
            bitrate_mode="CONSTANT",
            # The next bit rate below is taken: aim a little above.
            compression_level=min(max((most - kilobits - 1) / (most - least), 0.0), 0.99),
        )
        file.seek(0)
        decoded, _ = soundfile.read(file, dtype="float32")
        # The smallest frames have no room for the note of how much to drop at both ends.
        late = _MP3_DELAY if len(decoded) > len(sound) else 0
        decoded = decoded[late : late + len(sound)]
        return _fit(_resample(decoded, allowed, rate), len(y))

    return encode_and_decode


def _low_pass(hertz: float) -> Condition:
    def low_pass(y, rate):
        from scipy.signal import butter, sosfiltfilt

        if 2 * hertz >= 0.95 * rate:
            return None
        # Forwards and backwards: twice the order, and no delay.
        low = sosfiltfilt(butter(4, hertz, fs=rate, output="sos"), y, padlen=min(100, len(y) - 1))
        return low.astype(np.float32)

    return low_pass


def _noise(decibel: float, seed: int) -> Condition:
    def add_noise(y, rate):
        # Seeded by the clip itself: the same in any order and number of workers.
        rng = np.random.default_rng([seed, zlib.crc32(np.ascontiguousarray(y).data)])
        level = np.sqrt(np.mean(np.square(y, dtype=np.float64))) * 10 ** (-decibel / 20)
        return y + np.float32(level) * rng.standard_normal(len(y), dtype=np.float32)

    return add_noise


def _resampled(hertz: int) -> Condition:
    def there_and_back(y, rate):
        if hertz >= rate:
            return None
        return _fit(_resample(_resample(y, rate, hertz), hertz, rate), len(y))

    return there_and_back


def _offset(seconds: float) -> Condition:
    def later(y, rate):
        start = int(seconds * rate)
        return y[start:] if 2 * start <= len(y) else None

    return later


def _fit(y: np.ndarray, n: int) -> np.ndarray:
    """Resampling there and back may lose or win a sample."""
    return np.pad(y[:n], (0, max(n - len(y), 0)))


def _resample(y: np.ndarray, rate: int, to: int) -> np.ndarray:
    if rate == to:
        return y
    soxr = require("soxr", what="changes of the sample rate")
    return soxr.resample(y, rate, to, quality="HQ")
