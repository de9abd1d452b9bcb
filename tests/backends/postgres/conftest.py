"""One server for the session, one database for each module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from backends.postgres.upstream import PostgresUpstream
from tests.backends.postgres.asking import Asker, resource_of
from tests.support.servers.postgres import Server, start_postgres


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The event loop that the product runs on."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with start_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def database(server: Server) -> str:
    return server.create_database()


@pytest.fixture
async def db(server: Server, database: str) -> AsyncIterator[Asker]:
    """An upstream on the module's database, as the superuser."""
    resource = resource_of(server, database)
    upstream = PostgresUpstream(resource, lambda _: server.password)
    yield Asker(upstream, resource)
    await upstream.close()
