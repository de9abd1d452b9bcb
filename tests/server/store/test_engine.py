"""Opening the store: private files, durable settings, transactions, clear words when it cannot be used."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from contextlib import nullcontext
from pathlib import Path

import anyio
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from server.store.engine import PATIENCE, Store, StoreUnavailable, open_store
from server.store.models import Setting
from tests.support.databases import StoreDatabases

pytestmark = pytest.mark.anyio


async def _put(store: Store, name: str, value: str) -> None:
    async with store.session() as session:
        session.add(Setting(name=name, value=value))


async def _count(store: Store) -> int:
    async with store.session(read_only=True) as session:
        return (await session.execute(select(func.count()).select_from(Setting))).scalar_one()


async def test_a_session_commits_on_success_and_rolls_back_on_error(store: Store) -> None:
    await _put(store, "kept", "1")

    async def fail() -> None:
        async with store.session() as session:
            session.add(Setting(name="lost", value="1"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await _count(store) == 1


async def test_a_read_only_session_keeps_nothing(store: Store) -> None:
    with pytest.raises(StoreUnavailable) if store.dialect == "postgresql" else nullcontext():
        async with store.session(read_only=True) as session:
            session.add(Setting(name="lost", value="1"))
            await session.flush()
    assert await _count(store) == 0


async def test_what_was_committed_survives_reopening(store: Store, store_url: str) -> None:
    await _put(store, "a", "1")
    await store.close()
    again = await open_store(store_url)
    assert await _count(again) == 1
    await again.close()


async def test_a_broken_rule_of_the_schema_is_no_outage(store: Store) -> None:
    await _put(store, "a", "1")
    with pytest.raises(IntegrityError) as caught:
        await _put(store, "a", "a value that must not be printed")
    assert "must not be printed" not in str(caught.value)


async def test_transactions_that_read_and_then_write_lose_no_update(store: Store) -> None:
    await _put(store, "counter", "0")

    async def add() -> None:
        async with store.session() as session:
            found = await session.get_one(Setting, "counter", with_for_update=True)
            await asyncio.sleep(0)
            found.value = str(int(found.value) + 1)

    async with anyio.create_task_group() as tasks:
        for _ in range(30):
            tasks.start_soon(add)
    async with store.session(read_only=True) as session:
        assert (await session.get_one(Setting, "counter")).value == "30"


async def test_the_probe_says_whether_the_store_answers(store: Store) -> None:
    assert await store.check() == ""


async def test_files_of_the_store_are_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = await open_store(f"sqlite+aiosqlite:///{tmp_path}/state/warded.db")
        await _put(store, "a", "1")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    for file in (tmp_path / "state").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    await store.close()


async def test_sqlite_is_set_to_lose_nothing(tmp_path: Path) -> None:
    store = await open_store(f"sqlite+aiosqlite:///{tmp_path}/warded.db")
    async with store.session() as session:
        found = {
            name: (await session.execute(text(f"PRAGMA {name}"))).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
    await store.close()


async def test_a_locked_store_is_unavailable_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.store.engine.PATIENCE", 0.2)
    store = await open_store(f"sqlite+aiosqlite:///{tmp_path}/warded.db")
    other = sqlite3.connect(tmp_path / "warded.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailable, match="locked") as caught:
        await _put(store, "a", "1")
    assert caught.value.remedy
    other.execute("ROLLBACK")
    other.close()
    await _put(store, "a", "1")
    await store.close()


async def test_a_task_that_holds_the_store_does_not_stop_others_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert PATIENCE <= 5
    monkeypatch.setattr("server.store.engine.PATIENCE", 0.05)
    store = await open_store(f"sqlite+aiosqlite:///{tmp_path}/warded.db")
    async with store.session():
        with pytest.raises(StoreUnavailable, match="in time"):
            await _put(store, "a", "1")
    await _put(store, "a", "1")
    await store.close()


async def test_a_full_disk_is_unavailable_with_a_remedy(tmp_path: Path) -> None:
    store = await open_store(f"sqlite+aiosqlite:///{tmp_path}/warded.db")

    async def overfill() -> None:
        async with store.session() as session:
            await session.execute(text("PRAGMA max_page_count=1"))
            session.add(Setting(name="big", value="x" * 1_000_000))

    with pytest.raises(StoreUnavailable, match="full"):
        await overfill()
    assert await _count(store) == 0
    await store.close()


async def test_a_store_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        await open_store(f"sqlite+aiosqlite:///{tmp_path}/taken/warded.db")
    (tmp_path / "other.db").write_text("not an SQLite database at all" * 100)
    with pytest.raises(StoreUnavailable, match="not an SQLite database"):
        await open_store(f"sqlite+aiosqlite:///{tmp_path}/other.db")


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://h/d", "sqlite+aiosqlite://", "sqlite:///x.db"])
async def test_a_url_that_is_not_understood_names_the_forms_that_are(url: str) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        await open_store(url)
    assert "postgresql+asyncpg://" in caught.value.remedy


async def test_a_server_that_is_down_is_unavailable_at_open() -> None:
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await open_store("postgresql+asyncpg://nobody@127.0.0.1:1/none")


@pytest.mark.parametrize(
    ("password", "database", "message"), [("wrong", "postgres", "password"), (None, "absent", "does not exist")]
)
async def test_a_refusal_of_the_server_has_its_own_words(
    databases: StoreDatabases, password: str | None, database: str, message: str
) -> None:
    with pytest.raises(StoreUnavailable, match=message):
        await open_store(databases.url(database), password=password or databases.server.password)


async def test_the_password_may_come_apart_from_the_url(databases: StoreDatabases) -> None:
    url = databases.create()
    store = await open_store(url.replace(f":{databases.server.password}@", "@"), password=databases.server.password)
    assert await _count(store) == 0
    await store.close()
    databases.drop(url)


async def test_a_session_that_loses_its_server_is_unavailable_and_the_next_one_works(databases: StoreDatabases) -> None:
    url = databases.create()
    store = await open_store(url)
    ended = text("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(StoreUnavailable):
        async with store.session() as session:
            await session.execute(ended)
    await _put(store, "a", "1")
    assert await _count(store) == 1
    await store.close()
    databases.drop(url)


async def test_a_slow_server_is_unavailable_before_the_caller_gives_up(
    databases: StoreDatabases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.store.engine.PATIENCE", 3.0)
    url = databases.create()
    store = await open_store(url)
    with pytest.raises(StoreUnavailable, match="in time"):
        async with store.session() as session:
            await session.execute(text("SELECT pg_sleep(60)"))
    await store.close()
    databases.drop(url)
