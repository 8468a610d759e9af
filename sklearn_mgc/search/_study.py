"""Studies in files and databases: shared by workers, resumed after a crash."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna import Study
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

_HEARTBEAT_SECONDS = 30
_ATTEMPTS = 5


def open_study(
    storage: str | os.PathLike,
    *,
    space: Mapping[str, Any] | None = None,
    name: str = "sklearn_mgc",
    sampler: BaseSampler | None = None,
    pruner: BasePruner | None = None,
) -> Study:
    """Open a study that is kept, or make it.

    Any number of processes may open it and call ``study.optimize``; they share what is
    known. Trials of a process that died are marked as failed and put in line again: those
    of processes of this machine at once, those of other machines after a minute without a
    sign of life, which a database can see and a file cannot.

    Parameters
    ----------
    storage : str or path-like
        A file, for a journal that may also lie on a network drive; or the URL of a
        database, such as "sqlite:///study.db" or "postgresql+psycopg2://user@host/name".
    space : dict, default=None
        Distributions by name, as :func:`objective` takes them. They are kept with the study,
        and a later call with others is refused.
    name : str, default="sklearn_mgc"
        Name of the study in the storage.
    sampler : optuna.samplers.BaseSampler, default=None
        What draws candidates; Optuna's default is TPE.
    pruner : optuna.pruners.BasePruner, default=None
        What gives trials up; Optuna's default is the median.

    Returns
    -------
    optuna.Study
        A study that maximizes.

    Raises
    ------
    ImportError
        If optuna or the driver of the database is not installed.
    ValueError
        If the study was made for another space, or the kind of database is not known.

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
    try:
        import optuna
    except ImportError as error:
        raise ImportError("open_study needs optuna: pip install 'sklearn_mgc[optuna]'") from error
    study = optuna.create_study(
        storage=_storage(storage),
        study_name=name,
        direction="maximize",
        load_if_exists=True,
        sampler=sampler,
        pruner=pruner,
    )
    if space is not None:
        _check_space(study, space, storage)
    _retry_the_dead(study)
    return study


def _storage(storage):
    import optuna

    text = os.fspath(storage)
    if "://" in text:
        return _database(text)
    path = Path(text).expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    backend = optuna.storages.journal.JournalFileBackend(
        str(path), lock_obj=optuna.storages.journal.JournalFileOpenLock(str(path))
    )
    return optuna.storages.JournalStorage(backend)


def _database(url: str):
    import optuna
    from sqlalchemy.exc import DatabaseError

    _check_driver(url)
    for attempt in range(_ATTEMPTS):
        try:
            return optuna.storages.RDBStorage(
                url,
                heartbeat_interval=_HEARTBEAT_SECONDS,
                grace_period=2 * _HEARTBEAT_SECONDS,
                heartbeat_stale_trial_callback=_retry_call(),
            )
        except DatabaseError as error:
            # Workers that are started together all make the tables, and one of them is first.
            if "already exists" not in str(error) or attempt == _ATTEMPTS - 1:
                raise
            time.sleep(0.1 * (attempt + 1))


def _check_driver(url: str) -> None:
    """Say which driver is missing: Optuna says only that one is."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        dialect = make_url(url).get_dialect()
    except (ArgumentError, NoSuchModuleError) as error:
        scheme = url.partition("://")[0]
        raise ValueError(
            f"{scheme}:// is no database that SQLAlchemy knows; try 'sqlite:///study.db' or "
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


def _retry_call():
    def retry(study, trial):
        _enqueue_again(study, trial)

    return retry


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


def _retry_the_dead(study) -> None:
    """Put trials in line again whose process, on this machine, is gone."""
    from optuna.trial import TrialState

    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        host, _, pid = trial.user_attrs.get("worker", "").rpartition(" ")
        if host == socket.gethostname() and not _is_alive(int(pid)):
            try:
                study.tell(trial.number, state=TrialState.FAIL)
            except ValueError:  # another process was faster
                continue
            _enqueue_again(study, trial)


def _enqueue_again(study, trial) -> None:
    study.enqueue_trial(trial.params, user_attrs={"retries": trial.number})


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
