"""What one call may still take under the ceilings of its rules, and what it took."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

from backends.base import Column, Limits
from catalog.masking import CellMask
from policy.ceilings import Ceiling
from server.budgets.counters import Key
from server.budgets.ledger import Ledger

BUDGET = "budget"
"""`truncated` of an answer that was cut because a ceiling has no more left."""


@dataclass(slots=True)
class Part:
    """One reservation. `probe` is what is remembered as asked once the call has run."""

    ceiling: Ceiling
    key: Key
    amount: int
    probe: Hashable = None
    used: int = 0


class Spending:
    """Bounds one execution and counts it. Make it from reservations; `close` gives back what was not used.

    Nothing is counted before `limits` was called: that is the start of the execution.
    """

    __slots__ = ("_bytes", "_cells", "_clock", "_ledger", "_parts", "_rows", "_started", "cut")

    def __init__(
        self, ledger: Ledger, parts: Sequence[Part] = (), *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ledger, self._parts, self._clock = ledger, tuple(parts), clock
        self._rows = [part for part in parts if part.ceiling.measure == "rows"]
        self._bytes = [part for part in parts if part.ceiling.measure == "bytes"]
        self._cells = [part for part in parts if part.ceiling.measure == "cells"]
        self._started: float | None = None
        self.cut: Ceiling | None = None
        """The ceiling at which the answer was cut."""

    def limits(self, limits: Limits) -> Limits:
        """The bounds of the execution that starts now, lowered to what is left."""
        if not self._parts:
            return limits
        self._started = self._clock()
        seconds = [part.amount / 1000 for part in self._parts if part.ceiling.measure == "time"]
        return replace(
            limits,
            max_rows=min([limits.max_rows, *(part.amount for part in self._rows)]),
            max_bytes=min([limits.max_bytes, *(part.amount for part in self._bytes)]),
            timeout=min([limits.timeout, *seconds]),
        )

    def count(self, rows: list[list[str | None]], masks: Sequence[CellMask | None], columns: Sequence[Column]) -> None:
        """Count rows before they are masked, and drop those that no ceiling has room for."""
        if self.cut is not None:
            rows.clear()
        for part in self._rows:
            self._keep(rows, part.amount - part.used, part)
        for part in self._cells:
            self._keep(rows, self._new_cells(rows, part, masks=masks, columns=columns), part)
        for part in self._rows:
            part.used += len(rows)

    def count_bytes(self, rows: Sequence[Sequence[str | None]]) -> None:
        """Count what leaves, after masking."""
        if self._bytes:
            size = sum(len(cell) if cell.isascii() else len(cell.encode()) for row in rows for cell in row if cell)
            for part in self._bytes:
                part.used += size

    def charge(self, *, rows: int, size: int, cells: int) -> None:
        """Count what passed through a door that counts by itself; `size` in bytes, `cells` all that were masked."""
        for parts, amount in ((self._rows, rows), (self._bytes, size), (self._cells, cells)):
            for part in parts:
                part.used += amount

    def word(self, truncated: str, limits: Limits) -> str:
        """What the answer says: "budget" where the bound that cut it was what a ceiling had left."""
        parts = {"rows": self._rows, "bytes": self._bytes}.get(truncated, [])
        bound = {"rows": limits.max_rows, "bytes": limits.max_bytes}.get(truncated, 0)
        for part in parts:
            if self.cut is None and part.amount < bound:
                self.cut = part.ceiling
                part.used = max(part.used, part.amount)
        return BUDGET if self.cut is not None else truncated

    def too_large(self, limits: Limits) -> None:
        """A single row was larger than the bytes that were left: that rest is of no use to anybody."""
        for part in self._bytes:
            if part.amount < limits.max_bytes:
                part.used, self.cut = part.amount, part.ceiling

    def close(self) -> None:
        """Settle everything; a second call does nothing."""
        ran = self._started is not None
        for part in self._parts:
            used = self._used(part) if ran else 0
            self._ledger.settle(part.key, reserved=part.amount, used=min(used, part.amount))
            if ran and part.probe is not None:
                self._ledger.account(part.key).seen.add(part.probe)
        self._parts = ()

    def _used(self, part: Part) -> int:
        match part.ceiling.measure:
            case "statements":
                return 1
            case "probes":
                return part.amount
            case "time":
                return max(1, round((self._clock() - (self._started or 0.0)) * 1000))
            case _:
                return part.used

    def _keep(self, rows: list[list[str | None]], count: int, part: Part) -> None:
        if len(rows) > count:
            del rows[count:]
            self.cut = part.ceiling

    def _new_cells(
        self,
        rows: Sequence[Sequence[str | None]],
        part: Part,
        *,
        masks: Sequence[CellMask | None],
        columns: Sequence[Column],
    ) -> int:
        """Counts values of masked columns that were not counted before; how many rows there is room for."""
        seen = self._ledger.account(part.key).seen
        hidden = [
            (index, str(column.origin or column.name))
            for index, (mask, column) in enumerate(zip(masks, columns, strict=True))
            if mask is not None
        ]
        for number, row in enumerate(rows):
            new = {hash((name, row[index])) for index, name in hidden if row[index] is not None} - seen
            if part.used + len(new) > part.amount:
                return number
            part.used += len(new)
            seen |= new
        return len(rows)
