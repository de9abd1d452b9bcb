"""Fixtures that every test may ask for."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from server.store.engine import Store, open_store
from tests.support.databases import StoreDatabases, migrate, sqlite_url, store_databases


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def databases() -> Iterator[StoreDatabases]:
    """A real PostgreSQL server with one migrated template; asked for lazily, so SQLite tests never start it."""
    with store_databases() as databases:
        yield databases


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite store to copy: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "warded.db"
    asyncio.run(migrate(sqlite_url(path)))
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path, migrated_file: Path) -> Iterator[str]:
    """URL of a fresh store, already migrated; once for each dialect."""
    if request.param == "sqlite":
        path = tmp_path / "state" / "warded.db"
        path.parent.mkdir(mode=0o700)
        yield sqlite_url(shutil.copy(migrated_file, path))
        return
    databases: StoreDatabases = request.getfixturevalue("databases")
    url = databases.create()
    yield url
    databases.drop(url)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """An open, migrated, empty store; once for each dialect."""
    store = await open_store(store_url)
    yield store
    await store.close()
