"""The public data sets, found among the modules of this package."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sklearn_mgc.datasets.bunch import locate_data_home


@dataclass(frozen=True)
class DataSet:
    """What a module of a public data set says of it, as its ``DATA_SET``."""

    title: str
    tracks: str
    genres: str
    groups: str
    get: str  # how to get it
    load: str
    describe: Callable[[str], str]  # DESCR of a copy of which the text says where it is
    size: str = ""
    #: Checksum and size in bytes (rounded) of each published archive.
    archives: Mapping[str, tuple[str, int]] = field(default_factory=dict)


def data_sets() -> dict[str, DataSet]:
    """All public data sets by the name of their module, which is that of their folder."""
    package = importlib.import_module("sklearn_mgc.datasets")
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    modules = {name: importlib.import_module(f"{package.__name__}.{name}") for name in names}
    return {
        name: module.DATA_SET for name, module in modules.items() if hasattr(module, "DATA_SET")
    }


def place(name: str, data_home) -> Path | None:
    """Where a data set is in the data home; None if it is not."""
    folder = locate_data_home(data_home) / name
    return folder if folder.is_dir() and any(folder.iterdir()) else None
