"""Text where numbers belong: paths that no transformer has read, tables with their names."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np


def refuse_text(X, classifier: str, reader: str) -> None:
    """Raise an error that says what to do about text in X."""
    columns = dict(_text_columns(X))
    if not columns:
        return
    if {"filename", "label"} & set(columns) and hasattr(X, "columns"):
        raise ValueError(
            f"X is a table of features as it was published, with {', '.join(map(repr, columns))} "
            "among its numbers: sklearn_mgc.datasets.load_gtzan_features reads such a file and "
            "gives features, genres and artists apart"
        )
    name, first = next(iter(columns.items()))
    which = f"pass df[{name!r}], and " if hasattr(X, "columns") else ""
    raise ValueError(
        f"{classifier} reads features, and X holds paths such as {first!r}: {which}put "
        f"{reader}() before it in a pipeline"
    )


def _text_columns(X) -> Iterator[tuple[object, str]]:
    """Columns whose first value is text, with that value."""
    if hasattr(X, "columns"):
        columns = [(name, X[name]) for name in X.columns]
    elif isinstance(X, (list, tuple)) or getattr(X, "ndim", 0) == 1:
        columns = [("X", X)]
    elif getattr(getattr(X, "dtype", None), "kind", "") in ("O", "U", "T"):
        columns = [("X", np.ravel(X))]
    else:
        return
    for name, values in columns:
        first = next(iter(values), None)
        if isinstance(first, (str, os.PathLike)):
            yield name, str(os.fspath(first))
