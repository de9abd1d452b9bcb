"""Journey: the MCP Inspector's command line, in both protocol eras."""

from __future__ import annotations

import json

import pytest

from tests.support.clients.inspector import Era, inspect, inspector_call
from tests.support.gateway import Running

pytestmark = pytest.mark.anyio

ERAS: tuple[Era, ...] = ("legacy", "modern")


@pytest.mark.parametrize("era", ERAS)
async def test_the_inspector_lists_tools_and_reads_masked_rows(running: Running, era: Era) -> None:
    token = await running.agent_token()
    listed = await inspect(running.mcp_url, token, "tools/list", "--strict", era=era)
    assert listed.code == 0, listed.err
    tools = json.loads(listed.out)
    names = [tool["name"] for tool in tools.get("result", tools)["tools"]]
    assert names == ["whoami", "list_resources", "request_status", "sql_query", "sql_describe"]
    found = await inspector_call(
        running.mcp_url,
        token,
        "sql_query",
        era=era,
        resource="shop",
        sql="SELECT id, email, country FROM shop.customers ORDER BY id LIMIT 2",
    )
    assert found["status"] == "ok"
    assert [entry["label"] for entry in found["masked"]] == ["EMAIL"]
    assert "example.org" not in json.dumps(found["rows"])


@pytest.mark.parametrize("era", ERAS)
async def test_the_inspector_is_told_why_a_statement_is_denied(running: Running, era: Era) -> None:
    token = await running.agent_token()
    found = await inspector_call(
        running.mcp_url, token, "sql_query", era=era, resource="shop", sql="DELETE FROM shop.orders"
    )
    assert found["status"] == "denied"
    assert found["reasons"][0]["rule"] == "baseline.unbounded-write"


async def test_the_inspector_does_not_get_in_without_a_token(running: Running) -> None:
    refused = await inspect(running.mcp_url, "", "tools/list", era="auto")
    assert refused.code != 0
    assert "sql_query" not in refused.out
