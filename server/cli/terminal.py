"""What a command prints: JSON for programs, tab-separated lines for pipes, a table for people.

Texts of agents and targets are printed here, so control characters, escape
sequences and characters that hide or reorder text are made visible first:
what an approver reads must be what would run.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

_HIDING = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})


def visible(text: object, *, newlines: bool = False) -> str:
    """`text` with every character that a terminal would obey or hide written as an escape (\\x1b, \\u202e)."""
    return "".join(_visible_character(character, newlines) for character in str(text))


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=True, default=str))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table on a terminal (or with FORCE_COLOR), else one line a row, cells separated by tabs."""
    cells = [["" if cell is None else visible(cell) for cell in row] for row in rows]
    if sys.stdout.isatty() or os.environ.get("FORCE_COLOR"):
        _print_rich(columns, cells)
        return
    for line in ([name.lower() for name in columns], *cells):
        print("\t".join(line))


def print_facts(facts: Mapping[str, object]) -> None:
    """One fact a line; a text of several lines is indented below its name."""
    width = max((len(name) for name in facts), default=0) + 2
    for name, value in facts.items():
        text = visible("" if value is None else value, newlines=True)
        if "\n" in text:
            text = "\n    " + text.replace("\n", "\n    ")
        print(f"{name + ':':<{width}}{text}".rstrip())


def when(seconds: float | None) -> str:
    """A time of the store (UNIX seconds) as ISO 8601 in UTC."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def note(text: str) -> None:
    """A remark for people: on stderr, so that pipes get the result only."""
    print(text, file=sys.stderr)


def _print_rich(columns: Sequence[str], cells: list[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))  # Text, not markup: a cell may hold [brackets]
    Console().print(table)


def _visible_character(character: str, newlines: bool) -> str:
    if (newlines and character in "\n\t") or unicodedata.category(character) not in _HIDING:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
