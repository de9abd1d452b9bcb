"""Bad input of every kind ends in a clear error, runs nothing, and breaks nothing for the next call."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.clients.mcp_http import call
from tests.support.gateway import Running, free_port, running_gateway, shop_config
from tests.support.servers.postgres import Server, start_postgres

pytestmark = pytest.mark.anyio


async def ask(running: Running, sql: Any, **more: Any) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=running.url, timeout=30) as http:
        return await call(http, await running.agent_token(), "sql_query", resource="shop", sql=sql, **more)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELEC 1", "syntax"),
        ("", "statement"),
        ("-- nothing here", "statement"),
        ("SELECT 'a\0b'", "NUL"),
        ("SELECT '" + "x" * 1_000_000 + "'", "long"),
    ],
    ids=["syntax", "empty", "comment", "nul", "one-megabyte"],
)
async def test_text_that_is_not_understood_is_refused_with_the_reason(running: Running, sql: str, words: str) -> None:
    found = await ask(running, sql)
    assert found["status"] == "denied"
    assert words.lower() in found["error"]["message"].lower()
    assert (await ask(running, "SELECT 1 AS one"))["status"] == "ok"


async def test_of_two_statements_the_denied_one_is_named(running: Running) -> None:
    found = await ask(running, "SELECT 1; DROP TABLE shop.orders")
    assert found["status"] == "denied"
    assert "drop" in str(found["reasons"]).lower()


async def test_two_allowed_statements_are_asked_for_one_at_a_time(running: Running) -> None:
    found = await ask(running, "SELECT 1; SELECT 2")
    assert found["status"] == "denied"
    assert "one statement per call" in found["next_step"].lower()


async def test_a_resource_that_does_not_exist_is_said_so(running: Running, http: httpx.AsyncClient) -> None:
    found = await call(http, await running.agent_token(), "sql_query", resource="shopp", sql="SELECT 1")
    assert found["error"]["code"] == "unknown_resource"
    assert "list_resources" in found["error"]["remedy"]


async def test_a_parameter_of_the_wrong_type_is_named_by_the_target(running: Running) -> None:
    found = await ask(running, "SELECT id FROM shop.customers WHERE id = $1", parameters=["seven"])
    assert (found["status"], found["error"]["code"]) == ("failed", "22P02")


async def test_a_missing_parameter_is_said_before_anything_runs(running: Running) -> None:
    found = await ask(running, "SELECT id FROM shop.customers WHERE id = $1")
    assert found["status"] == "failed"
    assert "parameter" in found["error"]["message"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"sql": 7},
        {"sql": "SELECT 1", "max_rows": 0},
        {"sql": "SELECT 1", "parameters": "x"},
        {"sql": "SELECT 1", "s": 1},
    ],
)
async def test_arguments_that_break_the_schema_are_named(running: Running, arguments: dict[str, Any]) -> None:
    more = {name: value for name, value in arguments.items() if name != "sql"}
    found = await ask(running, arguments["sql"], **more)
    assert (found["status"], found["error"]["code"]) == ("failed", "invalid_arguments")


async def test_a_wrong_password_upstream_is_not_shown_and_names_the_remedy(
    tmp_path: Path, shop_server: Server, shop_database: str, store_url: str
) -> None:
    config = shop_config(tmp_path, shop_server, port=free_port(), store_url=store_url, database=shop_database)
    async with running_gateway(config) as running:
        (tmp_path / "upstream-password").write_text("wrong-password-value")
        await running.gateway.pipeline.executor.upstreams.close()
        found = await ask(running, "SELECT 1")
        assert (found["status"], found["error"]["code"]) == ("failed", "authentication")
        assert "wrong-password-value" not in str(found)
        assert found["error"]["remedy"]


async def test_a_target_that_is_down_is_said_so_and_comes_back(tmp_path: Path, store_url: str) -> None:
    with start_postgres() as server:
        server.psql("CREATE TABLE notes (id int); INSERT INTO notes VALUES (1)")
        config = shop_config(tmp_path, server, port=free_port(), store_url=store_url, database="postgres")
        async with running_gateway(config) as running:
            assert (await ask(running, "SELECT id FROM notes"))["status"] == "ok"
            server.kill()
            found = await ask(running, "SELECT id FROM notes")
            assert found["status"] == "failed"
            assert found["error"]["code"] in ("unreachable", "lost")


async def test_a_locked_store_refuses_and_says_so(tmp_path: Path, shop_server: Server, shop_database: str) -> None:
    """A write that needs the store (a held request) is refused while another process keeps SQLite locked."""
    import sqlite3

    url = f"sqlite+aiosqlite:///{tmp_path}/state/warded.db"
    config = shop_config(tmp_path, shop_server, port=free_port(), store_url=url, database=shop_database)
    async with running_gateway(config) as running:
        token = await running.agent_token()
        async with httpx.AsyncClient(base_url=running.url, timeout=30) as http:
            assert (await call(http, token, "sql_query", resource="shop", sql="SELECT 1"))["status"] == "ok"
            locker = sqlite3.connect(tmp_path / "state" / "warded.db", isolation_level=None)
            locker.execute("BEGIN EXCLUSIVE")
            try:
                sql = "UPDATE shop.orders SET status = 'x' WHERE id = 1"
                found = await call(http, token, "sql_query", resource="shop", sql=sql)
                read = await call(http, token, "sql_query", resource="shop", sql="SELECT 2")
            finally:
                locker.execute("ROLLBACK")
                locker.close()
    assert (found["status"], found["error"]["code"]) == ("failed", "unavailable")
    assert "Nothing was executed" in found["error"]["message"]
    assert read["status"] == "ok"  # reads need no store: the token is known and the record is a file


async def test_no_record_means_no_execution(
    running: Running, shop_server: Server, shop_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = os.statvfs_result((4096, 4096, 1000, 0, 0, 1000, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda path: full)
    await asyncio.sleep(1.1)  # the recorder remembers the free space for a second
    found = await ask(running, "SELECT 1")
    assert (found["status"], found["error"]["code"]) == ("failed", "unavailable")
    assert "Nothing was executed" in found["error"]["message"]


async def test_a_broken_policy_file_leaves_the_old_policy_in_force(
    running: Running, tmp_path: Path, http: httpx.AsyncClient
) -> None:
    policies = running.gateway.policies
    before = policies.current.version
    (tmp_path / "policies" / "people.cedar").write_text("permit (principal, action, resource")
    for _ in range(3):
        await policies.poll()
    assert policies.current.version == before
    assert "people.cedar" in policies.problem
    assert (await ask(running, "SELECT 1 AS one"))["status"] == "ok"
    ready = await http.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert "stay in force" in ready.json()["warnings"]["policies"]


async def test_ten_million_rows_do_not_grow_the_process(running: Running) -> None:
    before = _resident()
    found = await ask(running, "SELECT n, repeat('x', 50) FROM generate_series(1, 10000000) AS n", max_rows=1000)
    assert (found["row_count"], found["truncated"]) == (1000, "rows")
    assert _resident() - before < 64_000_000


SLOW = (
    "SELECT count(*) AS pairs_of_pairs FROM shop.orders a JOIN shop.orders b ON a.id <> b.id"
    " JOIN shop.orders c ON c.id <> b.id JOIN shop.orders d ON d.id <> a.id"
)


async def test_a_statement_that_runs_too_long_is_cancelled_by_our_own_clock(
    tmp_path: Path, shop_server: Server, shop_database: str, store_url: str
) -> None:
    config = shop_config(
        tmp_path,
        shop_server,
        port=free_port(),
        store_url=store_url,
        database=shop_database,
        limits={"statement_seconds": 0.5},
    )
    async with running_gateway(config) as running:
        found = await ask(running, SLOW)
        assert (found["status"], found["error"]["code"]) == ("failed", "timeout")
    active = shop_server.psql(
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pairs_of_pairs%' AND state = 'active'"
    )
    assert active.strip() in ("0", "1")  # the question itself may count as one


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
