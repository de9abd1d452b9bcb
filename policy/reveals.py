"""Asking to see single columns: `[{"column": "customers.email", "reason": "…"}]` as the argument of a call."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from catalog.model import Locator

OPTION = "reveal"
"""Under this name the request stands in `Operation.options`, so that an approval is bound to columns and reasons."""

MOST = 8
_LONGEST_REASON = 500
_LONGEST_NAME = 256


def read_reveals(value: object) -> tuple[tuple[str, str], ...]:
    """(column, reason) pairs. Raises ValueError with a plain message for anything else."""
    if not isinstance(value, Sequence) or isinstance(value, str | bytes) or not 1 <= len(value) <= MOST:
        raise ValueError(f"must be a list of 1 to {MOST} columns")
    return tuple(_read(item) for item in value)


def _read(item: object) -> tuple[str, str]:
    if not isinstance(item, Mapping) or set(item) != {"column", "reason"}:
        raise ValueError("must hold objects with column and reason")
    column, reason = item["column"], item["reason"]
    if not isinstance(column, str) or not isinstance(reason, str):
        raise ValueError("must hold column and reason as strings")
    if len(column) > _LONGEST_NAME or column.count(".") not in (1, 2) or not all(column.split(".")):
        raise ValueError("must name columns as table.column or schema.table.column")
    if not reason.strip() or len(reason) > _LONGEST_REASON:
        raise ValueError(f"must give a reason of up to {_LONGEST_REASON} characters for every column")
    return column, reason.strip()


def reveal_problem(value: object) -> str:
    """What is wrong with the argument, "" for nothing."""
    try:
        read_reveals(value)
    except ValueError as error:
        return str(error)
    return ""


def columns_asked(value: object) -> tuple[Locator, ...]:
    """The columns; an empty schema means the table of this name in any. Raises ValueError."""
    return tuple(Locator("column", ("", *column.split("."))[-3:]) for column, _reason in read_reveals(value))


def option_of(value: object) -> str:
    """The text of the option: the same for the same request. Raises ValueError."""
    pairs = sorted(set(read_reveals(value)))
    return json.dumps([{"column": column, "reason": reason} for column, reason in pairs], ensure_ascii=False)


def reasons_of(options: Mapping[str, str]) -> list[dict[str, str]]:
    """The request back from the options; empty if nothing was asked."""
    found: list[dict[str, str]] = json.loads(options.get(OPTION, "[]"))
    return found
