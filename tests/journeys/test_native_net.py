"""What turns up in clear columns is hidden at the native door as well, in every format that rows leave it."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import asyncpg
import psycopg
import pytest

from catalog.model import Label
from tests.catalog.places import column
from tests.support.native import Door, open_door
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

TABLES, ROWS = 14, 600
CARD, MAIL = "4242424242424242", "jane@example.org"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def door(
    tmp_path_factory: pytest.TempPathFactory, shop_server: Server, migrated_file: Path
) -> AsyncIterator[Door]:
    """Each test has a table of its own, which nothing sensitive was in when it was scanned."""
    database = shop_server.create_database(prefix="native", template="shop_template")
    for number in range(TABLES):
        shop_server.psql(
            f"CREATE TABLE shop.lot{number} AS SELECT n AS id, 'crate ' || n AS note, 'blue' AS shade, n * 3 AS weight"
            f" FROM generate_series(1, {ROWS}) AS n",
            database=database,
        )
    async with open_door(tmp_path_factory.mktemp("native"), shop_server, database, migrated_file) as found:
        yield found


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return count()


@pytest.fixture
def lot(numbers: Iterator[int]) -> str:
    return f"shop.lot{next(numbers)}"


@pytest.fixture
async def pg(door: Door) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(door.dsn(), password=await door.token())
    yield connection
    await connection.close()


def put(door: Door, lot: str, value: str, *rows: int) -> None:
    door.server.psql(
        f"UPDATE {lot} SET note = '{value}' WHERE id IN ({', '.join(map(str, rows))})", database=door.database
    )


async def read(door: Door, sql: str, *, binary: bool = False) -> list[tuple[object, ...]]:
    token = await door.token()
    async with await psycopg.AsyncConnection.connect(door.dsn(), password=token, autocommit=True) as conn:
        return await (await conn.execute(sql, binary=binary)).fetchall()


@pytest.mark.parametrize("binary", [False, True])
async def test_one_hit_hides_its_cell_and_every_other_byte_stays(door: Door, lot: str, binary: bool) -> None:
    put(door, lot, f"ask {MAIL}", 555)
    rows = await read(door, f"SELECT id, note, shade, weight FROM {lot} ORDER BY id", binary=binary)
    assert len(rows) == ROWS
    assert rows[554] == (555, "[EMAIL]", "blue", 1665)
    assert [row for row in rows if row != (row[0], f"crate {row[0]}", "blue", 3 * int(str(row[0])))] == [rows[554]]


async def test_two_hits_hide_the_column_from_there_on_and_the_catalog_learns_it(door: Door, lot: str) -> None:
    put(door, lot, MAIL, 100, 300)
    rows = await read(door, f"SELECT id, note FROM {lot} ORDER BY id")
    assert [row[1] for row in rows[:99]] == [f"crate {n}" for n in range(1, 100)]
    assert MAIL not in str(rows)
    assert not any(str(row[1]).startswith("crate") for row in rows[299:])
    await door.running.gateway.keeper.settle()
    labels = door.running.gateway.keeper.labels.get("shop")
    assert labels.column(column(f"{lot}.note")) is Label.EMAIL
    assert not any(str(row[1]).startswith("crate") for row in await read(door, f"SELECT id, note FROM {lot}"))


async def test_each_execution_of_a_prepared_statement_is_looked_at(
    door: Door, lot: str, pg: asyncpg.Connection
) -> None:
    sql = f"SELECT note FROM {lot} WHERE id = $1"
    assert await pg.fetchval(sql, 9) == "crate 9"
    put(door, lot, f"card {CARD}", 9)
    for _ in range(3):
        assert CARD not in str(await pg.fetchval(sql, 9))


async def test_rows_of_cursors_are_looked_at(door: Door, lot: str, pg: asyncpg.Connection) -> None:
    put(door, lot, f"card {CARD}", 20)
    async with pg.transaction():
        found = [row["note"] async for row in pg.cursor(f"SELECT note FROM {lot} ORDER BY id", prefetch=7)]
        await pg.execute(f"DECLARE c CURSOR FOR SELECT note FROM {lot} ORDER BY id")
        fetched = [row["note"] for row in await pg.fetch("FETCH ALL FROM c")]
    for notes in (found, fetched):
        assert len(notes) == ROWS
        assert notes[18] == "crate 19"
        assert CARD not in str(notes)


@pytest.mark.parametrize("form", ["text", "csv", "binary"])
async def test_copies_are_looked_at(door: Door, lot: str, pg: asyncpg.Connection, form: str) -> None:
    clear = io.BytesIO()
    await pg.copy_from_query(f"SELECT * FROM {lot} ORDER BY id", output=clear, format=form)  # type: ignore[arg-type]
    put(door, lot, f"ask {MAIL}", 400)
    shown = io.BytesIO()
    await pg.copy_from_query(f"SELECT * FROM {lot} ORDER BY id", output=shown, format=form)  # type: ignore[arg-type]
    assert MAIL.encode() not in shown.getvalue()
    if form != "binary":
        before, after = clear.getvalue().splitlines(), shown.getvalue().splitlines()
        assert [number for number, line in enumerate(after) if line != before[number]] == [399]
    assert b"[EMAIL]" in shown.getvalue()


async def copied(door: Door, sql: str) -> bytes:
    token, output = await door.token(), io.BytesIO()
    async with (
        await psycopg.AsyncConnection.connect(door.dsn(), password=token) as conn,
        conn.cursor().copy(sql) as rows,
    ):
        async for piece in rows:
            output.write(piece)
    return output.getvalue()


async def test_a_copy_with_hard_characters_hides_the_hit_and_keeps_the_rest(
    door: Door, lot: str, pg: asyncpg.Connection
) -> None:
    hard = 'tab\there, "quotes", back\\slash,\nline; é'
    door.server.psql(f"UPDATE {lot} SET shade = '{hard}'", database=door.database)
    put(door, lot, f"x\t{MAIL}", 2)
    for options in ("FORMAT text", "FORMAT csv, HEADER", "FORMAT csv, FORCE_QUOTE *"):
        sql = f"COPY (SELECT * FROM {lot} ORDER BY id LIMIT 3) TO STDOUT ({options})"
        output = await copied(door, sql)
        assert MAIL.encode() not in output
        door.server.psql(f"CREATE TABLE IF NOT EXISTS shop.back (LIKE {lot})", database=door.database)
        direct = await asyncpg.connect(
            host="127.0.0.1", port=door.server.port, user=door.server.superuser,
            password=door.server.password, database=door.database,
        )  # fmt: skip
        await direct.execute("TRUNCATE shop.back")
        await direct.copy_to_table(
            "back",
            schema_name="shop",
            source=io.BytesIO(output),
            format="csv" if "csv" in options else "text",
            header="HEADER" in options,
        )
        stored = await direct.fetch("SELECT id, note, shade FROM shop.back ORDER BY id")
        await direct.close()
        assert [tuple(row) for row in stored] == [(1, "crate 1", hard), (2, "[EMAIL]", hard), (3, "crate 3", hard)]


async def test_computed_columns_are_judged_by_their_values_in_text_and_binary(door: Door) -> None:
    sql = "SELECT 'reader' || n || chr(64) || 'example.org' AS contact FROM generate_series(1, 12) AS n"
    for binary in (False, True):
        assert not any(str(row[0]).startswith("reader") for row in await read(door, sql, binary=binary))
    cards = "SELECT (4242424242424200 + n)::bigint AS card FROM unnest('{42,59,67,75,83,91,9,17,25,33}'::int[]) AS n"
    for binary in (False, True):
        assert "42424242424242" not in str(await read(door, cards, binary=binary))


async def test_a_value_next_to_the_bytes_of_lengths_is_found_whatever_its_length(door: Door, lot: str) -> None:
    """In a row a length stands before each value: 48 to 57 look like digits, 65 to 122 like letters."""
    for length in range(len(CARD), 130):
        value = CARD + " " + "x" * (length - len(CARD) - 1) if length > len(CARD) + 1 else CARD
        rows = await read(door, f"SELECT id, '{value[:8]}' || '{value[8:]}' AS note FROM {lot} LIMIT 1")
        assert CARD not in str(rows), length


async def test_while_detection_fails_clear_text_is_hidden_and_numbers_pass(
    door: Door, lot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("no engine")

    net = door.running.gateway.pipeline.executor.net
    with monkeypatch.context() as patch:
        patch.setattr(net, "sweep", broken)
        patch.setattr(net, "labels_in", broken)
        rows = await read(door, f"SELECT weight, note FROM {lot} ORDER BY id")
    net.succeeded()
    assert [row[0] for row in rows] == [3 * n for n in range(1, ROWS + 1)]
    assert not any("crate" in str(row[1]) for row in rows)
