"""Remembers a bounded number of answers, the oldest goes first."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Memory(Generic[Value]):
    """For answers that follow from their key alone. Never holds more than `size`."""

    __slots__ = ("_known", "_size")

    def __init__(self, size: int = 2048) -> None:
        self._known: dict[Hashable, Value] = {}
        self._size = size

    def get(self, key: Hashable) -> Value | None:
        return self._known.get(key)

    def put(self, key: Hashable, value: Value) -> Value:
        if len(self._known) >= self._size:
            self._known.pop(next(iter(self._known)), None)
        self._known[key] = value
        return value

    def clear(self) -> None:
        self._known.clear()
