"""Lists of what there is, found by inspection."""

from __future__ import annotations

import inspect

from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin

from sklearn_mgc import classifiers, features

_KINDS = {"classifier": ClassifierMixin, "transformer": TransformerMixin}


def all_estimators(kind: str | None = None) -> list[tuple[str, type[BaseEstimator]]]:
    """List the classifiers and transformers of this package.

    Parameters
    ----------
    kind : {"classifier", "transformer"} or None, default=None
        Classes of one kind; None is both.

    Returns
    -------
    list of (str, type)
        Names and classes, sorted by name; the base class is left out.

    Raises
    ------
    ValueError
        If the kind is unknown.

    See Also
    --------
    sklearn.utils.discovery.all_estimators : The same of scikit-learn.

    Examples
    --------
    >>> from sklearn_mgc.discovery import all_estimators
    >>> [name for name, _ in all_estimators("classifier")][:3]
    ['CNN2DClassifier', 'CRNNClassifier', 'DNNClassifier']
    """
    if kind is not None and kind not in _KINDS:
        raise ValueError(f"kind must be one of {', '.join(_KINDS)} or None, got {kind!r}")
    wanted = BaseEstimator if kind is None else _KINDS[kind]
    public = {
        name: getattr(room, name) for room in (classifiers, features) for name in room.__all__
    }
    del public["AudioTransformer"]
    return [
        (name, found)
        for name, found in sorted(public.items())
        if inspect.isclass(found) and issubclass(found, wanted)
    ]
