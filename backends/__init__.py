"""LANGUAGES: one folder a protocol, how it is asked and how it is done.

`base` says what a folder must offer; `BACKENDS` is the registry, read top to
bottom. Adding a protocol is one folder and one entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from backends.base import Backend
from policy.model import Action, Operation

Foreign = Callable[[str, str], tuple[frozenset[Action], frozenset[str]] | None]
"""(protocol, text) → actions and effects of the text; None = no parser for it."""

TextParser = Callable[[object, Mapping[str, Any]], Operation]
"""(input, context of the caller) → Operation. Raises ValueError for an input that is not of the protocol's type."""


def load_backends() -> tuple[Backend, ...]:
    """The registered backends. A function, so that a heavy protocol library loads when it is first needed."""
    from backends.mcp import BACKEND as MCP
    from backends.mcp.parse import parse_for
    from backends.postgres import BACKEND as POSTGRES
    from backends.ssh import BACKEND as SSH
    from backends.ssh.parse import parse

    judged = _database_parsers(POSTGRES)
    ssh = replace(SSH, parse=partial(parse, foreign=_foreign(judged)))
    return (POSTGRES, ssh, replace(MCP, parse_for=partial(parse_for, parsers=_text_parsers(judged))))


def row_walk() -> str:
    """How native doors rewrite rows: "compiled", or "python" where no compiler was at installation."""
    from backends.postgres.rows_walk import KIND

    return KIND


def load_text_parsers() -> dict[str, TextParser]:
    """Protocol → how a text of it is judged, also where there is no backend that could run it."""
    return _text_parsers(_database_parsers(load_backends()[0]))


def _text_parsers(judged: Mapping[str, TextParser]) -> dict[str, TextParser]:
    return {**judged, "ssh": partial(_shell_text, _foreign(judged))}


def _database_parsers(postgres: Backend) -> dict[str, TextParser]:
    judged: dict[str, TextParser] = {"postgres": partial(_verb_text, postgres)}
    return judged | {name: partial(_module_text, name) for name in ("mysql", "mssql") if _is_there(name)}


def _shell_text(foreign: Foreign, text: object, context: Mapping[str, Any]) -> Operation:
    from backends.ssh.parse import parse_text

    return parse_text(_checked(text), context, foreign=foreign)


def _foreign(parsers: Mapping[str, TextParser]) -> Foreign:
    """Judges what a command line hands to a database's client, by the parser of that database."""

    def judge(protocol: str, inner: str) -> tuple[frozenset[Action], frozenset[str]] | None:
        parser = parsers.get(protocol)
        found = parser(inner, {}) if parser else None
        return (found.actions, found.effects) if found else None

    return judge


def _verb_text(backend: Backend, text: object, context: Mapping[str, Any]) -> Operation:
    return backend.parse("sql_query", {"resource": "-", "sql": _checked(text)})


def _module_text(protocol: str, text: object, context: Mapping[str, Any]) -> Operation:
    operation = import_module(f"backends.{protocol}.parse").parse_text(_checked(text))
    if not isinstance(operation, Operation):
        raise TypeError(f"backends.{protocol}.parse.parse_text gave no Operation")
    return operation


def _is_there(protocol: str) -> bool:
    return find_spec(f"backends.{protocol}") is not None and find_spec(f"backends.{protocol}.parse") is not None


def _checked(text: object) -> str:
    if not isinstance(text, str):
        raise ValueError("the input is not a text")
    return text
