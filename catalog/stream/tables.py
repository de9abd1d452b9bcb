"""Lines that are rows of a table: psql, MySQL's boxes, kubectl and other aligned columns, CSV and tabs, psql's records.

Columns are judged by `catalog.classify` as rows come; a verdict is widened, never taken back, within a table.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from catalog.classify import ColumnView, classify_table
from catalog.model import Label

_PSQL_RULE = re.compile(r"-{2,}[-+]*")
_BOX_RULE = re.compile(r"\+[-=+]+\+")
_RECORD = re.compile(r"-\[ RECORD \d{1,9} \]")
_NAME = re.compile(r"""["'`]?[A-Za-z_][\w .()/-]{0,47}["'`]?""")
_CAPITALS = re.compile(r"[A-Z](?:[A-Z0-9()/_%-]| (?=[A-Z]))*")
_AGAIN = frozenset({1, 2, 4, 8, 16, 24})
_SAMPLES = 24
_MOST = 200  # columns


@dataclass(frozen=True, slots=True)
class Cell:
    """Characters `start` to `end` of the line are the value of a column: `label`, or None for clean."""

    start: int
    end: int
    label: Label | None


@dataclass(slots=True)
class _Table:
    style: str  # the separator, or " " for aligned columns, "=" for records
    names: tuple[str, ...]
    offsets: tuple[int, ...] = ()
    samples: list[list[str]] = field(default_factory=list)
    labels: list[Label | None] = field(default_factory=list)
    rows: int = 0

    def __post_init__(self) -> None:
        self.samples, self.labels = [[] for _ in self.names], [None] * len(self.names)


@dataclass(slots=True)
class TableReader:
    """Reads line after line. State: the line before, and the table that is open."""

    before: str = ""
    table: _Table | None = None
    boxed: bool = False

    def read(self, line: str) -> tuple[Cell, ...] | None:
        """The cells of a row; () for a line that belongs to a table but is no row; None for any other line."""
        before, self.before = self.before, line
        text = line.rstrip()
        if _RECORD.match(text):
            self.table = _Table("=", ())
            return ()
        if opened := self._opened(text, before.rstrip()):
            return opened
        if self.table is not None:
            cells = _cells(self.table, line)
            if cells is not None:
                return self._row(self.table, line, cells)
            if not (self.boxed and _BOX_RULE.fullmatch(text)):
                self.table, self.boxed = None, False
            return () if self.boxed else self._header(text)
        return self._header(text)

    def _opened(self, text: str, before: str) -> tuple[Cell, ...] | None:
        """Whether this line ends the head of a table: a rule under names."""
        if (
            _PSQL_RULE.fullmatch(text)
            and before
            and (text.count("+") == before.count("|"))
            and len(text) >= len(before) - 1
        ):
            names = tuple(name.strip() for name in before.split("|"))
            if len(names) <= _MOST and all(name and len(name) <= 128 for name in names):
                self.table = _Table("|", names)
                return (Cell(0, 0, None),)
        if _BOX_RULE.fullmatch(text) and before.startswith("|") and not self.boxed:
            self.table, self.boxed = (
                _Table("box", tuple(name.strip() for name in before.strip("|").split("|"))[:_MOST]),
                True,
            )
            return (Cell(0, 0, None),)
        fields = _separated(text) if _may_be_names(before) else None
        names = _names_of(before, fields[0]) if fields else ()
        if fields and names and len(names) == len(fields[1]) and self.table is None:
            self.table = _Table(fields[0], names)
            return self._row(self.table, text, fields[1])
        return None

    def _header(self, text: str) -> tuple[Cell, ...] | None:
        """Opens a table of aligned columns, whose names are words of capitals two blanks apart."""
        if "  " not in text and "\t" not in text:
            return None
        heads = [(found.start(), found[0]) for found in re.finditer(r"\S+(?: \S+)*", text)]
        if len(heads) >= 2 and heads[0][0] == 0 and all(_CAPITALS.fullmatch(name) for _at, name in heads):
            self.table = _Table(
                " ", tuple(name for _at, name in heads)[:_MOST], tuple(at for at, _name in heads)[:_MOST]
            )
            return ()
        return None

    def _row(self, table: _Table, line: str, cells: Sequence[tuple[int, int]]) -> tuple[Cell, ...]:
        if table.style == "=":
            return _record(line, cells)
        table.rows += 1
        for column, (start, end) in enumerate(cells):
            value = line[start:end].strip().strip("\"'")
            if value and len(table.samples[column]) < _SAMPLES:
                table.samples[column].append(value[:2000])
        if table.rows in _AGAIN:
            _judge(table)
        return tuple(Cell(start, end, label) for (start, end), label in zip(cells, table.labels, strict=True))


def _judge(table: _Table) -> None:
    views = [
        ColumnView(name.strip("\"'`"), "text", values) for name, values in zip(table.names, table.samples, strict=True)
    ]
    for column, verdict in enumerate(classify_table("", views)):
        if verdict is not None and table.labels[column] in (None, Label.TEXT):
            table.labels[column] = verdict.label


def _record(line: str, cells: Sequence[tuple[int, int]]) -> tuple[Cell, ...]:
    """One `name | value` line of psql's expanded output."""
    (_begin, middle), (start, end) = cells
    value = line[start:end].strip()
    verdict = classify_table("", [ColumnView(line[:middle].strip(), "text", [value])])[0] if value else None
    return (Cell(start, end, verdict.label if verdict else None),)


def _cells(table: _Table, line: str) -> list[tuple[int, int]] | None:
    """Where the values of a row stand; None when the line is no row of this table."""
    if not line.strip():
        return None
    if table.style == "=":
        middle = line.find("|")
        return [(0, middle), (middle + 1, len(line))] if middle > 0 else None
    if table.style == "box":
        text = line.rstrip()
        return _split(line, "|", 1, len(text) - 1, count=len(table.names)) if text[:1] == text[-1:] == "|" else None
    if table.style == " ":
        return _aligned(table.offsets, line)
    if table.style == "|":
        return _split(line, "|", 0, len(line), count=len(table.names))
    fields = _fields(line.rstrip(), table.style)
    return fields if len(fields) == len(table.names) else None


def _split(line: str, mark: str, first: int, last: int, *, count: int) -> list[tuple[int, int]] | None:
    cuts = [first - 1, *(at for at in range(first, last) if line[at] == mark), last]
    pieces = [(before + 1, after) for before, after in pairwise(cuts)]
    return pieces if len(pieces) == count else None


def _aligned(offsets: tuple[int, ...], line: str) -> list[tuple[int, int]] | None:
    text = line.rstrip()
    if any(0 < at < len(text) and text[at - 1] != " " for at in offsets):
        return None
    ends = (*offsets[1:], len(text))
    return [(min(start, len(text)), min(max(start, end), len(text))) for start, end in zip(offsets, ends, strict=True)]


def _may_be_names(text: str) -> bool:
    """Whether a line could hold names of columns: two marks that separate them."""
    return "\t" in text or text.count(",") >= 2 or text.count(";") >= 2


def _separated(text: str) -> tuple[str, list[tuple[int, int]]] | None:
    for mark, least in (("\t", 2), (",", 3), (";", 3)):
        if text.count(mark) >= least - 1:
            fields = _fields(text, mark)
            if len(fields) >= least:
                return mark, fields
    return None


def _fields(text: str, mark: str) -> list[tuple[int, int]]:
    """Fields of a CSV line (RFC 4180), at most some hundred."""
    if '"' not in text:
        cuts = [-1, *(found.start() for found in re.finditer(re.escape(mark), text)), len(text)]
        return [(before + 1, after) for before, after in pairwise(cuts)] if len(cuts) <= _MOST + 2 else []
    fields, start, quoted = [], 0, False
    for at, char in enumerate(text[:65536]):
        if char == '"':
            quoted = not quoted
        elif char == mark and not quoted:
            fields.append((start, at))
            start = at + 1
            if len(fields) > _MOST:
                return []
    return [*fields, (start, len(text))]


def _names_of(text: str, mark: str) -> tuple[str, ...]:
    """The fields of a line if all of them look like column names, else nothing."""
    names = [text[start:end].strip() for start, end in _fields(text, mark)]
    good = all(_NAME.fullmatch(name) and name.count(" ") <= 3 for name in names)
    distinct = len({name.lower() for name in names}) == len(names)
    return (
        tuple(names)
        if good and distinct and not any(text[at + 1 : at + 2] == " " for at in _commas(text, mark))
        else ()
    )


def _commas(text: str, mark: str) -> list[int]:
    return [at for at, char in enumerate(text) if char == mark and mark == ","]
