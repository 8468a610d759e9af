"""Networks that were trained on other music, one module for each family.

A family says which models are its own (``owns(model)``, and ``USAGE`` in words), which file or
folder holds one (``location(model)``), and makes it (``load(model, **params)``). One with names of
its own has their ``CARDS``; one that can bring weights has ``fetch(model, source)``. Families are
found by looking: a new one is a new module.
"""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import threading
from functools import lru_cache
from pathlib import Path
from types import ModuleType, NoneType
from typing import Any

from sklearn_mgc.features.backbones.base import Backbone, Card
from sklearn_mgc.features.backbones.weights import weights_file

__all__ = ["Card", "cards", "fetch", "load", "usages", "weights_file"]

_LOCK = threading.RLock()


@lru_cache(maxsize=1)
def _families() -> list[ModuleType]:
    """Those with names first: a folder of the same name does not hide a network."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return sorted((m for m in modules if hasattr(m, "owns")), key=lambda m: not _cards(m))


def _cards(family: ModuleType) -> dict[str, Card]:
    return getattr(family, "CARDS", {})


def cards() -> dict[str, Card]:
    """Describe every network that has a name here.

    Returns
    -------
    dict of str to Card
        By name.

    Examples
    --------
    >>> from sklearn_mgc.features.backbones import cards
    >>> cards()["musicnn"].licence
    'ISC'
    """
    return {name: card for family in _families() for name, card in _cards(family).items()}


def usages() -> list[str]:
    """Say what else `PretrainedEmbedding` takes for a model.

    Returns
    -------
    list of str
        A line for each family of networks without names here.
    """
    return [family.USAGE for family in _families() if not _cards(family)]


def _family(model: Any) -> ModuleType:
    for family in _families():
        if family.owns(model):
            return family
    raise ValueError(
        f"no network is called {model!r}; there are {', '.join(cards())}, and what "
        "`python -m sklearn_mgc models` lists besides"
    )


def fetch(model: str, source: str | Path | None = None) -> Path:
    """Put the weights of a network onto this machine, unless they are there.

    Parameters
    ----------
    model : str
        Name of the network.
    source : str or path-like, default=None
        For musicnn, the wheel that carries them, or a folder with the checkpoint. None takes them
        from an installed package, else lets pip download the wheel without its dependencies.

    Returns
    -------
    pathlib.Path
        The file or folder.

    Raises
    ------
    OSError
        If there is no network, or the data home cannot be written.
    ValueError
        If there is no network of this name, or the weights are others than expected.
    """
    family = _family(model)
    if not hasattr(family, "fetch"):
        raise ValueError(f"{model!r} is your own, there is nothing to fetch")
    return family.fetch(model, source)


def load(model: Any, **params) -> Backbone:
    """Give a network with its weights; for a name, the same object as long as its files stay.

    Parameters
    ----------
    model : str, path-like or callable
        As `PretrainedEmbedding` takes it.
    **params
        What its family wants to know.

    Returns
    -------
    Backbone
        On the CPU.

    Raises
    ------
    FileNotFoundError
        If the weights are not on this machine; the message has what brings them.
    ValueError
        If there is no network of this name, its weights are damaged, or a parameter is unknown.
    """
    family = _family(model)
    known = list(inspect.signature(family.load).parameters)[1:]
    if unknown := set(params).difference(known):
        raise ValueError(
            f"model_params of {model!r} cannot have {', '.join(sorted(unknown))}; there "
            f"{'are ' + ', '.join(known) if known else 'is none'}"
        )
    plain = all(isinstance(value, (str, int, NoneType)) for value in params.values())
    if not isinstance(model, (str, os.PathLike)) or not plain:
        return family.load(model, **params)  # what is passed may change
    with _LOCK:  # threads that begin together read it once
        return _load(os.fspath(model), tuple(params.items()), _state(family.location(model)))


@lru_cache(maxsize=4)
def _load(model: str, params: tuple, state: tuple) -> Backbone:
    return _family(model).load(model, **dict(params))


def _state(place: Path | None) -> tuple:
    """What changes when a file of weights does."""
    if place is None:
        return ()
    files = sorted(place.iterdir()) if place.is_dir() else [place]
    return str(place), tuple(file.stat().st_mtime_ns for file in files if file.is_file())
