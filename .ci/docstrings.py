"""Check the docstrings of all public names: those in `__all__`, and the members of their classes.

numpydoc's own linter takes files, and with them every helper that other modules of the package
import; this one takes the names that users see.
"""

import importlib
import inspect
import pkgutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from numpydoc.validate import validate

import sklearn_mgc

CONFIG = Path(__file__).parents[1] / "pyproject.toml"


def public_names() -> Iterator[str]:
    """Full names of functions and classes, each where it is exported."""
    for module in pkgutil.walk_packages(sklearn_mgc.__path__, "sklearn_mgc."):
        if not module.ispkg:
            continue
        package = importlib.import_module(module.name)
        for name in getattr(package, "__all__", ()):
            if callable(getattr(package, name)):  # constants have no docstring of their own
                yield f"{module.name}.{name}"


def members(name: str) -> Iterator[str]:
    """Public methods and properties of a class that are written in the package."""
    module, _, short = name.rpartition(".")
    found = getattr(importlib.import_module(module), short)
    if not inspect.isclass(found):
        return
    for base in found.__mro__:
        if not base.__module__.startswith("sklearn_mgc."):
            continue
        for member, value in vars(base).items():
            value = getattr(value, "fget", getattr(value, "__func__", value))
            inherited = not value.__doc__ and inspect.getdoc(getattr(base, member))
            if not member.startswith("_") and inspect.isfunction(value) and not inherited:
                yield f"{base.__module__}.{base.__qualname__}.{member}"


def ignored(name: str) -> set[str]:
    """Errors are documented by the class that has their `__init__`."""
    module, _, short = name.rpartition(".")
    found = getattr(sys.modules.get(module), short, None)
    error = inspect.isclass(found) and issubclass(found, Exception)
    return {"PR01"} if error and "__init__" not in vars(found) else set()


def main() -> int:
    """Print what is wrong, and return the exit status."""
    config = tomllib.loads(CONFIG.read_text(encoding="utf-8"))
    checks = set(config["tool"]["numpydoc_validation"]["checks"])
    seen: dict[str, None] = {}
    for name in public_names():
        seen |= dict.fromkeys([name, *members(name)])
    wrong: dict[str, None] = {}
    for name in seen:
        found = validate(name)
        for code, message in found["errors"]:
            if code in checks - ignored(name):
                wrong[f"{found['file']}:{found['file_line']}: {name}: {code} {message}"] = None
    print("\n".join(wrong))
    print(f"{len(seen)} public names, {len(wrong)} findings")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
