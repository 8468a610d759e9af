"""A page about a model, to be kept beside it."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_mgc.classifiers.base import BaseGenreClassifier

_NOT_TOLD = ("cache", "n_jobs", "verbose")
_PACKAGES = ("sklearn_mgc", "scikit-learn", "skorch", "torch", "librosa", "numpy")


def model_card(
    estimator,
    *,
    data=None,
    scores=None,
    name: str | None = None,
    notes: str | None = None,
    path: str | os.PathLike | None = None,
) -> str:
    """Describe a fitted model in Markdown: data, genres, settings, scores, limits, versions.

    Parameters
    ----------
    estimator : estimator
        A fitted classifier or pipeline.
    data : Bunch, default=None
        What it was trained on, as a ``load_*`` function returns it: its description and the
        number of clips of each genre go into the page.
    scores : EvaluationResult or dict, default=None
        What :func:`sklearn_mgc.evaluation.cross_validate` returned, or numbers by name, a
        number being a score or (score, lower, upper end).
    name : str, default=None
        Title; the class of the classifier by default.
    notes : str, default=None
        What else there is to say, as Markdown.
    path : str or path-like, default=None
        File to write as well, such as "README.md".

    Returns
    -------
    str
        Markdown.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mgc.saving import model_card
    >>> model = LogisticRegression().fit([[0.0], [1.0]], ["jazz", "rock"])
    >>> print(model_card(model, scores={"accuracy": (0.61, 0.55, 0.67)}))
    # LogisticRegression
    ...
    | accuracy | 0.610 | 0.550 to 0.670 |
    ...
    """
    steps = _steps(estimator)
    check_is_fitted(steps[-1])
    genres = [str(genre) for genre in estimator.classes_]
    parts = [
        f"# {name or type(steps[-1]).__name__}",
        f"Tells {len(genres)} genres apart: {', '.join(genres)}.",
        "## Model",
        *(_step(step) for step in steps),
        "## Data",
        _data(data),
        "## Scores",
        _scores(scores),
        "## Limits",
        "Genres are opinions, and these are the opinions of the data set. The model answers "
        "with one of its genres whatever it hears: music of another kind, speech, or noise. "
        "Scores hold for music like that of the data, recorded and encoded like it; "
        "`sklearn_mgc.evaluation.robustness` measures what a change of level, bandwidth or "
        "codec does.",
        *([] if notes is None else ["## Notes", notes.strip()]),
        "## Versions",
        ", ".join([f"{p} {version(p)}" for p in _PACKAGES] + [f"Python {_python()}"])
        + f"; {date.today().isoformat()}.",
    ]
    text = "\n\n".join(parts) + "\n"
    if path is not None:
        Path(path).expanduser().write_text(text, encoding="utf-8")
    return text


def _steps(estimator) -> list:
    if isinstance(estimator, Pipeline):
        return [inner for _, step in estimator.steps for inner in _steps(step)]
    return [estimator]


def _step(step) -> str:
    lines = [f"**{type(step).__name__}**"]
    if isinstance(step, BaseGenreClassifier):
        n = sum(weight.numel() for weight in step.module_.parameters())
        lines[0] += f", {n:,} parameters, trained for {step.n_iter_} epochs on {step.device_}"
    changed = _changed(step)
    if changed:
        lines[0] += ":"
        lines += ["", *(f"- `{key}={value!r}`" for key, value in changed.items())]
    return "\n".join(lines)


def _changed(step) -> dict:
    """Parameters that differ from the class's defaults."""
    try:
        defaults = type(step)().get_params(deep=False)
    except TypeError:  # a class with required parameters
        defaults = {}
    unset = object()
    return {
        key: value
        for key, value in step.get_params(deep=False).items()
        if repr(defaults.get(key, unset)) != repr(value) and key not in _NOT_TOLD
    }


def _data(data) -> str:
    if data is None:
        return "Not said."
    counts = Counter(np.asarray(data.target).tolist())
    lines = [f"{sum(counts.values())} clips", "", "| genre | clips |", "|---|---|"]
    if data.get("groups") is not None:
        lines[0] += f" by {len(np.unique(data.groups))} artists"
    lines += [f"| {genre} | {n} |" for genre, n in sorted(counts.items())]
    if data.get("DESCR"):
        lines += ["", "```text", str(data.DESCR).strip(), "```"]
    return "\n".join(lines)


def _scores(scores) -> str:
    if scores is None:
        return "Not measured."
    if hasattr(scores, "interval"):
        level = f"{100 * scores.confidence_level:g} %"
        numbers = {metric: scores.interval(metric) for metric in scores.scorers}
        head = [f"{scores.protocol}.", ""]
        recalls = [
            "",
            f"| genre | recall | {level} interval | clips |",
            "|---|---|---|---|",
            *(
                f"| {r['genre']} | {r['recall']:.3f} | {r['low']:.3f} to {r['high']:.3f} | "
                f"{r['n_clips']} |"
                for r in scores.recalls()
            ),
        ]
    elif isinstance(scores, Mapping):
        level, numbers, head, recalls = "95 %", dict(scores), [], []
    else:
        raise TypeError(
            f"scores must be a result of cross_validate or a dict, got {type(scores).__name__}"
        )
    lines = [*head, f"| score | value | {level} interval |", "|---|---|---|"]
    for metric, number in numbers.items():
        value, *ends = np.atleast_1d(number)
        interval = f"{ends[0]:.3f} to {ends[1]:.3f}" if len(ends) == 2 else ""
        lines.append(f"| {metric} | {value:.3f} | {interval} |")
    return "\n".join(lines + recalls)


def _python() -> str:
    return platform.python_version()
