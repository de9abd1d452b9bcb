"""A well-behaved MCP server on the SDK's own: both eras over HTTP, or a child over standard streams.

`python -m tests.support.servers.mcp --port N --log FILE`, or with `--stdio` instead. Every HTTP request is a line of
JSON in the log. A POST to /control changes what the server says of a tool: {"tool": …, "description": …}.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.gateway import free_port

CUSTOMER = {
    "id": 7,
    "full_name": "Anna Berg",
    "email": "anna.berg@example.org",
    "card_number": "4242424242424242",
    "country": "DE",
    "total": 12.5,
}
NOTE = "Call Anna Berg back at anna.berg@example.org about order 7."


def _schema(*names: str, **kinds: str) -> dict[str, Any]:
    properties = {name: {"type": kinds.get(name, "string")} for name in names}
    return {"type": "object", "properties": properties, "required": list(names)}


TOOLS: dict[str, dict[str, Any]] = {
    "get_customer": {"description": "Looks up a customer.", "inputSchema": _schema("id", id="integer")},
    "search_notes": {"description": "Finds notes about a customer.", "inputSchema": _schema("words")},
    "create_note": {"description": "Writes a note.", "inputSchema": _schema("text")},
    "delete_note": {"description": "Removes a note.", "inputSchema": _schema("id")},
    "send_message": {"description": "Sends a message.", "inputSchema": _schema("to", "text")},
    "frobnicate": {"description": "Frobnicates.", "inputSchema": _schema("what")},
    "query_database": {"description": "Runs a query on the warehouse.", "inputSchema": _schema("sql")},
    "fetch_page": {"description": "Fetches a page.", "inputSchema": _schema("url")},
    "get_picture": {"description": "Gets a picture.", "inputSchema": _schema()},
    "get_report": {"description": "Gets a report as a resource.", "inputSchema": _schema()},
    "get_big": {"description": "Gets many bytes.", "inputSchema": _schema("size", size="integer")},
    "get_late": {"description": "Gets something late.", "inputSchema": _schema("seconds", seconds="number")},
    "get_broken": {"description": "Gets an error.", "inputSchema": _schema()},
    "get_environment": {"description": "Gets what the process sees.", "inputSchema": _schema()},
    "read_resource_note": {"description": "Reads a note.", "inputSchema": _schema("resource", "dry_run")},
}


async def _answer(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    match name:
        case "get_customer":
            return {"content": [_text(json.dumps(CUSTOMER))], "structuredContent": CUSTOMER}
        case "search_notes":
            return {"content": [_text(NOTE), _text(json.dumps([CUSTOMER]))]}
        case "get_picture":
            picture = base64.b64encode(b"anna.berg@example.org").decode()
            return {"content": [{"type": "image", "data": picture, "mimeType": "image/png"}]}
        case "get_report":
            inner = {"uri": "report://anna.berg@example.org/1", "mimeType": "text/plain", "text": NOTE}
            return {"content": [{"type": "resource", "resource": inner}]}
        case "get_big":
            return {"content": [_text("x" * int(arguments["size"]))]}
        case "get_late":
            await asyncio.sleep(float(arguments["seconds"]))
            return {"content": [_text("late")]}
        case "get_broken":
            return {"content": [_text(f"no customer {CUSTOMER['email']}")], "isError": True}
        case "get_environment":
            seen = {"environ": dict(os.environ), "cwd": os.getcwd(), "uid": os.getuid()}
            return {"content": [_text("seen")], "structuredContent": seen}
        case _:
            return {"content": [_text(json.dumps({"did": name, "with": sorted(arguments)}))]}


def _text(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def build() -> Any:
    """The SDK's low-level server."""
    import mcp_types as types
    from mcp.server.lowlevel import Server

    async def list_tools(context: Any, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult.model_validate({"tools": [{"name": name, **tool} for name, tool in TOOLS.items()]})

    async def call_tool(context: Any, params: types.CallToolRequestParams) -> dict[str, Any]:
        return {"resultType": "complete", **await _answer(params.name, params.arguments or {})}

    return Server(
        "fixture",
        on_list_tools=list_tools,
        on_call_tool=call_tool,  # type: ignore[arg-type]  # a plain dict is a legal result
        get_tool_input_schema=lambda name: None,
    )


def application(log: Path) -> Any:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, Response
    from starlette.routing import Mount, Route

    manager = StreamableHTTPSessionManager(build())

    async def control(request: Request) -> Response:
        change = await request.json()
        TOOLS[change.pop("tool")].update(change)
        return PlainTextResponse("ok")

    async def endpoint(scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        body = await request.body()
        try:
            method = json.loads(body).get("method", "") if body else ""
        except ValueError:
            method = "?"
        with log.open("a") as file:
            line = {"http": request.method, "method": method, "headers": dict(request.headers), "body": body.decode()}
            file.write(json.dumps(line) + "\n")
        sent = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Any:
            return sent.pop() if sent else await receive()

        await manager.handle_request(scope, replay, send)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with manager.run():
            yield

    return Starlette(routes=[Route("/control", control, methods=["POST"]), Mount("/mcp", endpoint)], lifespan=lifespan)


@dataclass(frozen=True, slots=True)
class McpServer:
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp/"

    @property
    def seen(self) -> list[dict[str, Any]]:
        """The HTTP requests so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def change(self, tool: str, **change: Any) -> None:
        httpx.post(f"http://127.0.0.1:{self.port}/control", json={"tool": tool, **change}).raise_for_status()


@contextmanager
def running_mcp(folder: Path) -> Iterator[McpServer]:
    """The server as a process of its own."""
    server = McpServer(free_port(), folder / "requests.jsonl")
    command = [sys.executable, "-m", "tests.support.servers.mcp", "--port", str(server.port), "--log", str(server.log)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(server, process)
        yield server
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(server: McpServer, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            httpx.get(f"http://127.0.0.1:{server.port}/control")
        except httpx.TransportError:
            if process.poll() is not None:
                raise RuntimeError("the MCP server did not start") from None
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the MCP server did not start in time")


async def _stdio() -> None:
    from mcp.server.stdio import stdio_server

    server = build()
    async with stdio_server() as (reader, writer):
        await server.run(reader, writer, server.create_initialization_options())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--stdio", action="store_true")
    given = parser.parse_args()
    if given.stdio:
        asyncio.run(_stdio())
        return
    import uvicorn

    uvicorn.run(application(given.log), host="127.0.0.1", port=given.port, log_config=None)


if __name__ == "__main__":
    main()
