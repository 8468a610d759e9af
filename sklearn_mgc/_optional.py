"""Optional packages: one import, and one way to say which extra brings a missing one."""

from __future__ import annotations

import importlib
from types import ModuleType


def require(module: str, *, extra: str, what: str) -> ModuleType:
    """Import an optional package, or say how to install it.

    ``what`` needs it is the subject of a sentence ("reading m4a"), ``extra`` brings it. A package
    that is there but breaks while it is imported shows its own error.

    Examples
    --------
    >>> from sklearn_mgc._optional import require
    >>> require("json", extra="plot", what="plots").dumps([1])
    '[1]'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if (error.name or "").partition(".")[0] != package:
            raise  # the package is there; what it needs itself is not
        raise ImportError(
            f'{what} need {package}, which is not installed: pip install "sklearn_mgc[{extra}]"',
            name=package,
        ) from error
