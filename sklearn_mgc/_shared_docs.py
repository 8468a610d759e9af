"""Descriptions of parameters that several classes have, written once: in their base class.

Help, notebooks and Sphinx show docstrings whole.
"""

from __future__ import annotations

import inspect

_SHARED = " : shared"


def share_docs(cls: type, *others: type) -> None:
    """Replace each line ``a, b : shared`` by what base classes say of a and b, with defaults.

    `others` are further classes that describe parameters, such as a network of its own.
    """
    if _SHARED not in (cls.__doc__ or ""):
        return
    entries: dict[str, list[str]] = {}
    for base in (*reversed(cls.__mro__[1:]), *others):
        entries |= _entries(base)
    given = inspect.signature(cls).parameters
    lines: list[str] = []
    for line in inspect.cleandoc(cls.__doc__ or "").splitlines():
        if not line.endswith(_SHARED):
            lines.append(line)
            continue
        for name in line.removesuffix(_SHARED).split(", "):
            if name not in entries:
                raise TypeError(f"{cls.__name__}: no base class or network describes {name!r}")
            head, *text = entries[name]
            head = head.partition(", default=")[0]
            default = given[name].default if name in given else inspect.Parameter.empty
            if default is not inspect.Parameter.empty:
                head += (
                    f', default="{default}"' if isinstance(default, str) else f", default={default}"
                )
            lines += [head, *text]
    cls.__doc__ = "\n".join(lines)


def _entries(cls: type) -> dict[str, list[str]]:
    """Lines of each parameter or attribute of a docstring."""
    entries: dict[str, list[str]] = {}
    for line in inspect.cleandoc(cls.__doc__ or "").splitlines():
        if " : " in line and not line.startswith(" "):
            entries[line.partition(" : ")[0]] = entry = []
        if entries and (line.startswith("    ") or " : " in line):
            entry.append(line)
    return entries
