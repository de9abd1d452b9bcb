"""The MCP endpoint: Streamable HTTP, revisions 2025-11-25 and 2026-07-28 on one URL.

Two session managers serve one Server. The handshake era and every call that
asked for progress go to the streaming one, because the SDK drops progress in
JSON mode; a modern call without a progress token goes to the JSON one, which
costs less than half as much. In JSON mode the SDK does not watch for a client
that hangs up, so that is done here: in the modern era a closed request MUST
cancel its work (MCP 2026-07-28, basic/transports/streamable-http).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from server.listeners.direct import DirectCalls, plain_call

MAX_BODY_BYTES = 4 * 1024 * 1024
PATIENCE_SECONDS = 0.05
VERSION_HEADER = b"mcp-protocol-version"
_MODERN = frozenset(version.encode() for version in MODERN_PROTOCOL_VERSIONS)


class McpEndpoint:
    """ASGI app. `run()` must be entered before the first request. Without `direct` the SDK answers every call."""

    def __init__(self, server: Server[dict[str, Any]], direct: DirectCalls | None = None) -> None:
        self._direct = direct
        self._streaming = StreamableHTTPSessionManager(server, max_request_body_size=MAX_BODY_BYTES)
        self._json = StreamableHTTPSessionManager(server, json_response=True, max_request_body_size=MAX_BODY_BYTES)

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        async with self._streaming.run(), self._json.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST" or not _is_modern(scope):
            await self._streaming.handle_request(scope, receive, send)
            return
        body = await _read(receive)
        if body is None:
            await PlainTextResponse("Request body too large\n", status_code=413)(scope, receive, send)
        elif b'"progressToken"' in body or b"subscriptions/" in body:
            await self._streaming.handle_request(scope, _replay(body, receive), send)
        else:
            await self._answer_json(scope, body, receive, send)

    async def _answer_json(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """Watch for a hang-up only once a call has lasted a moment: most are over before."""
        task = asyncio.current_task()
        assert task is not None
        watch = HangUp(receive, task)
        timer = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, watch.begin)
        try:
            if self._direct and (call := plain_call(scope, body, self._direct.service.judge.verbs)):
                await self._direct.answer(call, scope, send)
            else:
                await self._json.handle_request(scope, _replay(body, receive), send)
        except asyncio.CancelledError:
            if not watch.heard:
                raise
            task.uncancel()  # nobody is left to answer
        finally:
            timer.cancel()
            watch.end()


class HangUp:
    """Cancels a call when its client closes the connection."""

    def __init__(self, receive: Receive, call: asyncio.Task[Any]) -> None:
        self._receive, self._call = receive, call
        self._watcher: asyncio.Task[None] | None = None
        self.heard = False

    def begin(self) -> None:
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    def end(self) -> None:
        if self._watcher is not None:
            self._watcher.cancel()

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.heard = True
        self._call.cancel()


def _is_modern(scope: Scope) -> bool:
    return any(name == VERSION_HEADER and value in _MODERN for name, value in scope["headers"])


async def _read(receive: Receive) -> bytes | None:
    """The whole body, None when it is larger than the bound; b"" when the client hung up."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY_BYTES:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay
