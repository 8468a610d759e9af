"""The device that a network is on, what it can do, and what to do when it is full."""

from __future__ import annotations

import contextlib

import torch

_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


def resolve_device(device: str, *, missing_ok: bool = False) -> str:
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind = torch.device(device).type  # a clear error for a name that is none
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if there.get(kind, True):
        return device
    if missing_ok:
        return "cpu"
    raise ValueError(f"device={device!r} is not available here; use device='auto' or 'cpu'")


def possible_precision(precision: str, device: str) -> str:
    """What the device can do: a model trained in fp16 on a GPU predicts on any CPU."""
    return "float32" if precision == "fp16" and device == "cpu" else precision


@contextlib.contextmanager
def memory_hint(estimator):
    """Out of memory, said in words that help."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        text = str(error)
        if not isinstance(error, MemoryError) and not any(t in text for t in _OUT_OF_MEMORY):
            raise
        size = estimator.batch_size
        hint = f"try batch_size={size // 2}" if size > 1 else "use a smaller network or input"
        raise MemoryError(
            f"{type(estimator).__name__} ran out of memory on {estimator.device_} with "
            f"batch_size={size}: {hint}"
        ) from error
