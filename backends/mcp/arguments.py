"""The arguments of a call as facts: where they stand, and what those say that are written in a language of their own.

Each argument is named by its JSON pointer (RFC 6901). The server's own schema is not used to check them: it is for the
server to do, and a schema is a text by a stranger that can be made to run for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from backends.mcp.settings import Kind
from backends.mcp.urls import is_internal, looks_like_url
from catalog.model import Locator
from policy.effects import Effect
from policy.model import Action, Operation

MAX_DEPTH = 32
MAX_LEAVES = 10_000
SHOWN = 100
"""Leaves that become facts of their own."""
LONGEST_TARGET = 200
_URL_NAMES = frozenset({"url", "uri", "urls", "endpoint", "callback_url", "href", "link", "webhook", "webhook_url"})
_SQL_NAMES = frozenset({"sql", "statement"})
_SHELL_NAMES = frozenset({"command", "cmd", "shell", "script", "bash"})
TextParser = Callable[[object, Mapping[str, Any]], Operation]


@dataclass(slots=True)
class Facts:
    """What the arguments add to the tool's own classification. `judged` = the configuration says in which language an
    argument is written, and its parser understood it."""

    actions: set[Action] = field(default_factory=set)
    effects: set[str] = field(default_factory=set)
    targets: list[Locator] = field(default_factory=list)
    columns: list[Locator] = field(default_factory=list)
    problem: str = ""
    judged: bool = False


def read_facts(
    tool: str,
    arguments: Mapping[str, Any],
    *,
    kinds: Mapping[str, Kind],
    parsers: Mapping[str, TextParser],
    fetches: bool,
) -> Facts:
    """Raises ValueError for arguments that are too deep or too many. `fetches` = the tool goes to addresses."""
    facts = Facts()
    for number, (pointer, value) in enumerate(leaves(arguments)):
        if number >= MAX_LEAVES:
            raise ValueError(f"more than {MAX_LEAVES} values in the arguments")
        if number < SHOWN:
            facts.targets.append(Locator("argument", (tool, pointer)))
        kind = kinds.get(pointer) or kinds.get(pointer.rsplit("/", 1)[0])
        if kind is not None:
            _told(facts, pointer, value, kind=kind, parsers=parsers)
        elif isinstance(value, str):
            _guessed(facts, pointer, value, parsers=parsers, fetches=fetches)
    return facts


def leaves(value: object, pointer: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """(pointer, scalar) of everything in it. Raises ValueError below MAX_DEPTH."""
    if depth > MAX_DEPTH:
        raise ValueError(f"the arguments are nested more than {MAX_DEPTH} deep")
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, f"{pointer}/{_escaped(str(name))}", depth + 1)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{pointer}/{number}", depth + 1)
    else:
        yield pointer, value


def _told(facts: Facts, pointer: str, value: object, *, kind: Kind, parsers: Mapping[str, TextParser]) -> None:
    if kind == "target":
        facts.targets.append(Locator("target", (pointer.strip("/"), str(value)[:LONGEST_TARGET])))
    elif kind == "url":
        _address(facts, str(value))
    else:
        facts.judged = True
        _text(facts, value, parsers=parsers, protocol=kind)


def _guessed(facts: Facts, pointer: str, value: str, *, parsers: Mapping[str, TextParser], fetches: bool) -> None:
    """A name that is as good as a declaration. The dialect of SQL is not known by it, so a person has to look, too."""
    name = pointer.rsplit("/", 1)[-1].lower()
    if name in _URL_NAMES or (fetches and looks_like_url(value)):
        _address(facts, value)
    elif name in _SQL_NAMES:
        _text(facts, value, parsers=parsers, protocol="postgres")
        facts.effects.add(Effect.UNKNOWN_TOOL)
        facts.actions.add(Action.RUN)
    elif name in _SHELL_NAMES:
        _text(facts, value, parsers=parsers, protocol="ssh")


def _address(facts: Facts, value: str) -> None:
    if is_internal(value):
        facts.effects.add(Effect.INTERNAL_ADDRESS)
        facts.actions.add(Action.TRANSFER)


def _text(facts: Facts, value: object, *, parsers: Mapping[str, TextParser], protocol: str) -> None:
    """As if the text had been sent to a database or a shell of Warded's own."""
    parser = parsers.get(protocol)
    try:
        found = parser(value, {}) if parser is not None else None
    except ValueError:
        found = None
    if found is None:
        facts.actions.add(Action.UNKNOWN)
        facts.effects.add(Effect.UNPARSED)
        facts.problem = f"an argument could not be judged as {protocol}"
        return
    facts.actions |= found.actions
    facts.effects |= found.effects
    facts.targets += found.targets
    facts.columns += found.columns
    facts.problem = facts.problem or found.problem


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
