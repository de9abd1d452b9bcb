"""`warded demo`: database, gateway, story; then it stays up until Ctrl-C, or with --check says whether all held."""

from __future__ import annotations

import asyncio
import fcntl
import io
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from server.demo.binaries import NoDatabase, find_binaries
from server.demo.database import Database, run_database
from server.demo.files import PEOPLE, Folder, open_folder
from server.demo.gateway import GatewayFailed, pick_port, run_gateway
from server.demo.preparing import Installation, prepare
from server.demo.telling import WIDTH, Teller

DEFAULT_FOLDER = Path(".warded/demo")


class Stopped(BaseException):
    """SIGTERM or SIGHUP: stop as on Ctrl-C. Not an Exception, so that nothing swallows it."""


def main(
    *, check: bool = False, port: int | None = None, folder: Path = DEFAULT_FOLDER, picture: Path | None = None
) -> int:
    """Run the demo; answers the exit code. `picture` saves the story as SVG."""
    console = Console(highlight=False)
    if console.width > WIDTH or not console.is_terminal:
        console.width = WIDTH
    try:
        with _signals():
            return _run(console, open_folder(folder), check=check, port=port, picture=picture)
    except (NoDatabase, GatewayFailed) as error:
        console.print(f"[bold red]The demo cannot run.[/] {escape(str(error))}")
        return 1
    except (KeyboardInterrupt, Stopped):
        console.print("\nStopped.")
        return 0 if not check else 1


def _run(console: Console, folder: Folder, *, check: bool, port: int | None, picture: Path | None) -> int:
    with (
        _alone(folder),
        console.status("Starting PostgreSQL …") as status,
        run_database(folder.postgres, binaries=find_binaries()) as database,
    ):
        status.update("Preparing the shop …")
        started = time.monotonic()
        installation = asyncio.run(prepare(folder, database, port=pick_port(port)))
        _prepared(console, database, installation, seconds=time.monotonic() - started)
        status.update("Starting Warded …")
        url, token = installation.config.server.public_url, installation.ada_token
        with run_gateway(folder, url=url, token=token, meanwhile=_load_story):
            status.stop()
            failures = _tell(console, installation, database, picture=picture)
            if not check and not failures:
                _closing(console, folder, installation)
                threading.Event().wait()  # until a signal
    return 1 if failures else 0


def _load_story() -> None:
    """The MCP client takes a second to import: done while the gateway starts."""
    import server.demo.story  # noqa: F401


def _tell(console: Console, installation: Installation, database: Database, *, picture: Path | None) -> list[str]:
    """Play the story; answers what did not hold."""
    from server.demo.story import play, save_picture

    canvas = Console(width=WIDTH, record=True, highlight=False, file=io.StringIO()) if picture else None
    tell = Teller(console, picture=canvas)
    try:
        asyncio.run(play(tell, installation=installation, database=database))
    except Exception as error:  # noqa: BLE001 - whatever breaks the story is a failed check, and is shown
        root = _innermost(error)
        tell.check(f"the story broke: {type(root).__name__}: {root}", False)
    console.print()
    if tell.failures:
        console.print(f"[bold red]{len(tell.failures)} of {tell.checks} checks failed.[/]")
    else:
        console.print(f"[bold green]All {tell.checks} checks passed.[/]")
    if canvas and picture:
        save_picture(canvas, picture)
    return tell.failures


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _prepared(console: Console, database: Database, installation: Installation, *, seconds: float) -> None:
    rows = f"{installation.loaded:,} rows loaded" if installation.loaded else "rows of the last run"
    labels = ", ".join(f"{label} {number}" for label, number in installation.labelled.items())
    console.print(f"PostgreSQL {database.version} ({database.source}), {rows}, in {seconds:.1f} s.")
    console.print(f"Catalog scan: {sum(installation.labelled.values())} sensitive columns ([grey58]{labels}[/]).")


def _closing(console: Console, folder: Folder, installation: Installation) -> None:
    """What a person can do now."""
    url = installation.config.server.public_url
    lines = Table.grid(padding=(0, 2))
    for name, value in (
        ("Connect Claude Code", f"claude mcp add --transport http warded {installation.config.mcp_url}"),
        ("Sign in", f"{url}/login"),
        ("Set up an owner", f"{url}/setup   one-time code {installation.code}"),
        ("API documentation", f"{url}/api/docs"),
        ("Configuration", str(folder.config)),
        ("Policies", str(folder.policies)),
    ):
        lines.add_row(Text(name, style="grey58"), Text(value, style="bold", overflow="fold"))
    for person in PEOPLE:
        lines.add_row(
            Text(f"Account {person.name}", style="grey58"),
            Text.assemble((installation.passwords[person.name], "bold"), f"   {person.role}"),
        )
    console.print(Padding(Panel(lines, title="Warded is up. Ctrl-C stops it.", border_style="green"), (1, 0)))


@contextmanager
def _alone(folder: Folder) -> Iterator[None]:
    """One demo a folder: a second one would stop the first one's database."""
    with folder.lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NoDatabase(f"another demo is running in {folder.root}") from None
        yield


@contextmanager
def _signals() -> Iterator[None]:
    """SIGTERM and SIGHUP stop the children too, as Ctrl-C does."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
