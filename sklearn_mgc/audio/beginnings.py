"""Where files begin within a file: several in a row, or one after a tag that lies.

A beginning is told by bytes that do not come about by chance in the sound of a song.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

_BLOCK = 2**22
_LONGEST = 64  # bytes of a beginning

# WavPack's blocks all have a header; the first one's says in bit 3 of a byte that it is the first.
_BIT_3 = b"".join(rb"\x%02x" % byte for byte in range(256) if byte & 8)
_BEGINNINGS = {
    "FLAC": rb"fLaC\0\0\0\x22",
    "CAF": rb"caff\0\x01\0\0desc",
    "MPEG-4": rb"\0\0\0[\x08-\xff]ftyp",
    "TTA": rb"TTA1[\x01\x02]\0",
    "Windows Media": rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0\xaa\0\x62\xce\x6c",
    "WavPack": rb"wvpk.{12}\0{4}(?!\0{4}).{5}[" + _BIT_3 + b"]",
    "Monkey's Audio": rb"MAC [\x5a-\x96]\x0f\0\0",
    "WAV": rb"RIFF.{4}WAVE",
    "RF64": rb"RF64.{4}WAVEds64",
    "W64": rb"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0",
    "AU": rb"\.snd\0\0.{6}\0\0\0[\1-\x1b]",
    "Matroska or WebM": rb"\x1a\x45\xdf\xa3.{1,12}\x42[\x82\x86]",
    "AIFF": rb"FORM.{4}AIF[FC]",
    "OGG": rb"OggS\0\x02",
    "MP3": rb"ID3[\2-\4]\0[\0\x80\xc0][\0-\x7f]{4}[A-Z]",
}


MARKED = frozenset(_BEGINNINGS)


def beginnings(file: BinaryIO, start: int, label: str | None = None) -> Iterator[int]:
    """Where files of a format begin from ``start`` on, by its name in `Content`; of any by default.

    Nothing is found of formats that are not in the table.
    """
    marks = [_BEGINNINGS[label]] if label in _BEGINNINGS else []
    if label is None:
        marks = list(_BEGINNINGS.values())
    if not marks:
        return
    pattern = re.compile(b"|".join(marks), re.DOTALL)
    file.seek(start)
    data = file.read(_BLOCK)
    while data:
        more = file.read(_BLOCK)
        least = len(data) if more else len(data) + _LONGEST
        data += more[:_LONGEST]
        for found in pattern.finditer(data):
            if found.start() < least:
                yield start + found.start()
        start, data = start + least, more
