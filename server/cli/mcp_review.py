"""warded mcp show, review, accept, reject, undo, disable and enable: decisions of people, by name, through the API."""

from __future__ import annotations

import difflib
import json as jsonlib
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import typer

from server.cli.command import ConfigOption, JsonOption, command, load
from server.cli.rest import TokenOption, call
from server.cli.terminal import note, print_json, visible, when

ServerName = Annotated[str, typer.Argument(help="Name of the server.")]
ToolName = Annotated[str, typer.Argument(help="The server's own name of the tool or prompt.")]
KindOption = Annotated[
    Literal["tool", "prompt", "template", "resource"], typer.Option("--kind", "-k", help="What it is.")
]
VersionOption = Annotated[
    str,
    typer.Option("--version", "-v", help="Of several versions this one: the first 8 or more digits that are shown."),
]
Why = Annotated[str, typer.Option("--why", "-m", help="Kept in the history.")]

_COLOURS = {"+": "\x1b[32m", "-": "\x1b[31m", "@": "\x1b[36m", "!": "\x1b[33m"}


@command
def show(
    server: ServerName,
    name: ToolName,
    kind: KindOption = "tool",
    version: VersionOption = "",
    token: TokenOption = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """One tool or prompt: the version that waits (else the accepted one) against the one before, doubts, history.

    \b
    Example:
      warded mcp show tracker close_issue
    """
    query = {"resource": server, "name": name, "kind": kind, "digest": version}
    found = call(load(config).api_url, "/mcp/definition", token=token, query=query)
    if json:
        print_json(found)
        return
    _print_version(found)
    for each in found["history"]:
        print(
            visible(
                f"{when(each['at'])}  {each['what']:<9} {each['digest'][:12]}  {each['by'] or 'warded'}  {each['why']}"
            )
        )


@command
def review(
    resource: Annotated[str, typer.Option("--resource", "-r", help="Only this server.")] = "",
    token: TokenOption = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """All that waits: what each definition changes, and what looks suspicious. Exits 0 even when nothing waits.

    \b
    Example:
      warded mcp review
    """
    url = load(config).api_url
    query = {"state": "pending", "resource": resource, "limit": 200}
    page = call(url, "/mcp/definitions", token=token, query=query)
    found = [call(url, "/mcp/definition", token=token, query=_query(item)) for item in page["items"]]
    if json:
        print_json(found)
        return
    for each in found:
        _print_version(each)
        print()
    note(f"{len(found)} wait{'' if page['next'] is None else ', and more'}.")
    if found:
        note("Right: warded mcp accept SERVER NAME --version DIGITS. Wrong: warded mcp reject.")


@command
def accept(
    server: ServerName,
    name: ToolName,
    kind: KindOption = "tool",
    version: VersionOption = "",
    why: Why = "",
    token: TokenOption = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """This version may be used; the one accepted before may not any more.

    \b
    Example:
      warded mcp accept tracker close_issue --version 3f2a90c1 -m "read the diff"
    """
    body = {"resource": server, "name": name, "kind": kind, "digest": version, "why": why}
    _decide("accept", body, token=token, config=config, json=json)


@command
def reject(
    server: ServerName,
    name: ToolName,
    kind: KindOption = "tool",
    version: VersionOption = "",
    why: Why = "",
    token: TokenOption = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """This version may not be used, also when it was accepted; it is not asked about again.

    \b
    Example:
      warded mcp reject tracker close_issue -m "asks for files"
    """
    body = {"resource": server, "name": name, "kind": kind, "digest": version, "why": why}
    _decide("reject", body, token=token, config=config, json=json)


@command
def undo(
    server: ServerName,
    name: ToolName,
    kind: KindOption = "tool",
    why: Why = "",
    token: TokenOption = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Take the last decision about a tool or prompt back.

    \b
    Example:
      warded mcp undo tracker close_issue
    """
    body = {"resource": server, "name": name, "kind": kind, "why": why}
    _decide("undo", body, token=token, config=config, json=json)


@command
def disable(
    server: ServerName, why: Why = "", token: TokenOption = "", config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Switch a whole server off, in all processes within seconds. Nothing of it is listed or called any more.

    \b
    Example:
      warded mcp disable tracker -m "incident 12"
    """
    _switch("disable", server, why, token=token, config=config, json=json)


@command
def enable(
    server: ServerName, why: Why = "", token: TokenOption = "", config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Switch a server on again: what is accepted of it may be used.

    \b
    Example:
      warded mcp enable tracker
    """
    _switch("enable", server, why, token=token, config=config, json=json)


def _switch(path: str, server: str, why: str, *, token: str, config: Any, json: bool) -> None:
    found = call(load(config).api_url, f"/mcp/{path}", token=token, body={"resource": server, "why": why})
    if json:
        print_json(found)
    else:
        note(f"{server} is {path}d.")


def _decide(path: str, body: Mapping[str, str], *, token: str, config: Any, json: bool) -> None:
    found = call(load(config).api_url, f"/mcp/{path}", token=token, body=body)
    if json:
        print_json(found)
        return
    last = found["history"][0]
    note(visible(f"{body['resource']}: {body['name']} ({last['digest'][:12]}) is {last['what']}."))


def _query(item: Mapping[str, Any]) -> dict[str, str]:
    return {name: item[name] for name in ("resource", "kind", "name", "digest")}


def _print_version(found: Mapping[str, Any]) -> None:
    """The head, the doubts, and a unified diff; a server's words are made visible character by character."""
    entry = found["version"]["entry"]
    print(visible(f"{entry['resource']}: {entry['kind']} {entry['name']} ({entry['digest'][:12]}) {entry['state']}"))
    for each in entry["suspicions"]:
        print(
            _coloured("!", visible(f"! {each['code']} at {each['place'] or '/'}: {each['reason']} «{each['excerpt']}»"))
        )
    for line in _diff(found.get("against"), found["version"]):
        print(_coloured(line[:1], line))


def _diff(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> Iterator[str]:
    names = ("nothing accepted" if old is None else f"{old['entry']['state']} {old['entry']['digest'][:12]}",
             f"{new['entry']['state']} {new['entry']['digest'][:12]}")  # fmt: skip
    before = [] if old is None else _lines(old["definition"])
    return (
        line.rstrip("\n") for line in difflib.unified_diff(before, _lines(new["definition"]), *names, n=2, lineterm="")
    )


def _lines(definition: Mapping[str, Any]) -> list[str]:
    """One fact a line; the description by its own lines, so that a changed sentence shows as such."""
    rest = {name: value for name, value in definition.items() if name != "description"}
    words = str(definition.get("description", "")).split("\n")
    text = jsonlib.dumps(rest, indent=2, ensure_ascii=False, sort_keys=True)
    return [visible(line) for line in ("description:", *(f"  {word}" for word in words), *text.split("\n"))]


def _coloured(mark: str, line: str) -> str:
    if mark in _COLOURS and (sys.stdout.isatty() or os.environ.get("FORCE_COLOR")):
        return f"{_COLOURS[mark]}{line}\x1b[0m"
    return line
