"""Runs that are kept as they end: a reproduction goes on where it stopped."""

from __future__ import annotations

import json
import platform
import warnings
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sklearn_mgc._atomic import write_whole

_PACKAGES = ("sklearn_mgc", "scikit-learn", "skorch", "torch", "librosa", "numpy")


class RunStore:
    """The runs of a reproduction in ``results.json``, written whole or not at all.

    What the file holds is gone on with; runs with other settings are a ValueError.
    """

    def __init__(self, path: Path, settings: dict):
        self._path = path
        self.content: dict[str, Any] = {
            "settings": settings,
            "date": date.today().isoformat(),
            "versions": {name: version(name) for name in _PACKAGES}
            | {"python": platform.python_version()},
            "datasets": {},
            "errors": {},
            "runs": {},
            "curves": {},
        }
        if not path.exists():
            return
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            differs = stored["settings"] != settings
        except (ValueError, KeyError) as error:
            raise ValueError(f"{path} is not a file of results; move it away") from error
        if differs:
            raise ValueError(
                f"{path} holds results with {stored['settings']}, not {settings}: "
                "choose another output folder"
            )
        if stored["versions"] != self.content["versions"]:
            warnings.warn(
                f"{path} holds runs of other versions ({stored['versions']}); new ones are added "
                "to them, and the report names the old",
                stacklevel=3,
            )
        self.content = stored

    def add_dataset(self, name: str, about: dict) -> None:
        """Refuse other clips under a name that has results."""
        if self.content["datasets"].setdefault(name, about) != about:
            raise ValueError(
                f"{self._path} holds results of other clips as {name!r}: choose another output "
                "folder, or another name"
            )

    def save(self) -> None:
        """Write what is there."""
        with write_whole(self._path) as part:
            # ASCII, because names of files need not be UTF-8.
            part.write_text(json.dumps(self.content, indent=1), encoding="ascii")
