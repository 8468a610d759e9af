"""Studies in files and databases: shared by workers, resumed after a crash."""

from __future__ import annotations

import json
import os
import socket
import time
import uuid
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from sklearn_mgc._optional import require
from sklearn_mgc.audio import as_path
from sklearn_mgc.search.journals import mend

if TYPE_CHECKING:
    from optuna import Study
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.trial import Trial

_ATTEMPTS = 6
_MISSED = 2  # signs of life, after which a worker is taken for dead

# Host name and process id return in the next container; this does not.
_TOKEN = uuid.uuid4().hex[:12]


def open_study(
    storage: str | os.PathLike,
    *,
    space: Mapping[str, Any] | None = None,
    name: str = "sklearn_mgc",
    sampler: BaseSampler | None = None,
    pruner: BasePruner | None = None,
    heartbeat: int = 30,
) -> Study:
    """Open a stored study, or create it.

    Any number of processes may open it and call ``study.optimize``; they share what is known.
    Workers send a heartbeat every ``heartbeat`` seconds. Trials of a worker that missed two of them
    are marked as failed, and their parameters are tried once more by whichever worker next opens
    the study or begins a trial.

    Parameters
    ----------
    storage : str or path-like
        A file for a journal, also on a network drive; or the URL of a database, such as
        "sqlite:///study.db" or "postgresql+psycopg2://user@host/name".
    space : dict, default=None
        Distributions by name, as :func:`objective` takes them. They are kept with the study,
        and a later call with others is refused.
    name : str, default="sklearn_mgc"
        Name of the study in the storage.
    sampler : optuna.samplers.BaseSampler, default=None
        Draws the candidates; Optuna's default is TPE.
    pruner : optuna.pruners.BasePruner, default=None
        Gives up trials; Optuna's default is the median pruner.
    heartbeat : int, default=30
        Seconds between two heartbeats. In a journal they are times of the worker's clock: machines
        that share one must agree on the time to within this interval.

    Returns
    -------
    optuna.Study
        A study that maximizes.

    Raises
    ------
    ImportError
        If optuna or the driver of the database is not installed.
    IsADirectoryError
        If the storage is a folder.
    ValueError
        If the study minimizes or was made for another space, the kind of database is not
        known or keeps nothing, or the file is not a journal or database, or is damaged.

    Warns
    -----
    UserWarning
        If a journal ends in a damaged line, as an interrupted write leaves it. The line is moved to
        a file beside the journal, and the study goes on.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mgc import search
    >>> file = os.path.join(tempfile.mkdtemp(), "study.journal")
    >>> study = search.open_study(file, space=search.space(LogisticRegression()))
    >>> study.direction.name
    'MAXIMIZE'
    """
    optuna = require("optuna", extra="optuna", what="studies")
    if heartbeat < 1:
        raise ValueError(f"heartbeat must be at least 1 second, got {heartbeat!r}")
    is_database = "://" in os.fspath(storage)
    with warnings.catch_warnings():
        # Optuna has called its heartbeat experimental since 2021.
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        opened = (
            _database(os.fspath(storage), heartbeat) if is_database else _journal(as_path(storage))
        )
        study = optuna.create_study(
            storage=opened,
            study_name=name,
            direction="maximize",
            load_if_exists=True,
            sampler=sampler,
            pruner=pruner,
        )
    refuse_minimizing(study)
    if space is not None:
        _check_space(study, space, storage)
    if not is_database and study.user_attrs.get("heartbeat") != heartbeat:
        study.set_user_attr("heartbeat", heartbeat)
    retry_the_dead(study)
    return study


def refuse_minimizing(study: Study) -> None:
    """Raise ValueError unless the study has one score, and maximizes it."""
    directions = [direction.name for direction in study.directions]
    if directions != ["MAXIMIZE"]:
        what = "minimizes" if directions == ["MINIMIZE"] else f"has {len(directions)} objectives"
        raise ValueError(
            f"the study {study.study_name!r} {what}, but the objective returns one score, of "
            'which more is better: use optuna.create_study(direction="maximize") or '
            'sklearn_mgc.search.open_study("study.journal")'
        )


@contextmanager
def signs_of_life(trial: Trial) -> Iterator[None]:
    """Tell other workers of a journal, until the end of the trial, that it is worked on."""
    trial.set_user_attr("worker", _worker())
    study = getattr(trial, "study", None)  # a FixedTrial has none
    seconds = None if study is None else study.user_attrs.get("heartbeat")
    if seconds is None:
        yield
        return
    done = Event()

    def beat() -> None:
        # Ends, too, where another worker has taken this one for dead.
        with suppress(Exception):
            while not done.wait(seconds):
                trial.set_user_attr("alive", time.time())

    trial.set_user_attr("alive", time.time())
    thread = Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def retry_the_dead(study: Study) -> None:
    """Mark trials of dead workers as failed, and put their parameters in line again."""
    import optuna
    from optuna.trial import TrialState

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        optuna.storages.fail_stale_trials(study)  # where the storage keeps signs of life
    seconds = study.user_attrs.get("heartbeat")
    if seconds is None:
        return
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if not _is_dead(trial, seconds):
            continue
        try:
            study.tell(trial.number, state=TrialState.FAIL)
        except ValueError:  # another process was faster
            continue
        _enqueue_again(study, trial)


def _is_dead(trial, seconds: float) -> bool:
    worker = trial.user_attrs.get("worker", "")
    if worker == _worker():
        return False
    alive = trial.user_attrs.get("alive")
    if alive is not None:
        return time.time() - alive > _MISSED * seconds
    # Of a trial without a sign of life nothing is known, unless its worker had this
    # process's name and number before it, as in a container that was started anew.
    return worker.split()[:2] == _worker().split()[:2]


def _worker() -> str:
    return f"{socket.gethostname()} {os.getpid()} {_TOKEN}"


def _enqueue_again(study, trial) -> None:
    study.enqueue_trial(trial.params, user_attrs={"retries": trial.number})


def _journal(path: Path):
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    if path.is_dir():
        raise IsADirectoryError(
            f"{path}: is a folder; name a file, such as {path / 'study.journal'}"
        )
    if path.exists() and not path.is_file():  # which would be waited for
        raise ValueError(f"{path}: is a pipe or device; name a file")
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = JournalFileOpenLock(str(path))
    mend(path, lock)
    try:
        return JournalStorage(JournalFileBackend(str(path), lock_obj=lock))
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path}: is damaged or was written by another version of Optuna "
            f"({type(error).__name__}: {error}); restore a copy, or begin another file"
        ) from error


def _database(url: str, heartbeat: int):
    import optuna
    from sqlalchemy.exc import DatabaseError

    _check_driver(url)
    url = _with_folder(url)
    for attempt in range(_ATTEMPTS):
        try:
            return optuna.storages.RDBStorage(
                url,
                heartbeat_interval=heartbeat,
                grace_period=_MISSED * heartbeat,
                heartbeat_stale_trial_callback=_enqueue_again,
            )
        except (DatabaseError, AssertionError) as error:
            # Workers that start together all make the tables and the rows that say which
            # version they are; who is second sees them half made, or is refused.
            if attempt == _ATTEMPTS - 1:
                reason = getattr(error, "orig", None) or error
                raise ValueError(
                    f"{_without_password(url)}: cannot be opened as a study's database ({reason})"
                ) from error
            time.sleep(0.1 * (attempt + 1))
    raise AssertionError("the last attempt returns or raises")


def _with_folder(url: str) -> str:
    """The URL of a database whose folder is there, if it is a file, and one's home written out."""
    from sqlalchemy.engine import make_url

    parsed = make_url(url)
    name = parsed.database or ":memory:"
    if parsed.get_backend_name() != "sqlite" or name.startswith("file:"):
        return url
    if name == ":memory:":
        raise ValueError(f"{url} keeps nothing; name a file, such as 'sqlite:///study.db'")
    file = as_path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    return parsed.set(database=str(file)).render_as_string(hide_password=False)


def _check_driver(url: str) -> None:
    """Say which driver is missing: Optuna says only that one is."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        dialect = make_url(url).get_dialect()
    except (ArgumentError, NoSuchModuleError) as error:
        scheme = url.partition("://")[0]
        raise ValueError(
            f"{scheme}:// is not a database that SQLAlchemy knows; try 'sqlite:///study.db' or "
            "'postgresql+psycopg2://user@host/name'"
        ) from error
    try:
        dialect.import_dbapi()
    except ImportError as error:
        hint = ""
        if dialect.name == "postgresql":
            hint = "; pip install psycopg2-binary, and begin the URL with postgresql+psycopg2://"
        raise ImportError(
            f"the study is in a database whose driver {dialect.driver} cannot be imported "
            f"({error}){hint}"
        ) from error


def _without_password(storage) -> str:
    text = os.fspath(storage)
    if "://" not in text:
        return text
    from sqlalchemy.engine import make_url

    return make_url(text).render_as_string(hide_password=True)


def _check_space(study, space, storage) -> None:
    from optuna.distributions import CategoricalDistribution, distribution_to_json

    def text(values) -> str:
        if isinstance(values, CategoricalDistribution):
            return json.dumps([repr(choice) for choice in values.choices])
        return distribution_to_json(values)

    asked = {key: text(values) for key, values in sorted(space.items())}
    kept = study.user_attrs.get("space")
    if kept is None:
        study.set_user_attr("space", asked)
    elif kept != asked:
        names = sorted(n for n in {*kept, *asked} if kept.get(n) != asked.get(n))
        where = _without_password(storage)
        raise ValueError(
            f"the study {study.study_name!r} in {where} has another space ({', '.join(names)} "
            "differ): choose another name or another file"
        )
