"""Ends of sessions: killed, idle, too many, the gateway stopping; at the native door and for agents' calls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import psycopg
import pytest
from sqlalchemy import select

from backends.postgres.frontend import query
from server.identity.logins import revoke_login
from server.recording.reading import read_session, segments_of
from server.store.models import Login
from tests.support.clients.mcp_http import call
from tests.support.native import Door, RawClient, fields, kinds, open_door
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

RULES = """
@id("dana") permit (principal == User::"dana", action, resource is Resource);
"""
ENDLESS = "SELECT n, repeat('x', 100) FROM generate_series(1, 100000000) AS n"
AT_ONCE = 5.0


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def door(
    tmp_path_factory: pytest.TempPathFactory, shop_server: Server, migrated_file: Path
) -> AsyncIterator[Door]:
    database = shop_server.create_database(prefix="native", template="shop_template")
    folder = tmp_path_factory.mktemp("native")
    policy = {"folder": folder / "policies", "packs": []}
    async with open_door(folder, shop_server, database, migrated_file, rules=RULES, policy=policy) as found:
        yield found


async def newest(door: Door) -> str:
    """The newest log-in of dana."""
    async with door.running.gateway.store.session(read_only=True) as session:
        found = await session.scalar(select(Login.id).where(Login.user == "dana").order_by(Login.created_at.desc()))
    assert found is not None
    return found


async def logged_in(door: Door) -> RawClient:
    client = await RawClient.connect(door.port)
    await client.log_in("dana", await door.token())
    return client


async def until_cut(client: RawClient, *, pause: float = 0.0) -> int:
    """Bytes until the connection is over, read at full speed or 4 KiB a pause."""
    size = 0
    async with asyncio.timeout(30):
        try:
            while piece := await client.reader.read(4096 if pause else 1 << 20):
                size += len(piece)
                await asyncio.sleep(pause)
        except ConnectionError:
            pass
    return size


async def busy_at_the_server(door: Door) -> int:
    async with asyncio.timeout(10):
        while True:
            told = await asyncio.to_thread(
                door.server.psql,
                f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{door.database}' AND state = 'active'"
                " AND query LIKE '%100000000%' AND pid <> pg_backend_pid()",
            )
            if told.strip() == "0":
                return 0
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("pause", [0.0, 0.01], ids=["fast", "slow"])
async def test_killing_a_session_stops_its_bytes_within_five_seconds(door: Door, pause: float) -> None:
    """F30. A slow reader must not go on with what is buffered for it."""
    client = await logged_in(door)
    client.send(query(ENDLESS))
    reading = asyncio.create_task(until_cut(client, pause=pause))
    await asyncio.sleep(0.3)
    began = time.perf_counter()
    assert await revoke_login(door.running.gateway.store, await newest(door), "runs wild")
    assert await reading > 0
    assert time.perf_counter() - began < AT_ONCE
    assert await busy_at_the_server(door) == 0
    await client.close()


async def test_killing_a_session_ends_an_agents_running_call_and_its_token(door: Door) -> None:
    gateway = door.running.gateway
    token = await door.running.agent_token("dana")
    login = await newest(door)
    sql = "SELECT count(*) FROM generate_series(1, 100000000) a, generate_series(1, 100000000) b"
    async with httpx.AsyncClient(base_url=door.running.url, timeout=20) as http:
        asked = asyncio.create_task(call(http, token, "sql_query", resource="shop", sql=sql))
        await asyncio.sleep(0.5)
        began = time.perf_counter()
        assert await revoke_login(gateway.store, login, "runs wild")
        answer = await asked
        assert answer["status"] == "failed"
        assert answer["error"]["code"] == "ended"
        assert time.perf_counter() - began < AT_ONCE
        refused = await http.post("/mcp", headers={"Authorization": f"Bearer {token}"}, json={})
        assert refused.status_code == 401
    assert await busy_at_the_server(door) == 0
    await gateway.recorder.flush()
    events = list(read_session(gateway.recorder.folder, await segments_of(gateway.store, login)))
    assert [each.event["error_code"] for each in events if each.type.startswith("operation.closed")] == ["ended"]


async def test_a_person_ends_own_sessions_over_the_api_and_admins_everybodys(door: Door) -> None:
    client = await logged_in(door)
    session = await newest(door)
    async with httpx.AsyncClient(base_url=door.running.url, timeout=10) as http:

        async def end(user: str) -> httpx.Response:
            headers = {"Authorization": f"Bearer {await door.token(user)}"}
            return await http.post(f"/api/v1/sessions/{session}/end", headers=headers, json={"reason": "lost"})

        assert (await end("lee")).status_code == 404
        assert (await end("dana")).json() == {"session": session, "ended": True}
        assert (await end("dana")).json() == {"session": session, "ended": False}
    assert fields((await client.message())[1])["C"] == "57P01"
    await client.close()


async def test_idle_sessions_end_running_ones_stay_and_one_person_has_so_many(
    tmp_path: Path, shop_server: Server, migrated_file: Path
) -> None:
    database = shop_server.create_database(prefix="native", template="shop_template")
    limits = {"idle_seconds": 1.5, "max_sessions_each": 2}
    policy = {"folder": tmp_path / "policies", "packs": []}
    async with open_door(tmp_path, shop_server, database, migrated_file, rules=RULES, policy=policy, **limits) as door:
        idle, busy = await logged_in(door), await logged_in(door)
        busy.send(query("SELECT pg_sleep(4)"))
        third = await RawClient.connect(door.port)
        with pytest.raises((AssertionError, asyncio.IncompleteReadError)):
            await third.log_in("dana", await door.token())
        await third.close()
        kind, body = await idle.message()
        assert (kind, fields(body)["C"]) == ("E", "57P01")
        assert "nothing was asked for" in fields(body)["M"]
        assert kinds(await busy.until()) == "TDCZ"
        again = await logged_in(door)
        for client in (idle, busy, again):
            await client.close()


async def test_stopping_lets_running_statements_finish_and_takes_no_new_ones(
    tmp_path: Path, shop_server: Server, migrated_file: Path
) -> None:
    """F31."""
    database = shop_server.create_database(prefix="native", template="shop_template")
    policy = {"folder": tmp_path / "policies", "packs": []}
    async with open_door(tmp_path, shop_server, database, migrated_file, rules=RULES, policy=policy) as door:
        idle, busy = await logged_in(door), await logged_in(door)
        busy.send(query("SELECT pg_sleep(2)::text, 'done'"))
        await asyncio.sleep(0.3)
    assert kinds([await idle.message()]) == "E"
    messages = [await busy.message() for _ in range(5)]
    assert kinds(messages) == "TDCZE"
    assert fields(messages[-1][1])["C"] == "57P01"
    with pytest.raises(ConnectionRefusedError):
        await RawClient.connect(door.port)
    for client in (idle, busy):
        await client.close()


async def test_sessions_of_drivers_say_why_they_ended(door: Door) -> None:
    token = await door.token()
    session = await newest(door)
    pg = await asyncpg.connect(door.dsn(), password=token)
    conn = await psycopg.AsyncConnection.connect(door.dsn(), password=token, autocommit=True)
    assert await revoke_login(door.running.gateway.store, session, "lost")
    async with asyncio.timeout(AT_ONCE):
        with pytest.raises(psycopg.OperationalError, match="log-in of this session was ended"):
            await conn.execute("SELECT pg_sleep(10)")
        for _ in range(100):
            if pg.is_closed():
                break
            await asyncio.sleep(0.05)
        assert pg.is_closed()
    await conn.close()
