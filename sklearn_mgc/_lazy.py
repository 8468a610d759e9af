"""Names of a package that are imported on first use (PEP 562): most of them need torch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sklearn_mgc._optional import require


def lazy(
    package: str, homes: Mapping[str, str], modules: Collection[str] = ()
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Give ``__getattr__``, ``__dir__`` and ``__all__`` of a package: names by module, modules."""
    names = sorted([*homes, *modules])

    def attribute(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = require(f"{package}.{homes.get(name, name)}", what=f"parts of {package}")
        return getattr(module, name) if name in homes else module

    return attribute, lambda: names, names
