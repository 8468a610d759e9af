"""Journals of Optuna after a crash: a line that was cut is set aside, and the study goes on.

Optuna appends lines of JSON. A worker killed within a write, a full disk or a power cut leaves
half a line or zeros, on which reading fails for good, and to which the next line is appended.
Trials are numbered by the lines that begin them: where one is missing, Optuna would give its values
to the next. A missing line on which no other depends, such as one value of a trial, shows nowhere.
"""

from __future__ import annotations

import io
import json
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna.storages.journal import JournalFileOpenLock

_START = b'{"op_code":'  # of every line
_CREATES_STUDY, _CREATES_TRIAL = 0, 4


def mend(path: Path, lock: JournalFileOpenLock) -> None:
    """Set damaged lines of a journal aside.

    Nothing moves within the file, as other processes may have it open: a damaged end is cut
    off, and half a line before a whole one, in the same line, becomes blanks. Both go to a
    file beside, with the suffix ``.damaged``.

    Warns
    -----
    UserWarning
        If something was set aside.
    """
    if not path.exists() or not _damage(path.read_bytes(), path):
        return
    lock.acquire()
    try:
        content = path.read_bytes()
        damage = _damage(content, path)
        if not damage:  # another worker was writing it, or was faster to mend it
            return
        aside = path.with_name(f"{path.name}.damaged")
        with open(aside, "ab") as file:
            file.writelines(content[start:stop] + b"\n" for start, stop in damage)
        with open(path, "r+b") as file:
            for start, stop in damage:
                if stop == len(content):
                    file.truncate(start)
                else:
                    file.seek(start)
                    file.write(b" " * (stop - start))
    finally:
        lock.release()
    n_bytes = sum(stop - start for start, stop in damage)
    warnings.warn(
        f"{path}: {n_bytes} damaged bytes, probably of an interrupted write, were moved to "
        f"{aside.name}; the study goes on without them",
        UserWarning,
        stacklevel=4,
    )


def _damage(content: bytes, path: Path) -> list[tuple[int, int]]:
    """Where bytes are that belong to no line; the last may be the end of the file."""
    damage: list[tuple[int, int]] = []
    end: int | None = None  # where a damaged end begins, unless a whole line follows
    n_whole = n_trials = position = 0
    for number, line in enumerate(io.BytesIO(content), start=1):
        start, operation, trial = _record(line)
        if start is None:
            end = position if end is None else end
        elif not n_whole and (end is not None or operation != _CREATES_STUDY):
            raise ValueError(
                f"{path}: its first line, which creates the study, is missing or damaged; restore "
                "a copy, or begin another file"
            )
        elif end is not None or trial >= n_trials:
            what, keep = f"line {number - 1} is damaged", end
            if end is None:
                what, keep = f"the line that begins trial {trial} is missing", position
            raise ValueError(
                f"{path}: {what}, and later ones depend on it; restore a copy, or keep the first "
                f"{keep} bytes alone"
            )
        else:
            n_whole += 1
            n_trials += operation == _CREATES_TRIAL
            if start:
                damage.append((position, position + start))
        position += len(line)
    if end is not None:
        if not n_whole and not _is_cut_off(content):
            is_sqlite = content.startswith(b"SQLite format 3")
            hint = f'open it as "sqlite:///{path}"' if is_sqlite else "choose another file"
            raise ValueError(f"{path}: is not a journal of Optuna; {hint}")
        damage.append((end, len(content)))
    return damage


def _record(line: bytes) -> tuple[int | None, int | None, int]:
    """Where the record of a line begins, its operation, and its trial; None if it is not whole."""
    start = 0 if line.endswith(b"\n") else -1
    while start >= 0:
        with suppress(KeyError, TypeError, ValueError):
            record = json.loads(line[start:])
            return start, record["op_code"], int(record.get("trial_id", -1))
        start = line.find(_START, start + 1)
    return None, None, -1


def _is_cut_off(content: bytes) -> bool:
    """Whether this is the beginning of a first line, with or without zeros after it."""
    begin = content.rstrip(b"\0")
    return begin.startswith(_START[: len(begin)]) or _START.startswith(begin)
