"""Bounds of policy at the native door, and what a slow client costs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from backends.postgres.frontend import query
from tests.support.native import Door, RawClient, fields, kinds, open_door
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

RULES = """
@id("few") @max_rows("10") @max_affected("2") @timeout("2s")
permit (principal == User::"dana", action, resource is Resource);
@id("lee") permit (principal == User::"lee", action, resource is Resource);
"""
Conn = psycopg.AsyncConnection[tuple[object, ...]]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def door(
    tmp_path_factory: pytest.TempPathFactory, shop_server: Server, migrated_file: Path
) -> AsyncIterator[Door]:
    database = shop_server.create_database(prefix="native", template="shop_template")
    folder = tmp_path_factory.mktemp("native")
    policy = {"folder": folder / "policies", "packs": []}
    async with open_door(folder, shop_server, database, migrated_file, rules=RULES, policy=policy) as found:
        yield found


@pytest.fixture
async def conn(door: Door) -> AsyncIterator[Conn]:
    token = await door.token()
    async with await psycopg.AsyncConnection.connect(door.dsn(), password=token, autocommit=True) as connection:
        yield connection


async def count(conn: Conn, sql: str, *, extended: bool) -> int:
    cursor = await conn.execute(sql, (1,) if extended else None)
    return len(await cursor.fetchall())


@pytest.mark.parametrize("extended", [False, True])
async def test_an_answer_beyond_max_rows_ends_in_an_error(conn: Conn, extended: bool) -> None:
    where = "%s = 1" if extended else "true"
    assert await count(conn, f"SELECT id FROM shop.orders WHERE {where} LIMIT 10", extended=extended) == 10
    with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="more than the 10 rows"):
        await count(conn, f"SELECT id FROM shop.orders WHERE {where}", extended=extended)
    assert await count(conn, "SELECT 1 WHERE " + where, extended=extended) == 1


async def test_a_copy_beyond_max_rows_ends_in_an_error(conn: Conn) -> None:
    with pytest.raises(psycopg.errors.ProgramLimitExceeded):
        async with conn.cursor().copy("COPY shop.orders (id) TO STDOUT") as copy:
            assert len([piece async for piece in copy]) <= 10
    assert await count(conn, "SELECT 1", extended=False) == 1


@pytest.mark.parametrize("extended", [False, True])
async def test_a_write_beyond_max_affected_changes_nothing(conn: Conn, extended: bool) -> None:
    values = (3,) if extended else None
    where = "id <= %s" if extended else "id <= 3"
    with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="more than the 2 rows"):
        async with conn.transaction():
            await conn.execute(f"UPDATE shop.orders SET status = 'new' WHERE {where}", values)
    assert await count(conn, "SELECT id FROM shop.orders WHERE status = 'new'", extended=False) == 0
    async with conn.transaction():
        await conn.execute("UPDATE shop.orders SET status = 'paid' WHERE id <= 2")


async def test_a_simple_write_outside_a_transaction_is_told_to_open_one(conn: Conn) -> None:
    with pytest.raises(psycopg.Error, match="Send BEGIN first"):
        await conn.execute("UPDATE shop.orders SET status = 'new' WHERE id <= 2")


async def test_a_statement_beyond_its_time_is_cancelled(conn: Conn) -> None:
    with pytest.raises(psycopg.errors.QueryCanceled):
        await conn.execute("SELECT count(*) FROM generate_series(1, 10000000000)")
    assert await count(conn, "SELECT 1", extended=False) == 1


async def test_several_statements_where_a_bound_holds_have_to_come_one_by_one(conn: Conn) -> None:
    with pytest.raises(psycopg.errors.FeatureNotSupported, match="one by one"):
        await conn.execute("SELECT 1; SELECT 2")


def resident() -> int:
    """Bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_a_client_that_takes_nothing_costs_a_bounded_amount_of_memory(door: Door) -> None:
    client = await RawClient.connect(door.port)
    await client.log_in("lee", await door.token("lee"))
    before = resident()
    client.send(query("SELECT n, repeat('x', 1000) FROM generate_series(1, 400000) AS n"))  # 400 MB
    await asyncio.sleep(1.0)
    assert resident() - before < 32_000_000
    await client.close()
    other = await RawClient.connect(door.port)
    messages = await other.log_in("lee", await door.token("lee"))
    assert kinds(messages).endswith("KZ")
    other.send(query("SELECT nope"))
    assert fields((await other.until())[0][1])["C"] == "42703"
    await other.close()
