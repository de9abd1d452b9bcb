"""Nothing goes on running at the server for a caller who has left, or whose time is up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from backends.base import Columns, Limits, Rows
from backends.errors import UpstreamError
from tests.backends.postgres.asking import LIMITS, WRITE, Asker, rows_of
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

SLOW = "SELECT pg_sleep(20)"
RUNNING = """SELECT count(*) FROM pg_stat_activity
WHERE datname = '{database}' AND pid <> pg_backend_pid() AND state <> 'idle'"""


@pytest.fixture(params=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": request.param == "uvloop"}


async def running(server: Server, database: str, *, expect: int, seconds: float = 5.0) -> bool:
    """Whether the server comes to run `expect` statements within the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = await asyncio.to_thread(server.psql, RUNNING.format(database=database))
        if int(found) == expect:
            return True
        await asyncio.sleep(0.05)
    return False


async def test_a_statement_that_takes_too_long_is_cancelled_by_our_own_clock(
    db: Asker, server: Server, database: str
) -> None:
    began = time.monotonic()
    with pytest.raises(UpstreamError) as refusal:
        await db.chunks(SLOW, limits=Limits(10, 1000, 0.2))
    assert refusal.value.code == "timeout"
    assert time.monotonic() - began < 2.5
    assert await running(server, database, expect=0)


async def test_a_write_that_takes_too_long_is_rolled_back(db: Asker, server: Server, database: str) -> None:
    await db.chunks("CREATE TABLE IF NOT EXISTS slow (x int)", actions=WRITE)
    with pytest.raises(UpstreamError) as refusal:
        await db.chunks("INSERT INTO slow SELECT 1 FROM pg_sleep(20)", actions=WRITE, limits=Limits(10, 1000, 0.2))
    assert refusal.value.code == "timeout"
    assert await running(server, database, expect=0)
    assert await db.rows("SELECT count(*) FROM slow") == [["0"]]


async def test_a_commit_that_takes_too_long_is_rolled_back(db: Asker) -> None:
    await db.chunks("CREATE TABLE IF NOT EXISTS late (x int)", actions=WRITE)
    await db.chunks(
        """DO $$ BEGIN
        CREATE OR REPLACE FUNCTION wait_long() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN PERFORM pg_sleep(20); RETURN NULL; END';
        DROP TRIGGER IF EXISTS late ON late;
        CREATE CONSTRAINT TRIGGER late AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION wait_long();
        END $$""",
        actions=WRITE,
    )
    with pytest.raises(UpstreamError) as refusal:
        await db.chunks("INSERT INTO late VALUES (1)", actions=WRITE, limits=Limits(10, 1000, 0.3))
    assert refusal.value.code == "timeout"
    assert await db.rows("SELECT count(*) FROM late") == [["0"]]


async def test_a_task_that_is_cancelled_cancels_its_statement(db: Asker, server: Server, database: str) -> None:
    task = asyncio.create_task(db.chunks(SLOW))
    assert await running(server, database, expect=1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await running(server, database, expect=0)
    assert await db.rows("SELECT 1") == [["1"]]


async def test_a_task_that_is_cancelled_twice_still_cancels_its_statement(
    db: Asker, server: Server, database: str
) -> None:
    task = asyncio.create_task(db.chunks(SLOW))
    assert await running(server, database, expect=1)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await running(server, database, expect=0)


async def test_a_reader_who_leaves_in_the_middle_ends_the_statement(db: Asker, server: Server, database: str) -> None:
    stream = db.stream("SELECT generate_series(1, 100000000)", limits=Limits(100_000_000, 10**9, 30))
    async with aclosing(stream) as chunks:  # type: ignore[type-var]
        assert isinstance(await anext(chunks), Columns)
        assert isinstance(await anext(chunks), Rows)
    assert await running(server, database, expect=0)
    assert await db.rows("SELECT 1") == [["1"]]


async def test_a_reader_who_leaves_before_execution_leaves_nothing_behind(
    db: Asker, server: Server, database: str
) -> None:
    async with aclosing(db.stream(SLOW)) as chunks:  # type: ignore[type-var]
        await anext(chunks)
    assert await running(server, database, expect=0)
    assert db.pool._open == 1


async def test_an_answer_cut_by_bytes_ends_the_statement(db: Asker, server: Server, database: str) -> None:
    chunks = await db.chunks("SELECT repeat('x', 900), generate_series(1, 100000000)", limits=Limits(900, 5000, 30))
    assert len(rows_of(chunks)) == 5
    assert await running(server, database, expect=0)


async def test_a_cancel_never_strikes_the_next_caller(db: Asker) -> None:
    for _ in range(15):
        with pytest.raises(UpstreamError):
            await db.chunks(SLOW, limits=Limits(10, 1000, 0.01))
        for _ in range(3):
            assert await db.rows("SELECT 1") == [["1"]]


async def test_at_most_eight_connections_are_opened_and_all_callers_are_served(
    db: Asker, server: Server, database: str
) -> None:
    answers = await asyncio.gather(*(db.rows("SELECT $1::int FROM pg_sleep(0.02)", [n]) for n in range(30)))
    assert [row[0][0] for row in answers] == [str(n) for n in range(30)]
    assert db.pool._open <= 8


async def test_a_caller_who_waits_too_long_for_a_connection_is_told(db: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backends.postgres.pool.WAIT_SECONDS", 0.1)
    busy = [asyncio.create_task(db.chunks(SLOW)) for _ in range(8)]
    await asyncio.sleep(0.3)
    with pytest.raises(UpstreamError) as refusal:
        await db.rows("SELECT 1")
    assert refusal.value.code == "unreachable"
    for task in busy:
        task.cancel()
    await asyncio.gather(*busy, return_exceptions=True)
    monkeypatch.setattr("backends.postgres.pool.WAIT_SECONDS", 5.0)
    assert await db.rows("SELECT 1") == [["1"]]


async def test_waiting_callers_who_leave_do_not_cost_a_connection(db: Asker) -> None:
    busy = [asyncio.create_task(db.chunks("SELECT pg_sleep(0.3)")) for _ in range(8)]
    await asyncio.sleep(0.1)
    waiting = [asyncio.create_task(db.rows("SELECT 1")) for _ in range(10)]
    await asyncio.sleep(0.05)
    for task in waiting[::2]:
        task.cancel()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [answer for answer in answers if isinstance(answer, list)] == [[["1"]]] * 5
    await asyncio.gather(*busy)
    assert len(db.pool._idle) == db.pool._open


async def test_a_slow_reader_holds_no_more_than_a_batch(db: Asker) -> None:
    async def slowly(stream: AsyncIterator[object]) -> int:
        count = 0
        async for _ in stream:
            await asyncio.sleep(0.005)
            count += 1
        return count

    limits = Limits(20_000, 10**8, LIMITS.timeout)
    assert await slowly(db.stream("SELECT generate_series(1, 20000)", limits=limits)) == 1 + 40 + 1
