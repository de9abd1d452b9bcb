"""A refused call comes back with a statement that passes, and it does."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.clients.mcp_http import call
from tests.support.gateway import Running

pytestmark = pytest.mark.anyio


async def ask(running: Running, http: httpx.AsyncClient, sql: str, **more: Any) -> dict[str, Any]:
    return await call(http, await running.agent_token(), "sql_query", resource="shop", sql=sql, **more)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM shop.customers WHERE loyalty_points > 5 AND email LIKE 'person7%'",
        "SELECT id, email FROM shop.customers ORDER BY email LIMIT 3",
        "SELECT to_jsonb(c) FROM shop.customers c WHERE id < 3",
        "SELECT id FROM shop.customers FOR UPDATE",
        "COPY shop.orders TO STDOUT",
        "BEGIN; SELECT id FROM shop.orders; COMMIT",
    ],
)
async def test_what_is_offered_in_the_place_of_a_refused_call_passes(
    running: Running, http: httpx.AsyncClient, sql: str
) -> None:
    refused = await ask(running, http, sql)
    assert refused["status"] == "denied", refused
    assert refused["rewrite"]["outcome"] == "allow"
    assert "`rewrite` holds a statement that passes" in refused["next_step"]
    again = await ask(running, http, refused["rewrite"]["sql"])
    assert again["status"] == "ok", again
    assert "example.org" not in str(again)


async def test_a_write_of_every_row_is_offered_by_key_and_then_held(running: Running, http: httpx.AsyncClient) -> None:
    refused = await ask(running, http, "DELETE FROM shop.orders", dry_run=True)
    assert refused["rewrite"]["sql"] == "DELETE FROM shop.orders WHERE id = $1"
    assert refused["rewrite"]["outcome"] in {"allow", "hold"}


@pytest.mark.parametrize("sql", ["DROP TABLE shop.orders", "SELECT pg_read_file('x')", "SELECT id FROM shop.orders"])
async def test_nothing_is_offered_where_nothing_would_pass_or_nothing_was_refused(
    running: Running, http: httpx.AsyncClient, sql: str
) -> None:
    assert "rewrite" not in await ask(running, http, sql)


async def test_a_misspelt_column_is_the_databases_to_tell(running: Running, http: httpx.AsyncClient) -> None:
    found = await ask(running, http, "SELECT id FROM shop.customers WHERE loyalty = 5")
    assert found["status"] == "failed"
    assert 'column "loyalty" does not exist' in found["error"]["message"]
