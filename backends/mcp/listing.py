"""Asks a server what it offers, page by page and no further than is sensible."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import mcp_types as types
from mcp.client.session import ClientSession

from backends.errors import UpstreamError
from backends.mcp.definitions import Definition
from backends.mcp.http import Call
from backends.mcp.link import Link
from backends.mcp.surface import MAX_TOOLS

PAGES = 50
LIST_SECONDS = 10.0


async def list_tools(link: Link) -> tuple[Definition, ...]:
    """Raises UpstreamError, MCPError."""
    found: list[Definition] = []
    cursor: str | None = None
    for _ in range(PAGES):
        page = await link.ask(partial(_page, cursor), call=Call(), seconds=LIST_SECONDS)
        found += [_definition(tool.model_dump(by_alias=True, mode="json", exclude_none=True)) for tool in page.tools]
        cursor = page.next_cursor
        if not cursor:
            return tuple(found)
        if len(found) > MAX_TOOLS:
            break
    words = f"the server lists more than {MAX_TOOLS} tools, or does not come to an end"
    raise UpstreamError("protocol", words, words, exposes_data=False)


async def _page(cursor: str | None, session: ClientSession) -> types.ListToolsResult:
    """By the session's own method: it keeps what a tool wants to see repeated in headers (`x-mcp-header`)."""
    return await session.list_tools(params=types.PaginatedRequestParams(cursor=cursor))


def _definition(tool: Mapping[str, Any]) -> Definition:
    output = tool.get("outputSchema")
    return Definition(
        kind="tool",
        name=str(tool.get("name", "")),
        title=str(tool.get("title") or ""),
        description=str(tool.get("description") or ""),
        input_schema=_mapping(tool.get("inputSchema")),
        output_schema=output if isinstance(output, Mapping) else None,
        annotations=_mapping(tool.get("annotations")),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
