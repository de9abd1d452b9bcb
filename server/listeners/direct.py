"""The straight way for the one request that matters for speed: a plain `tools/call` of the 2026-07-28 era.

The SDK builds and checks about ten models for each request, which costs more than judging and recording it. Here a
request that is exactly of the plain form is checked by the SDK's own ladder (`classify_inbound_request`) and given to
the same ToolService; whatever is unusual in the least is left to the SDK, which also words every refusal. A test
holds both ways to the same answers.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import (
    ERROR_CODE_HTTP_STATUS,
    MCP_PARAM_HEADER_PREFIX,
    InboundModernRoute,
    classify_inbound_request,
    find_duplicated_routing_header,
)
from mcp_types import SERVER_INFO_META_KEY
from starlette.types import Scope, Send

from policy.model import Identity
from server.tools.service import ToolService

_ENVELOPE = frozenset({"jsonrpc", "id", "method", "params"})
_PARAMS = frozenset({"name", "arguments", "_meta"})
_PARAM_HEADER = MCP_PARAM_HEADER_PREFIX.lower()


@dataclass(frozen=True, slots=True)
class PlainCall:
    """A tool call that needs nothing of the protocol but an answer."""

    id: int | str
    name: str
    arguments: Mapping[str, Any]


def plain_call(scope: Scope, body: bytes, tools: Container[str]) -> PlainCall | None:
    """The call, or None for everything that is not exactly a plain call of one of `tools`."""
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(decoded, dict) or decoded.keys() != _ENVELOPE or decoded["jsonrpc"] != "2.0":
        return None
    number, params = decoded["id"], decoded["params"]
    if decoded["method"] != "tools/call" or type(number) not in (int, str) or not isinstance(params, dict):
        return None
    name, arguments = params.get("name"), params.get("arguments", {})
    if not params.keys() <= _PARAMS or not isinstance(name, str) or not isinstance(arguments, dict):
        return None
    if name not in tools:
        return None
    return PlainCall(number, name, arguments) if _headers_agree(scope, decoded) else None


def _headers_agree(scope: Scope, decoded: dict[str, Any]) -> bool:
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    headers = dict(pairs)
    if not headers.get("content-type", "").lower().startswith("application/json"):
        return False
    if "application/json" not in headers.get("accept", ""):
        return False
    if any(name.startswith(_PARAM_HEADER) for name in headers) or find_duplicated_routing_header(pairs):
        return False
    route = classify_inbound_request(decoded, headers=headers)
    if not isinstance(route, InboundModernRoute) or not isinstance(route.client_capabilities, dict):
        return False
    return route.client_info is None or isinstance(route.client_info, dict)


class DirectCalls:
    """Answers plain calls. `server` lends its name card, which every modern result carries."""

    def __init__(self, service: ToolService, server: Server[dict[str, Any]]) -> None:
        self.service = service
        self._meta = {SERVER_INFO_META_KEY: server.server_info_stamp}

    async def answer(self, call: PlainCall, scope: Scope, send: Send) -> None:
        identity = scope["state"]["identity"]
        assert isinstance(identity, Identity)
        message: dict[str, Any] = {"jsonrpc": "2.0", "id": call.id}
        status = 200
        try:
            result = await self.service.call(identity, call.name, call.arguments, None)
        except MCPError as error:
            status = ERROR_CODE_HTTP_STATUS.get(error.error.code, 200)
            message["error"] = {"code": error.error.code, "message": error.error.message}
        else:
            message["result"] = result | {"_meta": self._meta}
        body = orjson.dumps(message)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
