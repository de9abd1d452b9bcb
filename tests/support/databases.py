"""Fresh stores on a real PostgreSQL server: one migrated template, copied for each test."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from server.store.engine import open_store
from tests.support.servers.postgres import Server, start_postgres

TEMPLATE = "warded_template"


@dataclass(frozen=True, slots=True)
class StoreDatabases:
    """Makes and drops databases on one running server."""

    server: Server

    def create(self) -> str:
        """URL of a new database that is already migrated."""
        return self._new(f'TEMPLATE "{TEMPLATE}"')

    def create_empty(self) -> str:
        """URL of a new database without any table."""
        return self._new("")

    def drop(self, url: str) -> None:
        self.server.psql(f'DROP DATABASE IF EXISTS "{url.rsplit("/", 1)[1]}" WITH (FORCE)')

    def url(self, database: str) -> str:
        return self.server.dsn(database).replace("postgresql://", "postgresql+asyncpg://", 1)

    def _new(self, template: str) -> str:
        name = f"store_{secrets.token_hex(4)}"
        self.server.psql(f'CREATE DATABASE "{name}" {template}')
        return self.url(name)


@contextmanager
def store_databases() -> Iterator[StoreDatabases]:
    """A running server with the template made; skips or fails without one (tests/support/require.py)."""
    with start_postgres() as server:
        databases = StoreDatabases(server)
        server.psql(f'CREATE DATABASE "{TEMPLATE}"')
        asyncio.run(migrate(databases.url(TEMPLATE)))
        yield databases


def sqlite_url(path: Path | str) -> str:
    return f"sqlite+aiosqlite:///{path}"


async def migrate(url: str) -> None:
    """Make the tables of a new store."""
    store = await open_store(url)
    await store.close()
