"""The straight way for plain calls gives what the SDK gives, and takes nothing that is not exactly plain."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from server.listeners.direct import plain_call
from tests.support.clients.mcp_http import META, modern_body, modern_headers
from tests.support.gateway import Running

TOOLS = {"sql_query": None}
ARGUMENTS = {"resource": "shop", "sql": "SELECT id, email FROM shop.customers WHERE id = 1"}


def scope_of(headers: dict[str, str]) -> dict[str, Any]:
    return {"headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()]}


def plain() -> tuple[dict[str, str], dict[str, Any]]:
    params = {"name": "sql_query", "arguments": ARGUMENTS}
    return modern_headers("token", "tools/call", "sql_query"), modern_body("tools/call", params)


def taken(headers: dict[str, str], body: Any) -> bool:
    return plain_call(scope_of(headers), json.dumps(body).encode(), TOOLS) is not None


def test_a_plain_call_is_taken() -> None:
    assert taken(*plain())


@pytest.mark.parametrize(
    "change",
    [
        {"jsonrpc": "1.0"},
        {"id": None},
        {"id": True},
        {"id": 1.5},
        {"method": "tools/list"},
        {"params": None},
        {"params": []},
        {"extra": 1},
    ],
    ids=str,
)
def test_an_unusual_envelope_is_left_to_the_sdk(change: dict[str, Any]) -> None:
    headers, body = plain()
    assert not taken(headers, body | change)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "whoami"},
        {"name": 7},
        {"arguments": []},
        {"arguments": None},
        {"requestState": "x"},
        {"inputResponses": {}},
        {"_meta": {}},
        {"_meta": {f"{META}protocolVersion": "2026-07-28"}},
        {"_meta": {f"{META}protocolVersion": "2025-11-25", f"{META}clientCapabilities": {}}},
        {"_meta": {f"{META}protocolVersion": "2026-07-28", f"{META}clientCapabilities": 1}},
    ],
    ids=str,
)
def test_unusual_parameters_are_left_to_the_sdk(change: dict[str, Any]) -> None:
    headers, body = plain()
    assert not taken(headers, body | {"params": body["params"] | change})


@pytest.mark.parametrize(
    "change",
    [
        {"Mcp-Name": "whoami"},
        {"Mcp-Method": "tools/list"},
        {"MCP-Protocol-Version": "2025-11-25"},
        {"Mcp-Param-Region": "eu"},
        {"Content-Type": "text/plain"},
        {"Accept": "text/event-stream"},
    ],
    ids=str,
)
def test_unusual_headers_are_left_to_the_sdk(change: dict[str, str]) -> None:
    headers, body = plain()
    assert not taken(headers | change, body)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a": NaN}', b'"\\ud800"', b"[" * 5000, b'{"id": 1e999}'])
def test_what_is_no_json_object_is_left_to_the_sdk(body: bytes) -> None:
    assert plain_call(scope_of(plain()[0]), body, TOOLS) is None


def test_a_header_that_comes_twice_is_left_to_the_sdk() -> None:
    headers, body = plain()
    scope = scope_of(headers)
    scope["headers"].append((b"mcp-name", b"sql_query"))
    assert plain_call(scope, json.dumps(body).encode(), TOOLS) is None


@pytest.mark.anyio
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)  # nothing here depends on the kind of store
@pytest.mark.parametrize(
    "arguments",
    [
        ARGUMENTS,
        {"resource": "shop", "sql": "DELETE FROM shop.orders"},
        {"resource": "shop", "sql": "SELECT 1/0"},
        {"resource": "shop", "sql": "SELECT NULL::int AS nothing, 9007199254740993 AS large"},
        {"resource": "elsewhere", "sql": "SELECT 1"},
        {"sql": 1},
    ],
    ids=lambda arguments: str(arguments.get("sql")),
)
@pytest.mark.parametrize("user", ["dana", "nobody"])
async def test_both_ways_give_the_same_answer(
    running: Running, http: httpx.AsyncClient, arguments: dict[str, Any], user: str
) -> None:
    token = await running.agent_token(user)
    params = {"name": "sql_query", "arguments": arguments}
    headers = modern_headers(token, "tools/call", "sql_query")
    straight = await http.post("/mcp", headers=headers, json=modern_body("tools/call", params))
    # A progress token sends the call through the SDK; it answers in JSON as long as it has nothing to tell.
    body = modern_body("tools/call", params, meta={"progressToken": "p"})
    through_sdk = await http.post("/mcp", headers=headers, json=body)
    assert straight.status_code == through_sdk.status_code
    assert comparable(straight) == comparable(through_sdk)


def comparable(answer: httpx.Response) -> Any:
    found = answer.json()
    if "result" in found:
        found["result"]["content"][0]["text"] = json.loads(found["result"]["content"][0]["text"])
        for part in (found["result"]["structuredContent"], found["result"]["content"][0]["text"]):
            part["decision_id"] = ""
    return found
