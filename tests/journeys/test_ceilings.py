"""Ceilings, the planner's estimate and taint, through the whole gateway and a real database."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from server.budgets.reading import used
from tests.journeys.test_bounds import approve, rewrite
from tests.support.clients.mcp_http import call
from tests.support.databases import sqlite_url
from tests.support.gateway import Running, free_port, running_gateway, shop_config
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def store_url(tmp_path: Path, migrated_file: Path) -> str:
    """Counting on both kinds of store is tried in tests/server/budgets; here one is enough."""
    (tmp_path / "state").mkdir(mode=0o700)
    return sqlite_url(shutil.copy(migrated_file, tmp_path / "state" / "warded.db"))


PERMIT = """
@id("shop") {notes}
permit (principal in Group::"developers", action in [Action::"connect", Action::"read", Action::"write"], resource);
"""


def rule(ceiling: str, raised_by: str = "leads") -> str:
    raised = f'@raised_by("{raised_by}")' if raised_by else ""
    return PERMIT.format(notes=f'@ceiling("{ceiling}") {raised}')


async def ask(http: httpx.AsyncClient, token: str, sql: str, **more: Any) -> dict[str, Any]:
    return await call(http, token, "sql_query", resource="shop", sql=sql, **more)


async def test_rows_are_cut_at_the_ceiling_then_people_decide(running: Running, http: httpx.AsyncClient) -> None:
    await rewrite(running, rule("30 rows/day"))
    token = await running.agent_token()
    orders = "SELECT id FROM shop.orders ORDER BY id"
    first = await ask(http, token, f"{orders} LIMIT 20")
    assert (first["status"], len(first["rows"]), first["truncated"]) == ("ok", 20, "")
    second = await ask(http, token, f"{orders} LIMIT 20 OFFSET 20")
    assert (len(second["rows"]), second["truncated"]) == (10, "budget")
    assert second["reasons"][0]["rule"] == "shop"
    assert second["reasons"][0]["text"] == "Rule shop lets at most 30 rows a day pass; the answer was cut there."
    waiting = asyncio.create_task(ask(http, token, f"{orders} LIMIT 25"))
    await approve(running, http)
    third = await waiting
    assert (third["status"], len(third["rows"]), third["truncated"]) == ("ok", 25, "")
    fourth = await ask(http, token, f"{orders} LIMIT 25 OFFSET 25")
    assert (len(fourth["rows"]), fourth["truncated"]) == (5, "budget")


async def test_without_anybody_to_ask_a_reached_ceiling_denies_and_says_what_to_do(
    running: Running, http: httpx.AsyncClient
) -> None:
    await rewrite(running, rule("2 statements/session", ""))
    token = await running.agent_token()
    for _ in range(2):
        assert (await ask(http, token, "SELECT 1"))["status"] == "ok"
    found = await ask(http, token, "SELECT 1")
    assert found["status"] == "denied"
    assert "Rule shop lets at most 2 statements a session pass for dana by test-agent" in found["reasons"][0]["text"]
    assert "Nothing was executed. Finish what this session was for" in found["next_step"]
    assert (await ask(http, await running.agent_token(), "SELECT 1"))["status"] == "ok"


async def test_a_burst_takes_exactly_what_there_is(running: Running, http: httpx.AsyncClient) -> None:
    await rewrite(running, rule("100 rows/day", ""))
    token, found = await running.agent_token(), list[dict[str, Any]]()

    async def read() -> None:
        found.append(await ask(http, token, "SELECT id FROM shop.orders ORDER BY id LIMIT 30", max_rows=30))

    async with anyio.create_task_group() as calls:
        for _ in range(12):
            calls.start_soon(read)
    assert sum(len(each.get("rows") or ()) for each in found) == 100
    assert {each["status"] for each in found} == {"ok", "denied"}


async def test_counts_outlive_the_process(running: Running, http: httpx.AsyncClient) -> None:
    await rewrite(running, rule("30 rows/day, 10 MB bytes/day, 1h time/day, 9 statements/session"))
    await ask(http, await running.agent_token(), "SELECT id FROM shop.orders LIMIT 10")
    await running.gateway.pipeline.budgets.ledger.give_back()
    counts = {each.measure: each for each in await used(running.gateway.store)}
    assert counts["rows"].taken == 10
    assert counts["statements"].taken == 1
    assert 10 <= counts["bytes"].taken <= 40
    assert 1 <= counts["time"].taken < 30_000
    assert counts["rows"].ceiling(running.gateway.policies.current.document) == 30


async def test_bytes_and_different_masked_cells_have_ceilings(running: Running, http: httpx.AsyncClient) -> None:
    await rewrite(running, rule("25 cells/day"))
    token = await running.agent_token()
    emails = "SELECT email FROM shop.customers ORDER BY id"
    for _ in range(3):  # the same values do not count again
        assert (await ask(http, token, f"{emails} LIMIT 20"))["truncated"] == ""
    cut = await ask(http, token, f"{emails} LIMIT 40")
    assert (len(cut["rows"]), cut["truncated"]) == (25, "budget")
    await rewrite(running, rule("9000 bytes/day", ""))
    for _ in range(20):
        found = await ask(http, token, "SELECT repeat('x', 100) FROM shop.orders")
        if found["status"] != "ok":
            break
    assert found["status"] == "denied"
    (count,) = [each for each in await used(running.gateway.store) if each.measure == "bytes"]
    assert count.taken <= 9000


async def test_lookups_by_a_hidden_column_are_few_and_counted_once_each(
    running: Running, http: httpx.AsyncClient
) -> None:
    await rewrite(running, rule("3 probes/session", ""))
    token = await running.agent_token()

    def who(number: int) -> str:
        return f"SELECT id FROM shop.customers WHERE email = 'person{number}@example.org'"

    for number in (1, 2, 3, 3, 2, 1):
        assert (await ask(http, token, who(number)))["status"] == "ok"
    found = await ask(http, token, who(4))
    assert found["status"] == "denied"
    assert "at most 3 probes a session of shop shop.customers.email" in found["reasons"][0]["text"]
    assert (await ask(http, token, who(2)))["status"] == "ok"
    assert (await ask(http, token, "SELECT id FROM shop.customers WHERE id = 4"))["status"] == "ok"
    fresh = await running.agent_token()
    many = ", ".join(f"'person{number}@example.org'" for number in range(4))
    two = ", ".join(f"'person{number}@example.org'" for number in range(2))
    assert (await ask(http, fresh, f"SELECT id FROM shop.customers WHERE email IN ({two})"))["status"] == "ok"
    assert (await ask(http, fresh, f"SELECT id FROM shop.customers WHERE email IN ({many})"))["status"] == "denied"
    assert (await ask(http, fresh, who(9)))["status"] == "ok"


async def test_a_ceiling_and_a_hold_are_asked_for_at_once(running: Running, http: httpx.AsyncClient) -> None:
    await rewrite(running, rule("1 statements/day", "auditors"))
    token = await running.agent_token()
    assert (await ask(http, token, "SELECT 1"))["status"] == "ok"
    waiting = asyncio.create_task(ask(http, token, "UPDATE shop.orders SET status = 'x' WHERE id = 1"))
    for _ in range(200):
        if pending := await running.gateway.approvals.list(status="pending", limit=1):
            break
        await asyncio.sleep(0.02)
    assert pending[0].approvers == ["auditors", "leads"]
    assert [reason["rule"] for reason in pending[0].facts["reasons"]] == ["shop", "baseline.prod-write"]
    waiting.cancel()


async def test_the_planner_is_asked_where_a_permit_bounds_its_estimate(
    running: Running, http: httpx.AsyncClient, shop_server: Server, shop_database: str
) -> None:
    await rewrite(running, PERMIT.format(notes='@max_estimated("100")'))
    token = await running.agent_token()
    found = await ask(http, token, "SELECT id FROM shop.orders")
    assert found["status"] == "denied"
    assert found["reasons"][0]["text"] == "The planner expects 500 rows, and rule shop takes at most 100."
    assert found["rewrite"]["sql"] == "SELECT id FROM shop.orders LIMIT 100"
    assert (await ask(http, token, found["rewrite"]["sql"]))["status"] == "ok"
    lower = await ask(http, token, "SELECT id FROM shop.orders WHERE id > 0 ORDER BY id LIMIT 450 -- please")
    assert lower["rewrite"]["sql"] == "SELECT id FROM shop.orders WHERE id > 0 ORDER BY id LIMIT 100"
    assert (await ask(http, token, "SELECT id FROM shop.orders WHERE id < 10"))["status"] == "ok"
    assert (await ask(http, token, "SELECT id FROM shop.orders LIMIT 5"))["status"] == "ok"


async def test_a_session_that_read_untrusted_rows_is_tainted(
    tmp_path: Path, shop_server: Server, shop_database: str, store_url: str
) -> None:
    config = shop_config(tmp_path, shop_server, port=free_port(), store_url=store_url, database=shop_database)
    config.resources["shop"].tags["untrusted"] = "shop.orders"
    taint = '@id("told") @reason("Told by strangers.") forbid (principal, action, resource) when { context.tainted };'
    async with running_gateway(config) as running, httpx.AsyncClient(base_url=running.url, timeout=30) as http:
        await rewrite(running, PERMIT.format(notes="") + taint)
        token, other = await running.agent_token(), await running.agent_token()
        customers = "SELECT id FROM shop.customers LIMIT 1"
        for harmless in (customers, "SELECT id FROM shop.orders WHERE id < 0", "SELECT id FROM orders"):
            await ask(http, token, harmless)
        assert (await ask(http, token, customers))["status"] == "ok"
        assert (await ask(http, token, "SELECT id FROM shop.orders LIMIT 1"))["status"] == "ok"
        found = await ask(http, token, customers)
        assert (found["status"], found["reasons"][0]["rule"]) == ("denied", "told")
        assert (await ask(http, other, customers))["status"] == "ok"
