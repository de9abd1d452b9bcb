"""warded psql, warded connect: the way through the native door for people at a terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.command import USAGE, CommandFailed, ConfigOption, JsonOption, command, load
from server.cli.rest import TokenOption
from server.cli.terminal import note, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

ResourceArgument = Annotated[str, typer.Argument(help="Name of a PostgreSQL resource.")]


@command
def connect(
    resource: ResourceArgument,
    token: TokenOption = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Print how clients reach a resource: a DSN and libpq's environment. No secret is printed.

    \b
    Example:
      eval "$(warded connect shop)" && psql
    """
    from server.native.address import dsn

    found = _environment(resource, token, config)
    if json:
        print_json({"dsn": dsn(found), "environment": found})
        return
    for name, value in found.items():
        print(f"export {name}='{value}'")
    print('export PGPASSWORD="$WARDED_TOKEN"')
    note(f"DSN for drivers, with the token as password: {dsn(found)}")


@command
def psql(
    resource: ResourceArgument,
    arguments: Annotated[list[str] | None, typer.Argument(help="Arguments of psql, after --.")] = None,
    token: TokenOption = "",
    config: ConfigOption = None,
) -> None:
    """Run psql on a resource, through Warded.

    \b
    Example:
      warded psql shop
    """
    found = _environment(resource, token, config)
    _become("psql", arguments or (), {**os.environ, **found, "PGPASSWORD": token})


def _environment(resource: str, token: str, config: ConfigOption) -> dict[str, str]:
    from server.native.address import environment, user_of

    user = user_of(token)
    if not user:
        raise CommandFailed(
            "this command acts as you and needs your token",
            "export WARDED_TOKEN=$(warded token create YOUR-NAME)",
            code=USAGE,
        )
    try:
        return environment(load(config), resource, user)
    except LookupError as missing:
        raise CommandFailed(str(missing.args[0]), "`warded resource list` shows what there is.") from None


def _become(program: str, arguments: Sequence[str], environment: dict[str, str]) -> None:
    try:
        os.execvpe(program, [program, *arguments], environment)
    except FileNotFoundError:
        raise CommandFailed(f"{program} is not installed", "Install PostgreSQL's client programs.") from None
