"""Every command of `warded`, from the Typer application."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import typer

from server.cli.commands import app
from server.reference.markdown import cell, code, fence, joined, table

Command = Any
"""What Typer makes of a function; its base class moved between versions of Typer, its attributes did not."""


def command_parts() -> dict[str, str]:
    return {"commands": joined(_entry(path, command) for path, command in commands())}


def commands() -> Iterator[tuple[str, Command]]:
    """(`warded user add`, command) of every command and group, groups before their commands."""
    yield from _walk(typer.main.get_command(app), "warded")


def _walk(command: Command, path: str) -> Iterator[tuple[str, Command]]:
    if path != "warded":
        yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from _walk(inner, f"{path} {name}")


def _entry(path: str, command: Command) -> str:
    if hasattr(command, "commands"):
        return f"## {path}\n\n{_sentence(command.help)}"
    words, example = _help(command)
    level = "##" if path.count(" ") == 1 else "###"
    return joined((f"{level} {path}", words, fence(_usage(path, command), "text"), _options(command), example))


def _help(command: Command) -> tuple[str, str]:
    """The words of the docstring, and its example as a block of shell."""
    words, _, example = inspect.cleandoc(command.help or "").partition("\b\n")
    lines = [line for line in example.splitlines() if line.startswith(" ")]
    return words.strip(), joined(("Example:", fence(inspect.cleandoc("\n".join(lines)), "sh"))) if lines else ""


def _sentence(text: str | None) -> str:
    return (text or "").strip()


def _usage(path: str, command: Command) -> str:
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    return " ".join([path, "[OPTIONS]", *(_metavar(argument) for argument in arguments)])


def _metavar(argument: Any) -> str:
    if argument.metavar:
        return str(argument.metavar)
    name = argument.name.upper()
    return name if argument.required else f"[{name}]"


def _options(command: Command) -> str:
    rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
    return table(("Argument or option", "Default", "Meaning"), rows) if rows else ""


def _row(parameter: Any) -> tuple[str, str, str]:
    if parameter.param_type_name == "argument":
        return code(_metavar(parameter)), _default(parameter), cell(parameter.help or "")
    names = ", ".join(code(name) for name in sorted(parameter.opts, key=len, reverse=True))
    variable = f" Also by the variable {code(parameter.envvar)}." if parameter.envvar else ""
    return names, _default(parameter), cell(f"{parameter.help or ''}{variable}")


def _default(parameter: Any) -> str:
    default = parameter.default
    if parameter.required:
        return "required"
    if default is None or default is False or default in ("", (), []):
        return ""
    return code(f"{default:g}" if isinstance(default, float) else default)
