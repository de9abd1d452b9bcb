"""The MCP Inspector's command line: the official client, written in TypeScript, in both protocol eras."""

from __future__ import annotations

import json
from typing import Any, Literal

from tests.support.clients.node import Finished, run_script

PACKAGE = "@modelcontextprotocol/inspector"
Era = Literal["legacy", "modern", "auto"]


async def inspect(url: str, token: str, method: str, *arguments: str, era: Era) -> Finished:
    """One request. What the Inspector prints is in `out`; a refused token or call shows in `code`."""
    return await run_script(
        PACKAGE,
        "mcp-inspector",
        "--cli",
        url,
        *("--transport", "http", "--protocol-era", era, "--format", "json"),
        *(("--header", f"Authorization: Bearer {token}") if token else ()),
        *("--method", method, *arguments),
    )


async def inspector_call(url: str, token: str, tool: str, *, era: Era, **arguments: str) -> dict[str, Any]:
    """The structured content of one tool call."""
    pairs = [f"{name}={value}" for name, value in arguments.items()]
    options = ("--tool-name", tool, *(("--tool-arg", *pairs) if pairs else ()))
    finished = await inspect(url, token, "tools/call", *options, era=era)
    found = json.loads(finished.out)
    result = found.get("result", found)
    assert isinstance(result, dict), finished
    structured = result["structuredContent"]
    assert isinstance(structured, dict)
    return structured
