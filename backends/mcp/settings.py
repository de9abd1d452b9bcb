"""How one MCP server is reached and what is known of its tools beforehand: address and options of a Resource, read
once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit

from catalog.model import Resource
from policy.model import Action

NONE: Mapping[str, str] = MappingProxyType({})
STDIO = "stdio:"
Transport = Literal["http", "sse", "stdio"]
Kind = Literal["postgres", "mysql", "mssql", "ssh", "url", "target"]
REFRESH_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class ToolSettings:
    """What the configuration says of one tool. `action` None = our own classification holds. `arguments` says in which
    language an argument is written, by its JSON pointer; `target` = its value names what is touched."""

    action: Action | None = None
    arguments: Mapping[str, Kind] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Settings:
    """`url` of an HTTP server or `command` (argv) of a child. `header` carries the login's secret; `environment` maps
    variables of a child to secret references. `refresh_seconds` = how old what we know of it may be."""

    transport: Transport
    url: str = ""
    command: tuple[str, ...] = ()
    directory: str = ""
    user: str = ""
    environment: Mapping[str, str] = field(default_factory=lambda: NONE)
    header: str = "Authorization"
    refresh_seconds: float = REFRESH_SECONDS
    tools: Mapping[str, ToolSettings] = field(default_factory=lambda: MappingProxyType({}))


def read_settings(resource: Resource) -> Settings:
    """Raises ValueError for an address or options that cannot be used."""
    options = json.loads(resource.options.get("mcp", "{}"))
    shared: dict[str, Any] = {
        "refresh_seconds": float(options.get("refresh_seconds", REFRESH_SECONDS)),
        "tools": {name: _tool(entry) for name, entry in options.get("tools", {}).items()},
    }
    command = tuple(options.get("command", ()))
    if resource.address == STDIO:
        if not command:
            raise ValueError("an MCP server of its own process needs mcp.command, the program and its arguments")
        return Settings(
            "stdio",
            command=command,
            directory=options.get("directory") or "",
            user=options.get("user") or "",
            environment=dict(options.get("environment", {})),
            **shared,
        )
    if command:
        raise ValueError("mcp.command is for the address stdio: only")
    parts = urlsplit(resource.address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address of an MCP server is https://host/path or stdio:")
    if parts.fragment:
        raise ValueError("an address of an MCP server has no fragment")
    transport: Transport = "sse" if options.get("transport") == "sse" else "http"
    return Settings(transport, url=resource.address, header=options.get("header") or "Authorization", **shared)


def _tool(entry: Mapping[str, Any]) -> ToolSettings:
    action = entry.get("action")
    arguments = {_pointer(name): kind for name, kind in entry.get("arguments", {}).items()}
    return ToolSettings(Action(action) if action else None, MappingProxyType(arguments))


def _pointer(name: str) -> str:
    return name if name.startswith("/") else f"/{name}"
