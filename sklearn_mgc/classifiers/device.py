"""The device that a network is on, what it can do, and what to do when it is full."""

from __future__ import annotations

import contextlib
import functools
import warnings
from pathlib import Path
from typing import Any

import torch

_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


def resolve_device(device: str, *, missing_ok: bool = False) -> str:
    """Name the device for "auto", and refuse one that is not there."""
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
    """What the device can do: a model trained in fp16 on a GPU predicts on any CPU.

    bf16 that the processor has to emulate is ten times as slow as float32.

    Warns
    -----
    UserWarning
        When float32 takes the place of bf16.
    """
    if device != "cpu" or precision == "float32":
        return precision
    if precision == "bf16":
        if cpu_has_bf16():
            return "bf16"
        warnings.warn(
            "precision='bf16' would be slower than float32 on this processor, which has neither "
            "AMX nor AVX512-BF16 nor Arm's BF16 instructions: float32 is used",
            stacklevel=2,
        )
    return "float32"


@functools.cache
def cpu_has_bf16() -> bool:
    """Whether the processor multiplies bf16 itself, as torch or the kernel tells."""
    told: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    names = {name for name, there in told.items() if there is True}
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("flags", "Features")):
                names |= set(line.split(":", 1)[1].split())
                break
    return not names.isdisjoint(("amx_bf16", "avx512_bf16", "bf16"))


@contextlib.contextmanager
def computing(estimator):
    """What a caller has set for tensors of their own does not hold here; the end of memory is told.

    Gradients may be off, in a whole notebook or around a call, another device the default, and
    operations cast to other types.
    """
    kind = torch.device(estimator.device_).type
    elsewhere = torch.empty(0).device.type != "cpu"
    try:
        with (
            torch.inference_mode(False),
            torch.enable_grad(),
            torch.autocast(kind, enabled=False),
            torch.device("cpu") if elsewhere else contextlib.nullcontext(),
        ):
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
