"""One clip, or a segment of one, as transformers read it: whole, or in blocks where it is long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from sklearn_mgc.audio import AudioError, CorruptAudioError, stream_audio

# Longer sounds come in blocks. Below, the spectrum of the whole sound is no burden (150 MB).
LONG_SECONDS = 300.0
BLOCK_SECONDS = 35.0  # of what is decoded at a time; a usual clip is one block


class Sound:
    """Mono samples that can be read as often as needed.

    Parameters
    ----------
    name : str
        For messages: a path, or ``"waveform 3"``.
    sample_rate : float
        In Hz.
    blocks : callable
        Begins anew: returns an iterable of float32 arrays, none of them empty.
    is_long : bool, default=False
        Whether there are several blocks, which are not to be in memory at once.

    Attributes
    ----------
    is_silent : bool
        Whether every sample read so far is zero.
    memo : dict
        What transformers of the same sound share, such as its spectra.
    notes : list of str
        What the decoder has to say about the file, once it was read.
    """

    def __init__(
        self,
        name: str,
        sample_rate: float,
        blocks: Callable[[], Iterable[np.ndarray]],
        *,
        is_long: bool = False,
    ):
        self.name = name
        self.sample_rate = sample_rate
        self.is_long = is_long
        self.is_silent = True
        self.memo: dict[Any, Any] = {}
        self.notes: list[str] = []
        self._blocks = blocks
        self._n_samples: int | None = None

    @classmethod
    def of(cls, y: np.ndarray, name: str, sample_rate: float) -> Sound:
        """A sound whose samples are in memory.

        Parameters
        ----------
        y : float32 array of shape (n_samples,)
            The samples.
        name : str
            For messages.
        sample_rate : float
            In Hz.

        Returns
        -------
        Sound
            In blocks if it is long: what is computed from it takes more memory than itself.
        """
        size = int(LONG_SECONDS * sample_rate)
        if len(y) <= size:
            return cls(name, sample_rate, lambda: [y])
        starts = range(0, len(y), size)
        return cls(name, sample_rate, lambda: (y[i : i + size] for i in starts), is_long=True)

    def blocks(self) -> Iterator[np.ndarray]:
        """Read from the beginning; a sound that is not long is one block."""
        for block in self._blocks():
            self.is_silent = self.is_silent and not block.any()
            yield block

    def waveform(self) -> np.ndarray:
        """Read all samples, however many there are.

        Returns
        -------
        float32 array of shape (n_samples,)
            In one piece.
        """
        blocks = list(self.blocks())
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

    def n_samples(self) -> int:
        """Count the samples.

        Returns
        -------
        int
            A long sound is read for it, once.
        """
        if self._n_samples is None:
            self._n_samples = sum(map(len, self.blocks()))
        return self._n_samples

    def segments(self, n: int) -> Iterable[Sound]:
        """Cut into ``n`` parts, as `numpy.array_split`; of a long sound one is in memory at a time.

        Parameters
        ----------
        n : int
            Number of segments.

        Returns
        -------
        iterable of Sound
            The same objects at every call, unless the sound is long.
        """
        if n == 1:
            return [self]
        if self.is_long:
            return self._long_segments(n)
        if n not in self.memo:
            parts = np.array_split(self.waveform(), n)
            self.memo[n] = [Sound.of(part, self.name, self.sample_rate) for part in parts]
        return self.memo[n]

    def _long_segments(self, n: int) -> Iterator[Sound]:
        total = self.n_samples()
        lengths = [total // n + (i < total % n) for i in range(n)]
        waiting: list[np.ndarray] = []
        n_waiting = 0
        for block in self.blocks():
            waiting.append(block)
            n_waiting += len(block)
            while lengths and n_waiting >= lengths[0]:
                y = np.concatenate(waiting)
                length = lengths.pop(0)
                waiting, n_waiting = [y[length:].copy()], n_waiting - length
                yield Sound.of(y[:length], self.name, self.sample_rate)


def open_sound(
    clip: str | bytes | np.ndarray,
    name: str,
    *,
    sample_rate: int,
    offset: float = 0.0,
    duration: float | None = None,
) -> Sound:
    """Decode a clip; a long file is only begun, and decoded anew whenever it is read."""
    if isinstance(clip, np.ndarray):
        start = int(offset * sample_rate)
        stop = None if duration is None else start + int(duration * sample_rate)
        y = clip[start:stop]
        if not np.isfinite(y).all():
            raise CorruptAudioError(name, "holds NaN or infinite samples", "clean it first")
        return Sound.of(y, name, sample_rate)

    def blocks() -> Iterator[np.ndarray]:
        stream = stream_audio(
            clip,
            sample_rate=sample_rate,
            offset=offset,
            duration=duration,
            block_duration=BLOCK_SECONDS,
        )
        try:
            yield from stream
        except AudioError as error:
            if isinstance(clip, bytes):  # of which the decoder does not know the place in X
                raise type(error)(name, error.problem, error.remedy) from error
            raise
        sound.notes = [f"{name}: {note.message}" for note in stream.notes]

    sound = Sound(name, sample_rate, blocks, is_long=True)
    read: list[np.ndarray] = []
    for block in sound.blocks():
        read.append(block)
        if sum(map(len, read)) > LONG_SECONDS * sample_rate:
            return sound
    whole = Sound.of(read[0] if len(read) == 1 else np.concatenate(read), name, sample_rate)
    whole.notes = sound.notes
    return whole
