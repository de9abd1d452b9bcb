"""What all commands share: their options, their exit codes, and errors of one line instead of a traceback."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, ParamSpec, TypeVar

import typer

from server.cli.terminal import visible

if TYPE_CHECKING:
    from server.config import Config
    from server.store.engine import Store

P = ParamSpec("P")
T = TypeVar("T")

CHECK_FAILED, USAGE = 1, 2
"""Exit codes: 1 = a check failed or something was refused, 2 = the command or the configuration is wrong."""

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Configuration file. Default: $WARDED_CONFIG, else ./warded.yaml."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

_KNOWN = (
    ("server.config_file", "ConfigError", USAGE),
    ("server.store.errors", "StoreUnavailable", CHECK_FAILED),
    ("server.secrets", "SecretUnavailable", CHECK_FAILED),
    ("server.recording.recorder", "RecordingUnavailable", CHECK_FAILED),
    ("server.identity.users", "UserRefused", CHECK_FAILED),
    ("policy.problems", "PolicyDocumentError", CHECK_FAILED),
    ("backends.errors", "UpstreamError", CHECK_FAILED),
)
"""Errors that explain themselves. By name, because importing their modules here would slow every start."""


class CommandFailed(Exception):
    """A command ends with one line and what to do about it."""

    def __init__(self, message: str, remedy: str = "", *, code: int = CHECK_FAILED) -> None:
        super().__init__(message)
        self.remedy, self.code = remedy, code


def command(function: Callable[P, T]) -> Callable[P, T]:
    """Turns known errors into a line on stderr and an exit code. Anything else is our bug and keeps its traceback."""

    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except CommandFailed as error:
            stop(str(error), error.remedy, code=error.code)
        except KeyboardInterrupt:
            stop("interrupted", code=130)
        except Exception as error:
            code = _code_of(error)
            if code is None:
                raise
            stop(str(error), str(getattr(error, "remedy", "")), code=code)

    return guarded


def stop(message: str, remedy: str = "", *, code: int = CHECK_FAILED) -> NoReturn:
    """Print the error and end the command."""
    print(f"error: {visible(message, newlines=True)}", file=sys.stderr)
    if remedy:
        print(f"  try: {visible(remedy)}", file=sys.stderr)
    raise typer.Exit(code)


def group(name: str, help: str) -> typer.Typer:
    """A group of commands. Help is plain text: Rich's help takes longer to import than the whole budget."""
    return typer.Typer(name=name, help=help, no_args_is_help=True, rich_markup_mode=None)


def load(path: Path | None) -> Config:
    """The configuration that the options and the environment name. Raises ConfigError."""
    from server.config_file import config_path, load_config

    return load_config(config_path(path))


def with_store(config: Config, work: Callable[[Store], Awaitable[T]]) -> T:
    """Run `work` with the open store, and close it whatever happens."""
    import asyncio

    async def run() -> T:
        from server.secrets import exposed
        from server.store.engine import open_store

        store = await open_store(config.store_url, password=exposed(config.store.password))
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


def _code_of(error: Exception) -> int | None:
    names = {(kind.__module__, kind.__qualname__) for kind in type(error).__mro__}
    return next((code for module, name, code in _KNOWN if (module, name) in names), None)
