"""Ceilings, estimates and taint at the native door: a real driver, a real server."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from server.budgets.reading import used
from server.native.credentials import issue_credential
from tests.journeys.test_bounds import rewrite
from tests.support.databases import sqlite_url
from tests.support.gateway import Running, free_port, running_gateway, shop_config
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

PERMIT = """
@id("shop") {notes}
permit (principal in Group::"developers", action, resource is Resource);
"""


@pytest.fixture
async def running(
    tmp_path: Path, shop_server: Server, shop_database: str, migrated_file: Path
) -> AsyncIterator[Running]:
    (tmp_path / "state").mkdir(mode=0o700)
    store_url = sqlite_url(shutil.copy(migrated_file, tmp_path / "state" / "warded.db"))
    config = shop_config(
        tmp_path, shop_server, port=free_port(), store_url=store_url, database=shop_database,
        listeners={"postgres": {"port": free_port()}},
    )  # fmt: skip
    async with running_gateway(config) as found:
        yield found


@asynccontextmanager
async def connected(running: Running) -> AsyncIterator[psycopg.AsyncConnection[tuple[object, ...]]]:
    gateway = running.gateway
    door = gateway.config.listeners.postgres
    assert door is not None
    credential = await issue_credential(gateway.store, "dana", "shop", seconds=600, now=gateway.clock())
    connection = await psycopg.AsyncConnection.connect(
        host=door.host, port=door.port, dbname="shop", user=credential.user, password=credential.password,
        autocommit=True, connect_timeout=10,
    )  # fmt: skip
    async with connection:
        yield connection


async def rows(connection: psycopg.AsyncConnection[tuple[object, ...]], sql: str) -> int:
    return len(await (await connection.execute(sql)).fetchall())


async def test_rows_over_the_native_door_count_and_end_at_the_ceiling(running: Running) -> None:
    await rewrite(running, PERMIT.format(notes='@ceiling("30 rows/day")'))
    async with connected(running) as connection:
        assert await rows(connection, "SELECT id FROM shop.orders LIMIT 20") == 20
        cut = await _rows_or_refusal(connection, "SELECT id FROM shop.orders LIMIT 20 OFFSET 20")
        assert cut in (10, "refused")
        with pytest.raises(psycopg.Error) as refused:
            await connection.execute("SELECT id FROM shop.orders LIMIT 1")
    assert "at most 30 rows a day" in str(refused.value)
    await running.gateway.pipeline.budgets.ledger.give_back()
    (count,) = await used(running.gateway.store)
    assert count.taken == 30


async def test_the_planner_is_asked_before_a_native_statement_runs(running: Running) -> None:
    await rewrite(running, PERMIT.format(notes='@max_estimated("100")'))
    async with connected(running) as connection:
        with pytest.raises(psycopg.Error, match="The planner expects 500 rows"):
            await connection.execute("SELECT id FROM shop.orders")
        assert await rows(connection, "SELECT id FROM shop.orders WHERE id < 10") == 9
        cursor = await connection.execute("SELECT id FROM shop.orders WHERE id < %t", (10,))
        assert len(await cursor.fetchall()) == 9
        with pytest.raises(psycopg.Error, match="is not known"):  # in binary
            await connection.execute("SELECT id FROM shop.orders WHERE id < %b", (10,))


async def _rows_or_refusal(connection: psycopg.AsyncConnection[tuple[object, ...]], sql: str) -> int | str:
    try:
        return await rows(connection, sql)
    except psycopg.Error:
        return "refused"
