"""A mask that is written into a table with labelled columns would take the place of what it hides.

An agent that reads `j***@e***.com` and writes the row back loses the address for good; so the texts and parameters of
a statement that writes are looked through for what is certainly a mask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from catalog.labels import Labels
from catalog.maskkey import Keyed
from catalog.recognise import recognised
from policy.effects import Effect
from policy.model import Action, Operation, Statement

REMEDY = "Leave the masked columns out of the statement, or ask to see them first and write their real values."


def with_write_back(operation: Operation, labels: Labels, keyed: Keyed | None) -> Operation:
    """The operation with the effect `masked-write` if it carries a mask to where labelled columns are.

    `keyed` knows the marks of pseudonyms again, whatever their scope.
    """
    if Action.WRITE not in operation.actions or Effect.MASKED_WRITE in operation.effects:
        return operation
    if not operation.opaque and not labels.of(operation.targets):
        return operation
    if not any(recognised(text, keyed) for text in _texts((*operation.literals, *operation.parameters))):
        return operation
    effect = frozenset({Effect.MASKED_WRITE.value})
    statements = tuple(_marked(statement, effect) for statement in operation.statements)
    return replace(operation, effects=operation.effects | effect, statements=statements)


def _texts(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, bytes | bytearray | memoryview):
            yield bytes(value).decode(errors="replace")
        elif isinstance(value, Iterable):
            yield from _texts(value)


def _marked(statement: Statement, effect: frozenset[str]) -> Statement:
    words = f"{statement.suggestion} {REMEDY}".strip()
    return Statement(statement.kind, statement.text, statement.effects | effect, words)
