"""psql, asyncpg and psycopg work through the native door, and no way of reading shows a clear value."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import psycopg
import pytest

from tests.support.native import Door, open_door
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

CLEAR = ("@example.org", "4242424242424242", "Anna Berg", "Marco Rossi", "Zofia Nowak", "Lena Vogel")


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for the module, so that it needs one gateway only."""
    return "asyncio"


@pytest.fixture(scope="module")
async def door(
    tmp_path_factory: pytest.TempPathFactory, shop_server: Server, migrated_file: Path
) -> AsyncIterator[Door]:
    database = shop_server.create_database(prefix="native", template="shop_template")
    folder = tmp_path_factory.mktemp("native")
    async with open_door(folder, shop_server, database, migrated_file) as found:
        yield found


@pytest.fixture
async def pg(door: Door) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(door.dsn(), password=await door.token())
    yield connection
    await connection.close()


@pytest.fixture
async def conn(door: Door) -> AsyncIterator[psycopg.AsyncConnection[tuple[object, ...]]]:
    token = await door.token()
    async with await psycopg.AsyncConnection.connect(door.dsn(), password=token, autocommit=True) as connection:
        yield connection


async def psql(door: Door, *commands: str) -> str:
    """Everything that psql says."""
    environment = {**os.environ, "PGPASSWORD": await door.token(), "PGCLIENTENCODING": "UTF8"}
    arguments = [part for command in commands for part in ("-c", command)]
    process = await asyncio.create_subprocess_exec(
        "psql", "-X", door.dsn(), *arguments,
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(30):
        output, _ = await process.communicate()
    return output.decode()


def hidden(shown: object) -> None:
    text = str(shown)
    assert [value for value in CLEAR if value in text] == []
    assert text not in ("", "[]")


async def test_psql_lists_describes_copies_and_completes(door: Door) -> None:
    described = await psql(door, r"\d shop.customers", r"\dt shop.*", r"\l", r"\df", r"\dn")
    assert '"customers_pkey" PRIMARY KEY, btree (id)' in described
    assert "ERROR" not in described
    # What psql 15 asks when the Tab key is pressed after SELECT … FROM shop.
    completion = (
        "SELECT pg_catalog.quote_ident(c.relname), NULL::pg_catalog.text FROM pg_catalog.pg_class c"
        " WHERE c.relkind IN ('r', 'S', 'v', 'm', 'f', 'p') AND (c.relname) LIKE 'cust%'"
        " AND pg_catalog.pg_table_is_visible(c.oid) AND c.relnamespace <>"
        " (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'pg_catalog') LIMIT 1000"
    )
    assert "ERROR" not in await psql(door, completion)
    copied = await psql(door, r"\copy (SELECT id, email FROM shop.customers ORDER BY id LIMIT 2) TO STDOUT CSV HEADER")
    assert copied.splitlines()[0] == "id,email"
    hidden(copied)


async def test_psql_shows_masked_rows_and_refusals_in_the_servers_own_form(door: Door) -> None:
    hidden(await psql(door, "SELECT * FROM shop.customers LIMIT 3", "SELECT c FROM shop.contacts c LIMIT 1"))
    refused = await psql(door, "DELETE FROM shop.orders")
    assert "ERROR:  policy refused this statement" in refused
    assert "DETAIL:  [baseline.unbounded-write]" in refused
    assert "HINT:  Add a WHERE clause" in refused
    assert "syntax error" in await psql(door, "SELEC 1")


async def test_asyncpg_reads_the_same_masked_rows_on_each_execution(pg: asyncpg.Connection) -> None:
    """A driver that caches its statement asks for no description the second time (wire.md: the leak that was found)."""
    rows = [await pg.fetch("SELECT id, email, loyalty_points FROM shop.customers WHERE id = $1", 7) for _ in range(4)]
    hidden(rows)
    assert {tuple(found[0].values()) for found in rows} == {tuple(rows[0][0].values())}
    assert rows[0][0]["loyalty_points"] == 70


async def test_asyncpg_cursors_suspend_portals_and_stay_masked(pg: asyncpg.Connection) -> None:
    async with pg.transaction():
        found = [row async for row in pg.cursor("SELECT id, email FROM shop.customers ORDER BY id", prefetch=3)]
    assert [row["id"] for row in found] == list(range(1, 201))
    hidden(found)


@pytest.mark.parametrize("form", ["text", "csv", "binary"])
async def test_asyncpg_copies_masked_rows(pg: asyncpg.Connection, form: str) -> None:
    for query in ("SELECT id, email, full_name FROM shop.customers", "TABLE shop.contacts"):
        output = io.BytesIO()
        await pg.copy_from_query(query, output=output, format=form)  # type: ignore[arg-type]
        hidden(output.getvalue().decode(errors="replace"))
    output = io.BytesIO()
    await pg.copy_from_table("customers", schema_name="shop", output=output, format=form)  # type: ignore[arg-type]
    hidden(output.getvalue().decode(errors="replace"))


async def test_a_denial_in_a_transaction_aborts_it_and_the_session_goes_on(pg: asyncpg.Connection) -> None:
    transaction = pg.transaction()
    await transaction.start()
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="policy refused"):
        await pg.execute("DELETE FROM shop.orders")
    with pytest.raises(asyncpg.InFailedSQLTransactionError):
        await pg.fetchval("SELECT 1")
    await transaction.rollback()
    assert await pg.fetchval("SELECT count(*) FROM shop.orders") == 500


async def test_asyncpg_may_reset_and_pool_its_connections(door: Door) -> None:
    async with asyncpg.create_pool(door.dsn(), password=await door.token(), min_size=1, max_size=2) as pool:
        for _ in range(3):
            hidden(await pool.fetch("SELECT email FROM shop.customers LIMIT 2"))


async def test_a_statement_can_be_cancelled(pg: asyncpg.Connection) -> None:
    with pytest.raises(TimeoutError):
        await pg.fetch("SELECT pg_sleep(20)", timeout=0.3)
    assert await pg.fetchval("SELECT 43") == 43


Conn = psycopg.AsyncConnection[tuple[object, ...]]


@pytest.mark.parametrize("binary", [False, True])
async def test_psycopg_prepares_after_five_and_stays_masked(conn: Conn, binary: bool) -> None:
    for number in range(8):
        cursor = await conn.execute("SELECT id, email FROM shop.customers WHERE id = %s", (number + 1,), binary=binary)
        hidden(await cursor.fetchall())


@pytest.mark.parametrize("binary", [False, True])
async def test_server_side_cursors_are_masked_through_fetch(conn: Conn, binary: bool) -> None:
    async with conn.transaction(), conn.cursor("named", binary=binary) as cursor:
        await cursor.execute("SELECT id, email, card_number FROM shop.customers ORDER BY id")
        hidden([*await cursor.fetchmany(2), await cursor.fetchone()])


async def test_pipelines_answer_in_order_and_a_denial_stops_the_rest(conn: Conn) -> None:
    async with conn.pipeline():
        cursors = [await conn.execute("SELECT id, email FROM shop.customers WHERE id = %s", (n,)) for n in (5, 6)]
    found = [await cursor.fetchall() for cursor in cursors]
    assert [rows[0][0] for rows in found] == [5, 6]
    hidden(found)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await _denied_in_between(conn)
    cursor = await conn.execute("SELECT 3")
    assert await cursor.fetchall() == [(3,)]


async def _denied_in_between(conn: Conn) -> None:
    async with conn.pipeline():
        for statement in ("SELECT 1", "DELETE FROM shop.orders", "SELECT 2"):
            await conn.execute(statement)


async def test_several_statements_in_one_query_are_each_masked(conn: Conn) -> None:
    cursor = await conn.execute("SELECT id FROM shop.orders LIMIT 1; SELECT email, card_number FROM shop.customers")
    assert await cursor.fetchall() == [(1,)]
    assert cursor.nextset()
    hidden(await cursor.fetchall())


@pytest.mark.parametrize("option", ["", " (FORMAT csv)", " (FORMAT binary)"])
async def test_psycopg_copies_masked_rows(conn: Conn, option: str) -> None:
    async with conn.cursor().copy(f"COPY (SELECT id, email FROM shop.customers) TO STDOUT{option}") as copy:
        hidden(b"".join([bytes(piece) async for piece in copy]).decode(errors="replace"))


async def test_what_sql_itself_prepared_is_not_executed_unseen(conn: Conn) -> None:
    await conn.execute("PREPARE hidden_away AS SELECT email FROM shop.customers")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await conn.execute("EXECUTE hidden_away")


async def test_errors_of_the_server_carry_no_hidden_value(conn: Conn, door: Door) -> None:
    door.server.psql("CREATE VIEW shop.bad AS SELECT email::int AS n FROM shop.customers", database=door.database)
    for binary in (False, True):
        with pytest.raises(psycopg.errors.InvalidTextRepresentation) as refused:
            await conn.execute("SELECT n FROM shop.bad", binary=binary)
        hidden(refused.value)
        assert "not shown" in str(refused.value)
    with pytest.raises(psycopg.errors.UndefinedColumn, match='column "nope" does not exist'):
        await conn.execute("SELECT nope FROM shop.customers")
