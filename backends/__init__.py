"""LANGUAGES: one folder a protocol, how it is asked and how it is done.

`base` says what a folder must offer; `BACKENDS` is the registry, read top to
bottom. Adding a protocol is one folder and one entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from backends.base import Backend
from policy.model import Action, Operation

TextParser = Callable[[object, Mapping[str, Any]], Operation]
"""(input, context of the caller) → Operation. Raises ValueError for an input that is not of the protocol's type."""


def load_backends() -> tuple[Backend, ...]:
    """The registered backends. A function, so that a heavy protocol library loads when it is first needed."""
    from backends.postgres import BACKEND as POSTGRES

    return (POSTGRES,)


def load_text_parsers() -> dict[str, TextParser]:
    """Protocol → how a text of it is judged, also where there is no backend that could run it."""
    (postgres,) = load_backends()
    judged: dict[str, TextParser] = {"postgres": partial(_verb_text, postgres)}
    judged |= {name: partial(_module_text, name) for name in ("mysql", "mssql") if _is_there(name)}
    return judged | {"ssh": partial(_shell_text, judged)}


def _shell_text(others: Mapping[str, TextParser], text: object, context: Mapping[str, Any]) -> Operation:
    """A command line; statements that it hands to a database's client are judged by that database's parser."""
    from backends.ssh.parse import parse_text

    def foreign(protocol: str, inner: str) -> tuple[frozenset[Action], frozenset[str]] | None:
        parser = others.get(protocol)
        found = parser(inner, {}) if parser else None
        return (found.actions, found.effects) if found else None

    return parse_text(_checked(text), context, foreign=foreign)


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
