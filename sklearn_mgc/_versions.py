"""The versions that a result came from."""

from __future__ import annotations

import platform
from importlib.metadata import version

_PACKAGES = ("scikit-learn", "skorch", "torch", "librosa", "numpy")


def versions() -> dict[str, str]:
    """Version of this package, of those it computes with, and of Python.

    Examples
    --------
    >>> from sklearn_mgc._versions import versions
    >>> sorted(versions())
    ['librosa', 'numpy', 'python', 'scikit-learn', 'sklearn_mgc', 'skorch', 'torch']
    """
    from sklearn_mgc import __version__  # it also runs from source, without metadata

    return {
        "sklearn_mgc": __version__,
        **{name: version(name) for name in _PACKAGES},
        "python": platform.python_version(),
    }
