"""warded catalog classify: which cells of tables are sensitive, in bulk, table by table from lines of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from server.cli.command import CHECK_FAILED, CommandFailed, command

if TYPE_CHECKING:
    from catalog.cells import Spans, Table

MAX_LINE = 64 * 1024 * 1024
"""Bytes of one line; a longer one is reported and skipped without being held."""


class BadLine(Exception):
    """A line that is not a table; the message says what is wrong and holds no value."""


@command
def classify(
    jsonl: Annotated[str, typer.Option("--jsonl", help="File of tables, one JSON object a line; - reads stdin.")],
) -> None:
    """Which cells of tables are sensitive.

    Reads lines {"table","columns":[…],"rows":[[…]]}; a column is a name or {"name","type"}. Writes for each
    {"table","findings":[{"row","col","label"[,"start","end"]}]}, counted from 0; start and end only for a part of
    a cell. Text that could not be searched in time has the label TEXT. A line that cannot be read gives
    {"line","error"}; the others are done, and the exit code is 1.

    \b
    Example:
      warded catalog classify --jsonl tables.jsonl
    """
    from catalog.columns.net import ModelRefused

    bad = 0
    try:
        with _opened(jsonl) as source:
            for number, line in enumerate(_lines(source), 1):
                bad += _answer(number, line)
    except ModelRefused as error:
        raise CommandFailed(str(error), "install this release of warded anew") from error
    except OSError as error:
        raise CommandFailed(f"{jsonl} cannot be read: {error.strerror}") from error
    if bad:
        raise typer.Exit(CHECK_FAILED)


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as source:
        yield source


def _lines(source: BinaryIO) -> Iterator[bytes | None]:
    """Lines that are not blank; None for one that is too long, whose rest is read past."""
    while line := source.readline(MAX_LINE + 1):
        if len(line) <= MAX_LINE:
            yield line.strip()
            continue
        while line and not line.endswith(b"\n"):
            line = source.readline(MAX_LINE)
        yield None


def _answer(number: int, line: bytes | None) -> int:
    """Print what one line says; 1 when it cannot be read."""
    if line == b"":
        return 0
    try:
        answer = _judged(line)
    except BadLine as error:
        answer = {"line": number, "error": str(error)}
    print(json.dumps(answer, ensure_ascii=False), flush=True)
    return int("error" in answer and "findings" not in answer)


def _judged(line: bytes | None) -> dict[str, Any]:
    from catalog.cells import find_cells

    given = _document(line)
    table = _table(given)
    found = find_cells(table, spans=_spans())
    findings = [
        {
            "row": each.row,
            "col": each.col,
            "label": each.label,
            **({"start": each.start, "end": each.end} if each.end else {}),
        }
        for each in found
    ]
    return {"table": given.get("table", ""), "findings": findings}


def _document(line: bytes | None) -> dict[str, Any]:
    if line is None:
        raise BadLine(f"longer than {MAX_LINE} bytes")
    try:
        document = json.loads(line.decode("utf-8", "surrogateescape"), parse_int=_Number, parse_float=_Number)
    except (ValueError, RecursionError):
        raise BadLine("not JSON") from None
    if not isinstance(document, dict):
        raise BadLine("not an object")
    return document


class _Number(str):
    """A number as it was written: nothing is rounded."""


def _table(given: dict[str, Any]) -> Table:
    from catalog.cells import Table

    name, columns, rows = given.get("table", ""), given.get("columns"), given.get("rows")
    if not isinstance(name, str) and name is not None:
        raise BadLine("table is no text")
    if not isinstance(columns, list) or not isinstance(rows, list):
        raise BadLine("columns or rows are missing or no list")
    if not all(isinstance(row, list) for row in rows):
        raise BadLine("a row is no list")
    return Table(name or "", [_column(column) for column in columns], [[_text(cell) for cell in row] for row in rows])


def _column(given: Any) -> tuple[str, str]:
    if isinstance(given, str):
        return given, ""
    if isinstance(given, dict) and isinstance(given.get("name"), str):
        declared = given.get("type")
        return given["name"], declared if isinstance(declared, str) else ""
    raise BadLine('a column is neither a name nor {"name","type"}')


def _text(cell: Any) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    return json.dumps(cell, ensure_ascii=False, default=str)


def _spans() -> Spans:
    from catalog.prose import OverBudget, find

    def spans(text: str) -> Sequence[tuple[int, int, str]]:
        try:
            return [(span.start, span.end, span.label.value) for span in find(text)]
        except OverBudget:  # what could not be searched is sensitive as a whole
            return [(0, len(text), "TEXT")]

    return spans
