"""The server is cut off after so many bytes of a result (F2): an error, never a short result that looks whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.support.native import Door, open_door
from tests.support.proxy import Nemesis, nemesis
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

RULES = """
@id("dana") permit (principal == User::"dana", action, resource is Resource);
"""
ROWS = "SELECT n, repeat('x', 100) FROM generate_series(1, 600) AS n"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def between(shop_server: Server) -> AsyncIterator[Nemesis]:
    async with nemesis(shop_server.host, shop_server.port) as proxy:
        yield proxy


@pytest.fixture(scope="module")
async def door(
    tmp_path_factory: pytest.TempPathFactory, shop_server: Server, migrated_file: Path, between: Nemesis
) -> AsyncIterator[Door]:
    database = shop_server.create_database(prefix="native", template="shop_template")
    folder = tmp_path_factory.mktemp("native")
    policy = {"folder": folder / "policies", "packs": []}
    proxied = replace(shop_server, port=between.port)
    async with open_door(folder, proxied, database, migrated_file, rules=RULES, policy=policy) as found:
        yield found


async def read(conn: psycopg.AsyncConnection[tuple[object, ...]], way: str) -> None:
    async with asyncio.timeout(2):
        if way == "copy":
            async with conn.cursor().copy(f"COPY ({ROWS}) TO STDOUT") as copy:
                async for _piece in copy:
                    pass
        else:
            await (await conn.execute(ROWS, prepare=way == "extended")).fetchall()


@pytest.mark.parametrize("way", ["simple", "extended", "copy"])
async def test_a_result_that_is_cut_anywhere_is_an_error(door: Door, between: Nemesis, way: str) -> None:
    token = await door.token()
    for after in (1, 5, 6, 30, 64, 100, 111, 1_000, 8_192, 20_000, 40_000, 60_000, 65_000):
        conn = await psycopg.AsyncConnection.connect(door.dsn(), password=token, autocommit=True)
        await conn.execute("SELECT 1")
        between.arm(after)
        with pytest.raises(psycopg.OperationalError):
            await read(conn, way)
        between.cut_after = None
        await conn.close()
    whole = await psycopg.AsyncConnection.connect(door.dsn(), password=token, autocommit=True)
    assert len(await (await whole.execute(ROWS)).fetchall()) == 600
    await whole.close()
