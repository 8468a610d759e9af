"""Download a large file: go on after a break, try mirrors, believe only the checksum."""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from sklearn_mgc.datasets.archives import alone

_BLOCK = 1 << 18
# Connections in a row that bring next to nothing before a mirror is given up.
_PATIENCE = 4
_LEAST = 1 << 14
# Bytes a second below which a connection counts as broken.
_SLOWEST = 1024
# Sizes are rounded: so many bytes, or a tenth, more than expected are believed.
_SLACK = 1 << 26
_BREAKS = (OSError, http.client.HTTPException, EOFError)


class DownloadError(OSError):
    """No mirror gave the file; what came of it stays, and the next call goes on from there."""


def mirrors_of(default: Sequence[str], given: Sequence[str] | str | None) -> list[str]:
    """Base addresses to try: those given, else of the environment, else the default ones."""
    if given is None:
        given = os.environ.get("SKLEARN_MGC_MIRRORS", "").split() or default
    given = [given] if isinstance(given, str) else list(given)
    for address in given:
        if not address.lower().startswith(("http://", "https://")):
            raise ValueError(
                f"a mirror is the http or https address of the folder of the files, got {address!r}"
            )
    return given


def download(
    name: str,
    checksum: str,
    folder: Path,
    mirrors: Sequence[str],
    *,
    size: int,
    timeout: float,
    verbose: int,
) -> Path:
    """The file `name` of the first mirror that gives the right one; kept if it is there.

    ``name.part`` is what came so far. The disk is asked for `size` bytes first, and a mirror that
    sends far more, or next to nothing in `timeout` seconds, is given up.
    """
    target = folder / name
    if target.is_file():
        return target
    with alone(target):
        if target.is_file():  # another process was faster
            return target
        part = folder / f"{name}.part"
        require_space(folder, size - _size(part), name)
        problems = []
        for mirror in mirrors:
            url = f"{mirror.rstrip('/')}/{name}"
            try:
                return _retrieve(url, checksum, target, part, size, timeout, verbose)
            except DownloadError as error:
                problems.append(f"{url}: {error}")
        if part.exists():
            problems.append(f"{_size(part)} bytes are kept, the next call goes on from there")
        raise DownloadError("; ".join(problems))


def _retrieve(
    url: str, checksum: str, target: Path, part: Path, size: int, timeout: float, verbose: int
) -> Path:
    """Bring the file, compare the checksum and put it in its place."""
    for _ in range(2):
        resumed = part.exists()
        _fetch(url, part, size, timeout, verbose)
        if digest(part, checksum.partition(":")[0]) == checksum.partition(":")[2]:
            with part.open("rb") as file:
                os.fsync(file.fileno())
            os.replace(part, target)
            return target
        part.unlink()
        # What came earlier may be of another file: once more from the beginning.
        if not resumed:
            break
    raise DownloadError("other content than expected (checksum)")


def digest(path: Path, algorithm: str) -> str:
    """Checksum of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _fetch(url: str, part: Path, size: int, timeout: float, verbose: int) -> None:
    """Bring `part` to the file's whole length, however often the connection breaks."""
    from tqdm import tqdm

    best, failures = _size(part), 0
    with tqdm(
        desc=url.rsplit("/", 1)[-1], initial=best, unit="B", unit_scale=True, unit_divisor=1024,
        disable=not verbose,
    ) as bar:  # fmt: skip
        while True:
            try:
                if _connect(url, part, size, timeout, bar):
                    return
                problem = "the connection ended early"
            except urllib.error.HTTPError as error:
                problem = f"HTTP status {error.code} ({error.reason})"
                if error.code < 500 and error.code not in (408, 429):
                    raise DownloadError(problem) from error
            except DownloadError:
                raise
            except _BREAKS as error:
                if getattr(error, "errno", None) == errno.ENOSPC:
                    raise
                problem = str(getattr(error, "reason", "") or error) or type(error).__name__
            failures = 0 if _size(part) >= best + _LEAST else failures + 1
            best = max(best, _size(part))
            if failures >= _PATIENCE:
                raise DownloadError(problem)
            time.sleep(min(0.1 * 2**failures, 5) if failures else 0)


def _connect(url: str, part: Path, size: int, timeout: float, bar) -> bool:
    """One connection; whether the file is complete after it."""
    have = _size(part)
    request = urllib.request.Request(url, headers={"User-Agent": "sklearn_mgc"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        response = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        if error.code != 416:
            raise
        # Nothing is left to send, or the file is shorter than what is here.
        if _content_range(error.headers)[1] == have:
            return True
        part.unlink()
        return False
    with response:
        start, total = 0, None
        if response.status == 206:
            start, total = _content_range(response.headers)
        elif response.headers.get("Content-Length", "").isdigit():
            total = int(response.headers["Content-Length"])
        if start != have and start != 0:
            raise EOFError("the server sent another range than asked for")
        most = max(size + _SLACK, size * 11 // 10)
        if total is not None:
            if total > most:
                raise DownloadError(f"says {total} bytes where about {size} are expected")
            require_space(part.parent, total - start, url.rsplit("/", 1)[-1])
        bar.total, bar.n = total, start
        bar.refresh()
        with part.open("ab" if start else "wb") as file:
            _receive(response, file, most - start, timeout, bar)
    return total is None or _size(part) == total


def _receive(response, file, most: int, timeout: float, bar) -> None:
    """Write what comes, as long as it comes at a bearable pace and ends some time."""
    came, since, before = 0, time.monotonic(), 0
    while block := response.read1(_BLOCK):
        came += len(block)
        if came > most:
            raise DownloadError(f"does not end after {came} bytes")
        file.write(block)
        bar.update(len(block))
        now = time.monotonic()
        if now - since > timeout:
            if came - before < _SLOWEST * (now - since):
                raise TimeoutError(f"less than {_SLOWEST} bytes a second")
            since, before = now, came


def _content_range(headers) -> tuple[int, int | None]:
    """First byte and length of the whole file of "bytes 5-9/10" or "bytes */10"."""
    match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", headers.get("Content-Range", ""))
    if match is None:
        return -1, None
    return int(match[1] or 0), None if match[2] == "*" else int(match[2])


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def require_space(folder: Path, size: int, what: str) -> None:
    """Raise before the disk is full, not after."""
    free = shutil.disk_usage(folder).free
    if size > free:
        raise OSError(
            errno.ENOSPC,
            f"{what} needs {size / 2**30:.1f} GiB, {free / 2**30:.1f} GiB are free; "
            "pass another data_home",
            str(folder),
        )
