"""What the native door remembers of a decision holds only while nothing that it rests on has changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from server.upstreams import NOTHING_KNOWN
from tests.support.native import Door, open_door
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

RULES = """
@id("all") permit (principal == User::"dana", action, resource is Resource);
"""
READ = "SELECT id FROM shop.orders WHERE id = 1"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def door(tmp_path: Path, shop_server: Server, migrated_file: Path) -> AsyncIterator[Door]:
    database = shop_server.create_database(prefix="native", template="shop_template")
    policy = {"folder": tmp_path / "policies", "packs": []}
    async with open_door(tmp_path, shop_server, database, migrated_file, rules=RULES, policy=policy) as found:
        yield found


@pytest.mark.parametrize("prepare", [False, True])
async def test_a_policy_that_changes_after_parse_is_the_policy_of_the_next_execution(door: Door, prepare: bool) -> None:
    async with await psycopg.AsyncConnection.connect(
        door.dsn(), password=await door.token(), autocommit=True
    ) as connection:
        for _ in range(3):
            cursor = await connection.execute(READ, prepare=prepare)
            assert await cursor.fetchall() == [(1,)]
        folder = door.running.gateway.config.policy.folder
        assert folder is not None
        rules = folder / "native.cedar"
        before = door.running.gateway.policies.current
        rules.write_text(rules.read_text() + '@id("no") forbid (principal, action == Action::"read", resource);\n')
        policies = door.running.gateway.policies
        changed = [await policies.poll() for _ in range(3)]
        assert any(changed) or policies.current is not before
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(READ, prepare=prepare)


async def test_a_label_that_comes_hides_the_next_answer(door: Door) -> None:
    async with await psycopg.AsyncConnection.connect(
        door.dsn(), password=await door.token(), autocommit=True
    ) as connection:
        for _ in range(3):
            cursor = await connection.execute("SELECT status FROM shop.orders WHERE id = 1", prepare=True)
            (clear,) = (await cursor.fetchall())[0]
        door.running.gateway.pipeline.judge.labels.replace("shop", NOTHING_KNOWN)
        with suppress(psycopg.errors.InsufficientPrivilege):
            cursor = await connection.execute("SELECT status FROM shop.orders WHERE id = 1", prepare=True)
            assert (await cursor.fetchall()) != [(clear,)]


async def test_another_number_is_recorded_with_its_own_text(door: Door) -> None:
    async with await psycopg.AsyncConnection.connect(
        door.dsn(), password=await door.token(), autocommit=True
    ) as connection:
        for number in (1, 2, 3):
            cursor = await connection.execute(READ.replace("= 1", f"= {number}"))
            assert await cursor.fetchall() == [(number,)]
    recorder = door.running.gateway.recorder
    await recorder.flush()
    written = b"".join(path.read_bytes() for path in (recorder.folder / recorder.writer).glob("*.jsonl")).decode()
    assert all(written.count(READ.replace("= 1", f"= {number}")) == 1 for number in (1, 2, 3))
