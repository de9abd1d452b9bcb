"""Other MCP servers behind Warded: their tools are classified, judged, masked and recorded like any other operation."""

from __future__ import annotations

from backends.base import Backend, Secrets, Upstream
from backends.mcp.parse import parse, parse_for, preview
from catalog.model import Resource


def _open(resource: Resource, secrets: Secrets) -> Upstream:
    from backends.mcp.upstream import open_upstream  # the SDK costs more than a second to load

    return open_upstream(resource, secrets)


BACKEND = Backend(
    name="mcp",
    title="MCP",
    verbs=(),
    parse=parse,
    preview=preview,
    open=_open,
    parse_for=parse_for,
    offering=True,
)
