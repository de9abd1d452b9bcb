"""warded mcp import: the servers that an agent's program knows become resources of Warded."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.cli.command import CommandFailed, ConfigOption, JsonOption, command, load
from server.cli.mcp_add import put
from server.cli.terminal import note, print_json, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from server.config import Config
    from server.importing.proposing import Proposal
    from server.importing.reading import Found


@command
def import_(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Configurations. Default: those of this user and folder.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write warded.yaml (with a backup) and the files of secrets.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Propose resources for the MCP servers of Claude Code, Claude Desktop, Cursor and VS Code. Secrets move into files
    that only you can read; none is shown. Without --write nothing is changed; the other program's file never is.

    \b
    Example:
      warded mcp import
      warded mcp import .vscode/mcp.json --write
    """
    from server.config_file import config_path
    from server.importing.reading import usual_files
    from server.importing.writing import write_secrets

    settings = load(config)
    found = _found(files or usual_files(Path.home(), Path.cwd()))
    made, refused = _proposals(settings, found)
    clients = sorted({each.client for each in found})
    if json and not write:
        print_json({"resources": {each.name: each.resource for each in made}, "refused": refused, "written": False})
        return
    for each in made:
        _explain(each)
    for name, why in refused.items():
        note(visible(f"{name} is not taken over: {why}."))
    if made and write:
        try:
            created = write_secrets(made)
        except OSError as error:
            words = f"a secret cannot be written to {error.filename}: {(error.strerror or 'error').lower()}"
            raise CommandFailed(words, "Move it out of the way, or name another state_dir.") from None
        try:
            put(config_path(config), {each.name: each.resource for each in made}, yes=True, json=json)
        except BaseException:
            for path in created:
                path.unlink(missing_ok=True)
            raise
        note(f"{len(created)} files of secrets written below {settings.state_dir / 'secrets'}.")
    elif made:
        _show(made)
    if made and not json:
        _replacements(clients, settings.mcp_url)


def _found(files: Iterable[Path]) -> list[Found]:
    from server.importing.reading import Unreadable, read

    found: list[Found] = []
    for path in files:
        try:
            found += read(path)
        except Unreadable as error:
            raise CommandFailed(f"{path}: {error}", "Name a configuration of one of these programs.") from None
    if not found:
        raise CommandFailed("no MCP server was found", "Name the file: warded mcp import FILE.")
    return found


def _proposals(settings: Config, found: Sequence[Found]) -> tuple[list[Proposal], dict[str, str]]:
    """Each server once, though several programs know it; Warded itself is none."""
    from server.importing.proposing import Refused, propose

    made: list[Proposal] = []
    refused: dict[str, str] = {}
    taken = set(settings.resources)
    known = {(each.address, tuple(each.mcp.command)) for each in settings.resources.values() if each.kind == "mcp"}
    for each in found:
        if each.url == settings.mcp_url:
            continue
        try:
            proposal = propose(each, secrets=settings.state_dir.resolve() / "secrets", taken=taken)
        except Refused as error:
            refused[each.name] = str(error)
            continue
        place = (proposal.resource["address"], tuple(proposal.resource.get("mcp", {}).get("command", ())))
        if place in known:
            refused.setdefault(each.name, "it is there already")
            continue
        known.add(place)
        taken.add(proposal.name)
        made.append(proposal)
    return made, refused


def _explain(proposal: Proposal) -> None:
    found = proposal.found
    note(visible(f"{found.name} of {found.client} ({found.file}) becomes {proposal.name}."))
    for word in proposal.notes:
        note(visible(f"  {word}"))
    for path in proposal.secrets:
        note(f"  a secret goes to {path}")
    for path in proposal.missing:
        note(f"  the program asked for a value: write it into {path} (mode 0600)")


def _show(made: Sequence[Proposal]) -> None:
    from server.config_edit import block_of

    print("resources:")
    for each in made:
        print(visible(block_of(each.name, each.resource), newlines=True), end="")
    note("Nothing was written. --write does it, with a backup.")


def _replacements(clients: Sequence[str], url: str) -> None:
    note("\nIn place of these servers each program needs one entry. Remove the old ones there, and add:")
    remote: dict[str, Any] = {"url": url}
    bridge: dict[str, Any] = {"command": "npx", "args": ["-y", "mcp-remote", url]}
    lines = {
        "claude-code": f"claude mcp add --transport http warded {url}",
        "cursor": jsonlib.dumps({"mcpServers": {"warded": remote}}),
        "vscode": jsonlib.dumps({"servers": {"warded": {"type": "http", **remote}}}),
        "claude-desktop": jsonlib.dumps({"mcpServers": {"warded": bridge}}),
    }
    for client in clients:
        note(f"  {client}: {lines[client]}")
