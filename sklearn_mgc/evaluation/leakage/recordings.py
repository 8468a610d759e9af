"""Which clips are bit by bit the same, and which are one recording."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

from sklearn_mgc.audio import AudioError, decode_blocks
from sklearn_mgc.evaluation.leakage.fingerprints import fingerprint, same_recordings
from sklearn_mgc.features.inputs import as_clips
from sklearn_mgc.features.workers import run


def listen(X, near: bool, sample_rate: int, n_jobs: int | None, verbose: int):
    """Hashes of clips, and pairs of clips that are one recording (none if not searched)."""
    clips = as_clips(X)
    tasks = ((clip, near, sample_rate) for clip in clips)
    results = run(_hear, tasks, n_jobs=n_jobs, prefer="threads")
    bar = tqdm(results, "leakage_report", len(clips), unit="clip", disable=not verbose)
    hashes, prints = zip(*bar, strict=True)
    return hashes, same_recordings(prints) if near else np.empty((0, 2), dtype=int)


def _hear(clip, near: bool, sample_rate: int):
    digest = hash_rows([clip])[0] if isinstance(clip, np.ndarray) else _hash_file(clip)
    return digest, fingerprint(clip, sample_rate) if near and digest else None


def _hash_file(path) -> str:
    """Hash of what is decoded, so that a copy in another lossless format is one; "" if none is."""
    content = hashlib.sha256()
    try:
        for samples, rate in decode_blocks(path):
            content.update(f"{rate} {samples.shape[1]}".encode())
            content.update(np.ascontiguousarray(samples).data)
    except AudioError:
        return ""
    return content.hexdigest()


def hash_rows(X: Sequence) -> list[str]:
    """Hash of each row of an array or list of arrays, "" where a number is not finite."""
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    hashes = []
    for row in X:
        row = np.asarray(row)
        if row.dtype == object:
            row = row.astype(np.float64)
        finite = row.dtype.kind not in "fc" or bool(np.isfinite(row).all())
        # Adding zero makes one zero of the two.
        data = np.ascontiguousarray(row + row.dtype.type(0) if row.dtype.kind == "f" else row)
        hashes.append(hashlib.sha256(data.data).hexdigest() if finite else "")
    return hashes
