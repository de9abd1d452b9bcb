"""The HTTP client under a connection to an MCP server: bounded answers, no standing streams, nothing left behind.

The SDK speaks MCP; this decides what reaches it. A failure becomes an answer of its own, so that one broken request
does not end the connection for all the others on it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextvars import ContextVar
from dataclasses import dataclass

import httpx2

MAX_BYTES = 16 << 20
"""Of an answer that belongs to no call: a list of tools, a handshake."""
CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
CONNECTIONS = 100
_FAILED = -32099  # no code of MCP's own; what happened is in Call.failure


@dataclass(slots=True)
class Call:
    """What one call to the server may take and took. `failure` is "" or a code of UpstreamError."""

    max_bytes: int = MAX_BYTES
    requests: int = 0
    received: int = 0
    status: int = 0
    failure: str = ""


CALL: ContextVar[Call | None] = ContextVar("warded_mcp_call", default=None)


class Cut(httpx2.StreamError):
    """A body that was not read to its end. It is of a type that the SDK takes for a broken answer."""


class BoundedTransport(httpx2.AsyncBaseTransport):
    """Counts what passes. GET is answered here: nothing is wanted of a stream that the server may write to for ever."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, *, streams: bool = False) -> None:
        self._inner, self._streams = inner, streams

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        call = CALL.get() or Call()
        if request.method == "GET" and not self._streams:
            return httpx2.Response(405, request=request)
        call.requests += 1
        try:
            response = await self._inner.handle_async_request(request)
        except httpx2.TimeoutException:
            return _refusal(request, call, "timeout" if call.received else "unreachable")
        except httpx2.TransportError:
            return _refusal(request, call, "unreachable")
        call.status = response.status_code
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            await response.aclose()  # what it unpacks to has no bound
            return _refusal(request, call, "protocol")
        response.headers.pop("set-cookie", None)  # state of one person must not reach the next
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _Counted(response.stream, call)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, call: Call) -> None:
        self._inner, self._call = inner, call

    async def __aiter__(self) -> AsyncIterator[bytes]:
        call = self._call
        try:
            async for part in self._inner:
                call.received += len(part)
                if call.received > call.max_bytes:
                    call.failure = "limit"
                    raise Cut("more than may come")
                yield part
        except httpx2.TransportError as error:
            call.failure = "timeout" if isinstance(error, httpx2.TimeoutException) else "lost"
            raise Cut("broken off") from None

    async def aclose(self) -> None:
        await self._inner.aclose()


def open_client(headers: dict[str, str], *, streams: bool = False) -> httpx2.AsyncClient:
    """A client of its own for one upstream and credential; `streams` only for the legacy SSE transport."""
    transport = httpx2.AsyncHTTPTransport(
        retries=0, limits=httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    )
    return httpx2.AsyncClient(
        transport=BoundedTransport(transport, streams=streams),
        headers={"accept-encoding": "identity", **headers},
        timeout=httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        trust_env=False,
        follow_redirects=False,
    )


def _refusal(request: httpx2.Request, call: Call, failure: str) -> httpx2.Response:
    call.failure = failure
    error = {"jsonrpc": "2.0", "id": None, "error": {"code": _FAILED, "message": failure}}
    return httpx2.Response(
        502, headers={"content-type": "application/json"}, content=json.dumps(error).encode(), request=request
    )
