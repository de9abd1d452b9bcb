"""Brings a database to the schema of this code, once, even when two processes start together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from server.store.errors import StoreUnavailable

if TYPE_CHECKING:
    from alembic.config import Config

REVISIONS = ("0001", "0002", "0003", "0004", "0005")
"""Every revision in migrations/versions, oldest first. Kept here so that a start need not import Alembic (0.3 s)."""

HEAD = REVISIONS[-1]
MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = 0x57A4DED
"""Key of the PostgreSQL advisory lock that one migrating process holds."""
_LOCK_WAIT = "30s"


async def ensure_schema(engine: AsyncEngine, *, migrate: bool) -> None:
    """Cheap when the schema is current. Raises StoreUnavailable when it is newer, or older and `migrate` is off."""
    async with engine.connect() as connection:
        if await _is_current(connection):
            return
    if not migrate:
        raise StoreUnavailable("The store has an older schema.", "Start `warded serve` once; it migrates the store.")
    if engine.dialect.name == "sqlite":
        async with engine.execution_options(sqlite_begin="BEGIN EXCLUSIVE").begin() as connection:
            await _migrate(connection)
        return
    await _migrate_postgresql(engine)


async def _migrate_postgresql(engine: AsyncEngine) -> None:
    """On a connection of its own: a migration may take longer than any statement of daily work."""
    patient = create_async_engine(engine.url, poolclass=NullPool, hide_parameters=True)
    async with patient.begin() as connection:
        await connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_WAIT}'"))
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        await _migrate(connection)


async def _migrate(connection: AsyncConnection) -> None:
    if not await _is_current(connection):  # somebody else was first
        await connection.run_sync(upgrade)


async def _is_current(connection: AsyncConnection) -> bool:
    revision = await connection.run_sync(_revision)
    if revision is not None and revision not in REVISIONS:
        raise StoreUnavailable(
            f"The store has the schema {revision!r}, which is newer than this version of Warded ({HEAD!r}).",
            "Upgrade Warded, or restore the store from before the upgrade.",
        )
    return revision == HEAD


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def upgrade(connection: Connection) -> None:
    """Run all missing revisions in the caller's transaction."""
    from alembic import command

    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def alembic_config() -> Config:
    """Alembic's view of our migrations; there is no alembic.ini."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
