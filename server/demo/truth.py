"""What the database's owner sees, to compare with what the agent was shown. Compared, never printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import asyncpg

from server.demo.database import Database

Answer = Mapping[str, Any]
Row = Mapping[str, str | None]


async def truth(database: Database, sql: str) -> list[Row]:
    """The rows of `sql` as the owner sees them, each value as text."""
    connection = await asyncpg.connect(database.superuser_url())
    try:
        found = await connection.fetch(sql)
    finally:
        await connection.close()
    return [{name: _text(value) for name, value in row.items()} for row in found]


async def count(database: Database, table: str) -> int:
    [row] = await truth(database, f"SELECT count(*) AS rows FROM {table}")
    return int(row["rows"] or 0)


def column(answer: Answer, name: str) -> list[str | None]:
    """The cells of one column of a result envelope, as text."""
    at = [entry["name"] for entry in answer.get("columns", [])].index(name)
    return [_text(row[at]) for row in answer["rows"]]


def all_masked(answer: Answer, real: Sequence[Row], names: Iterable[str]) -> bool:
    """Each of these columns is said to be masked, and no cell of it shows what the owner sees."""
    columns = list(names)
    said = {entry["column"] for entry in answer.get("masked", [])}
    if answer["status"] != "ok" or not said.issuperset(columns) or len(answer["rows"]) != len(real):
        return False
    pairs = [pair for name in columns for pair in zip(column(answer, name), (row[name] for row in real), strict=True)]
    return all(hidden is None or (shown is not None and hidden not in shown) for shown, hidden in pairs)


def in_clear(answer: Answer, real: Sequence[Row], names: Iterable[str]) -> bool:
    """Each of these columns is what the owner sees, cell by cell."""
    if answer["status"] != "ok" or len(answer["rows"]) != len(real):
        return False
    return all(column(answer, name) == [row[name] for row in real] for name in names)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
