"""The cells of one table that should be masked: whole columns by their verdicts, and parts of the others' cells.

This is what `warded catalog classify` prints; columns of results on the wire are judged by the same two steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from catalog.classify import ColumnView, Verdict, classify_table
from catalog.columntypes import Family, parse_type
from catalog.model import Label
from catalog.sweep import sweep

_PLAIN = frozenset({Family.BOOL, Family.DATE, Family.TIMESTAMP, Family.TIMESTAMPTZ, Family.UUID, Family.FLOAT})

Spans = Callable[[str], Sequence[tuple[int, int, str]]]
"""Sensitive parts of one prose text: start, end (in characters) and label."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as text: `rows` may be shorter or longer than `columns` (name and declared type); None is null."""

    name: str
    columns: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[str | None]]


@dataclass(frozen=True, slots=True, order=True)
class CellFinding:
    """`end` 0 = the whole cell, else characters `start` to `end` of it."""

    row: int
    col: int
    label: str
    start: int = 0
    end: int = 0


def find_cells(table: Table, *, spans: Spans) -> list[CellFinding]:
    """Every sensitive cell or part of one, by row and column. Raises ModelRefused without the pinned model."""
    values = _by_column(table)
    views = [_view(table, place, column) for place, column in enumerate(values)]
    verdicts = classify_table(table.name, views)
    found: list[CellFinding] = []
    for place, (view, verdict) in enumerate(zip(views, verdicts, strict=True)):
        found.extend(_of_column(place, view, verdict, spans=spans))
    return sorted(found)


def _by_column(table: Table) -> list[tuple[str | None, ...]]:
    if not table.rows:
        return [() for _ in table.columns]
    turned = list(zip_longest(*table.rows))
    return turned + [(None,) * len(table.rows)] * (len(table.columns) - len(turned))


def _view(table: Table, place: int, values: Sequence[str | None]) -> ColumnView:
    name, declared = table.columns[place] if place < len(table.columns) else ("", "")
    return ColumnView(name, declared, ["" if value is None else value for value in values])


def _of_column(place: int, view: ColumnView, verdict: Verdict | None, *, spans: Spans) -> Iterator[CellFinding]:
    whole = verdict is not None and not verdict.mixed and verdict.label is not Label.TEXT
    if verdict is not None and whole:
        label = verdict.label.value
        yield from (CellFinding(row, place, label) for row, value in enumerate(view.values) if value.strip())
        return
    if view.type and parse_type(view.type).family in _PLAIN:
        return
    taken: set[int] = set()
    if verdict is not None and not verdict.mixed:
        for row, value in enumerate(view.values):
            for start, end, label in spans(value) if value.strip() else ():
                taken.add(row)
                yield CellFinding(row, place, label, start=start, end=end)
    yield from _swept(place, view, taken)


def _swept(place: int, view: ColumnView, taken: set[int]) -> Iterator[CellFinding]:
    """Hard evidence in cells of columns that are clean, or where the lane for prose saw nothing."""
    for hit in sweep(view.values):
        if hit.cell in taken:
            continue
        if hit.start == 0 and hit.end == len(view.values[hit.cell]):
            yield CellFinding(hit.cell, place, hit.label.value)
        else:
            yield CellFinding(hit.cell, place, hit.label.value, start=hit.start, end=hit.end)
