"""A server that goes away: always an error or the whole answer, never a short one that looks whole (F2, F9)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest

from backends.base import Done, Limits
from backends.errors import UpstreamError
from backends.postgres.upstream import PostgresUpstream
from tests.backends.postgres.asking import LIMITS, WRITE, Asker, resource_of, rows_of
from tests.support.proxy import Nemesis, nemesis
from tests.support.servers.postgres import Server, start_postgres

pytestmark = pytest.mark.anyio

KILL = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = '{database}' AND pid <> pg_backend_pid()"""
MANY = "SELECT i, repeat('x', 60) FROM generate_series(1, 900) i"


@pytest.fixture
async def between(server: Server) -> AsyncIterator[Nemesis]:
    async with nemesis(server.host, server.port) as state:
        yield state


@pytest.fixture
async def db(server: Server, database: str, between: Nemesis) -> AsyncIterator[Asker]:
    """An upstream that reaches the server through the proxy."""
    resource = resource_of(server, database, address=f"postgres://127.0.0.1:{between.port}/{database}")
    upstream = PostgresUpstream(resource, lambda _: server.password)
    yield Asker(upstream, resource)
    await upstream.close()


async def whole_size(db: Asker, between: Nemesis, limits: Limits) -> int:
    """How many bytes the warm answer has."""
    await db.rows(MANY, limits=limits)
    between.passed = 0
    assert len(await db.rows(MANY, limits=limits)) == 900
    return between.passed


@pytest.mark.parametrize("limits", [LIMITS, Limits(5000, 4_000_000, 30)], ids=["one flight", "several flights"])
async def test_an_answer_cut_at_any_byte_is_an_error_or_whole(db: Asker, between: Nemesis, limits: Limits) -> None:
    size = await whole_size(db, between, limits)
    assert size > 60_000
    cuts = [*range(1, 220, 7), *range(220, size, 4999), *range(size - 60, size, 5)]
    for cut in cuts:
        await db.rows("SELECT 1")
        between.arm(cut)
        with pytest.raises(UpstreamError) as refusal:
            await db.chunks(MANY, limits=limits)
        assert refusal.value.code == "lost", cut
        between.cut_after = None


async def test_an_answer_that_is_not_cut_is_whole(db: Asker, between: Nemesis) -> None:
    size = await whole_size(db, between, LIMITS)
    between.arm(size)
    chunks = await db.chunks(MANY)
    assert len(rows_of(chunks)) == 900
    assert cast(Done, chunks[-1]).truncated == ""


async def test_an_answer_in_single_bytes_is_whole(db: Asker, between: Nemesis) -> None:
    between.chunk = 1
    assert len(await db.rows("SELECT generate_series(1, 50)")) == 50


async def test_a_write_cut_at_any_byte_says_that_the_outcome_is_unknown_or_fails(
    db: Asker, between: Nemesis, server: Server, database: str
) -> None:
    server.psql("CREATE TABLE marks (x int)", database=database)
    await db.chunks("INSERT INTO marks VALUES ($1)", [0], actions=WRITE)
    between.passed = 0
    await db.chunks("INSERT INTO marks VALUES ($1)", [0], actions=WRITE)
    size = between.passed
    for cut in range(1, size, 3):
        await db.rows("SELECT 1")
        await db.rows("SELECT count(*) FROM marks")
        await db.upstream.close()
        await db.chunks("INSERT INTO marks VALUES ($1)", [0], actions=WRITE)
        between.arm(cut)
        with pytest.raises(UpstreamError) as refusal:
            await db.chunks("INSERT INTO marks VALUES ($1)", [cut], actions=WRITE)
        assert refusal.value.code == "lost"
        between.cut_after = None
    (again,) = await db.rows("SELECT count(*) - count(DISTINCT x) FROM marks WHERE x > 0")
    assert again == ["0"]  # nothing ran twice


async def test_a_kept_connection_that_died_unnoticed_is_replaced_for_a_read(
    db: Asker, server: Server, database: str
) -> None:
    await db.rows("SELECT 1")
    server.psql(KILL.format(database=database))  # the event loop has had no chance to see the connection go
    assert await db.rows("SELECT 1") == [["1"]]
    server.psql(KILL.format(database=database))
    assert await db.rows("SELECT 2") == [["2"]]


async def test_a_write_is_never_sent_a_second_time(db: Asker, server: Server, database: str) -> None:
    server.psql("CREATE TABLE once (x int)", database=database)
    sql = "INSERT INTO once VALUES (1)"
    await db.chunks(sql, actions=WRITE)
    server.psql(KILL.format(database=database))
    with pytest.raises(UpstreamError) as refusal:
        await db.chunks(sql, actions=WRITE)
    assert refusal.value.code == "lost"
    await db.chunks(sql, actions=WRITE)
    assert await db.rows("SELECT count(*) FROM once") == [["2"]]


async def test_a_connection_that_died_while_idle_is_not_handed_out(db: Asker, between: Nemesis) -> None:
    await db.rows("SELECT 1")
    between.cut()
    await asyncio.sleep(0.05)
    assert await db.rows("SELECT 1") == [["1"]]


async def test_a_silent_server_is_given_up_after_the_time_limit(db: Asker, between: Nemesis) -> None:
    await db.rows("SELECT 1")
    between.swallow = True
    with pytest.raises(UpstreamError) as refusal:
        await db.rows("SELECT 1", limits=Limits(10, 1000, 0.2))
    assert refusal.value.code == "timeout"


async def test_a_server_killed_in_mid_result_is_an_error_and_its_return_is_noticed() -> None:
    with start_postgres() as server:
        resource = resource_of(server, "postgres")
        upstream = PostgresUpstream(resource, lambda _: server.password)
        db = Asker(upstream, resource)
        task = asyncio.create_task(db.chunks("SELECT generate_series(1, 1000), pg_sleep(0.01)"))
        await asyncio.sleep(0.5)
        server.kill()
        with pytest.raises(UpstreamError) as refusal:
            await task
        assert refusal.value.code == "lost"
        with pytest.raises(UpstreamError) as refusal:
            await db.rows("SELECT 1")
        assert refusal.value.code == "unreachable"
        await upstream.close()
