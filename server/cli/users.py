"""warded user: local accounts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.cli.command import USAGE, CommandFailed, ConfigOption, JsonOption, command, group, load, with_store
from server.cli.terminal import note, print_json, print_table, when

if TYPE_CHECKING:
    from server.store.models import User

app = group("user", "Local accounts.")

Name = Annotated[str, typer.Argument(help="User name.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@app.command()
@command
def add(
    name: Name,
    groups: Annotated[list[str] | None, typer.Option("--group", "-g", help="Group; give it once for each.")] = None,
    display_name: Annotated[str, typer.Option("--display-name", help="Name that people read.")] = "",
    email: Annotated[str, typer.Option("--email", help="E-mail address.")] = "",
    password_stdin: FromStdin = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Make an account. The password is asked for; it never stands on the command line.

    \b
    Example:
      warded user add ada --group developers --group dba
    """
    from server.identity.users import add_user

    settings, password = load(config), _password(password_stdin)
    user = with_store(
        settings,
        lambda store: add_user(
            store, name, password=password, groups=groups or [], display_name=display_name, email=email
        ),
    )
    _print_user(user, json=json)


@app.command("list")
@command
def list_(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Every account.

    \b
    Example:
      warded user list --json
    """
    from server.identity.users import list_users

    users = with_store(load(config), list_users)
    if json:
        print_json([_facts(user) for user in users])
        return
    rows = [(user.name, ", ".join(user.groups), _state(user), when(user.created_at)) for user in users]
    print_table(("User", "Groups", "State", "Made"), rows)


@app.command()
@command
def passwd(name: Name, password_stdin: FromStdin = False, config: ConfigOption = None) -> None:
    """Set a password. Browsers of this person are signed out.

    \b
    Example:
      warded user passwd ada
    """
    from server.identity.users import set_password

    settings, password = load(config), _password(password_stdin)
    with_store(settings, lambda store: set_password(store, name, password))
    note(f"The password of {name} is set.")


@app.command()
@command
def groups(
    name: Name,
    names: Annotated[list[str] | None, typer.Argument(metavar="[GROUP]...", help="Groups from now on.")] = None,
    none: Annotated[bool, typer.Option("--none", help="Take the person out of every group.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show the groups of a person, or replace them. Live tokens follow within a minute.

    \b
    Examples:
      warded user groups ada
      warded user groups ada developers dba
    """
    from server.identity.users import set_groups

    if names and none:
        raise CommandFailed("--none and groups contradict each other", "Give one of them.", code=USAGE)
    settings = load(config)
    if names or none:
        with_store(settings, lambda store: set_groups(store, name, names or []))
    _print_user(_existing(settings, name), json=json)


@app.command()
@command
def disable(name: Name, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Lock an account and end its log-ins, within a minute everywhere.

    \b
    Example:
      warded user disable ada
    """
    from server.identity.users import disable_user

    settings = load(config)
    with_store(settings, lambda store: disable_user(store, name))
    _print_user(_existing(settings, name), json=json)


@app.command()
@command
def enable(name: Name, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Unlock an account.

    \b
    Example:
      warded user enable ada
    """
    from server.identity.users import enable_user

    settings = load(config)
    with_store(settings, lambda store: enable_user(store, name))
    _print_user(_existing(settings, name), json=json)


def _existing(settings: Any, name: str) -> User:
    from server.identity.users import get_user

    user = with_store(settings, lambda store: get_user(store, name))
    if user is None:
        raise CommandFailed(f"there is no account {name}", "`warded user list` shows all.")
    return user


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise CommandFailed("there is no terminal to ask for the password", "Use --password-stdin.", code=USAGE)
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _print_user(user: User, *, json: bool) -> None:
    if json:
        print_json(_facts(user))
    else:
        print_table(("User", "Groups", "State"), [(user.name, ", ".join(user.groups), _state(user))])


def _facts(user: User) -> dict[str, Any]:
    """Everything but the hash of the password."""
    names = ("name", "display_name", "email", "groups", "attributes", "created_at", "disabled_at")
    return {name: getattr(user, name) for name in names}


def _state(user: User) -> str:
    if user.disabled_at is not None:
        return "disabled"
    return "active" if user.password_hash else "no password"
