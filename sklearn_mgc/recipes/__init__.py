"""Ready pipelines: the paper's, its relatives', and our best."""

from __future__ import annotations

from typing import Any

from sklearn_mgc._optional import require

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
_WHAT = "parts of sklearn_mgc.recipes"
_MODULES = ("paper", "published", "systems")

__all__ = sorted([*_HOME, *_MODULES])


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(require(f"{__name__}.{_HOME[name]}", what=_WHAT), name)
    if name in _MODULES:
        return require(f"{__name__}.{name}", what=_WHAT)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
