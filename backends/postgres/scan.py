"""Sampling a database for the catalog: few values of every readable column, politely, and read only.

One table at a time, ten seconds each. What cannot be sampled is left out, so that it stays unscanned and masked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from itertools import groupby

from backends.base import ColumnSample, Wanted
from backends.errors import UpstreamError
from backends.postgres.connection import Connection
from backends.postgres.failures import FlightTimeout
from backends.postgres.frontend import SYNC, bind, execute
from backends.postgres.handshake import SESSION
from backends.postgres.interrupt import settle
from backends.postgres.lineage import Lineage, trace_views
from backends.postgres.lookup import ask
from backends.postgres.origins import Origins
from catalog.model import Locator

log = logging.getLogger(__name__)

TABLE_SECONDS = 10.0
VALUE_CHARACTERS = 2000
COLUMNS_AT_ONCE = 50
SPARSE_ROWS = 100_000  # how far to look for values of a column that is mostly NULL
SMALL_PAGES = 1000  # 8 MB: reading all of it is cheap, and rows are picked more evenly than pages
BYTEA = 17

READABLE = """
SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltuples::pg_catalog.int8, c.relpages,
  a.attnum, a.attname, a.atttypid, pg_catalog.format_type(a.atttypid, a.atttypmod)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
ORDER BY n.nspname, c.relname, c.oid, a.attnum"""

READ_ONLY = "SELECT pg_catalog.set_config('default_transaction_read_only', 'on', false)"


@dataclass(frozen=True, slots=True)
class _Column:
    number: int
    name: str
    type_oid: int
    type: str


@dataclass(frozen=True, slots=True)
class _Table:
    """`rows` is the planner's estimate, -1 = never counted."""

    oid: int
    schema: str
    name: str
    kind: str
    rows: int
    pages: int
    columns: tuple[_Column, ...] = ()

    @property
    def quoted(self) -> str:
        return f"{_quote(self.schema)}.{_quote(self.name)}"

    def column(self, column: _Column) -> Locator:
        return Locator("column", (self.schema, self.name, column.name))


async def scan_database(
    connection: Connection, *, sample: int, wanted: Wanted | None = None
) -> AsyncIterator[ColumnSample]:
    """Every readable column: tables first, views after what they are made of. The connection is used up by this."""
    settings = bind(SESSION, ["warded scan", str(int(TABLE_SECONDS * 1000))]) + execute(0)
    await connection.flight(settings + SYNC, budget=0)
    await ask(connection, READ_ONLY)
    tables = [table for table in await _readable(connection) if wanted is None or wanted(table.schema, table.name)]
    lineage = await trace_views(connection, Origins())
    rank = {view: index for index, view in enumerate(lineage.order)}
    for table in sorted(tables, key=lambda table: rank.get(table.oid, -1)):
        values = await _guarded(connection, table, sample)
        for column in table.columns:
            found = _sampled(table, column, lineage, values)
            if found is not None:
                yield found


def _sampled(
    table: _Table, column: _Column, lineage: Lineage, values: dict[int, tuple[str, ...]] | None
) -> ColumnSample | None:
    """A column that was not sampled counts as seen only if it shows another one unchanged."""
    source = lineage.of(table.oid, column.number)
    if values is None and not source.exact:
        return None
    seen = values.get(column.number, ()) if values else ()
    return ColumnSample(table.column(column), column.type, seen, source.columns, source.exact)


async def _readable(connection: Connection) -> list[_Table]:
    rows = [[cell or "" for cell in row] for row in await ask(connection, READABLE)]
    tables = []
    for key, group in groupby(rows, key=lambda row: row[:6]):
        columns = tuple(_Column(int(row[6]), row[7], int(row[8]), row[9]) for row in group)
        tables.append(_Table(int(key[0]), key[1], key[2], key[3], int(key[4]), int(key[5]), columns))
    return tables


async def _guarded(connection: Connection, table: _Table, sample: int) -> dict[int, tuple[str, ...]] | None:
    """Values by column number; None if the table would not be sampled in time, or not at all."""
    connection.set_deadline(asyncio.get_running_loop().time() + 2 * TABLE_SECONDS)
    try:
        values: dict[int, tuple[str, ...]] = {}
        for start in range(0, len(table.columns), COLUMNS_AT_ONCE):
            part = replace(table, columns=table.columns[start : start + COLUMNS_AT_ONCE])
            values |= await _values(connection, part, sample)
        return values
    except UpstreamError as error:
        log.warning("no sample of %s.%s: %s", table.schema, table.name, error.safe)
    except FlightTimeout:
        log.warning("no sample of %s.%s: it took too long", table.schema, table.name)
    finally:
        await settle(connection, forget=False)
    return None


async def _values(connection: Connection, table: _Table, sample: int) -> dict[int, tuple[str, ...]]:
    rows = await _rows(connection, table, sample)
    values = {
        column.number: tuple(cell for row in rows if (cell := row[index]) is not None)
        for index, column in enumerate(table.columns)
    }
    if len(rows) < sample:
        return values
    for column in table.columns:
        if len(values[column.number]) < sample // 10:
            sparse = await ask(connection, _sparse_query(table, column, sample))
            values[column.number] = tuple(cell for (cell,) in sparse if cell is not None)
    return values


async def _rows(connection: Connection, table: _Table, sample: int) -> list[list[str | None]]:
    cells = ", ".join(_cell(column) for column in table.columns)
    spread = _spread(table, sample)
    if spread:
        picked = f"SELECT {cells} FROM {table.quoted} {spread} ORDER BY pg_catalog.random() LIMIT {sample}"
        rows = await ask(connection, picked)
        if rows:
            return rows
    return await ask(connection, f"SELECT {cells} FROM {table.quoted} LIMIT {sample}")


def _spread(table: _Table, sample: int) -> str:
    """TABLESAMPLE for big tables: about five times the sample, from all over the table. "" for small ones and views."""
    if table.kind not in {"r", "p", "m"} or table.rows <= 20 * sample:
        return ""
    percent = 500 * sample / table.rows
    if 0 < table.pages <= SMALL_PAGES:
        return f"TABLESAMPLE BERNOULLI ({min(percent, 100):.6f})"
    pages = 2000 / table.pages if table.pages else 0.0  # at least about 20 pages
    return f"TABLESAMPLE SYSTEM ({min(max(percent, pages), 100):.6f})"


def _sparse_query(table: _Table, column: _Column, sample: int) -> str:
    name = _quote(column.name)
    inner = f"SELECT {name} FROM {table.quoted} LIMIT {SPARSE_ROWS}"
    return f"SELECT {_cell(column)} FROM ({inner}) AS part WHERE {name} IS NOT NULL LIMIT {sample}"


def _cell(column: _Column) -> str:
    """The beginning of a value as text. Bytes are cut before they are spelt out, for they may be very long."""
    name = _quote(column.name)
    if column.type_oid == BYTEA:
        return f"pg_catalog.encode(pg_catalog.substr({name}, 1, {VALUE_CHARACTERS // 2}), 'hex')"
    return f"pg_catalog.left({name}::pg_catalog.text, {VALUE_CHARACTERS})"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
