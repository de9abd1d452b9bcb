"""Labels that an older version found are still there, and masked by, after the upgrade."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from catalog.model import Label, Locator
from server.scanning import load_labels
from server.store.engine import open_store
from server.store.schema import alembic_config
from tests.support.databases import StoreDatabases

pytestmark = pytest.mark.anyio

ROW = (
    'INSERT INTO catalog_columns (resource, schema, "table", "column", type, label, detector, confidence, scanned_at)'
    " VALUES ('shop', 'shop', 'customers', 'email', 'text', 'EMAIL', 'email', 0.9, 1000.0)"
)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/warded.db"
    databases: StoreDatabases = request.getfixturevalue("databases")
    return databases.create_empty()


async def test_labels_of_the_first_schema_survive_the_second(empty_url: str) -> None:
    engine = create_async_engine(empty_url)
    async with engine.begin() as connection:
        await connection.run_sync(_to_the_first_schema)
        await connection.execute(text(ROW))
    await engine.dispose()
    store = await open_store(empty_url)
    labels = await load_labels(store, "shop")
    assert labels.column(Locator("column", ("shop", "customers", "email"))) is Label.EMAIL
    async with store.session() as session:
        states = (await session.execute(text("SELECT resource, scan_finished_at FROM catalog_state"))).all()
    assert [tuple(row) for row in states] == [("shop", 1000.0)]
    await store.close()


def _to_the_first_schema(connection: Connection) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")
