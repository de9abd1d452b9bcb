"""A real PostgreSQL with a small shop, and a whole gateway in front of it, on both kinds of store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.gateway import SHOP, Running, free_port, running_gateway, shop_config
from tests.support.servers.postgres import Server, start_postgres


@pytest.fixture(scope="session")
def shop_server() -> Iterator[Server]:
    with start_postgres() as server:
        server.psql("CREATE DATABASE shop_template")
        server.psql(SHOP, database="shop_template")
        yield server


@pytest.fixture
def shop_database(shop_server: Server) -> Iterator[str]:
    """A copy of the shop that one test may change."""
    name = f"shop_{free_port()}"
    shop_server.psql(f'CREATE DATABASE "{name}" TEMPLATE shop_template')
    yield name
    shop_server.psql(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def running(tmp_path: Path, shop_server: Server, shop_database: str, store_url: str) -> AsyncIterator[Running]:
    """The gateway, serving, with its catalog scanned."""
    config = shop_config(tmp_path, shop_server, port=free_port(), store_url=store_url, database=shop_database)
    async with running_gateway(config) as found:
        yield found


@pytest.fixture
async def http(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=running.url, timeout=30) as client:
        yield client
