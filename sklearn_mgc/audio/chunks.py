"""What the header of a WAV, RF64, W64, AIFF, AU or CAF file promises."""

from __future__ import annotations

from typing import BinaryIO, Literal, NamedTuple

_MOST_CHUNKS = 1000
_TOLERANCE = 4096  # bytes that may be missing
_SAMPLES = (b"data", b"SSND")


class Form(NamedTuple):
    """How a family of formats writes its chunks."""

    order: Literal["little", "big"]  # of the bytes of numbers
    first: int  # where the first chunk begins
    name: int  # bytes of the name of a chunk
    length: int  # bytes of its length
    header: int  # bytes of the header that its length includes
    align: int  # chunks begin at multiples of this
    total: tuple[int, int, int] | None = None  # where the file's length is told, and what it lacks


_RIFF = Form("little", 12, 4, 4, 0, 2, (4, 8, 8))
_FORMS = {
    b"RIFF": _RIFF, b"RIFX": _RIFF._replace(order="big"), b"FORM": _RIFF._replace(order="big"),
    b"RF64": _RIFF._replace(total=(20, 28, 8)), b"caff": Form("big", 8, 4, 8, 0, 1),
    b"riff": Form("little", 40, 16, 8, 24, 8, (16, 24, 0)),
}  # fmt: skip


class Link(NamedTuple):
    """One of the files that a file consists of: usually the only one."""

    start: int
    stop: int
    missing: float = 0.0  # share of the promised samples that is not there, unless it is tiny
    n_after: int = 0  # bytes behind it that are not its own
    unsized: int | None = None  # where the size of its samples lies, if its writer left zero


def walk(file: BinaryIO, size: int) -> list[Link]:
    """The files of which a file consists: ``cat a.wav b.wav``."""
    mark = _at(file, 0, 4)
    start, links = 0, []
    while True:
        link = _link(file, start, size)
        links.append(link)
        start = link.stop
        if start + 8 > size or _at(file, start, 4) != mark:
            links[-1] = link._replace(stop=size, n_after=max(size - start, 0))
            return links


def with_length(data: bytes, at: int) -> bytes:
    """A WAV or AIFF file whose samples reach to its end; their length is written ``at``."""
    order = _FORMS[data[:4]].order
    return data[:at] + (len(data) - at - 4).to_bytes(4, order) + data[at + 4 :]


def _at(file: BinaryIO, start: int, n: int) -> bytes:
    file.seek(start)
    return file.read(n)


def _link(file: BinaryIO, start: int, size: int) -> Link:
    head = _at(file, start, 28)
    form = _FORMS.get(head[:4])
    promised: int | None
    if form is None:
        order: Literal["little", "big"] = "big" if head[:4] == b".snd" else "little"
        offset, promised = (int.from_bytes(head[k : k + 4], order) for k in (4, 8))
        at, first = start + 8, start + offset
        total = first + promised
    else:
        at, first, promised = _samples(file, start, size, form)
        if form.total is None:
            total = _last_chunk(file, first + (promised or size), size)
        else:
            low, high, more = form.total
            total = int.from_bytes(head[low:high], form.order) + more + start
            if promised:
                total = _checked(file, total, first + promised, start, form)
        total += -(total - start) % form.align
    stop = total if start + 12 < total < size else size
    if promised is None or _is_unknown(promised, 8 * (form.length if form else 4)):
        return Link(start, stop)
    if not promised:
        # An empty file says how short it is; one that was written to a pipe does not.
        streamed = form is _RIFF and first < size and total not in (size, size - 1)
        return Link(start, size, unsized=at - start if streamed else None)
    missing = promised - max(size - first, 0)
    return Link(start, stop, 0.0 if is_little(missing, promised) else missing / promised)


def is_little(n_bytes: int, size: int) -> bool:
    """Whether bytes that are missing or belong to nothing are not worth a note."""
    return n_bytes <= max(_TOLERANCE, 0.005 * size)


def _checked(file: BinaryIO, total: int, after: int, start: int, form: Form) -> int:
    """Where a file ends that tells ``total``: with its samples, if no chunks follow them."""
    at = after + (start - after) % form.align
    head = _at(file, at, form.name + form.length)
    stop = at + len(head) + int.from_bytes(head[form.name :], form.order) - form.header
    is_chunk = head[:4].isascii() and head[:4] not in _SAMPLES and stop <= total
    return max(total, after) if is_chunk or at + len(head) >= total else after


def _last_chunk(file: BinaryIO, at: int, size: int) -> int:
    """Where a CAF file ends, which says nowhere how long it is: with chunks behind the samples."""
    while at < size:
        head = _at(file, at, 12)
        length = len(head) + int.from_bytes(head[4:], "big")
        if not head[:4].isalnum() or at + length > size:
            break
        at += length
    return at


def _is_unknown(promised: int, bits: int) -> bool:
    """Whether a program did not know yet how long the sound would be."""
    return any(most - 0x1000 <= promised <= most for most in (2**bits - 1, 2 ** (bits - 1) - 1))


def _samples(file: BinaryIO, start: int, size: int, form: Form) -> tuple[int, int, int | None]:
    """Where the number of bytes of samples lies, where they begin, and how many are promised."""
    at, long = start + form.first, None
    for _ in range(_MOST_CHUNKS):
        head = _at(file, at, form.name + form.length)
        if len(head) < form.name + form.length:
            break
        length = int.from_bytes(head[form.name :], form.order) - form.header
        after = at + len(head)
        if head[:4] == b"ds64":  # in RF64, where lengths of four bytes do not suffice
            long = int.from_bytes(_at(file, after + 8, 8), "little")
        if head[:4] in _SAMPLES:
            return at + form.name, after, length if long is None else long
        if length < 0:
            break
        at = after + length
        at += -(at - start) % form.align
        if at >= size:
            break
    return 0, 0, None
