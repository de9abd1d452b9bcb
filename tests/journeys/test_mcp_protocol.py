"""Both revisions on one URL, and every trap of the SDK that a gateway could fall into."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from tests.support.clients.mcp_http import LegacySession, call, message, messages, modern, modern_body, modern_headers
from tests.support.gateway import Running
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

HELD = "UPDATE shop.orders SET status = 'returned' WHERE id = 7"


async def test_both_revisions_answer_on_the_same_url(running: Running, http: httpx.AsyncClient) -> None:
    token = await running.agent_token()
    session = LegacySession(http, token)
    opened = await session.open()
    assert opened["result"]["protocolVersion"] == "2025-11-25"
    old = message(await session.post("tools/list", {}))["result"]["tools"]
    new = (await modern(http, token, "tools/list")).json()["result"]
    assert [tool["name"] for tool in old] == [tool["name"] for tool in new["tools"]]
    assert new["resultType"] == "complete"
    assert new["cacheScope"] == "private"
    assert new["ttlMs"] > 0


async def test_discover_names_every_revision_that_is_served(running: Running, http: httpx.AsyncClient) -> None:
    found = (await modern(http, await running.agent_token(), "server/discover")).json()["result"]
    assert found["supportedVersions"][0] == "2026-07-28"
    assert "2025-11-25" in found["supportedVersions"]
    assert found["cacheScope"] == "public"


async def test_tools_are_few_typed_annotated_and_shortly_named(running: Running, http: httpx.AsyncClient) -> None:
    tools = (await modern(http, await running.agent_token(), "tools/list")).json()["result"]["tools"]
    assert [tool["name"] for tool in tools] == [
        "whoami",
        "list_resources",
        "request_status",
        "sql_query",
        "sql_describe",
    ]
    for tool in tools:
        assert len(tool["name"]) < 64
        assert tool["inputSchema"]["type"] == "object"
        assert tool["outputSchema"]["type"] == "object"
        assert "readOnlyHint" in tool["annotations"]
    assert not any(word in json.dumps(tools).lower() for word in ("approve_", "grant_", "admin_"))


async def test_a_person_without_rights_sees_neither_tools_nor_resources(
    running: Running, http: httpx.AsyncClient
) -> None:
    token = await running.agent_token("nobody")
    tools = (await modern(http, token, "tools/list")).json()["result"]["tools"]
    assert [tool["name"] for tool in tools] == ["whoami", "list_resources", "request_status"]
    assert (await call(http, token, "list_resources"))["resources"] == []
    hidden = await modern(
        http, token, "tools/call", {"name": "sql_query", "arguments": {"resource": "shop", "sql": "SELECT 1"}}
    )
    missing = await modern(http, token, "tools/call", {"name": "sql_quarry", "arguments": {}})
    assert hidden.json()["error"]["code"] == missing.json()["error"]["code"] == -32602


async def test_a_modern_call_is_answered_as_plain_json(running: Running, http: httpx.AsyncClient) -> None:
    answer = await modern(http, await running.agent_token(), "tools/call", {"name": "whoami", "arguments": {}})
    assert answer.headers["content-type"].startswith("application/json")
    assert "mcp-session-id" not in answer.headers
    found = answer.json()["result"]
    assert found["structuredContent"]["user"] == "dana"
    assert found["structuredContent"]["via"] == "agent"
    assert json.loads(found["content"][0]["text"]) == found["structuredContent"]


async def test_progress_is_not_lost_while_a_call_waits_for_approval(running: Running, http: httpx.AsyncClient) -> None:
    """The SDK's JSON mode drops progress silently: a call with a progress token must be streamed."""
    answer = await modern(
        http,
        await running.agent_token(),
        "tools/call",
        {"name": "sql_query", "arguments": {"resource": "shop", "sql": HELD}},
        meta={"progressToken": "p1"},
    )
    heard = messages(answer)
    assert any(note.get("method") == "notifications/progress" for note in heard[:-1])
    assert heard[-1]["result"]["structuredContent"]["status"] == "held"


async def test_a_session_id_is_worth_nothing_to_somebody_else(running: Running, http: httpx.AsyncClient) -> None:
    """Without the SDK's AuthenticatedUser in the scope, Lee could call inside Dana's session."""
    danas = LegacySession(http, await running.agent_token("dana"))
    await danas.open()
    lees = LegacySession(http, await running.agent_token("lee"))
    lees.session_id = danas.session_id
    assert (await lees.post("tools/call", {"name": "whoami", "arguments": {}})).status_code == 404
    assert (await danas.post("tools/call", {"name": "whoami", "arguments": {}})).status_code == 200


async def test_a_request_state_that_we_did_not_seal_is_refused(running: Running, http: httpx.AsyncClient) -> None:
    params = {"name": "whoami", "arguments": {}, "requestState": "v1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
    answer = await modern(http, await running.agent_token(), "tools/call", params)
    assert answer.json()["error"]["code"] == -32602


async def test_white_space_in_header_values_does_not_break_routing(running: Running) -> None:
    """httptools keeps trailing white space, and the SDK compares to the letter. (httpx would not send this.)"""
    params = {"name": "whoami", "arguments": {}}
    body = json.dumps(modern_body("tools/call", params)).encode()
    headers = modern_headers(await running.agent_token(), "tools/call") | {"Mcp-Name": "  whoami \t"}
    lines = ["POST /mcp HTTP/1.1", f"Host: {running.url.removeprefix('http://')}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    port = int(running.url.rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    assert b" 200 " in await reader.readline()
    writer.close()


async def test_headers_that_contradict_the_body_are_refused(running: Running, http: httpx.AsyncClient) -> None:
    token = await running.agent_token()
    params = {"name": "whoami", "arguments": {}}
    wrong_name = await modern(http, token, "tools/call", params, headers={"Mcp-Name": "sql_query"})
    wrong_method = await modern(http, token, "tools/call", params, headers={"Mcp-Method": "tools/list"})
    for answer in (wrong_name, wrong_method):
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32020)


async def test_an_unsupported_revision_is_told_what_is_supported(running: Running, http: httpx.AsyncClient) -> None:
    answer = await modern(
        http, await running.agent_token(), "tools/list", headers={"MCP-Protocol-Version": "2031-01-01"}
    )
    assert answer.status_code == 400


async def test_an_unknown_method_is_404_in_the_modern_era(running: Running, http: httpx.AsyncClient) -> None:
    answer = await modern(http, await running.agent_token(), "no/such")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, -32601)


async def test_get_and_delete_are_refused_in_the_modern_era(running: Running, http: httpx.AsyncClient) -> None:
    headers = modern_headers(await running.agent_token(), "tools/list")
    assert (await http.get("/mcp", headers=headers)).status_code == 405
    assert (await http.delete("/mcp", headers=headers)).status_code == 405


async def test_a_client_that_hangs_up_cancels_its_query(
    running: Running, http: httpx.AsyncClient, shop_server: Server, shop_database: str
) -> None:
    """A closed request must cancel its work (2026-07-28); the SDK's JSON mode would let it run on."""
    token = await running.agent_token()
    sql = (
        "SELECT count(*) AS pairs_of_pairs FROM shop.orders a JOIN shop.orders b ON a.id <> b.id"
        " JOIN shop.orders c ON c.id <> b.id JOIN shop.orders d ON d.id <> a.id"
    )
    body = modern_body("tools/call", {"name": "sql_query", "arguments": {"resource": "shop", "sql": sql}})
    task = asyncio.create_task(
        http.post("/mcp", headers=modern_headers(token, "tools/call", "sql_query"), content=json.dumps(body))
    )
    running_query = (
        f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{shop_database}' AND query LIKE '%pairs_of_pairs%'"
        " AND state = 'active' AND application_name LIKE 'warded dana%'"
    )
    await _until(lambda: shop_server.psql(running_query).strip() == "1")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await _until(lambda: shop_server.psql(running_query).strip() == "0")


async def _until(condition: object) -> None:
    assert callable(condition)
    for _ in range(300):
        if await asyncio.to_thread(condition):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come true in time")


async def test_a_body_over_four_megabytes_is_refused(running: Running, http: httpx.AsyncClient) -> None:
    headers = modern_headers(await running.agent_token(), "tools/call", "sql_query")
    answer = await http.post("/mcp", headers=headers, content=b"x" * (4 * 1024 * 1024 + 1))
    assert answer.status_code == 413
