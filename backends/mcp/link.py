"""One initialised connection to an MCP server, for one credential: opened when first used, shared by all calls, opened
anew when it died. The SDK's client speaks both eras (2025-11-25 and before, 2026-07-28); which one is found out once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import mcp_types as types
from mcp.client.client import Client
from mcp.client.session import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from pydantic import TypeAdapter, ValidationError

from backends.base import Secrets
from backends.errors import UpstreamError
from backends.mcp.child import run_child
from backends.mcp.failures import closed, failure_of, unreachable
from backends.mcp.http import CALL, MAX_BYTES, READ_SECONDS, Call, open_client
from backends.mcp.settings import Settings
from catalog.model import Login

CONNECT_SECONDS = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds between two tries to reach a server that is down: doubled each time. Meanwhile calls are answered at once."""
_ANY: Any = TypeAdapter(dict[str, Any])
_CHANGES = (
    types.ToolListChangedNotification,
    types.PromptListChangedNotification,
    types.ResourceListChangedNotification,
)
Opener = Callable[[], AbstractAsyncContextManager[Any]]


class Link:
    """Belongs to one event loop. `on_change` is called when the server says that a list of its changed."""

    def __init__(self, settings: Settings, login: Login, secrets: Secrets, *, on_change: Callable[[], None]) -> None:
        self._settings, self._login, self._secrets = settings, login, secrets
        self._on_change = on_change
        self._lock = asyncio.Lock()
        self._client: Client | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._leave = asyncio.Event()
        self._mode = "auto"
        self._pause, self._not_before, self._opened = 0.0, 0.0, float("-inf")

    async def request(self, request: types.Request[Any, Any], *, call: Call, seconds: float) -> dict[str, Any]:
        """The server's result, whole and as plain data. MCPError = the server refused. Raises UpstreamError."""
        return dict(await self.ask(lambda session: session.send_request(request, _ANY), call=call, seconds=seconds))

    async def ask(self, ask: Callable[[ClientSession], Awaitable[Any]], *, call: Call, seconds: float) -> Any:
        """What the session answers, in bounded time; asked again only where the server cannot have run anything."""
        for last in (False, True):
            client = await self.client()
            token = CALL.set(call)
            try:
                async with asyncio.timeout(seconds):
                    return await ask(client.session)
            except MCPError as error:
                if _forgotten(error, call) and not last:  # the server lost our session, so it ran nothing
                    await self._drop(client)
                    self._not_before = 0.0
                    continue
                if error.code == types.CONNECTION_CLOSED and call.failure != "limit":
                    await self._drop(client)
                raise failure_of(error, call) or error from None
            except ValidationError:
                raise UpstreamError("protocol", _BROKEN, _BROKEN, exposes_data=False) from None
            except TimeoutError:
                words = f"the server did not answer within {seconds:g} seconds"
                raise UpstreamError("timeout", words, words, exposes_data=False) from None
            except (RuntimeError, ValueError):  # closed under our hands
                await self._drop(client)
                raise closed() from None
            finally:
                CALL.reset(token)
        raise closed()

    async def client(self) -> Client:
        """The open client, connected if need be. Raises UpstreamError, at once while the server is known to be down."""
        async with self._lock:
            if self._client is None:
                now = asyncio.get_running_loop().time()
                if now < self._not_before:
                    raise unreachable("the server could not be reached a moment ago")
                try:
                    await self._open()
                    self._opened = now
                except UpstreamError:
                    self._rest(now)
                    raise
            assert self._client is not None
            return self._client

    def _rest(self, now: float) -> None:
        """Leave the server alone for a while; longer each time that it did not last."""
        lasted = now - self._opened > LONGEST_PAUSE
        self._pause = FIRST_PAUSE if lasted else min(LONGEST_PAUSE, max(FIRST_PAUSE, self._pause * 2))
        self._not_before = now + self._pause

    async def close(self) -> None:
        self._leave.set()
        if self._keeper is not None:
            with suppress(asyncio.CancelledError, Exception):
                async with asyncio.timeout(CONNECT_SECONDS):
                    await self._keeper
        self._client, self._keeper = None, None

    async def _drop(self, client: Client) -> None:
        async with self._lock:
            if self._client in (client, None):
                self._rest(asyncio.get_running_loop().time())
                await self.close()

    async def _open(self) -> None:
        """A task of its own keeps the connection: what it is made of has to end in the task that began it."""
        self._leave = asyncio.Event()
        ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        keeper = asyncio.create_task(self._keep(ready, self._leave))
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                self._client = await ready
        except TimeoutError:
            keeper.cancel()
            raise unreachable("the server did not answer the handshake in time") from None
        self._keeper = keeper
        keeper.add_done_callback(self._gone)

    def _gone(self, keeper: asyncio.Task[None]) -> None:
        if self._keeper is keeper:
            self._client, self._keeper = None, None
        if not keeper.cancelled():
            keeper.exception()  # looked at, so that nobody is told of it

    async def _keep(self, ready: asyncio.Future[Client], leave: asyncio.Event) -> None:
        call = Call()
        CALL.set(call)
        try:
            async with self._connected() as client:
                CALL.set(None)
                if not ready.done():
                    ready.set_result(client)
                await leave.wait()
        except Exception as error:
            if not ready.done():
                ready.set_exception(_why(error, call))
            else:
                raise

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[Client, None]:
        client = Client(
            self._streams(),
            mode=self._mode,
            cache=None,
            client_info=types.Implementation(name="warded", version="1"),
            message_handler=self._heard,
            read_timeout_seconds=READ_SECONDS,
        )
        async with client:
            if client.session.initialize_result is not None:
                self._mode = "legacy"
            yield client

    def _streams(self) -> AbstractAsyncContextManager[Any]:
        settings = self._settings
        if settings.transport == "stdio":
            environment = {name: self._secrets(where) for name, where in settings.environment.items()}
            return run_child(
                settings.command, environment=environment, directory=settings.directory, user=settings.user
            )
        headers = self._headers()
        if settings.transport == "sse":
            factory: Any = lambda **_: open_client(headers, streams=True)  # noqa: E731 - the SDK gives what we set
            return sse_client(settings.url, httpx_client_factory=factory)
        return _http(settings.url, headers)

    def _headers(self) -> dict[str, str]:
        """The login's secret and nothing else: whoever calls is never named to the server by a token of ours."""
        secret = self._secrets(self._login.password) if self._login.password else ""
        if not secret:
            return {}
        name = self._settings.header
        return {name: f"Bearer {secret}" if name.lower() == "authorization" and " " not in secret else secret}

    async def _heard(self, message: object) -> None:
        if isinstance(message, _CHANGES):
            self._on_change()


@asynccontextmanager
async def _http(url: str, headers: dict[str, str]) -> AsyncGenerator[Any, None]:
    async with (
        open_client(headers) as http,
        streamable_http_client(url, http_client=http, max_sse_event_size=MAX_BYTES) as streams,
    ):
        yield streams


_BROKEN = "the server's answer is not of the form that MCP prescribes"


def _forgotten(error: MCPError, call: Call) -> bool:
    return call.status == 404 and error.code == types.INVALID_REQUEST


def _why(error: BaseException, call: Call) -> UpstreamError:
    """The first error of ours in a group of errors, else what the transport saw."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            found = _why(inner, call)
            if found.code != "protocol":
                return found
    if isinstance(error, UpstreamError):
        return error
    if isinstance(error, MCPError):
        return failure_of(error, call) or unreachable("the server refused the handshake")
    if call.failure:
        return unreachable("the server cannot be reached")
    return UpstreamError("protocol", _BROKEN, _BROKEN, exposes_data=False)
