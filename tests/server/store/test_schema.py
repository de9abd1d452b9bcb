"""Migrations: they make exactly the models, once, whoever comes first, and never touch a newer store."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from server.store.engine import Store, StoreUnavailable, open_store
from server.store.models import Base
from server.store.schema import HEAD, REVISIONS, alembic_config
from tests.support.databases import StoreDatabases

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a store that nobody has opened yet."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/state/warded.db"
        return
    databases: StoreDatabases = request.getfixturevalue("databases")
    url = databases.create_empty()
    yield url
    databases.drop(url)


async def _versions(store: Store) -> list[str]:
    async with store.session() as session:
        return list((await session.execute(text("SELECT version_num FROM alembic_version"))).scalars())


async def test_migrations_make_exactly_the_models(empty_url: str) -> None:
    store = await open_store(empty_url)
    async with store.engine.connect() as connection:
        assert await connection.run_sync(_difference) == []
    await store.close()


def _difference(connection: Connection) -> list[Any]:
    options = {"compare_type": True, "compare_server_default": True}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))


async def test_only_one_request_of_a_digest_lives_on_every_dialect(empty_url: str) -> None:
    """Alembic does not compare the condition of a partial index."""
    store = await open_store(empty_url)
    catalog = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE name = 'uq_requests_live'",
        "postgresql": "SELECT indexdef FROM pg_indexes WHERE indexname = 'uq_requests_live'",
    }
    async with store.session() as session:
        made = str((await session.execute(text(catalog[store.dialect]))).scalar())
    assert "UNIQUE" in made
    assert "WHERE" in made
    assert "'pending'" in made
    assert "'approved'" in made
    await store.close()


def test_the_list_of_revisions_is_the_folder_of_migrations() -> None:
    scripts = ScriptDirectory.from_config(alembic_config())
    assert tuple(reversed([script.revision for script in scripts.walk_revisions()])) == REVISIONS
    assert scripts.get_current_head() == HEAD


async def test_processes_that_start_together_migrate_once(empty_url: str) -> None:
    """Separate processes, since SQLite's locks and Alembic's globals are per process."""
    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(_open_in_a_process, empty_url)
    store = await open_store(empty_url)
    assert await _versions(store) == [HEAD]
    await store.close()


async def _open_in_a_process(url: str) -> None:
    done = await anyio.run_process([sys.executable, "-c", _OPEN, url], check=False)
    assert done.returncode == 0, done.stderr.decode()


_OPEN = """
import asyncio, sys
from server.store.engine import open_store

async def main():
    store = await open_store(sys.argv[1])
    await store.close()

asyncio.run(main())
"""


async def test_a_newer_store_is_refused_and_left_alone(store: Store, store_url: str) -> None:
    async with store.session() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreUnavailable, match="newer") as caught:
        await open_store(store_url)
    assert "Upgrade Warded" in caught.value.remedy
    assert await _versions(store) == ["9999"]


async def test_without_leave_to_migrate_an_empty_store_is_refused(empty_url: str) -> None:
    with pytest.raises(StoreUnavailable, match="older"):
        await open_store(empty_url, migrate=False)


async def test_a_migration_that_fails_leaves_nothing_behind(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreUnavailable("a migration failed", "")

    with monkeypatch.context() as patched:
        patched.setattr("alembic.op.create_index", fail)
        with pytest.raises(StoreUnavailable, match="a migration failed"):
            await open_store(empty_url)
    with pytest.raises(StoreUnavailable, match="older"):
        await open_store(empty_url, migrate=False)
    store = await open_store(empty_url)
    assert await _versions(store) == [HEAD]
    await store.close()


async def test_a_current_store_opens_without_alembic(store: Store, store_url: str) -> None:
    program = _OPEN + "assert not [name for name in sys.modules if name.startswith('alembic')]"
    done = await anyio.run_process([sys.executable, "-c", program, store_url], check=False)
    assert done.returncode == 0, done.stderr.decode()
