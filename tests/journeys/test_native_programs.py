"""Programs that people use as they are: SQLAlchemy, pgbench and pg_dump."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.support.gateway import SHOP
from tests.support.native import Door, open_door
from tests.support.servers.postgres import Server, start_postgres

pytestmark = pytest.mark.anyio

EVERYTHING = """
@id("everything") permit (principal, action, resource is Resource);
"""
TRUST = "local all all trust\nhost all all 127.0.0.1/32 trust\n"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def trusting() -> Iterator[Server]:
    with start_postgres(hba=TRUST) as server:
        server.psql("CREATE DATABASE shop")
        server.psql(SHOP, database="shop")
        server.psql(
            "CREATE SCHEMA plain; CREATE TABLE plain.parts (id int PRIMARY KEY, size numeric(6,2));"
            "INSERT INTO plain.parts SELECT n, n / 4.0 FROM generate_series(1, 50) n",
            database="shop",
        )
        yield server


@pytest.fixture(scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory, trusting: Server, migrated_file: Path) -> AsyncIterator[Door]:
    folder = tmp_path_factory.mktemp("native")
    policy = {"folder": folder / "policies", "packs": []}
    async with open_door(folder, trusting, "shop", migrated_file, rules=EVERYTHING, policy=policy) as found:
        yield found


async def run(door: Door, *command: str) -> tuple[int, str]:
    environment = {
        **os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(door.port), "PGUSER": "dana", "PGDATABASE": "shop",
        "PGPASSWORD": await door.token(),
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(30):
        output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
async def test_sqlalchemy_reads_masked_rows_over_either_driver(door: Door, driver: str) -> None:
    url = URL.create(
        f"postgresql+{driver}", "dana", await door.token(), "127.0.0.1", door.port, "shop"
    )  # fmt: skip
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        for _ in range(3):
            rows = (
                await connection.execute(text("SELECT id, email FROM shop.customers WHERE id < :n"), {"n": 4})
            ).all()
            assert [row.id for row in rows] == [1, 2, 3]
            assert "@example.org" not in str(rows)
    await engine.dispose()


@pytest.mark.parametrize("protocol", ["simple", "extended", "prepared"])
async def test_pgbench_runs_a_script_in_each_protocol(door: Door, tmp_path: Path, protocol: str) -> None:
    script = tmp_path / "script.sql"
    script.write_text("\\set n random(1, 50)\nSELECT size FROM plain.parts WHERE id = :n;\n")
    code, told = await run(door, "pgbench", "-n", "-c", "4", "-t", "50", "-M", protocol, "-f", str(script))
    assert code == 0, told
    assert "transactions actually processed: 200/200" in told


async def test_pg_dump_of_a_plain_schema_is_whole_and_of_another_shows_no_clear_value(door: Door) -> None:
    code, told = await run(door, "pg_dump", "--schema=plain")
    assert code == 0, told
    assert "CREATE TABLE plain.parts" in told
    assert "50\t12.50\n" in told
    _code, told = await run(door, "pg_dump", "--schema=shop")
    assert "@example.org" not in told
    assert "4242424242424242" not in told
