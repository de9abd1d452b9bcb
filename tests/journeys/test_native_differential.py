"""The same messages to a server and through the door, with a policy that allows everything, get the same answers."""

from __future__ import annotations

import random
import struct
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from backends.postgres.frontend import describe_statement, frame, parse, query, startup
from tests.support.gateway import SHOP
from tests.support.native import Door, RawClient, fields, open_door
from tests.support.servers.postgres import Server, start_postgres

pytestmark = pytest.mark.anyio

EVERYTHING = """
@id("everything") permit (principal, action, resource);
"""
TRUST = "local all all trust\nhost all all 127.0.0.1/32 trust\n"
SYNC, FLUSH, TERMINATE = b"S\0\0\0\4", b"H\0\0\0\4", b"X\0\0\0\4"
TEXTS = (
    "SELECT 1 AS one",
    "SELECT n, n::text, NULL FROM generate_series(1, 5) AS n",
    "SELECT id, total, status FROM shop.orders ORDER BY id LIMIT 4",
    "SELECT 1 / 0",
    "SELECT nope FROM shop.orders",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT a",
    "ROLLBACK TO a",
    "",
    "SHOW DateStyle",
    "SET DateStyle = 'SQL, DMY'",
    "SELECT 1; SELECT 2",
    "DECLARE c CURSOR FOR SELECT id FROM shop.orders ORDER BY id",
    "FETCH 2 FROM c",
    "CLOSE c",
    "DEALLOCATE ALL",
    "UPDATE shop.orders SET status = 'open' WHERE id = 1 RETURNING id, status",
    "INSERT INTO shop.orders VALUES (1, 1, 'x', 1)",
    "COPY (SELECT id, status FROM shop.orders ORDER BY id LIMIT 2) TO STDOUT",
    "SELECT id FROM shop.orders WHERE id > 1000",
)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def trusting() -> Iterator[Server]:
    with start_postgres(hba=TRUST) as server:
        server.psql("CREATE DATABASE shop")
        server.psql(SHOP, database="shop")
        yield server


@pytest.fixture(scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory, trusting: Server, migrated_file: Path) -> AsyncIterator[Door]:
    folder = tmp_path_factory.mktemp("native")
    policy = {"folder": folder / "policies", "packs": []}
    async with open_door(folder, trusting, "shop", migrated_file, rules=EVERYTHING, policy=policy) as found:
        yield found


def bind(portal: str, statement: str, *, binary: bool) -> bytes:
    formats = struct.pack("!HH", 1, 1) if binary else b"\0\0"
    return frame(b"B", portal.encode() + b"\0" + statement.encode() + b"\0" + b"\0\0\0\0" + formats)


def some_message(chance: random.Random) -> bytes:
    name, portal, text = chance.choice(("", "a", "b")), chance.choice(("", "p")), chance.choice(TEXTS)
    run = frame(b"E", portal.encode() + b"\0" + struct.pack("!i", chance.choice((0, 0, 1, 2))))
    closed = chance.choice((b"S" + name.encode(), b"P" + portal.encode()))
    return chance.choice(
        (
            query(text),
            parse(name, text),
            parse(name, text) + bind(portal, name, binary=False),
            bind(portal, name, binary=chance.random() < 0.3),
            describe_statement(name),
            frame(b"D", b"P" + portal.encode() + b"\0"),
            run,
            run,
            frame(b"C", closed + b"\0"),
            FLUSH,
            SYNC,
        )
    )


def some_messages(chance: random.Random) -> bytes:
    """A client that knows the grammar of messages and nothing of their order."""
    asked = [some_message(chance) for _ in range(chance.randint(1, 12))]
    return b"".join(asked) + SYNC + query("ROLLBACK") + TERMINATE


async def answers(client: RawClient, messages: bytes) -> list[tuple[str, object]]:
    client.send(messages)
    rest, at = await client.rest(), 0
    found: list[tuple[str, object]] = []
    while at < len(rest):
        kind, length = struct.unpack_from("!ci", rest, at)
        body = rest[at + 5 : at + 1 + length]
        told: object = fields(body)["C"] if kind in b"EN" else body  # words may be hidden
        found.append((kind.decode(), told))
        at += 1 + length
    await client.close()
    return found


async def directly(server: Server) -> RawClient:
    client = await RawClient.connect(server.port)
    client.send(startup({"user": "postgres", "database": "shop", "client_encoding": "UTF8", "DateStyle": "ISO"}))
    await client.until()
    return client


@pytest.mark.parametrize("block", range(6))
async def test_any_order_of_messages_is_answered_as_the_server_answers_it(
    door: Door, trusting: Server, block: int
) -> None:
    token = await door.token()
    for seed in range(block * 25, block * 25 + 25):
        messages = some_messages(random.Random(seed))
        expected = await answers(await directly(trusting), messages)
        client = await RawClient.connect(door.port)
        await client.log_in("dana", token)
        assert await answers(client, messages) == expected, seed
