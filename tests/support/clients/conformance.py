"""The official MCP conformance suite. It cannot send a token, so a shim in front of the gateway adds one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from tests.support.clients.node import run_script

PACKAGE = "@modelcontextprotocol/conformance"
HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding"}  # RFC 9110 §7.6.1
Token = Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing the suite looked at. `status` is its own word: SUCCESS, FAILURE, WARNING, SKIPPED or INFO."""

    scenario: str
    id: str
    status: str
    message: str


async def run_scenario(url: str, scenario: str, *, revision: str, folder: Path) -> list[Check]:
    """Run one scenario against `url`; what it writes lands in `folder`."""
    options = ("--url", url, "--scenario", scenario, "--spec-version", revision, "-o", str(folder))
    finished = await run_script(PACKAGE, "conformance", "server", *options, seconds=90.0)
    checks = _checks(scenario, folder)
    assert checks, finished.out + finished.err
    return checks


def _checks(scenario: str, folder: Path) -> list[Check]:
    entries = [entry for path in sorted(folder.rglob("checks.json")) for entry in json.loads(path.read_text())]
    return [Check(scenario, entry["id"], entry["status"], entry.get("errorMessage", "")) for entry in entries]


@asynccontextmanager
async def authorized(target: str, token: Token, *, port: int) -> AsyncIterator[str]:
    """A loopback address that passes every request on to `target` with a token; answers the address.

    Everything else passes as it is, Host and Origin too (with the target's port), so that checks of them still bite.
    """
    async with httpx.AsyncClient(base_url=target, timeout=60.0, trust_env=False) as upstream:
        app = Starlette(routes=[Route("/{path:path}", _passer(upstream, token, port=port), methods=METHODS)])
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", ws="none"))
        task = asyncio.create_task(server.serve())
        try:
            while not server.started:
                if task.done():
                    task.result()
                    raise RuntimeError("the shim did not start")
                await asyncio.sleep(0.01)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await task


METHODS = ["GET", "POST", "DELETE", "OPTIONS", "PUT"]


def _passer(
    upstream: httpx.AsyncClient, token: Token, *, port: int
) -> Callable[[Request], Awaitable[StreamingResponse]]:
    real = f":{upstream.base_url.port}"

    async def forward(request: Request) -> StreamingResponse:
        headers = [(name, value) for name, value in request.headers.items() if name not in HOP_BY_HOP]
        headers = [
            (name, value.replace(f":{port}", real) if name in ("host", "origin") else value) for name, value in headers
        ]
        headers.append(("authorization", f"Bearer {await token()}"))
        sent = upstream.build_request(request.method, request.url.path, headers=headers, content=await request.body())
        answer = await upstream.send(sent, stream=True)
        kept = {name: value for name, value in answer.headers.items() if name not in HOP_BY_HOP}
        return StreamingResponse(answer.aiter_raw(), answer.status_code, kept)

    return forward
