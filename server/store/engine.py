"""Opens the store and hands out transactions."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from server.store.errors import StoreUnavailable, mapped_errors, mapped_url_errors
from server.store.schema import ensure_schema

__all__ = ["Store", "StoreUnavailable", "open_store"]

PATIENCE = 5.0
"""Seconds anything here waits: for a lock, a free connection, an answer. Then StoreUnavailable."""

Dialect = Literal["sqlite", "postgresql"]


class Store:
    """An open, migrated database. One per process; give it to whoever keeps state."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.dialect: Dialect = "sqlite" if engine.dialect.name == "sqlite" else "postgresql"
        self._writer = asyncio.Lock()

    @asynccontextmanager
    async def session(self, *, read_only: bool = False) -> AsyncIterator[AsyncSession]:
        """One transaction: committed on success, rolled back on error. Objects stay readable afterwards.

        SQLite has one writer. A transaction that reads first and writes later would fail
        there as soon as another one wrote in between (SQLITE_BUSY_SNAPSHOT), so every
        session takes the write lock at its start and tasks of this process queue for it
        fairly. `read_only` needs no lock and commits nothing. Do not nest sessions.
        Raises StoreUnavailable; IntegrityError and our own mistakes pass through.
        """
        with mapped_errors():
            if read_only or self.dialect == "postgresql":
                async with self._transaction(read_only) as session:
                    yield session
            else:
                async with self._turn(), self._transaction(read_only) as session:
                    yield session

    async def check(self) -> str:
        """For the readiness probe: "" or what is wrong."""
        try:
            async with self.session(read_only=True) as session:
                await session.execute(text("SELECT 1"))
        except StoreUnavailable as error:
            return str(error)
        return ""

    async def close(self) -> None:
        await self.engine.dispose()

    @asynccontextmanager
    async def _transaction(self, read_only: bool) -> AsyncIterator[AsyncSession]:
        options = {"sqlite_begin": "BEGIN" if read_only else "BEGIN IMMEDIATE", "postgresql_readonly": read_only}
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            await session.connection(execution_options=options)
            yield session
            if not read_only:  # a rollback would expire what was read; closing rolls back too, and does not
                await session.commit()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        async with asyncio.timeout(PATIENCE):
            await self._writer.acquire()
        try:
            yield
        finally:
            self._writer.release()


async def open_store(url: str, *, password: str = "", migrate: bool = True) -> Store:
    """Open the database at `url`, creating and migrating it as needed. Raises StoreUnavailable."""
    with mapped_url_errors():
        target = _parsed(url, password)
    if target.get_backend_name() == "sqlite":
        _private_file(target)
    engine = _engine(target)
    try:
        with mapped_errors():
            await ensure_schema(engine, migrate=migrate)
    except BaseException:
        await engine.dispose()
        raise
    return Store(engine)


def _parsed(url: str, password: str) -> URL:
    try:
        target = make_url(url)
    except ArgumentError as error:
        raise ValueError("not a URL") from error
    if target.drivername not in ("sqlite+aiosqlite", "postgresql+asyncpg"):
        raise ValueError("not a driver of ours")
    if target.drivername == "sqlite+aiosqlite" and target.database in (None, "", ":memory:"):
        raise ValueError("a store in memory loses approvals")
    return target.set(password=password) if password else target


def _private_file(target: URL) -> None:
    """Only the user that runs Warded may read the store: it holds signing keys. -wal and -shm get the same mode."""
    path = Path(str(target.database))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
    except OSError as error:
        remedy = "Give the user that runs Warded write access to its folder, or set state_dir."
        raise StoreUnavailable(f"The store at {path} cannot be opened: {error.strerror}.", remedy) from error


def _engine(target: URL) -> AsyncEngine:
    """`hide_parameters`: an exception must not carry hashes of secrets or people's statements."""
    options: dict[str, Any] = {"hide_parameters": True, "pool_timeout": PATIENCE}
    if target.get_backend_name() == "sqlite":
        engine = create_async_engine(target, **options)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    waits = {"timeout": PATIENCE, "command_timeout": PATIENCE}
    return create_async_engine(target, connect_args=waits, pool_pre_ping=True, **options)


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """synchronous=FULL: with NORMAL a power failure loses committed transactions (WAL), and approvals are promises."""
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={int(PATIENCE * 1000)}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))
