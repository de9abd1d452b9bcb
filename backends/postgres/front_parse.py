"""A client's text → the Operation of a session.

The same judgement as a tool call's (parse.py). Only the verb differs, and what a session may do that a lone call may
not, because its own connection ends with it: transactions, cursors, forgetting what it prepared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from backends.postgres.grammar import statements
from backends.postgres.parse import NO_STATEMENT, Parser
from backends.postgres.shapes import fold, insensitive
from policy.effects import Effect
from policy.model import Action, Operation

VERB = "session"

_READ = frozenset({Action.READ})
_STATE = frozenset({Effect.SESSION_STATE.value})
_TRANSACTION = frozenset({Effect.TRANSACTION_CONTROL.value})
_COPIES = frozenset({Effect.COPY_IN.value, Effect.COPY_OUT.value})
"""To and from the client: rows as SELECT and INSERT have them, masked and counted alike. Rules still see the effect."""
_ON_THE_HOST = frozenset({Effect.SERVER_FILE.value, Effect.SERVER_PROGRAM.value})
_WORDS = r"(?:[a-z]+|,|\s)+"
_HARMLESS = (
    (
        re.compile(rf"(?:begin|start\s+transaction|commit|end|rollback|abort|savepoint|release)\b(?:{_WORDS})?", re.I),
        True,
    ),
    (re.compile(r"(?:rollback|savepoint|release)\b[\w\s]+", re.I), True),
    (re.compile(rf"set\s+(?:local\s+)?transaction\s+{_WORDS}", re.I), True),
    (re.compile(rf"set\s+session\s+characteristics\s+as\s+transaction\s+{_WORDS}", re.I), True),
    (re.compile(r"reset\s+all|discard\s+(?:all|plans|temp|temporary|sequences)", re.I), False),
    (re.compile(r"select\s+(?:pg_catalog\.)?pg_advisory_unlock_all\(\)", re.I), False),
    (re.compile(r"deallocate\s+[\w\s\"]+", re.I), False),
    (re.compile(r"set\s+(?:session\s+)?client_encoding\s*(?:=|\bto\b)\s*'?(?:utf-?8|unicode)'?", re.I), False),
    (re.compile(r"set\s+(?:session\s+)?standard_conforming_strings\s*(?:=|\bto\b)\s*'?on'?", re.I), False),
)
"""Texts that only touch the session's own transaction or return it to how it began; whether a transaction is meant."""


class SessionParser:
    """Remembers the last `size` texts."""

    def __init__(self, size: int = 2048) -> None:
        self._parser = Parser()
        self._size = size
        self._known: dict[tuple[str, str], Operation | None] = {}
        self._shapes: dict[tuple[str, str], Operation] = {}
        self._unshapely: dict[tuple[str, str], Operation] = {}

    def parse(self, text: str, target: object | None = None) -> Operation | None:
        """None where the text holds no statement at all. `target` is what names mean at the server, None = the text
        is judged by itself."""
        key = (text, str(getattr(target, "version", "")))
        if key in self._known:
            return self._known[key]
        operation = self._parse(text, target)
        if len(text) <= 16_384:
            while len(self._known) >= self._size:
                self._known.pop(next(iter(self._known)), None)
            self._known[key] = operation
            self._remember_shape(text, operation, target)
        return operation

    def shape(self, text: str, target: object | None = None) -> Operation | None:
        """The Operation of a text that was parsed before, or of one that differs from it by nothing but numbers that
        columns are compared with (shapes.py); then its own text is the other one's. None = it has to be parsed."""
        version = str(getattr(target, "version", ""))
        found = self._known.get((text, version))
        if found is None and (folded := fold(text)) is not None:
            found = self._shapes.get((folded, version))
        return found if found is not None and not found.options else None

    def _remember_shape(self, text: str, operation: Operation | None, target: object | None) -> None:
        folded = fold(text)
        key = (folded or "", str(getattr(target, "version", "")))
        if folded is None or operation is None or key in self._shapes or key in self._unshapely:
            return
        kept = (
            self._shapes if insensitive(text, operation, lambda other: self._parse(other, target)) else self._unshapely
        )
        while len(kept) >= self._size:
            kept.pop(next(iter(kept)), None)
        kept[key] = operation

    def _parse(self, text: str, target: object | None) -> Operation | None:
        operation = self._parser.parse("sql_query", {"resource": "-", "sql": text}, target=target)
        if operation.problem == NO_STATEMENT:
            return None
        if len(operation.statements) <= 1:
            return replace(_adjusted(operation), verb=VERB)
        parts = [_adjusted(self._parser.parse("sql_query", {"resource": "-", "sql": each.text}))
                 for each in operation.statements]  # fmt: skip
        if any(part.problem for part in parts):
            return replace(operation, verb=VERB)
        return replace(
            operation,
            verb=VERB,
            actions=frozenset().union(*(part.actions for part in parts)),
            effects=frozenset().union({Effect.MULTIPLE_STATEMENTS.value}, *(part.effects for part in parts)),
        )


def _adjusted(operation: Operation) -> Operation:
    text = operation.text.strip().rstrip(";").strip()
    for pattern, transaction in _HARMLESS:
        if pattern.fullmatch(text) and "prepare" not in text.lower():
            return replace(operation, actions=_READ, effects=_TRANSACTION if transaction else _STATE, opaque=False)
    if operation.effects & _COPIES and not operation.effects & _ON_THE_HOST:
        return replace(operation, actions=operation.actions - {Action.TRANSFER})
    return operation


def nodes(text: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Type and tree of each statement, for what a session has to know about itself. Nothing for what does not parse."""
    try:
        return [next(iter(item["stmt"].items())) for item in statements(text)]
    except Exception:  # noqa: BLE001 - such a text was judged `unknown`; the server will refuse it
        return []
