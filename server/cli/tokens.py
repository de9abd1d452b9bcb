"""warded token: tokens of people for the REST API, and log-ins that can be ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.command import CommandFailed, ConfigOption, JsonOption, command, group, load, with_store
from server.cli.terminal import note, print_json, print_table, when

if TYPE_CHECKING:
    from server.store.engine import Store
    from server.store.models import Login

app = group("token", "Tokens of people for the REST API and the command line.")


@app.command()
@command
def create(
    user: Annotated[str, typer.Argument(help="Whose token.")],
    hours: Annotated[float, typer.Option("--hours", min=0.02, max=720.0, help="How long it is valid.")] = 8.0,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Make a token of a person's own. It is printed once and kept nowhere.

    \b
    Example:
      export WARDED_TOKEN=$(warded token create ada)
    """
    from server.identity.keys import load_keys
    from server.identity.logins import mint_person_token
    from server.identity.tokens import AccessTokens

    settings = load(config)

    async def mint(store: Store) -> str:
        tokens = AccessTokens(await load_keys(store), issuer=settings.server.public_url)
        return await mint_person_token(store, tokens, user, audience=settings.api_url, seconds=hours * 3600)

    token = with_store(settings, mint)
    if json:
        print_json({"token": token, "user": user, "expires_at": time.time() + hours * 3600})
    else:
        print(token)
        note(f"Valid for {hours:g} h at {settings.api_url}. `warded token revoke` ends it earlier.")


@app.command("list")
@command
def list_(
    agents: Annotated[bool, typer.Option("--agents", help="Log-ins of agents, too.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Log-ins that have not ended. The tokens themselves are not kept.

    \b
    Example:
      warded token list --agents
    """

    async def find(store: Store) -> list[Login]:
        from sqlalchemy import select

        from server.store.models import Login

        query = select(Login).where(Login.revoked_at.is_(None)).order_by(Login.created_at)
        if not agents:
            query = query.where(Login.client_id == "")
        async with store.session(read_only=True) as session:
            return list((await session.scalars(query)).all())

    logins = with_store(load(config), find)
    if json:
        names = ("id", "user", "client_id", "client_name", "resource", "created_at")
        print_json([{name: getattr(login, name) for name in names} for login in logins])
        return
    rows = [(login.id, login.user, login.client_name or login.client_id, when(login.created_at)) for login in logins]
    print_table(("Log-in", "User", "Agent", "Made"), rows)


@app.command()
@command
def revoke(
    login: Annotated[str, typer.Argument(help="Id of the log-in, from `warded token list`.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the records.")] = "revoked by an operator",
    config: ConfigOption = None,
) -> None:
    """End a log-in with all its tokens, within a minute everywhere.

    \b
    Example:
      warded token revoke 5f0c1c9be0f34f5f9a55 --reason "laptop lost"
    """
    from server.identity.logins import revoke_login

    if not with_store(load(config), lambda store: revoke_login(store, login, reason)):
        raise CommandFailed(f"there is no live log-in {login}", "`warded token list --agents` shows all.")
    note("Ended.")
