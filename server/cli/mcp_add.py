"""warded mcp add: one more server in warded.yaml. Nothing is started here, and nothing is added unasked."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from server.cli.command import USAGE, CommandFailed, ConfigOption, JsonOption, command, load
from server.cli.terminal import note, print_json, visible

YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@command
def add(
    name: Annotated[str, typer.Argument(help="Name of the new resource.")],
    target: Annotated[list[str], typer.Argument(metavar="URL | -- COMMAND...", help="Where it is, or what runs it.")],
    secret: Annotated[str, typer.Option("--secret", help="Reference (env:NAME, file:/path) of its token.")] = "",
    header: Annotated[str, typer.Option("--header", help="Header that carries the token.")] = "Authorization",
    environment: Annotated[
        list[str] | None, typer.Option("--env", help="NAME=REFERENCE for the program; may stand several times.")
    ] = None,
    sse: Annotated[bool, typer.Option("--sse", help="It speaks the older transport with two URLs.")] = False,
    yes: YesOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Add an MCP server to warded.yaml, keeping its comments. The whole command is shown, and nothing is run.

    \b
    Example:
      warded mcp add tracker https://tracker.example.com/mcp --secret env:TRACKER_TOKEN
      warded mcp add files -- /usr/local/bin/files-server /srv/shared
    """
    from server.importing.proposing import Refused, propose
    from server.importing.reading import Found

    path, settings = _path(config), load(config)
    if name in settings.resources:
        raise CommandFailed(f"there is a resource {name} already", "Choose another name.", code=USAGE)
    remote = target[0].startswith(("http://", "https://"))
    shape: dict[str, Any] = (
        {"url": target[0], "transport": "sse" if sse else "http"} if remote else {"command": tuple(target)}
    )
    if remote and len(target) > 1:
        raise CommandFailed("a URL takes no arguments", "Put -- before a command.", code=USAGE)
    try:
        made = propose(Found("claude-code", path, name, **shape), secrets=settings.state_dir / "secrets", taken=())
    except Refused as error:
        raise CommandFailed(str(error), "Put it into a file or variable, and refer to it.", code=USAGE) from None
    resource = _with_secrets(made.resource, secret, header, environment or [])
    for word in made.notes:
        note(visible(word))
    put(path, {name: resource}, yes=yes, json=json)


def put(path: Path, added: Mapping[str, Mapping[str, Any]], *, yes: bool, json: bool) -> bool:
    """Show what would be added, ask, and add it; whether it was. Where the file cannot be edited, its owner can."""
    from server.config_edit import EditRefused, add_resources, block_of

    block = "".join(block_of(name, each) for name, each in added.items())
    if not json:
        print("resources:\n" + visible(block, newlines=True), end="")
    for name, each in added.items():
        if words := each.get("mcp", {}).get("command"):
            note(f"{name} is a program that `warded serve` will run, without a shell, as these words:")
            for word in words:
                note(f"  {visible(word)}")
    done = False
    if yes or (sys.stdin.isatty() and typer.confirm(f"Add this to {path}?", err=True)):
        try:
            backup = add_resources(path, added)
        except EditRefused as error:
            raise CommandFailed(f"{path} is not edited by machine: {error}", "Paste the block into it.") from None
        note(f"Added to {path}; the file as it was: {backup}. Restart `warded serve`, then `warded mcp review`.")
        done = True
    elif not json:
        note(f"Nothing was written. Paste the block into {path}, or give --yes.")
    if json:
        print_json({"resources": added, "written": done})
    return done


def _with_secrets(resource: Mapping[str, Any], secret: str, header: str, environment: list[str]) -> dict[str, Any]:
    """References only: what is none may be the secret itself, so it is not repeated."""
    made, options = dict(resource), dict(resource.get("mcp", {}))
    if secret:
        _check(secret)
        made["logins"] = [{**resource["logins"][0], "password": secret}]
        if header.lower() != "authorization":
            options["header"] = header
    for pair in environment:
        name, equals, reference = pair.partition("=")
        if not equals or not name:
            raise CommandFailed("--env is NAME=REFERENCE", "Such as TOKEN=env:TRACKER_TOKEN.", code=USAGE)
        _check(reference)
        options.setdefault("environment", {})[name] = reference
    return made | ({"mcp": options} if options else {})


def _check(reference: str) -> None:
    form, _, rest = reference.partition(":")
    if form not in ("env", "file") or not rest:
        raise CommandFailed("a secret must not stand on the command line", "Write env:NAME or file:/path.", code=USAGE)


def _path(config: Path | None) -> Path:
    from server.config_file import config_path

    return config_path(config)
