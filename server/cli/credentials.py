"""warded credentials: passwords for programs at native doors."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.command import CommandFailed, ConfigOption, JsonOption, command, group, load, with_store
from server.cli.terminal import note, print_json, print_table, when

if TYPE_CHECKING:
    from server.native.credentials import Issued
    from server.store.engine import Store
    from server.store.models import NativeCredential

app = group("credentials", "Passwords for programs that cannot sign in: one person, one resource, a bounded time.")


@app.command()
@command
def create(
    user: Annotated[str, typer.Argument(help="For whom.")],
    resource: Annotated[str, typer.Argument(help="For which resource.")],
    hours: Annotated[float, typer.Option("--hours", min=0.02, max=2160.0, help="How long it is valid.")] = 24.0,
    agent: Annotated[str, typer.Option("--agent", help="Name of the agent that will use it for the person.")] = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Make a native credential. Its password is printed once and kept nowhere.

    \b
    Example:
      warded credentials create ada shop --hours 168
    """
    from server.native.credentials import issue_credential

    settings = load(config)
    if resource not in settings.resources:
        raise CommandFailed(f"there is no resource {resource!r}", "`warded resource list` shows what there is.")

    async def issue(store: Store) -> Issued:
        return await issue_credential(store, user, resource, seconds=hours * 3600, agent=agent, now=time.time())

    made = with_store(settings, issue)
    if json:
        names = ("id", "user", "password", "resource", "expires_at")
        print_json({name: getattr(made, name) for name in names})
        return
    print(made.password)
    note(f"Log in as {made.user} (SCRAM-SHA-256) or as {user}. Valid for {hours:g} h. Not shown again.")


@app.command("list")
@command
def list_(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Native credentials that can still be used. Their passwords are not kept.

    \b
    Example:
      warded credentials list
    """
    from server.native.credentials import list_credentials

    async def find(store: Store) -> list[NativeCredential]:
        return await list_credentials(store, now=time.time())

    found = with_store(load(config), find)
    if json:
        names = ("id", "user", "resource", "created_at", "expires_at")
        print_json([{name: getattr(each, name) for name in names} for each in found])
        return
    rows = [(each.id, each.user, each.resource, when(each.created_at), when(each.expires_at)) for each in found]
    print_table(("Credential", "User", "Resource", "Made", "Ends"), rows)


@app.command()
@command
def revoke(
    credential: Annotated[str, typer.Argument(help="Id, from `warded credentials list`.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the records.")] = "revoked by an operator",
    config: ConfigOption = None,
) -> None:
    """End a native credential; sessions that it opened end within five seconds.

    \b
    Example:
      warded credentials revoke k7f3q2m9xw --reason "laptop lost"
    """
    from server.native.credentials import revoke_credential

    async def end(store: Store) -> bool:
        return await revoke_credential(store, credential, reason=reason, now=time.time())

    if not with_store(load(config), end):
        raise CommandFailed(f"there is no live credential {credential}", "`warded credentials list` shows all.")
    note("Ended.")
