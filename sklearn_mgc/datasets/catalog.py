"""The public data sets, found among the modules of this package."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from sklearn_mgc.datasets.bunch import locate_data_home


@dataclass(frozen=True)
class DataSet:
    """What a module of a public data set says of it, as its ``DATA_SET``."""

    name: str  # of the module, of its folder in the data home and of its description
    title: str
    tracks: str
    genres: str
    groups: str
    get: str  # how to get it
    load: str
    size: str = ""
    #: Checksum and size in bytes (rounded) of each published archive.
    archives: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    #: What its description says where a loader does not fill it in.
    parts: Mapping[str, Any] = field(default_factory=dict)

    def describe(self, found: str, **parts) -> str:
        """DESCR of a copy of which the text `found` says where it is."""
        file = resources.files("sklearn_mgc.datasets") / "descr" / f"{self.name}.rst"
        return file.read_text(encoding="utf-8").format(found=found, **{**self.parts, **parts})


def data_sets() -> dict[str, DataSet]:
    """All public data sets by their names."""
    package = importlib.import_module("sklearn_mgc.datasets")
    found = {}
    for module in pkgutil.iter_modules(package.__path__):
        room = importlib.import_module(f"{package.__name__}.{module.name}")
        if hasattr(room, "DATA_SET"):  # its own, or that of the module it belongs to
            found[room.DATA_SET.name] = room.DATA_SET
    return found


def place(name: str, data_home) -> Path | None:
    """Where a data set is in the data home; None if it is not."""
    folder = locate_data_home(data_home) / name
    return folder if folder.is_dir() and any(folder.iterdir()) else None
