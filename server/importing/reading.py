"""Reads where Claude Code, Claude Desktop, Cursor and VS Code keep their MCP servers. Nothing is run or printed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Client = Literal["claude-code", "claude-desktop", "cursor", "vscode"]

MOST_BYTES = 20_000_000
"""~/.claude.json keeps histories, too."""
_JSONC = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/|,(?=\s*(?://[^\n]*\s*)*[}\]])', re.DOTALL)


class Unreadable(Exception):
    """The file is no configuration of MCP servers. The message says why, without its content."""


@dataclass(frozen=True, slots=True)
class Found:
    """One server of a client's configuration, as written. Values of `environment` and `headers` may be secrets."""

    client: Client
    file: Path
    name: str
    command: tuple[str, ...] = ()
    directory: str = ""
    url: str = ""
    transport: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def usual_files(home: Path, folder: Path) -> list[Path]:
    """Those that there are, for this user and this project."""
    support = home / "Library" / "Application Support" / "Claude"
    places = (
        folder / ".mcp.json", home / ".claude.json", folder / ".cursor" / "mcp.json", home / ".cursor" / "mcp.json",
        folder / ".vscode" / "mcp.json", home / ".config" / "Code" / "User" / "mcp.json",
        home / ".config" / "Claude" / "claude_desktop_config.json", support / "claude_desktop_config.json",
    )  # fmt: skip
    return [place for place in dict.fromkeys(places) if place.is_file()]


def client_of(path: Path) -> Client:
    """Whose file this is, by its name and folder."""
    if path.name == "claude_desktop_config.json":
        return "claude-desktop"
    if path.parent.name == ".cursor":
        return "cursor"
    if path.name == "mcp.json":
        return "vscode"
    return "claude-code"


def read(path: Path) -> list[Found]:
    """All servers of one file. Raises Unreadable."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Unreadable("it is too large")
        value = json.loads(_JSONC.sub(lambda match: match[1] or "", path.read_text("utf-8-sig")))
    except OSError as error:
        raise Unreadable(f"it cannot be read: {(error.strerror or 'error').lower()}") from None
    except (ValueError, RecursionError):
        raise Unreadable("it is not JSON") from None
    if not isinstance(value, dict):
        raise Unreadable("it is not a JSON object")
    return [found for name, entry, folder in _entries(value) for found in _server(path, name, entry, folder)]


def _entries(value: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """(name, entry, folder); ~/.claude.json has groups for each project."""
    for key in ("mcpServers", "servers"):
        yield from ((name, entry, "") for name, entry in _mapping(value.get(key)).items() if isinstance(entry, dict))
    for folder, project in _mapping(value.get("projects")).items():
        servers = _mapping(_mapping(project).get("mcpServers"))
        yield from ((name, entry, str(folder)) for name, entry in servers.items() if isinstance(entry, dict))


def _server(path: Path, name: str, entry: Mapping[str, Any], folder: str) -> Iterator[Found]:
    command, url = entry.get("command"), entry.get("url") or entry.get("serverUrl")
    shared: dict[str, Any] = {"client": client_of(path), "file": path, "name": str(name)}
    if isinstance(command, str) and command:
        arguments = entry.get("args")
        words = tuple(str(word) for word in arguments) if isinstance(arguments, list) else ()
        directory = str(entry.get("cwd") or folder)
        yield Found(**shared, command=(command, *words), directory=directory, environment=_texts(entry.get("env")))
    elif isinstance(url, str) and url:
        kind = "sse" if entry.get("type") == "sse" or entry.get("transport") == "sse" else "http"
        yield Found(**shared, url=url, transport=kind, headers=_texts(entry.get("headers")))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> dict[str, str]:
    return {str(name): str(each) for name, each in _mapping(value).items() if each is not None}
