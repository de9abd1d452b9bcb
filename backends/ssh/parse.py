"""A command line → one Operation: what it does, to which paths, with which programs.

A shell is not decidable: what is not known before it runs is told as such (`dynamic-code`,
`unknown-program`), and rules decide what follows from that.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from backends.ssh.command import Facts, Foreign
from backends.ssh.files import reads, writes
from backends.ssh.grammar import NotShell, parse_tree
from backends.ssh.paths import Ground
from backends.ssh.scope import NO_INPUT, Scope, Stream
from backends.ssh.verbs import check_arguments
from backends.ssh.walk import Walker
from backends.ssh.words import literal
from catalog.model import Locator
from policy.effects import Effect
from policy.model import Action, Operation, Statement

PROTOCOL = "ssh"
EXEC, READ, LIST, WRITE = "ssh_exec", "ssh_read_file", "ssh_list_dir", "ssh_write_file"
SHELL = "ssh_shell"
PREVIEW = "preview"
"""Option of an Operation that plans and changes nothing."""


def parse(verb: str, arguments: Mapping[str, Any], *, foreign: Foreign | None = None) -> Operation:
    """The operation of a call. Raises ValueError for arguments that break the verb's input schema."""
    check_arguments(verb, arguments)
    if verb == EXEC:
        return _command(arguments, foreign)
    facts, ground, word = Facts(), Ground("", "~"), literal(arguments["path"])
    facts.programs.setdefault(verb)
    if verb == WRITE:
        writes(word, facts, ground)
        facts.actions.add(Action.WRITE)  # also where the path is a sink
    else:
        reads(word, facts, ground)
    options = {name: str(arguments[name]) for name in ("offset", "max_bytes", "expected_sha256") if name in arguments}
    content = arguments.get("content", "")
    text = f"{verb} {arguments['path']}\n{content}" if verb == WRITE else f"{verb} {arguments['path']}"
    found = _operation(text, facts, problem="")
    return replace(found, verb=verb, parameters=(arguments["path"], content), options=options)


def shell_operation() -> Operation:
    """A shell to type into: what will be typed is not known."""
    facts = Facts()
    facts.programs.setdefault("shell")
    facts.add(Action.RUN, Effect.INTERACTIVE)
    return replace(_operation("shell", facts, problem=""), verb=SHELL, opaque=True)


def preview(operation: Operation) -> Operation:
    """The same, planned only."""
    actions = operation.actions & {Action.UNKNOWN} or {Action.READ}
    return replace(operation, actions=frozenset(actions), options={**operation.options, PREVIEW: "yes"})


def _command(arguments: Mapping[str, Any], foreign: Foreign | None) -> Operation:
    command, argv = arguments.get("command"), arguments.get("argv")
    if (command is None) == (argv is None):
        raise ValueError("pass either command or argv")
    text = command if command is not None else shlex.join(argv or ())
    stdin = arguments.get("stdin")
    operation = parse_text(text, stdin=stdin, foreign=foreign)
    options = {"timeout": str(arguments["timeout"])} if "timeout" in arguments else {}
    return replace(operation, parameters=() if stdin is None else (stdin,), options=options)


def parse_text(
    text: str,
    context: Mapping[str, Any] | None = None,
    *,
    stdin: str | None = None,
    foreign: Foreign | None = None,
) -> Operation:
    """What a text does in a shell. Never raises for what the text holds.

    Of `context` these are read: `cwd` and `user` (text), `protected_paths` (list of paths), `allowed_hosts` (list of
    names that may be fetched from). Raises ValueError for one of another type. `stdin` is what the first program reads.
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
        walker.run(parse_tree(text), NO_INPUT if stdin is None else Stream(stdin))
    except NotShell as error:
        return _not_understood(text, facts, str(error))
    except RecursionError:
        return _not_understood(text, facts, "the text is nested too deeply")
    if not facts.actions and not scope.functions and not scope.variables:
        return _not_understood(text, facts, "there is no command")
    return _operation(text, facts, problem="")


def _operation(text: str, facts: Facts, *, problem: str) -> Operation:
    names = frozenset(str(effect) for effect in facts.effects)
    kind = " ".join(facts.programs)[:200]
    return Operation(
        PROTOCOL,
        EXEC,
        text,
        actions=frozenset(facts.actions or {Action.READ}),
        effects=names,
        targets=(*facts.targets, *(Locator("program", (name,)) for name in facts.programs)),
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
