"""The MCP service: the SDK's low-level Server with our two handlers, list and call.

Both ask the Judge, so nobody sees a tool that a call would refuse. Policy
denials are results with `isError`, not protocol errors, so that a model can
read the reason (MCP 2025-11-25 and 2026-07-28, server/tools, error handling).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import mcp_types as types
from jsonschema import Draft202012Validator
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.shared.exceptions import MCPError
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS

from backends.base import Verb
from policy.model import Identity
from server.approvals.stage import Progress
from server.judging import Judge
from server.pipeline import Pipeline
from server.tools.describe import with_labels
from server.tools.gateway import GatewayTool
from server.tools.offered import CALL_TOOL, PAGE, SEARCH_TOOLS, OfferedTools
from server.tools.render import envelope, tool_result
from server.upstreams import LabelBook

Context = ServerRequestContext[dict[str, Any], Any]

INSTRUCTIONS = (
    "Warded is the only way from here to production. Call list_resources first. Sensitive columns come back masked. "
    "A denied call was not executed; its reasons say what would pass. A held call waits for a person: use "
    "request_status, then repeat the same call. Never try to work around a mask or a denial."
)
LIST_TTL_MS = 10_000


def identity_of(context: Context) -> Identity:
    """The caller that the door authenticated for this very request."""
    assert context.request is not None  # Streamable HTTP always attaches it
    identity = context.request.scope["state"]["identity"]
    assert isinstance(identity, Identity)
    return identity


class ToolService:
    """Which tools there are for whom, and what calling one does."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        judge: Judge,
        labels: LabelBook,
        gateway: Sequence[GatewayTool],
        search_above: int,
    ) -> None:
        self.pipeline, self.judge, self.labels = pipeline, judge, labels
        self.gateway = {tool.verb.name: tool for tool in gateway}
        self.offered = OfferedTools(judge, search_above=search_above)
        own = [*(tool.verb for tool in gateway), SEARCH_TOOLS, CALL_TOOL]
        self._validators = {verb.name: Draft202012Validator(dict(verb.input_schema)) for verb in own}
        self._tools = {verb.name: _tool(verb) for verb in [*own, *judge.verbs.static.values()]}

    async def list_tools(self, context: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        """The tools that this caller could call now, in a fixed order and in pages; the cursor is the last name."""
        tools = await self.listed(identity_of(context))
        names = [tool.name for tool in tools]
        after = params.cursor if params and params.cursor else None
        if after is not None and after not in names:
            raise MCPError(code=types.INVALID_PARAMS, message="The list has changed: begin again without a cursor.")
        start = names.index(after) + 1 if after is not None else 0
        page = tools[start : start + PAGE]
        return types.ListToolsResult(tools=page, next_cursor=page[-1].name if start + PAGE < len(tools) else None)

    async def listed(self, identity: Identity) -> list[types.Tool]:
        """All of them. Where other servers offer too many, two tools stand for theirs."""
        names = [*self.gateway, *(name for name in self.judge.verbs.static if self.judge.offers(identity, name))]
        shown = await self.offered.shown(identity)
        if len(shown) > self.offered.search_above:
            return [self._tools[name] for name in [*names, SEARCH_TOOLS.name, CALL_TOOL.name]]
        return [*(self._tools[name] for name in names), *(_tool(offer.verb) for _resource, offer in shown)]

    async def call_tool(self, context: Context, params: types.CallToolRequestParams) -> dict[str, Any]:
        """The SDK's handler of `tools/call`."""
        return await self.call(identity_of(context), params.name, params.arguments or {}, _progress(context))

    async def call(
        self, identity: Identity, name: str, arguments: Mapping[str, Any], progress: Progress | None
    ) -> dict[str, Any]:
        """Route one call. A verb that the caller cannot see is answered like a tool that does not exist."""
        if tool := self.gateway.get(name):
            if problem := self._invalid(name, arguments):
                return tool_result({"next_step": problem}, is_error=True)
            return await tool.call(identity, arguments, progress)
        if name in (SEARCH_TOOLS.name, CALL_TOOL.name):
            return await self._indirect(identity, name, arguments, progress)
        verb = self.judge.verbs.static.get(name)
        if verb is None:
            return await self._call_offered(identity, name, arguments, progress)
        answer = await self.pipeline.run(identity, name, arguments, door="mcp", progress=progress)
        if answer.resource == "" and not self.judge.offers(identity, name):
            raise _unknown_tool(name)
        if verb.describes:
            answer = with_labels(answer, self.labels.get(answer.resource), keyed=self.judge.marks)
        return tool_result(envelope(answer), is_error=answer.status in ("denied", "failed"))

    async def _call_offered(
        self, identity: Identity, name: str, arguments: Mapping[str, Any], progress: Progress | None
    ) -> dict[str, Any]:
        """A tool of another server; unknown alike where there is none and where its resource is not the caller's."""
        found = await self.offered.known(name)
        if found is None or self.judge.resolve(identity, name, found[0].name) is None:
            raise _unknown_tool(name)
        resource = found[0].name
        answer = await self.pipeline.run(identity, name, arguments, door="mcp", progress=progress, resource=resource)
        failed = answer.status in ("denied", "failed") or answer.outcome == "error"
        return tool_result(envelope(answer), is_error=failed)

    async def _indirect(
        self, identity: Identity, name: str, arguments: Mapping[str, Any], progress: Progress | None
    ) -> dict[str, Any]:
        if problem := self._invalid(name, arguments):
            return tool_result({"next_step": problem}, is_error=True)
        if name == SEARCH_TOOLS.name:
            return await self.offered.search(identity, arguments)
        return await self._call_offered(identity, arguments["name"], arguments.get("arguments") or {}, progress)

    def _invalid(self, name: str, arguments: Mapping[str, Any]) -> str:
        error = next(self._validators[name].iter_errors(dict(arguments)), None)
        return f"The arguments of {name} are not valid: {error.message}"[:400] if error else ""


def build_server(service: ToolService, *, version: str, audience: str, traced: bool) -> Server[dict[str, Any]]:
    """The SDK server. Its tracing middleware is kept only where spans are wanted. `get_tool_input_schema` is set,
    because no tool here uses `x-mcp-header`: without it the SDK would list all tools before each call."""
    server: Server[dict[str, Any]] = Server(
        "warded",
        version=version,
        title="Warded",
        instructions=INSTRUCTIONS,
        cache_hints={
            "tools/list": CacheHint(ttl_ms=LIST_TTL_MS, scope="private"),
            "server/discover": CacheHint(ttl_ms=LIST_TTL_MS, scope="public"),
        },
        get_tool_input_schema=lambda name: None,
        on_list_tools=service.list_tools,
        on_call_tool=service.call_tool,  # type: ignore[arg-type]  # a plain dict is a legal result, and cheaper
    )
    if not traced:
        server.middleware.clear()
    # Any requestState is hostile input: this server issues none, and the boundary refuses what it did not seal.
    security = RequestStateSecurity(keys=[os.urandom(32)], bind_principal=_principal)
    server.middleware.append(RequestStateBoundary(security, default_audience=audience))
    server.add_request_handler("server/discover", types.RequestParams, _discover(server))
    return server


def _unknown_tool(name: str) -> MCPError:
    """The same words for a tool that does not exist and for one that this caller cannot see."""
    return MCPError(code=types.INVALID_PARAMS, message=f"Unknown tool: {name[:64]}")


def _discover(server: Server[dict[str, Any]]) -> Any:
    async def discover(context: Context, params: types.RequestParams | None) -> types.DiscoverResult:
        """Lists every revision that this URL serves; the SDK's own handler leaves out the handshake era."""
        return types.DiscoverResult(
            supported_versions=[*MODERN_PROTOCOL_VERSIONS, *reversed(HANDSHAKE_PROTOCOL_VERSIONS)],
            capabilities=server.get_capabilities(protocol_version=context.protocol_version),
            instructions=server.instructions,
        )

    return discover


def _principal(context: ServerRequestContext[Any, Any]) -> str | None:
    identity = identity_of(context)
    return f"{identity.user}\n{identity.session}"


def _progress(context: Context) -> Progress | None:
    if not context.meta or context.meta.get("progress_token") is None:
        return None

    async def progress(waited: float, words: str) -> None:
        await context.session.report_progress(waited, None, words)

    return progress


def _tool(verb: Verb) -> types.Tool:
    return types.Tool(
        name=verb.name,
        title=verb.title,
        description=verb.doc,
        input_schema=dict(verb.input_schema),
        output_schema=dict(verb.output_schema),
        annotations=types.ToolAnnotations.model_validate(dict(verb.hints)),
    )
