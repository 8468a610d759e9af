"""What a file is, by its first bytes; what it is called does not count."""

from __future__ import annotations

import io
import re

from sklearn_mgc.audio.beginnings import beginnings
from sklearn_mgc.audio.mpeg import frame_length, id3_size, walk
from sklearn_mgc.audio.source import Source

# What libsndfile reads, for the most part.
_LIBSNDFILE = {
    b"RIFF": "wav", b"RIFX": "wav", b"RF64": "wav", b"riff": "wav", b"FORM": "aiff",
    b".snd": "au", b"dns.": "au", b"fLaC": "flac", b"OggS": "ogg", b"caff": "caf",
}  # fmt: skip

# What only PyAV reads: where in the file which bytes are, and how people call it.
_PYAV = (
    (4, b"ftyp", "MPEG-4"), (4, b"moov", "MPEG-4"), (4, b"mdat", "MPEG-4"),
    (0, b"\x30\x26\xb2\x75", "Windows Media"), (0, b"\x1a\x45\xdf\xa3", "Matroska or WebM"),
    (0, b"wvpk", "WavPack"), (0, b"\x0b\x77", "AC-3"), (0, b"MAC ", "Monkey's Audio"),
    (0, b"TTA1", "TTA"), (0, b"MPCK", "Musepack"), (0, b"MP+", "Musepack"), (0, b"DSD ", "DSD"),
    (0, b"FRM8", "DSD"), (0, b"#!AMR", "AMR"), (0, b".RMF", "RealAudio"), (0, b"FLV", "Flash"),
    (0, b"ADIF", "AAC"), (0, b"\x00\x00\x01\xba", "MPEG"), (0, b"\x7f\xfe\x80\x01", "DTS"),
    (8, b"AVI ", "AVI"), (28, b"\x7fFLAC", "FLAC in Ogg"),
)  # fmt: skip

# Names of what has no bytes of its own by which it could be told.
_NAMED = {".m4a": "MPEG-4", ".mp4": "MPEG-4", ".aac": "AAC", ".wma": "Windows Media"}


class Content:
    """What the first bytes of a file say.

    ``kind`` is "mp3" (MPEG layers I to III), "wav", "aiff", "au", "flac", "ogg", "caf", "pyav" for
    formats that only PyAV reads, or ""; ``label`` is how people call it. ``source`` is the file
    without what comes before it, unless decoders step over that: the sound begins at ``start``,
    after an ID3 tag, and ``head`` has some bytes from there.
    """

    def __init__(self, source: Source):
        self.source = source
        while True:
            self._skip_tags()
            self.kind, self.label = self._tell(source.suffix)
            if self.kind:
                cut = 0 if self.kind == "mp3" else self.start
            else:
                cut = self._look_for_start() if self.start else self._after_text()
            if not cut:
                break
            # Decoders take a tag for the file, and one may tell a wrong length.
            self.source = self.source.after(cut)

    def _skip_tags(self) -> None:
        self.start = 0
        with self.source.open() as file:
            while True:
                file.seek(self.start)
                self.head = file.read(512)
                if self.head[:3] != b"ID3" or len(self.head) < 10:
                    break
                self.start += 10 + id3_size(self.head[:10])

    def _after_text(self) -> int:
        """Where the sound begins after blank lines or headers that a server put before it."""
        found = next(beginnings(io.BytesIO(self.head), 1), 0)
        return found if re.fullmatch(rb"(\xef\xbb\xbf)?[\t\r\n -~]*", self.head[:found]) else 0

    def _look_for_start(self) -> int:
        """Where the sound begins after a tag that tells a wrong length, or might."""
        with self.source.open() as file:
            found = next(beginnings(file, 10), None)
        if found is None:
            runs = walk(self.source.read(), 10).runs
            found = runs[0].start if runs and runs[0].n_frames > 2 else 10
        return found

    def _tell(self, suffix: str) -> tuple[str, str]:
        head = self.head
        for at, mark, label in _PYAV:
            if head[at : at + len(mark)] == mark:
                return "pyav", label
        if kind := _LIBSNDFILE.get(head[:4]):
            return kind, kind.upper()
        if frame_length(head):
            return "mp3", "MP3"
        if len(head) > 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
            return "pyav", "AAC"
        if head[:1] == b"G" and head[188:189] == b"G":
            return "pyav", "MPEG transport stream"
        return "", _NAMED.get(suffix, "")
