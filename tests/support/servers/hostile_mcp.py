"""An MCP server that breaks every rule, one by each of its tools. Runs in the loop of the test."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from tests.support.gateway import free_port

JSON = [(b"content-type", b"application/json")]
EVENTS = [(b"content-type", b"text/event-stream")]
TOOLS = (
    "get_other_id",
    "get_endless_events",
    "get_gigabyte",
    "get_gzip",
    "get_bomb",
    "get_drip",
    "get_page",
    "get_refused",
    "get_nothing",
    "get_input",
    "get_nan",
    "get_cookie",
    "get_error",
    "get_well",
)


class HostileServer:
    """`calls` are the tool calls that reached it, `cookies` what a client sent back."""

    def __init__(self) -> None:
        self.port = free_port()
        self.calls: list[str] = []
        self.cookies: list[str] = []
        self.tools: list[dict[str, Any]] = [_tool(name) for name in TOOLS]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.cookies += [value.decode() for name, value in scope["headers"] if name == b"cookie"]
        asked = json.loads(body) if body else {}
        if "id" not in asked:
            await _reply(send, 202, b"")
            return
        await self._answer(asked, send)

    async def _answer(self, asked: dict[str, Any], send: Any) -> None:
        if asked["method"] == "initialize":
            card = {"name": "hostile", "version": "0"}
            found = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": card}
            await _reply(send, 200, _result(asked["id"], found))
        elif asked["method"] == "tools/list":
            await _reply(send, 200, _result(asked["id"], {"tools": self.tools}))
        elif asked["method"] == "tools/call":
            self.calls.append(asked["params"]["name"])
            await _misbehave(asked["params"]["name"], asked["id"], send)
        else:
            await _reply(send, 404, b"", headers=[])


async def _misbehave(name: str, number: int, send: Any) -> None:
    well = {"content": [{"type": "text", "text": "well"}]}
    match name:
        case "get_other_id":
            await _reply(send, 200, _result(number + 1000, well))
        case "get_endless_events":
            await _stream(send, EVENTS, b": still here\n\n" * 1000, pause=0)
        case "get_gigabyte":
            await _stream(send, JSON, b'"' + b"x" * 65_536 + b'",', pause=0)
        case "get_gzip":
            packed = gzip.compress(_result(number, {"content": [{"type": "text", "text": "x" * 5_000_000}]}), 1)
            await _reply(send, 200, packed, headers=[*JSON, (b"content-encoding", b"gzip")])
        case "get_bomb":
            nested = b"[" * 50_000 + b"]" * 50_000
            head = b'{"jsonrpc":"2.0","id":%d,"result":{"content":[],"structuredContent":' % number
            await _reply(send, 200, head + nested + b"}}")
        case "get_drip":
            await _stream(send, JSON, b" ", pause=0.05)
        case "get_page":
            await _reply(send, 200, b"<html>", headers=[(b"content-type", b"text/html")])
        case "get_refused":
            await _reply(send, 401, b"no", headers=[])
        case "get_nothing":
            await _reply(send, 200, b"")
        case "get_input":
            asked = {"resultType": "input_required", "inputRequests": {}, "requestState": "x"}
            await _reply(send, 200, _result(number, asked))
        case "get_nan":
            head = b'{"jsonrpc":"2.0","id":%d,"result":{"content":[],"structuredContent":{"a":NaN}}}' % number
            await _reply(send, 200, head)
        case "get_cookie":
            await _reply(send, 200, _result(number, well), headers=[*JSON, (b"set-cookie", b"session=of-somebody")])
        case "get_error":
            error = {"code": -32602, "message": "no customer anna.berg@example.org"}
            await _reply(send, 200, json.dumps({"jsonrpc": "2.0", "id": number, "error": error}).encode())
        case _:
            await _reply(send, 200, _result(number, well))


def _tool(name: str) -> dict[str, Any]:
    return {"name": name, "description": "Gets something.", "inputSchema": {"type": "object"}}


def _result(number: int, result: dict[str, Any]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": number, "result": result}).encode()


async def _reply(send: Any, status: int, body: bytes, *, headers: Any = JSON) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


async def _stream(send: Any, headers: Any, part: bytes, *, pause: float) -> None:
    """Until nobody listens."""
    await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
    for _ in range(20_000):
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await asyncio.sleep(pause)
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def running_hostile() -> AsyncIterator[HostileServer]:
    server = HostileServer()
    options = uvicorn.Config(server, host="127.0.0.1", port=server.port, log_config=None, ws="none", lifespan="off")
    uvicorn_server = uvicorn.Server(options)
    task = asyncio.create_task(uvicorn_server.serve())
    try:
        while not uvicorn_server.started:
            await asyncio.sleep(0.01)
            if task.done():
                raise RuntimeError("the hostile server did not start")
        yield server
    finally:
        uvicorn_server.should_exit = True
        uvicorn_server.force_exit = True
        await task
