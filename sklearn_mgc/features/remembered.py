"""Properties that are computed once, without a lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class remembered(Generic[Value]):
    """A property that is computed when it is first asked for, and kept by the object.

    `functools.cached_property` of Python 3.11 holds one lock for all objects of a class as long
    as any of them computes: threads that describe different clips would wait for one another,
    and a child forked meanwhile for ever.
    """

    def __init__(self, function: Callable[[Any], Value]):
        self._function, self.__doc__ = function, function.__doc__

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance, _owner: type | None = None) -> Value:
        value = instance.__dict__[self._name] = self._function(instance)
        return value
