"""Sessions at the native door: held statements, ends from outside, cancelling, records, and faults of others."""

from __future__ import annotations

import asyncio
import os
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import psycopg
import pytest

from backends.postgres.frontend import cancel_request, execute, frame, parse, query
from backends.postgres.wire import BackendKeyData
from policy.model import Identity
from server.identity.users import disable_user
from server.native.credentials import issue_credential, revoke_credential
from server.recording.reading import read_session, segments_of
from tests.support.native import Door, RawClient, fields, kinds, open_door
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

UPDATE = "UPDATE shop.customers SET loyalty_points = 1 WHERE id = 3 RETURNING id, email"
SYNC = b"S\0\0\0\4"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def door(
    tmp_path_factory: pytest.TempPathFactory, shop_server: Server, migrated_file: Path
) -> AsyncIterator[Door]:
    database = shop_server.create_database(prefix="native", template="shop_template")
    async with open_door(tmp_path_factory.mktemp("native"), shop_server, database, migrated_file) as found:
        yield found


@pytest.fixture
async def raw(door: Door) -> AsyncIterator[RawClient]:
    client = await RawClient.connect(door.port)
    await client.log_in("dana", await door.token())
    yield client
    await client.close()


def bind(statement: str = "", portal: str = "", *, binary: bool = False) -> bytes:
    formats = struct.pack("!HH", 1, 1) if binary else b"\0\0"
    return frame(b"B", portal.encode() + b"\0" + statement.encode() + b"\0" + b"\0\0\0\0" + formats)


async def vote(door: Door, *, approve: bool) -> None:
    """Lee answers the newest request."""
    approvals = door.running.gateway.approvals
    lee = Identity("lee", "s", groups=frozenset({"developers", "leads"}))
    for _ in range(250):
        pending = [each for each in await approvals.list() if each.status == "pending"]
        if pending:
            break
        await asyncio.sleep(0.02)
    await approvals.vote(pending[0].id, identity=lee, approve=approve)


# Holding


async def test_a_held_statement_waits_runs_once_and_its_rows_are_masked(door: Door, raw: RawClient) -> None:
    raw.send(query(UPDATE))
    kind, body = await raw.message()
    assert kind == "N"
    assert "approve request" in fields(body)["M"]
    await vote(door, approve=True)
    messages = await raw.until()
    assert kinds(messages) == "TDCZ"
    assert b"@example.org" not in messages[1][1]
    assert messages[2][1] == b"UPDATE 1\0"


async def test_a_refused_request_is_an_error_and_the_session_goes_on(door: Door, raw: RawClient) -> None:
    raw.send(query(UPDATE.replace("3", "4")))
    assert (await raw.message())[0] == "N"
    await vote(door, approve=False)
    messages = await raw.until()
    assert kinds(messages) == "EZ"
    assert fields(messages[0][1])["C"] == "42501"
    raw.send(query("SELECT 1"))
    assert kinds(await raw.until()) == "TDCZ"


async def test_waiting_for_an_approval_can_be_cancelled(door: Door) -> None:
    client = await RawClient.connect(door.port)
    key = next(body for kind, body in await client.log_in("dana", await door.token()) if kind == "K")
    client.send(query(UPDATE.replace("3", "5")))
    assert (await client.message())[0] == "N"
    stranger = await RawClient.connect(door.port)
    stranger.send(cancel_request(BackendKeyData(struct.unpack("!i", key[:4])[0], b"nope")))
    assert await stranger.rest() == b""
    messenger = await RawClient.connect(door.port)
    messenger.send(cancel_request(BackendKeyData(struct.unpack("!i", key[:4])[0], key[4:])))
    assert await messenger.rest() == b""
    messages = await client.until()
    assert kinds(messages).replace("N", "") == "EZ"
    assert fields(messages[-2][1])["C"] == "57014"
    client.send(query("SELECT 1"))
    assert kinds(await client.until()) == "TDCZ"
    for each in (client, stranger, messenger):
        await each.close()


# The protocol's corners, as conversations


async def test_rows_without_a_describe_are_masked_in_binary_too(raw: RawClient) -> None:
    raw.send(parse("s", "SELECT id, email FROM shop.customers ORDER BY id"), SYNC)
    assert kinds(await raw.until()) == "1Z"
    for binary in (False, True):
        raw.send(bind("s", binary=binary), execute(2), execute(1), SYNC)
        messages = await raw.until()
        assert kinds(messages) == "2DDsDsZ"
        assert not any(b"@example.org" in body for _, body in messages)


async def test_after_a_denial_everything_up_to_sync_is_skipped(raw: RawClient) -> None:
    raw.send(parse("", "SELECT 1"), bind(), execute(0))
    raw.send(parse("", "DELETE FROM shop.orders"), bind(), execute(0), parse("", "SELECT 2"), bind(), execute(0), SYNC)
    messages = await raw.until()
    assert kinds(messages) == "12DCEZ"
    assert fields(messages[4][1])["C"] == "42501"
    raw.send(bind("never_prepared"), execute(0), SYNC)
    messages = await raw.until()
    assert fields(messages[0][1])["C"] == "26000"


async def test_a_name_that_could_not_be_taken_keeps_its_first_meaning(raw: RawClient) -> None:
    """Otherwise a name would be judged as one statement and run as another."""
    raw.send(parse("x", "SELECT email FROM shop.customers LIMIT 1"), SYNC)
    await raw.until()
    raw.send(parse("x", "SELECT country FROM shop.customers LIMIT 1"), SYNC)
    messages = await raw.until()
    assert fields(messages[0][1])["C"] == "42P05"
    raw.send(bind("x"), execute(0), SYNC)
    messages = await raw.until()
    assert kinds(messages) == "2DCZ"
    assert b"@example.org" not in messages[1][1]


async def test_sql_that_gives_a_name_another_meaning_takes_it_from_the_protocol(raw: RawClient) -> None:
    raw.send(parse("y", "SELECT country FROM shop.customers LIMIT 1"), SYNC)
    await raw.until()
    raw.send(query("DEALLOCATE y; PREPARE y AS SELECT email FROM shop.customers LIMIT 1"))
    assert "E" not in kinds(await raw.until())
    raw.send(bind("y"), execute(0), SYNC)
    messages = await raw.until()
    assert fields(messages[0][1])["C"] == "26000"


async def test_a_transactions_status_is_the_servers_own_after_a_denial(raw: RawClient) -> None:
    told = []
    for statement in ("BEGIN", "SELECT 1", "DELETE FROM shop.orders", "SELECT 1", "ROLLBACK"):
        raw.send(query(statement))
        told.append((await raw.until())[-1][1])
    assert told == [b"T", b"T", b"E", b"E", b"I"]


async def test_function_calls_empty_queries_and_reserved_names(raw: RawClient) -> None:
    raw.send(frame(b"F", struct.pack("!IHHH", 1, 0, 0, 0)))
    messages = await raw.until()
    assert kinds(messages) == "EZ"
    assert fields(messages[0][1])["C"] == "0A000"
    raw.send(query(" ; -- nothing"))
    assert kinds(await raw.until()) == "IZ"
    raw.send(parse("warded_x", "SELECT 1"), SYNC)
    assert fields((await raw.until())[0][1])["C"] == "42939"


async def test_copy_in_goes_through_both_protocols(door: Door, raw: RawClient) -> None:
    """Held in production; Lee agrees."""
    raw.send(query("COPY shop.orders FROM STDIN"))
    assert (await raw.message())[0] == "N"
    await vote(door, approve=True)
    assert (await raw.message())[0] == "G"
    raw.send(frame(b"d", b"9001\t1\tpaid\t1.00\n"), frame(b"c", b""))
    messages = await raw.until()
    assert messages[0] == ("C", b"COPY 1\0")
    raw.send(parse("", "COPY shop.orders FROM STDIN WITH (FORMAT text)"), bind(), execute(0), SYNC)
    assert kinds([await raw.message() for _ in range(3)]) == "12N"
    await vote(door, approve=True)
    assert (await raw.message())[0] == "G"
    raw.send(frame(b"d", b"9002\t1\tpaid\t1.00\n"), frame(b"c", b""), SYNC)
    assert kinds(await raw.until()) == "CZ"
    raw.send(query("SELECT count(*) FROM shop.orders WHERE id > 9000"))
    assert (await raw.until())[1][1].endswith(b"\x012")


async def test_notifications_arrive(door: Door, raw: RawClient) -> None:
    raw.send(query("LISTEN news"))
    assert kinds(await raw.until()) == "CZ"
    door.server.psql("NOTIFY news, 'hello'", database=door.database)
    kind, body = await raw.message()
    assert (kind, body[4:]) == ("A", b"news\0hello\0")


# Ends


async def test_ending_a_credential_or_an_account_ends_its_sessions_within_five_seconds(door: Door) -> None:
    store = door.running.gateway.store
    made = await issue_credential(store, "dana", "shop", seconds=600, now=time.time())
    conn = await asyncpg.connect(door.dsn(made.user), password=made.password)
    lee = await asyncpg.connect(door.dsn("lee"), password=await door.token("lee"))
    busy = asyncio.create_task(conn.fetch("SELECT pg_sleep(20)"))
    await asyncio.sleep(0.1)
    assert await revoke_credential(store, made.id, reason="lost", now=time.time())
    await disable_user(store, "lee")
    began = time.perf_counter()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError)):
        await busy
    for _ in range(100):
        if lee.is_closed():
            break
        await asyncio.sleep(0.05)
    assert lee.is_closed()
    assert time.perf_counter() - began < 5


async def test_a_connection_and_its_statements_are_in_the_record(door: Door) -> None:
    gateway = door.running.gateway
    made = await issue_credential(gateway.store, "dana", "shop", seconds=600, now=time.time())
    conn = await asyncpg.connect(door.dsn(made.user), password=made.password)
    await conn.fetch("SELECT email FROM shop.customers WHERE id < $1", 4)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await conn.execute("DELETE FROM shop.orders")
    await conn.close()
    for _ in range(100):
        events = await _events(door, made.id)
        if events[-1].type == "connection.closed/1":
            break
        await asyncio.sleep(0.05)
    opened = [each.event for each in events if each.type == "operation.opened/1"]
    closed = {each.event["operation_id"]: each.event for each in events if each.type == "operation.closed/1"}
    read = next(each for each in opened if "customers" in each["text"])
    assert (read["door"], read["verb"], list(read["parameters"])) == ("postgres", "session", ["\\x00000004"])
    assert (closed[read["operation_id"]]["rows"], closed[read["operation_id"]]["masked_cells"]) == (3, 3)
    assert closed[read["operation_id"]]["masked"][0]["label"] == "EMAIL"
    assert [each["decision"] for each in opened if "DELETE" in each["text"]] == ["deny"]
    assert {each["operation_id"] for each in opened} == set(closed)


async def _events(door: Door, credential: str) -> list:  # type: ignore[type-arg]
    from server.native.credentials import find_credential

    gateway = door.running.gateway
    await gateway.recorder.flush()
    found = await find_credential(gateway.store, credential)
    assert found is not None
    return list(read_session(gateway.recorder.folder, await segments_of(gateway.store, found[1].id)))


# Faults


async def test_garbage_after_log_in_ends_that_session_and_no_other(door: Door, raw: RawClient) -> None:
    token = await door.token()
    for garbage in (
        b"Q" + struct.pack("!i", -1),
        b"Q" + struct.pack("!i", 2**31 - 1),
        b"\0" * 10,
        frame(b"B", b"\0"),
        frame(b"P", b"no end"),
        frame(b"p", b"again\0"),
        frame(b"Q", b"SELECT '\xff'\0"),
        os.urandom(200),
    ):
        hostile = await RawClient.connect(door.port)
        await hostile.log_in("dana", token)
        hostile.send(garbage)
        hostile.writer.write_eof()
        assert b"Z" not in (await hostile.rest())[-6:-5]
        await hostile.close()
    raw.send(query("SELECT 1"))
    assert kinds(await raw.until()) == "TDCZ"


async def test_a_server_that_dies_in_mid_result_is_an_error_and_never_a_short_result(door: Door) -> None:
    token = await door.token()
    async with await psycopg.AsyncConnection.connect(door.dsn(), password=token, autocommit=True) as conn:
        (pid,) = await (await conn.execute("SELECT pg_backend_pid()")).fetchone() or (0,)
        running = asyncio.create_task(_sleeping(conn))
        await asyncio.sleep(0.2)
        door.server.psql(f"SELECT pg_terminate_backend({pid})")
        with pytest.raises(psycopg.OperationalError):
            await running


async def _sleeping(conn: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
    await conn.execute("SELECT n, pg_sleep(0.02) FROM generate_series(1, 1000) n")
