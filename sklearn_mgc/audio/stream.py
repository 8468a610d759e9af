"""Blocks of sound as an iterator that also collects what is worth saying about the file."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Generic, TypeVar

from sklearn_mgc.audio.errors import AudioNote, TruncatedAudioError

Block = TypeVar("Block")
Note = Callable[[str, str], None]


class AudioStream(Iterator[Block], Generic[Block]):
    """Blocks of a file, one after the other, and notes about it.

    `stream_audio` and `decode_blocks` return one. Iterate over it once; ``close`` it, or use
    `contextlib.closing`, to let go of the file before its end.

    Parameters
    ----------
    name : str
        How messages call the file.
    begin : callable
        ``begin(note)`` returns a generator of blocks, which calls ``note(kind, message)``.
    strict : bool, default=False
        Whether a truncated file is an error.

    Attributes
    ----------
    name : str
        The path, the name of an open file, or ``"<bytes>"``.
    notes : list of AudioNote
        What is known so far; complete when the iterator is exhausted. Each kind comes once.
        The list belongs to this stream alone, whichever thread reads it.

    Raises
    ------
    TruncatedAudioError
        While iterating, with ``strict``.
    """

    def __init__(
        self, name: str, begin: Callable[[Note], Generator[Block, None, None]], strict: bool = False
    ):
        self.name = name
        self.notes: list[AudioNote] = []
        self._strict = strict
        self._blocks = begin(self._note)

    def __next__(self) -> Block:
        return next(self._blocks)

    def close(self) -> None:
        """Let go of the file; the notes stay."""
        self._blocks.close()

    def through(self, change: Callable[[AudioStream], Generator]) -> AudioStream:
        """Make a stream of changed blocks, with the same notes.

        Parameters
        ----------
        change : callable
            Takes this stream and yields blocks.

        Returns
        -------
        AudioStream
            Closing it closes this one.
        """
        changed: AudioStream = AudioStream(self.name, lambda note: change(self))
        changed.notes = self.notes
        return changed

    def _note(self, kind: str, message: str) -> None:
        if self._strict and kind == "truncated":
            raise TruncatedAudioError(self.name, message, "download or copy it again")
        if all(note.kind != kind for note in self.notes):
            self.notes.append(AudioNote(kind, message))
