"""MCP over plain HTTP, byte by byte ours: for what a well-behaved client would never send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from backends import load_backends
from server.tools.gateway import LIST_RESOURCES, REQUEST_STATUS, WHOAMI

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
META = "io.modelcontextprotocol/"
OFFERED = (WHOAMI, LIST_RESOURCES, REQUEST_STATUS, *(verb for backend in load_backends() for verb in backend.verbs))
VALIDATORS = {verb.name: Draft202012Validator(dict(verb.output_schema)) for verb in OFFERED}


def modern_headers(token: str, method: str, name: str = "") -> dict[str, str]:
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": MODERN,
        "Mcp-Method": method,
    }
    return headers | ({"Mcp-Name": name} if name else {})


def modern_body(method: str, params: Mapping[str, Any], *, meta: Mapping[str, Any] | None = None) -> dict[str, Any]:
    envelope = {
        f"{META}protocolVersion": MODERN,
        f"{META}clientCapabilities": {},
        f"{META}clientInfo": {"name": "tests", "version": "1"},
        **(meta or {}),
    }
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": envelope}}


async def modern(
    http: httpx.AsyncClient,
    token: str,
    method: str,
    params: Mapping[str, Any] | None = None,
    *,
    meta: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """One request of the stateless era."""
    params = params or {}
    sent = modern_headers(token, method, str(params.get("name", ""))) | dict(headers or {})
    return await http.post("/mcp", headers=sent, json=modern_body(method, params, meta=meta))


async def call(http: httpx.AsyncClient, token: str, tool: str, **arguments: Any) -> dict[str, Any]:
    """The structured content of one tool call in the stateless era."""
    answer = await modern(http, token, "tools/call", {"name": tool, "arguments": arguments})
    assert answer.status_code == 200, answer.text
    found = answer.json()["result"]["structuredContent"]
    assert isinstance(found, dict)
    if tool in VALIDATORS:
        VALIDATORS[tool].validate(found)  # strict clients refuse an answer that breaks its own schema
    return found


class LegacySession:
    """A handshake-era session: `Mcp-Session-Id`, answers as one SSE event or as JSON."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http, self.token, self.session_id = http, token, ""

    def headers(self) -> dict[str, str]:
        found = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": LEGACY,
        }
        return found | ({"Mcp-Session-Id": self.session_id} if self.session_id else {})

    async def open(self) -> dict[str, Any]:
        client = {"name": "tests", "version": "1"}
        params = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": client}
        answer = await self.post("initialize", params)
        self.session_id = answer.headers["mcp-session-id"]
        note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        await self.http.post("/mcp", headers=self.headers(), json=note)
        return message(answer)

    async def post(self, method: str, params: Mapping[str, Any]) -> httpx.Response:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return await self.http.post("/mcp", headers=self.headers(), json=body)


def message(answer: httpx.Response) -> dict[str, Any]:
    """The last JSON-RPC message of a JSON or an SSE answer."""
    return messages(answer)[-1]


def messages(answer: httpx.Response) -> list[dict[str, Any]]:
    if answer.headers["content-type"].startswith("application/json"):
        return [answer.json()]
    return [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
