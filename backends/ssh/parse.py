"""A command line → one Operation: what it does, to which paths, with which programs.

A shell is not decidable: what is not known before it runs is told as such (`dynamic-code`,
`unknown-program`), and rules decide what follows from that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backends.ssh.command import Facts, Foreign
from backends.ssh.grammar import NotShell, parse_tree
from backends.ssh.scope import NO_INPUT, Scope
from backends.ssh.walk import Walker
from policy.effects import Effect
from policy.model import Action, Operation, Statement

PROTOCOL = "ssh"
VERB = "ssh_exec"


def parse_text(text: str, context: Mapping[str, Any] | None = None, *, foreign: Foreign | None = None) -> Operation:
    """What a text does in a shell. Never raises for what the text holds.

    Of `context` these are read: `cwd` and `user` (text), `protected_paths` (list of paths), `allowed_hosts` (list of
    names that may be fetched from). Raises ValueError for one of another type.
    `foreign` judges texts in other languages, such as the statement behind `psql -c`.
    """
    known = context or {}
    facts = Facts()
    scope = Scope(
        user=_text(known, "user"),
        cwd=_text(known, "cwd").rstrip("/") or None,
        hosts=tuple(host.lower() for host in _list(known, "allowed_hosts")),
    )
    walker = Walker(facts, scope, protected=_list(known, "protected_paths"), foreign=foreign or _nobody)
    try:
        walker.run(parse_tree(text), NO_INPUT)
    except NotShell as error:
        return _not_understood(text, facts, str(error))
    except RecursionError:
        return _not_understood(text, facts, "the text is nested too deeply")
    return _operation(text, facts, problem="")


def _operation(text: str, facts: Facts, *, problem: str) -> Operation:
    names = frozenset(str(effect) for effect in facts.effects)
    kind = " ".join(facts.programs)[:200]
    return Operation(
        PROTOCOL,
        VERB,
        text,
        actions=frozenset(facts.actions or {Action.READ}),
        effects=names,
        targets=tuple(facts.targets),
        statements=(Statement(kind, text, names),),
        problem=problem,
        opaque=bool(facts.effects & {Effect.DYNAMIC_CODE, Effect.UNKNOWN_PROGRAM, Effect.REMOTE_CODE, Effect.UNPARSED}),
    )


def _not_understood(text: str, facts: Facts, problem: str) -> Operation:
    facts.add(Action.UNKNOWN, Effect.UNPARSED)
    return _operation(text, facts, problem=problem)


def _nobody(protocol: str, text: str) -> None:
    return None


def _text(context: Mapping[str, Any], key: str) -> str:
    value = context.get(key) or ""
    if not isinstance(value, str):
        raise ValueError(f"context.{key} is not a text")
    return value


def _list(context: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = context.get(key) or []
    if not isinstance(value, list) or not all(isinstance(entry, str) and entry for entry in value):
        raise ValueError(f"context.{key} is not a list of texts")
    return tuple(value)
