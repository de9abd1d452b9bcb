"""The official MCP conformance suite. It cannot send a token, so a shim around the gateway adds one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.support.clients.node import run_script

PACKAGE = "@modelcontextprotocol/conformance"
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
async def authorized(app: ASGIApp, token: Token, *, port: int, public_port: int) -> AsyncIterator[str]:
    """The application served once more at another loopback address, where every request gets a token.

    Host and Origin get the public port and stay as they are otherwise, so checks of them still bite.
    """
    shim = _Shim(app, token, here=f":{port}".encode(), public=f":{public_port}".encode())
    options = uvicorn.Config(shim, host="127.0.0.1", port=port, log_config=None, ws="none", lifespan="off")
    server = uvicorn.Server(options)
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


class _Shim:
    """ASGI wrapper. Not a proxy: the bytes of every other header must reach the application as they were sent."""

    def __init__(self, app: ASGIApp, token: Token, *, here: bytes, public: bytes) -> None:
        self._app, self._token, self._here, self._public = app, token, here, public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, self._named(name, value)) for name, value in scope["headers"] if name != b"authorization"]
        headers.append((b"authorization", f"Bearer {await self._token()}".encode()))
        await self._app({**scope, "headers": headers}, receive, send)

    def _named(self, name: bytes, value: bytes) -> bytes:
        return value.replace(self._here, self._public) if name in (b"host", b"origin") else value
