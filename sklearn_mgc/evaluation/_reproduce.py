"""Every system under every protocol that the data allows, one stored run at a time."""

from __future__ import annotations

import json
import os
import platform
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch
from tqdm import tqdm

from sklearn_mgc._routing import fit_parameter
from sklearn_mgc.classifiers import DNNClassifier
from sklearn_mgc.evaluation._report import write_report
from sklearn_mgc.evaluation.protocols import PROTOCOLS, feasible, splits
from sklearn_mgc.evaluation.systems import SYSTEMS, System
from sklearn_mgc.recipes import paper
from sklearn_mgc.search._checks import gpu_of
from sklearn_mgc.search._cpu import train as train_together
from sklearn_mgc.search._folds import Fold
from sklearn_mgc.search._nets import start

_QUICK_EPOCHS = 5
_PACKAGES = ("sklearn_mgc", "scikit-learn", "skorch", "torch", "librosa", "numpy")


@dataclass(frozen=True)
class _Job:
    dataset: str
    system: System
    protocol: str
    repeat: int

    @property
    def key(self) -> str:
        return " | ".join([self.dataset, self.system.name, self.protocol, str(self.repeat)])


def reproduce(
    data,
    *,
    protocols: str | Sequence[str] | None = None,
    systems: Sequence[str] | None = None,
    n_repeats: int | None = None,
    output: str | os.PathLike = "reproduction",
    quick: bool = False,
    n_jobs: int | None = None,
    verbose: int = 1,
) -> dict[str, Any]:
    """Run the paper's systems, and those to compare them with, under several protocols.

    Each run is stored as soon as it ends: an interrupted call goes on where it was.

    Parameters
    ----------
    data : Bunch or mapping of str to Bunch
        What a ``load_*`` function of :mod:`sklearn_mgc.datasets` returns: a table of
        descriptors, or paths, of which descriptors and spectrograms are computed first; or
        several, by name.
    protocols : str or sequence of str, default=None
        Of :data:`sklearn_mgc.evaluation.protocols.PROTOCOLS`; None is all that the data
        allows.
    systems : sequence of str, default=None
        Of :data:`sklearn_mgc.evaluation.systems.SYSTEMS`; None is all that the data allows.
    n_repeats : int, default=None
        Draws, or seeds, of each protocol; None is the protocol's own number.
    output : str or path-like, default="reproduction"
        Folder for ``results.json``, its short form ``summary.json``, ``results.md``, the
        figures and the features.
    quick : bool, default=False
        Train networks for 5 epochs, once: to see that all works, not for results.
    n_jobs : int, default=None
        Splits that are trained at a time.
    verbose : int, default=1
        0 is silent, 1 shows a progress bar.

    Returns
    -------
    dict
        What ``results.json`` holds: "settings", "versions", "errors" (files that could not
        be read), "runs" (accuracy, seconds and predictions of each) and "curves".

    Raises
    ------
    ValueError
        If a name is unknown, the data allows nothing of what is asked, or the folder holds
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
    folder = Path(output).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    store = _Store(folder / "results.json", {"quick": quick})
    inputs = {name: _inputs(bunch, folder, n_jobs, verbose) for name, bunch in datasets.items()}
    for name, (bunch, _, errors) in inputs.items():
        store.add_dataset(name, _about(bunch))
        store.content["errors"][name] = errors
    jobs = _plan(inputs, protocols, systems, 1 if quick else n_repeats)
    left = [job for job in jobs if job.key not in store.content["runs"]]
    with tqdm(total=len(jobs), initial=len(jobs) - len(left), disable=not verbose) as bar:
        for job in left:
            bar.set_description(job.key)
            bunch, arrays, _ = inputs[job.dataset]
            run = _run(job, bunch, _matrix(job.system, arrays), quick, n_jobs)
            store.content["runs"][job.key] = run
            store.save()
            bar.update()
    for job in jobs:
        key = f"{job.dataset} | {job.system.name}"
        if job.system.name in paper.SYSTEMS and key not in store.content["curves"]:
            bunch, arrays, _ = inputs[job.dataset]
            matrix = _matrix(job.system, arrays)
            store.content["curves"][key] = _curves(job.system, bunch, matrix, quick)
            store.save()
    store.save()
    write_report(store.content, folder)
    return store.content


class _Store:
    """results.json, written as a whole or not at all."""

    def __init__(self, path: Path, settings: dict):
        self._path = path
        self.content: dict[str, Any] = {
            "settings": settings,
            "date": date.today().isoformat(),
            "versions": {name: version(name) for name in _PACKAGES}
            | {"python": platform.python_version()},
            "datasets": {},
            "errors": {},
            "runs": {},
            "curves": {},
        }
        if not path.exists():
            return
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            differs = stored["settings"] != settings
        except (ValueError, KeyError) as error:
            raise ValueError(f"{path} is no file of results; move it away") from error
        if differs:
            raise ValueError(
                f"{path} holds results with {stored['settings']}, not {settings}: "
                "choose another output folder"
            )
        if stored["versions"] != self.content["versions"]:
            warnings.warn(
                f"{path} holds runs of other versions ({stored['versions']}); new ones are added "
                "to them, and the report names the old",
                stacklevel=3,
            )
        self.content = stored

    def add_dataset(self, name: str, about: dict) -> None:
        """Refuse other clips under a name that has results."""
        if self.content["datasets"].setdefault(name, about) != about:
            raise ValueError(
                f"{self._path} holds results of other clips as {name!r}: choose another output "
                "folder, or another name"
            )

    def save(self) -> None:
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(self.content, indent=1, ensure_ascii=False), encoding="utf-8")
        new.replace(self._path)


def _plan(inputs, protocols, systems, n_repeats) -> list[_Job]:
    jobs = []
    for name, (bunch, arrays, _) in inputs.items():
        possible = feasible(bunch)
        for protocol in PROTOCOLS.values():
            if protocol.name not in possible or protocol.name not in (protocols or possible):
                continue
            for system in SYSTEMS.values():
                if _matrix(system, arrays) is None or system.name not in (systems or SYSTEMS):
                    continue
                repeats = range(n_repeats or _repeats(protocol.name, system))
                jobs += [_Job(name, system, protocol.name, r) for r in repeats]
    if not jobs:
        raise ValueError(
            "the data allows none of the protocols and systems asked for: 'artist' needs "
            "groups, 'fault_filtered' GTZAN's ids, 'best' the 57 columns, and the networks of "
            "spectrograms need audio"
        )
    return jobs


def _repeats(protocol: str, system: System) -> int:
    # Where neither the split nor the system draws anything, once is enough.
    fixed = protocol == "fault_filtered" and system.name not in paper.SYSTEMS
    return 1 if fixed else PROTOCOLS[protocol].n_repeats


def _inputs(data, folder: Path, n_jobs, verbose) -> tuple[Bunch, dict[str, np.ndarray], list]:
    """Arrays of a data set, with the clips that could be read."""
    table = np.asarray(data.data)
    if table.ndim == 2 and table.dtype.kind == "f":
        kind = "kaggle" if table.shape[1] == 57 else "descriptors"
        return data, {kind: table}, list(data.get("errors", ()))
    from sklearn_mgc.features import HandcraftedFeatures, MelSpectrogram

    common = {"on_error": "nan", "cache": folder / "features", "n_jobs": n_jobs}
    arrays = {}
    failed: list[dict] = []
    for kind, transformer in (
        ("descriptors", HandcraftedFeatures("paper", verbose=verbose, **common)),
        ("kaggle", HandcraftedFeatures("kaggle", verbose=verbose, **common)),
        ("mel", MelSpectrogram(verbose=verbose, **common)),
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
    return kept, {kind: a[good] for kind, a in arrays.items()}, errors


def _about(data) -> dict[str, Any]:
    groups = data.get("groups")
    return {
        "n_clips": len(data.target),
        "n_genres": len(np.unique(data.target)),
        "n_artists": None if groups is None else len(np.unique(groups)),
        "groups": None if groups is None else np.unique(groups, return_inverse=True)[1].tolist(),
        "target": np.asarray(data.target).tolist(),
    }


def _matrix(system: System, arrays: Mapping[str, np.ndarray]) -> np.ndarray | None:
    found = arrays.get(system.reads)
    # The 57 columns are descriptors too, where the paper's 25 are not given.
    return arrays.get("kaggle") if found is None and system.reads == "descriptors" else found


def _run(job: _Job, data, X, quick: bool, n_jobs) -> dict[str, Any]:
    share = paper.TEST_SHARE.get(job.system.name, 0.1)
    y = np.asarray(data.target)
    groups = np.asarray(data.get("groups", np.arange(len(y))))
    drawn = splits(job.protocol, data, seed=job.repeat, test_share=share)
    started = time.perf_counter()
    model = _shortened(job.system.make(job.repeat), quick)
    if _is_dense(model) and gpu_of(model) is None:
        predicted = _predict_together(model, X, y, drawn, n_jobs)
    else:
        predicted = joblib.Parallel(n_jobs)(
            joblib.delayed(_fit_predict)(clone(model), X, y, groups, train, test)
            for train, test in drawn
        )
    tested = np.concatenate([test for _, test in drawn])
    right = np.concatenate(predicted) == y[tested]
    return {
        "accuracy": round(float(right.mean()), 4),
        "n_test": len(tested),
        "seconds": round(time.perf_counter() - started, 1),
        "tested": tested.tolist(),
        "predicted": np.concatenate(predicted).tolist(),
    }


def _fit_predict(model, X, y, groups, train, test):
    name = fit_parameter(model, "groups")  # the inner folds of a search are by artist too
    model.fit(X[train], y[train], **({name: groups[train]} if name else {}))
    return model.predict(X[test])


def _predict_together(model, X, y, drawn, n_jobs) -> list[np.ndarray]:
    """Predictions of a dense network on each fold, all folds trained by the search's loop.

    It trains a network as the network trains itself, ten times as fast.
    """
    folds = [Fold(model, X, y, train, test, {}, {}) for train, test in drawn]
    nets = [start(fold.candidate({}), fold.X_train, fold.y_train) for fold in folds]
    train_together(nets, [net.estimator.max_epochs for net in nets], lambda n: None, n_jobs)
    for net in nets:
        if net.error is not None:
            raise net.error
    return [net.finish().predict(fold.X_test) for net, fold in zip(nets, folds, strict=True)]


def _curves(system: System, data, X, quick: bool) -> list[dict]:
    """Losses and accuracies of one run of the paper's protocol, its validation clips watched."""
    share = paper.TEST_SHARE[system.name]
    y = np.asarray(data.target)
    train, test = splits("paper", data, seed=0, test_share=share)[0]
    valid = np.setdiff1d(np.arange(len(y)), np.concatenate([train, test]))
    valid = valid[np.isin(y[valid], y[train])]
    model = _shortened(system.make(0), quick)
    before, network = (model[:-1], model[-1]) if isinstance(model, Pipeline) else (None, model)
    X_train, X_valid = X[train], X[valid]
    if before is not None:
        X_train, X_valid = before.fit_transform(X_train), before.transform(X_valid)
    network.fit(X_train, y[train], X_val=X_valid, y_val=y[valid])
    return [
        {k: round(v, 5) for k, v in row.items() if not k.endswith("seconds")}
        for row in network.history_
    ]


def _is_dense(model) -> bool:
    return isinstance(model, Pipeline) and isinstance(model[-1], DNNClassifier)


def _shortened(model, quick: bool):
    if quick:
        names = [name for name in model.get_params() if name.endswith("max_epochs")]
        model.set_params(**dict.fromkeys(names, _QUICK_EPOCHS))
    return model
