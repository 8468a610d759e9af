"""A page about a model, to be kept beside it."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from datetime import date

import numpy as np
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_mgc._atomic import write_whole
from sklearn_mgc._versions import versions
from sklearn_mgc.audio import printable
from sklearn_mgc.classifiers.base import BaseGenreClassifier
from sklearn_mgc.display.tables import escape_markdown, markdown_table
from sklearn_mgc.evaluation.calibration import reliability, trust
from sklearn_mgc.features import PretrainedEmbedding

_NOT_TOLD = ("cache", "n_jobs", "out", "verbose")


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
        number being a score or (score, lower, upper end). What
        :func:`sklearn_mgc.evaluation.calibrate` returned has log-loss, Brier score and
        calibration error, and adds how often the model is right when it is so sure.
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
    listed = ", ".join(map(escape_markdown, genres))
    parts = [
        f"# {escape_markdown(name or type(steps[-1]).__name__)}",
        f"Tells {len(genres)} genres apart: {listed}.",
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
        ", ".join(f"{package} {number}" for package, number in versions().items())
        + f"; {date.today().isoformat()}.",
    ]
    text = "\n\n".join(parts) + "\n"
    if path is not None:
        with write_whole(path) as part:
            part.write_text(text, encoding="utf-8")
    return text


def _steps(estimator) -> list:
    if isinstance(estimator, (Pipeline, FeatureUnion)):
        parts = estimator.steps if isinstance(estimator, Pipeline) else estimator.transformer_list
        return [inner for _, part in parts for inner in _steps(part)]
    return [estimator]


def _step(step) -> str:
    lines = [f"**{type(step).__name__}**"]
    if isinstance(step, BaseGenreClassifier):
        n = sum(weight.numel() for weight in step.module_.parameters())
        lines[0] += f", {n:,} parameters, trained for {step.n_iter_} epochs on {step.device_}"
    changed = _changed(step)
    if changed:
        lines[0] += ":"
        told = (" ".join(f"{key}={value!r}".split()) for key, value in changed.items())
        lines += ["", *(f"- {_code(text)}" for text in told)]
    if isinstance(step, PretrainedEmbedding):
        about = {**step.card.entries(), "SHA-256": step.weights_hash_ or "none"}
        lines += [
            "",
            f"It is built on {_code(step.card.name)}, {escape_markdown(step.card.title)}:",
        ]
        lines += ["", *(f"- {key}: {escape_markdown(value)}" for key, value in about.items())]
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
    lines = [
        f"{sum(counts.values())} clips",
        "",
        markdown_table(["genre", "clips"], sorted(counts.items())),
    ]
    if data.get("groups") is not None:
        lines[0] += f" by {len(np.unique(data.groups))} artists"
    if data.get("DESCR"):
        text = str(data.DESCR).strip()
        fence = _fence(text, at_least=3)
        lines += ["", f"{fence}text", text, fence]
    return "\n".join(lines)


def _scores(scores) -> str:
    if scores is None:
        return "Not measured."
    if hasattr(scores, "interval"):
        level = f"{100 * scores.confidence_level:g} %"
        numbers = {metric: scores.interval(metric) for metric in scores.scorers}
        head = [f"{scores.protocol}.", ""]
        genres = [
            (r["genre"], r["recall"], _interval(r["low"], r["high"]), r["n_clips"])
            for r in scores.recalls()
        ]
        columns = ["genre", "recall", f"{level} interval", "clips"]
        recalls = ["", markdown_table(columns, genres)]
        if "calibration_error" in scores.scorers:
            bins = [(r["confidence"], r["accuracy"], r["n"]) for r in reliability(scores)]
            how_sure = markdown_table(["mean confidence", "accuracy", "predictions"], bins)
            recalls += ["", how_sure, "", trust(scores)]
    elif isinstance(scores, Mapping):
        level, numbers, head, recalls = "95 %", dict(scores), [], []
    else:
        raise TypeError(
            f"scores must be a result of cross_validate or a dict, got {type(scores).__name__}"
        )
    rows = []
    for metric, number in numbers.items():
        value, *ends = map(float, np.atleast_1d(number))
        rows.append((metric, value, _interval(*ends) if len(ends) == 2 else None))
    table = markdown_table(["score", "value", f"{level} interval"], rows)
    return "\n".join([*head, table, *recalls])


def _interval(low: float, high: float) -> str:
    return f"{low:.3f} to {high:.3f}"


def _code(text: str) -> str:
    """Inline code, whatever is in it."""
    text, fence = printable(text), _fence(text)
    return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"


def _fence(text: str, at_least: int = 1) -> str:
    """More backquotes than there are in a row."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    return "`" * max(at_least, longest + 1)
