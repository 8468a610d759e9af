"""Ready pipelines: the paper's, its relatives', and our best."""

from __future__ import annotations

import importlib
from typing import Any

# Imported on first use: they need torch.
_HOME: dict[str, str] = {
    "best": "recommended",
    "best_handcrafted": "recommended",
    "choice": "candidates",
    "chosen_columns": "candidates",
    "descriptor_vote": "candidates",
    "ready_card": "ready",
    "ready_model": "ready",
    "voting_crnn": "recommended",
}
_MODULES = ("paper", "published", "systems")

__all__ = sorted([*_HOME, *_MODULES])


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
