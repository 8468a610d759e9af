"""What a file is, by its first bytes; what it is called does not count."""

from __future__ import annotations

import io
import re

from sklearn_mgc.audio.beginnings import beginnings
from sklearn_mgc.audio.frames import ROWS, first_row
from sklearn_mgc.audio.mpeg import frame_length, id3_size
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
            cut = self._before_sound()
            tagged = self.kind in ("pyav", "flac")
            stop = _without_tags(self.source) if tagged else self.source.size
            if not cut and stop == self.source.size:
                break
            # Decoders take a tag for the file, and what follows it for damage.
            self.source = self.source.between(cut, stop)

    def _skip_tags(self) -> None:
        self.start = 0
        with self.source.open() as file:
            while True:
                file.seek(self.start)
                self.head = file.read(512)
                if self.head[:3] != b"ID3" or len(self.head) < 10:
                    break
                self.start += 10 + id3_size(self.head[:10])

    def _before_sound(self) -> int:
        """How many bytes are not the decoder's."""
        if self.kind == "mp3":
            return 0
        if not self.start:
            return 0 if self.kind else self._after_text()
        return self.start if self.kind and self.label not in ROWS else self._after_wrong_tag()

    def _after_text(self) -> int:
        """Where the sound begins after blank lines or headers that a server put before it."""
        found = next(beginnings(io.BytesIO(self.head), 1), 0)
        return found if re.fullmatch(rb"(\xef\xbb\xbf)?[\t\r\n -~]*", self.head[:found]) else 0

    def _after_wrong_tag(self) -> int:
        """Where the sound begins after a tag that tells a wrong length, or might."""
        with self.source.open() as file:
            marked = next(beginnings(file, 10), None)
        places = (marked, first_row(self.source.read(), 10))
        return min((at for at in places if at is not None), default=10)

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


def _without_tags(source: Source) -> int:
    """Where the ID3v1 and APE tags begin that a file ends in."""
    stop = source.size
    while stop > 128:
        last = source.read(stop - 128, 128)
        if last[:3] == b"TAG":
            size = 128
        elif last[-32:-24] == b"APETAGEX" and last[-9] & 0x80:  # which begins as it ends
            size = int.from_bytes(last[-20:-16], "little") + 32
        else:
            break
        if size > stop or source.read(stop - size, 8) not in (last[:8], b"APETAGEX"):
            break
        stop -= size
    return stop
