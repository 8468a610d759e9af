"""Every system under every protocol that the data allows, one stored run at a time."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch
from tqdm import tqdm

from sklearn_mgc._atomic import check_writable
from sklearn_mgc.audio import as_path
from sklearn_mgc.evaluation.cross_validation import cross_validate
from sklearn_mgc.evaluation.folds import draw_folds
from sklearn_mgc.evaluation.protocols import PROTOCOLS, PaperSplit, Protocol, feasible
from sklearn_mgc.evaluation.reproduction_report import RunStore, draw_curves, write_report
from sklearn_mgc.recipes.systems import SYSTEMS, System

_QUICK_EPOCHS = 5


@dataclass(frozen=True)
class _Job:
    dataset: str
    system: System
    protocol: Protocol
    repeat: int

    @property
    def key(self) -> str:
        return " | ".join([self.dataset, self.system.name, self.protocol.name, str(self.repeat)])


@dataclass(frozen=True)
class _Inputs:
    """A data set: clips that could be read, and the arrays that systems read."""

    data: Bunch
    arrays: Mapping[str, np.ndarray]
    errors: list

    def kind(self, system: System) -> str:
        # The 57 columns are descriptors too, where the paper's 25 are not given.
        if system.reads == "descriptors" and "descriptors" not in self.arrays:
            return "kaggle"
        return system.reads

    def matrix(self, system: System) -> np.ndarray:
        return self.arrays[self.kind(system)]


def reproduce(
    data,
    *,
    protocols: str | Sequence[str] | None = None,
    systems: Sequence[str] | None = None,
    n_repeats: int | None = None,
    output: str | os.PathLike = "reproduction",
    quick: bool = False,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> dict[str, Any]:
    """Run the paper's systems, and others for comparison, under several protocols.

    A run is a :func:`cross_validate` of one system on one draw of one protocol. It is stored as
    soon as it ends, so an interrupted call resumes where it was. Report and tables are written
    before the networks are trained once more for their curves.

    Parameters
    ----------
    data : Bunch or mapping of str to Bunch
        What a ``load_*`` function of :mod:`sklearn_mgc.datasets` returns: a table of descriptors,
        or paths, from which descriptors and spectrograms are computed first; or several such data
        sets by name.
    protocols : str or sequence of str, default=None
        Names from ``sklearn_mgc.evaluation.protocols.PROTOCOLS``; None is all that the data allow.
    systems : sequence of str, default=None
        Names from ``sklearn_mgc.recipes.systems.SYSTEMS``; None is all that the data allow.
    n_repeats : int, default=None
        Draws, or seeds, of each protocol; None is the protocol's own number.
    output : str or path-like, default="reproduction"
        Folder for ``results.json``, its short form ``summary.json``, ``results.md``, the
        figures and the features.
    quick : bool, default=False
        Train networks for 5 epochs, once: a check that everything works, not for results.
    n_jobs : int, default=None
        Folds that are trained at a time, as in :func:`cross_validate`.
    verbose : int, default=0
        1 says how long the networks will take and shows a progress bar.

    Returns
    -------
    dict
        What ``results.json`` holds: "settings", "date", "versions", "datasets", "errors" (files
        that could not be read), "runs" (accuracy, seconds, folds and predictions of each) and
        "curves" (of the networks, if the protocol "paper" is among those asked for).

    Raises
    ------
    ValueError
        If a name is unknown, the data allow nothing of what is asked for, or the folder holds
        results of other settings.

    Examples
    --------
    >>> from sklearn_mgc.datasets import load_gtzan_features
    >>> from sklearn_mgc.evaluation import reproduce
    >>> gtzan = load_gtzan_features("features_30_sec.csv")  # doctest: +SKIP
    >>> results = reproduce(gtzan, systems=["logreg", "dnn"])  # doctest: +SKIP
    """
    datasets: dict[str, Bunch] = {"data": data} if isinstance(data, Bunch) else dict(data)
    protocols = [protocols] if isinstance(protocols, str) else protocols
    for asked, known in ((protocols, PROTOCOLS), (systems, SYSTEMS)):
        unknown = [name for name in asked or () if name not in known]
        if unknown:  # before features are computed for an hour
            raise ValueError(f"unknown: {', '.join(unknown)}; choose from {', '.join(known)}")
    folder = as_path(output)
    check_writable(folder / "results.json")
    store = RunStore(folder / "results.json", {"quick": quick})
    inputs = {name: _inputs(bunch, folder, n_jobs, verbose) for name, bunch in datasets.items()}
    for name, found in inputs.items():
        store.add_dataset(name, _about(found.data))
        store.content["errors"][name] = found.errors
    jobs = _plan(inputs, protocols, systems, 1 if quick else n_repeats)
    left = [job for job in jobs if job.key not in store.content["runs"]]
    if verbose:
        print(_time_told(left, inputs, quick))
    with tqdm(total=len(jobs), initial=len(jobs) - len(left), disable=not verbose) as bar:
        for job in left:
            bar.set_description(job.key)
            store.content["runs"][job.key] = _run(job, inputs[job.dataset], quick, n_jobs)
            store.save()
            bar.update()
    store.save()
    write_report(store.content, folder)
    for job in jobs:
        key = f"{job.dataset} | {job.system.name}"
        shown = job.protocol.name == "paper" and _epoch_names(job.system.make())
        if shown and key not in store.content["curves"]:
            store.content["curves"][key] = _curves(job.system, inputs[job.dataset], quick)
            store.save()
    draw_curves(store.content["curves"], folder)
    return store.content


def _plan(inputs: Mapping[str, _Inputs], protocols, systems, n_repeats) -> list[_Job]:
    jobs = []
    for name, found in inputs.items():
        for protocol in (PROTOCOLS[p] for p in feasible(found.data)):
            for system in SYSTEMS.values():
                if (
                    found.kind(system) in found.arrays
                    and protocol.name in (protocols or PROTOCOLS)
                    and system.name in (systems or SYSTEMS)
                ):
                    repeats = range(n_repeats or _repeats(protocol, system))
                    jobs += [_Job(name, system, protocol, repeat) for repeat in repeats]
    if not jobs:
        raise ValueError(
            "the data allows none of the protocols and systems asked for: 'artist' needs "
            "groups, 'fault_filtered' GTZAN's ids, 'best' the 57 columns, and the networks of "
            "spectrograms need audio"
        )
    return jobs


def _repeats(protocol: Protocol, system: System) -> int:
    # Where neither the split nor the system draws anything, once is enough.
    fixed = protocol.name == "fault_filtered" and not _epoch_names(system.make())
    return 1 if fixed else protocol.n_repeats


def _inputs(data, folder: Path, n_jobs, verbose) -> _Inputs:
    table = np.asarray(data.data)
    if table.ndim == 2 and table.dtype.kind == "f":
        kind = "kaggle" if table.shape[1] == 57 else "descriptors"
        return _Inputs(data, {kind: table}, list(data.get("errors", ())))
    from sklearn_mgc.features import HandcraftedFeatures, MelSpectrogram

    common = {
        "on_error": "nan",
        "cache": folder / "features",
        "n_jobs": n_jobs,
        "verbose": verbose,
    }
    arrays = {}
    failed: list[dict] = []
    for kind, transformer in (
        ("descriptors", HandcraftedFeatures("paper", **common)),
        ("kaggle", HandcraftedFeatures("kaggle", **common)),
        ("mel", MelSpectrogram(**common)),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the failed are in the results
            arrays[kind] = transformer.fit_transform(data.data)
        failed += list(transformer.failed_)
    good = np.all([np.isfinite(a).reshape(len(a), -1).all(axis=1) for a in arrays.values()], axis=0)
    kept = Bunch(target=np.asarray(data.target)[good])
    for name in ("groups", "ids"):
        if data.get(name) is not None:
            kept[name] = np.asarray(data[name])[good]
    errors = list(data.get("errors", ())) + failed
    return _Inputs(kept, {kind: a[good] for kind, a in arrays.items()}, errors)


def _about(data) -> dict[str, Any]:
    groups = data.get("groups")
    return {
        "n_clips": len(data.target),
        "n_genres": len(np.unique(data.target)),
        "n_artists": None if groups is None else len(np.unique(groups)),
        "groups": None if groups is None else np.unique(groups, return_inverse=True)[1].tolist(),
        "target": np.asarray(data.target).tolist(),
    }


def run_once(data, X, system: System, protocol: Protocol, repeat: int, *, quick=False, n_jobs=None):
    """Cross-validate one system on one draw of one protocol."""
    y = np.asarray(data.target)
    return cross_validate(
        _shortened(system.make(), quick),
        X,
        y,
        # Where artists are unknown each clip is one, for the inner folds of a search.
        groups=data.get("groups", np.arange(len(y))),
        cv=protocol.cv(data, random_state=repeat, test_size=system.test_size),
        allow_leakage=True,  # what it flatters is shown beside what it is
        random_state=repeat,
        n_jobs=n_jobs,
    )


def _run(job: _Job, inputs: _Inputs, quick: bool, n_jobs) -> dict[str, Any]:
    X = inputs.matrix(job.system)
    given = {"quick": quick, "n_jobs": n_jobs}
    result = run_once(inputs.data, X, job.system, job.protocol, job.repeat, **given)
    return {
        "accuracy": round(result.score, 4),
        "n_test": len(result.sample),
        "n_folds": len(result.folds),
        "seconds": round(sum(f["fit_seconds"] + f["predict_seconds"] for f in result.folds), 1),
        "tested": result.sample.tolist(),
        "predicted": result.predicted.tolist(),
    }


def _curves(system: System, inputs: _Inputs, quick: bool) -> list[dict]:
    """Losses and accuracies of one run of the paper's protocol, its validation clips watched."""
    X, y = inputs.matrix(system), np.asarray(inputs.data.target)
    train, valid, _ = PaperSplit(system.test_size, 0).parts(len(y))
    valid = valid[np.isin(y[valid], y[train])]
    model = _shortened(system.make(), quick)
    before, network = (model[:-1], model[-1]) if isinstance(model, Pipeline) else (None, model)
    X_train, X_valid = X[train], X[valid]
    if before is not None:
        X_train, X_valid = before.fit_transform(X_train), before.transform(X_valid)
    network.set_params(random_state=0).fit(X_train, y[train], X_val=X_valid, y_val=y[valid])
    return [
        {k: round(v, 5) for k, v in row.items() if not k.endswith("seconds")}
        for row in network.history_
    ]


def _time_told(jobs: Sequence[_Job], inputs: Mapping[str, _Inputs], quick: bool) -> str:
    """How long the networks will train, by an epoch of each on a few clips."""
    seconds = 0.0
    per_clip: dict[tuple[str, str], float] = {}
    for job in jobs:
        found, key = inputs[job.dataset], (job.dataset, job.system.name)
        model = _shortened(job.system.make(), quick)
        if not _epoch_names(model):
            continue
        epochs = model.get_params()[_epoch_names(model)[0]]
        if key not in per_clip:
            per_clip[key] = _seconds_per_clip(model, found.matrix(job.system), found.data)
        cv = job.protocol.cv(found.data, test_size=job.system.test_size)
        folds = draw_folds(cv, found.data.target, found.data.get("groups"))
        seconds += sum(len(train) for train, _ in folds) * epochs * per_clip[key]
    if not seconds:
        return f"{len(jobs)} runs."
    told = f"{seconds / 60:.0f} min" if seconds > 90 else f"{seconds:.0f} s"
    return f"{len(jobs)} runs; their networks will train for about {told}, one fold at a time."


def _seconds_per_clip(model, X, data) -> float:
    y = np.asarray(data.target)
    some = np.random.default_rng(0).permutation(len(y))[:200]
    model.set_params(**dict.fromkeys(_epoch_names(model), 2)).fit(X[some], y[some])
    network = model[-1] if isinstance(model, Pipeline) else model
    return network.history_[-1]["train_seconds"] / len(some)


def _epoch_names(model) -> list[str]:
    """Parameters that say how long a network is trained; none of what is not a network."""
    return [name for name in model.get_params() if name.split("__")[-1] == "max_epochs"]


def _shortened(model, quick: bool):
    return model.set_params(**dict.fromkeys(_epoch_names(model), _QUICK_EPOCHS)) if quick else model
