"""How many threads torch's operations use: a team where it pays, else one.

Each operation of a team waits for its slowest thread, and on a machine whose cores are busy
that is a slice of the scheduler's, milliseconds long: steps of a few rows took a hundred times
as long. The limit is the calling thread's own (OpenMP keeps it per thread), unlike that of
``torch.set_num_threads``, which threads that begin later inherit. (A thread that called that
function itself keeps its number in MKL's matrix products.)
"""

from __future__ import annotations

import contextlib
import functools
import os

import torch
from threadpoolctl import ThreadpoolController

PAYS = 2**31
"""Multiply-adds of an operation, a twentieth of a second of a core, from which a team pays."""


def team(largest_product: int):
    """Context in which torch may use a team, or one thread where operations are small."""
    if largest_product >= PAYS:
        return contextlib.nullcontext()
    torch.get_num_threads()  # in a new thread torch sets its default, once
    return _openmp().limit(limits=1)


@functools.cache
def _openmp() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="openmp")


if hasattr(os, "register_at_fork"):
    # The team stays behind in the parent; a child that waits for it waits for ever.
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))
