"""An open MCP server: the Upstream of one Resource. What it offers is learnt from it and kept for a moment."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping

import mcp_types as types
from mcp.shared.exceptions import MCPError

from backends.base import Chunk, ColumnSample, Done, Health, Limits, Offer, Secrets, Text, Wanted
from backends.errors import UpstreamError
from backends.mcp.content import chunks_of
from backends.mcp.definitions import Definition
from backends.mcp.http import Call
from backends.mcp.link import Link
from backends.mcp.listing import list_tools
from backends.mcp.parse import ARGUMENTS, DEFINITION, TOOL
from backends.mcp.settings import read_settings
from backends.mcp.surface import NOTHING, Surface, build_surface
from catalog.model import Login, Resource
from policy.model import Operation
from policy.permit import Permit

LEARN_SECONDS = 10.0
WAIT_SECONDS = 3.0
RETRY_SECONDS = 5.0
TOO_OLD = 10
"""Times the refresh interval after which nobody is shown, and nothing judged by, what was learnt."""


class McpUpstream:
    """Belongs to one event loop. One connection for each login; the first login is asked what there is."""

    def __init__(self, resource: Resource, secrets: Secrets) -> None:
        self._resource, self._secrets = resource, secrets
        self._settings = read_settings(resource)
        self._links: dict[tuple[str, str], Link] = {}
        self._surface = NOTHING
        self._learnt = self._failed = float("-inf")
        self._learning: asyncio.Task[None] | None = None
        self._problem: UpstreamError | None = None

    def definitions(self) -> tuple[Definition, ...]:
        """All that the server offers, as it was last learnt."""
        return self._surface.definitions

    def offers(self) -> Mapping[str, Offer]:
        """See `backends.base.Offering`."""
        return self._surface.offers

    async def learn(self) -> None:
        """See `backends.base.Offering`: at once from memory; in the background when it is old; waited for, a little,
        when it is very old or was never had. A server that failed a moment ago is left alone."""
        now = asyncio.get_running_loop().time()
        age, wanted = now - self._learnt, self._settings.refresh_seconds
        if age < wanted or now - self._failed < RETRY_SECONDS:
            return
        if self._learning is None or self._learning.done():
            self._learning = asyncio.create_task(self._learn())
        if age >= wanted * TOO_OLD:
            await asyncio.wait({self._learning}, timeout=WAIT_SECONDS)

    async def target(self, login: Login, *, missed: bool = False) -> Surface:
        """See `backends.base.Informed`."""
        return self._surface

    def execute(self, permit: Permit, *, limits: Limits, label: str) -> AsyncGenerator[Chunk, None]:
        """See `backends.base.Upstream`. The permit is spent by the call itself, not by the first chunk."""
        return self._run(permit.spend().operation, permit.login, limits)

    async def _run(self, operation: Operation, login: Login, limits: Limits) -> AsyncGenerator[Chunk, None]:
        self._check_definition(operation)
        name, arguments = operation.options[TOOL], json.loads(operation.options[ARGUMENTS])
        request = types.CallToolRequest(params=types.CallToolRequestParams(name=name, arguments=arguments))
        try:
            result = await self._link(login).request(
                request, call=Call(max_bytes=limits.max_bytes), seconds=limits.timeout
            )
        except MCPError as error:  # the server's own words: data like any other
            yield Text(str(error.error.message).encode("utf-8", "replace"), "error")
            yield Done(outcome="error")
            return
        for chunk in chunks_of(result):
            yield chunk

    def _check_definition(self, operation: Operation) -> None:
        """What was judged, and perhaps approved, is what the server offers now. Raises UpstreamError."""
        tool = self._surface.tools.get(operation.verb)
        if tool is None or tool.definition.digest != operation.options.get(DEFINITION):
            words = "the server changed this tool since the call was judged; nothing was executed"
            raise UpstreamError("changed", words, words, exposes_data=False, remedy="List the tools again.")

    async def scan(self, *, sample: int, wanted: Wanted | None = None) -> AsyncIterator[ColumnSample]:
        """A server has no columns to sample: what passes is looked at as it passes."""
        nothing: tuple[ColumnSample, ...] = ()
        for column in nothing:
            yield column

    async def check(self) -> list[Health]:
        """Reached, with which revision, and what it offers."""
        await self._learn()
        if self._problem is not None:
            return [Health("reach", ok=False, detail=self._problem.safe, remedy=self._problem.remedy)]
        surface = self._surface
        unknown = sum(not tool.classification.is_known for tool in surface.tools.values())
        detail = f"{len(surface.tools)} tools, {unknown} of unknown effect"
        found = [Health("reach", ok=True, detail=detail)]
        if surface.unusable:
            names = ", ".join(surface.unusable[:5])
            words = f"{len(surface.unusable)} tools are not offered: {names}"
            found.append(Health("tools", ok=False, detail=words[:300], remedy="Their names or schemas are not usable."))
        return found

    async def close(self) -> None:
        if self._learning is not None:
            self._learning.cancel()
        links, self._links = list(self._links.values()), {}
        for link in links:
            await link.close()

    def _link(self, login: Login) -> Link:
        key = (login.user, login.password)
        if key not in self._links:
            self._links[key] = Link(self._settings, login, self._secrets, on_change=self._changed)
        return self._links[key]

    def _changed(self) -> None:
        """The server said so: what was learnt is not to be trusted for another moment."""
        self._learnt = float("-inf")

    async def _learn(self) -> None:
        """Never raises: a server that is down keeps what it offered, so that calls get its error instead of none."""
        started = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(LEARN_SECONDS):
                login = self._resource.scanner or self._resource.logins[0]
                definitions = await list_tools(self._link(login))
        except (UpstreamError, TimeoutError, MCPError) as error:
            self._problem = error if isinstance(error, UpstreamError) else _silent()
            self._failed = asyncio.get_running_loop().time()
            return
        self._problem, self._learnt = None, started
        if definitions != self._surface.definitions or not definitions:
            self._surface = build_surface(self._resource.name, definitions, self._settings.tools)


def _silent() -> UpstreamError:
    words = "the server did not say what it offers"
    return UpstreamError("unreachable", words, words, exposes_data=False, remedy="Look at the server.")


def open_upstream(resource: Resource, secrets: Secrets) -> McpUpstream:
    """Raises ValueError for an address that cannot be used."""
    return McpUpstream(resource, secrets)
