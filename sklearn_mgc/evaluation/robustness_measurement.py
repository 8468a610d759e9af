"""Tell whether a classifier hears the music, or the way it was recorded.

A model whose predictions flip when a clip is made 3 dB louder listens to something other than
its genre: Sturm's "horse", that answers well for the wrong reason.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from sklearn.utils.validation import column_or_1d
from tqdm import tqdm

from sklearn_mgc._optional import require
from sklearn_mgc.audio import decode_blocks, downmix
from sklearn_mgc.evaluation.perturbations import Condition, robustness_conditions
from sklearn_mgc.evaluation.robustness_results import RobustnessResult

_BATCH_SECONDS = 1800.0  # of audio in memory, and once more in temporary files
_BATCH_CLIPS = 64


def robustness(
    estimator,
    X: Sequence,
    y: Sequence,
    *,
    groups=None,
    conditions: Mapping[str, Condition] | Iterable[str] | None = None,
    sample_rate: int = 22050,
    confidence_level: float = 0.95,
    random_state=None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> RobustnessResult:
    """Measure how a fitted classifier copes with changes that leave the genre as it is.

    Each clip is decoded, mixed to mono at its own sample rate, changed, and classified again: as a
    temporary WAV file if paths were given, else as a waveform. Predictions are compared clip by
    clip.

    Parameters
    ----------
    estimator : estimator
        A fitted classifier of paths or waveforms. It must not have been trained on these clips:
        what it knows by heart it also recognises in noise.
    X : sequence of n paths or waveforms
        Test clips, as for the estimator's ``predict``.
    y : array-like of shape (n,)
        Their genres.
    groups : array-like of shape (n,), default=None
        Their artists. With them, intervals count artists and are as wide as they should be.
    conditions : dict of str to callable, or iterable of str, default=None
        Functions ``(waveform, sample_rate) -> waveform`` by name, which return None for a clip to
        be left out; or names from `robustness_conditions`, or their first words: ``["gain", "mp3 64
        kbit/s"]``. By default all of those.
    sample_rate : int, default=22050
        Rate of waveforms in Hz; files have their own.
    confidence_level : float, default=0.95
        Level of the intervals.
    random_state : int, RandomState instance or None, default=None
        Seed of the noise.
    n_jobs : int, default=None
        Number of threads that change the clips, as in joblib. Features are computed by the
        estimator, with its own ``n_jobs``.
    verbose : int, default=0
        1 shows progress.

    Returns
    -------
    RobustnessResult
        Print it, or see its ``rows``, ``predictions``, ``verdict``, ``to_frame()`` and
        ``plot()``.

    Raises
    ------
    AudioError
        For a file that cannot be decoded.
    ValueError
        If lengths differ, a condition is unknown, or one returns no mono waveform.

    See Also
    --------
    robustness_conditions : The default conditions, to choose from or add to.

    References
    ----------
    .. [1] B. L. Sturm, "A simple method to determine if a music information retrieval
       system is a 'horse'", IEEE Transactions on Multimedia 16, 2014.
    .. [2] A. Agresti and Y. Min, "Simple improved confidence intervals for comparing
       matched proportions", Statistics in Medicine 24, 2005.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_mgc import HandcraftedFeatures
    >>> from sklearn_mgc.datasets import make_music
    >>> from sklearn_mgc.evaluation import robustness
    >>> music = make_music(n_tracks=24, duration=1.0, random_state=0)
    >>> model = make_pipeline(HandcraftedFeatures(), StandardScaler(), LogisticRegression())
    >>> model = model.fit(music.data[:12], music.target[:12])
    >>> result = robustness(
    ...     model, music.data[12:], music.target[12:], conditions=["gain"], verbose=0)
    >>> [row["condition"] for row in result.rows[:3]]
    ['clean', 'gain -20 dB', 'gain -6 dB']
    """
    from sklearn_mgc.features.inputs import as_clips

    clips = as_clips(X)
    y_true = column_or_1d(np.asarray(y, dtype=object), warn=True)
    if y_true.shape != (len(clips),):
        raise ValueError(f"y has shape {y_true.shape}; there are {len(clips)} clips")
    groups = None if groups is None else column_or_1d(np.asarray(groups), warn=True)
    if groups is not None and groups.shape != y_true.shape:
        raise ValueError(f"groups have shape {groups.shape}; there are {len(clips)} clips")
    if not 0 < confidence_level < 1:
        raise ValueError(f"confidence_level must be in (0, 1), got {confidence_level!r}")
    chosen = _choose(conditions, random_state)
    predictions = {name: np.full(len(clips), None, dtype=object) for name in ("clean", *chosen)}
    total = len(clips) * len(predictions)
    with tqdm(total=total, desc="robustness", unit="clip", disable=not verbose) as bar:
        done = 0
        for batch in _batches(clips, sample_rate, n_jobs):
            places = np.arange(done, done + len(batch))
            done += len(batch)
            predictions["clean"][places] = _predict(estimator, [clips[i] for i in places])
            bar.update(len(batch))
            for name, change in chosen.items():
                changed = _change(name, change, batch, n_jobs)
                use = [i for i, y in enumerate(changed) if y is not None]
                if use:
                    sounds = [(changed[i], batch[i][1]) for i in use]
                    as_files = [not isinstance(clips[places[i]], np.ndarray) for i in use]
                    predictions[name][places[use]] = _predict_changed(
                        estimator, sounds, as_files[0]
                    )
                bar.update(len(batch))
    return RobustnessResult(y_true, predictions, groups, confidence_level)


def _choose(conditions, random_state) -> dict[str, Condition]:
    if isinstance(conditions, str):
        raise TypeError(f"conditions must be a dict or several names, got {conditions!r}")
    if isinstance(conditions, Mapping):
        chosen = dict(conditions)
    else:
        known = robustness_conditions(random_state)
        wanted = list(known) if conditions is None else list(conditions)
        for name in wanted:
            if not any(_means(name, full) for full in known):
                raise ValueError(f"unknown condition {name!r}; choose from {list(known)}")
        chosen = {
            full: change
            for full, change in known.items()
            if any(_means(name, full) for name in wanted)
        }
    if "clean" in chosen:
        raise ValueError("'clean' is the name of the clips as they are; call it otherwise")
    return chosen


def _means(name: str, full: str) -> bool:
    return name in (full, full.split(" ")[0])


def _batches(clips: list, sample_rate: int, n_jobs):
    """Waveforms with their rates, so many at a time as fit in memory."""
    from sklearn_mgc.features.workers import run

    start = 0
    size = 8  # until the clips' length is known
    while start < len(clips):
        part = clips[start : start + size]
        tasks = ((clip, sample_rate) for clip in part)
        found = list(run(_read, tasks, n_jobs=n_jobs, prefer="threads"))
        yield found
        start += len(part)
        longest = max(len(y) / rate for y, rate in found)
        size = int(np.clip(_BATCH_SECONDS / longest, 1, _BATCH_CLIPS))


def _read(clip, sample_rate: int) -> tuple[np.ndarray, int]:
    if isinstance(clip, np.ndarray):
        return clip.astype(np.float32, copy=False), sample_rate
    blocks, rate = [], sample_rate
    for samples, rate in decode_blocks(clip):  # noqa: B007
        blocks.append(downmix(samples))
    return np.concatenate(blocks), rate


def _change(name: str, change: Condition, batch: list, n_jobs) -> list:
    from sklearn_mgc.features.workers import run

    def one(y, rate):
        # A copy: a function that works in place must not change what the next one hears.
        changed = change(y.copy(), rate)
        if changed is not None:
            changed = np.asarray(changed, dtype=np.float32)
            if changed.ndim != 1 or not len(changed) or not np.isfinite(changed).all():
                raise ValueError(
                    f"condition {name!r} must return a mono waveform (n_samples,) of finite "
                    f"numbers, or None; got shape {changed.shape}"
                )
        return changed

    return list(run(one, batch, n_jobs=n_jobs, prefer="threads"))


def _predict_changed(estimator, sounds: list, as_files: bool) -> np.ndarray:
    if not as_files:
        return _predict(estimator, [y for y, _ in sounds])
    soundfile = require("soundfile", what="sound files")
    with tempfile.TemporaryDirectory(prefix="sklearn_mgc-") as folder:
        files = []
        for i, (y, rate) in enumerate(sounds):
            files.append(os.path.join(folder, f"{i}.wav"))
            # Floats: neither rounded nor clipped, so that only the condition counts.
            soundfile.write(files[-1], y, rate, subtype="FLOAT")
        return _predict(estimator, files)


def _predict(estimator, clips: list) -> np.ndarray:
    if not isinstance(clips[0], np.ndarray):
        clips = np.array(clips, dtype=object)  # type: ignore[assignment]
    return np.asarray(estimator.predict(clips), dtype=object)
