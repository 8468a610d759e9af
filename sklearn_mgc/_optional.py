"""Packages that may be missing or broken: one import, and one way to say what is the matter."""

from __future__ import annotations

import importlib
import traceback
from types import ModuleType


def require(module: str, *, what: str, extra: str = "") -> ModuleType:
    """Import a module, or say which package is missing or broken, and what to do.

    ``what`` needs it is the subject of a sentence ("plots"), ``extra`` brings it.

    Examples
    --------
    >>> from sklearn_mgc._optional import require
    >>> require("json", extra="plot", what="plots").dumps([1])
    '[1]'
    """
    package, cause = module.partition(".")[0], None
    try:
        found = importlib.import_module(module)
        if getattr(found.__spec__, "origin", "") is not None:
            return found  # else a folder that happens to have the name
    except Exception as error:  # packages break with anything when others were upgraded
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if not missing or ("." in missing and missing.partition(".")[0] != package):
            if isinstance(error, ImportError) and _culprit(error, package) == "sklearn_mgc":
                raise  # says itself what is the matter
            package = _culprit(error, package)
            raise ImportError(
                f"{what} need {package}, which is installed but cannot be imported "
                f"({type(error).__name__}: {error}): pip install --force-reinstall {package}",
                name=package,
            ) from error
        package, cause = missing.partition(".")[0], error
    brought_by = f'"sklearn_mgc[{extra}]"' if extra else package
    raise ImportError(
        f"{what} need {package}, which is not installed: pip install {brought_by}", name=package
    ) from cause


def _culprit(error: Exception, package: str) -> str:
    """The package within whose import an error arose; ``package`` if nothing tells."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_name == "<module>":
            package = frame.f_globals["__name__"].partition(".")[0]
    return package
