"""Bounds that a rule sets hold on the real database."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.support.clients.mcp_http import call
from tests.support.gateway import Running
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

BOUND = """
@id("few-rows") @max_affected("3")
permit (principal in Group::"developers", action in [Action::"connect", Action::"read", Action::"write"], resource);
"""


async def test_a_write_beyond_its_bound_is_undone_even_when_approved(
    running: Running, http: httpx.AsyncClient, shop_server: Server, shop_database: str
) -> None:
    await rewrite(running, BOUND)
    token = await running.agent_token()

    async def update(last: int) -> dict[str, object]:
        sql = f"UPDATE shop.orders SET status = 'lost' WHERE id <= {last}"
        waiting = asyncio.create_task(call(http, token, "sql_query", resource="shop", sql=sql))
        await approve(running, http)
        return await waiting

    found = await update(4)
    assert found["status"] == "failed"
    assert "would change 4 rows, but at most 3 may change; it was rolled back" in str(found["error"])
    lost = "SELECT count(*) FROM shop.orders WHERE status = 'lost'"
    assert shop_server.psql(lost, database=shop_database).strip() == "0"
    found = await update(3)
    assert (found["status"], found["affected"]) == ("ok", 3)


async def approve(running: Running, http: httpx.AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {await running.person_token('lee')}"}
    for _ in range(200):
        if pending := await running.gateway.approvals.list(status="pending", limit=1):
            answer = await http.post(f"/api/v1/requests/{pending[0].id}/approve", headers=headers, json={})
            assert answer.status_code == 200
            return
        await asyncio.sleep(0.02)
    raise AssertionError("no request appeared")


async def rewrite(running: Running, text: str) -> None:
    """Bring other rules into force."""
    policies, folder = running.gateway.policies, running.gateway.config.policy.folder
    before = policies.current.version
    assert folder is not None
    (Path(folder) / "people.cedar").write_text(text)
    for _ in range(200):
        await policies.poll()
        if policies.current.version != before:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the new rule did not come into force")
