"""From what the statements of a text do to one Operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backends.sqltree.facts import Facts
from backends.sqltree.suggest import MULTIPLE_STATEMENTS, suggest
from backends.sqltree.tokens import STRING, TOO_DEEP, NotUnderstoodError, Tokens, check_text
from policy.effects import Effect
from policy.model import Action, Operation, Statement

VERB = "sql_query"
NOT_JUDGED = "the statement could not be judged; this is a fault of the gateway"
NO_STATEMENT = "there is no statement"


@dataclass(frozen=True, slots=True)
class Judged:
    """One statement: its name for people, its tokens, what it does. `counts`: one too many beside another."""

    kind: str
    tokens: Tokens
    facts: Facts
    counts: bool = True


def understand(
    protocol: str, text: str, judge: Callable[[str, Sequence[object]], list[Judged]], parameters: Sequence[object]
) -> Operation:
    """Judge a text. Never raises, whatever the text."""
    try:
        check_text(text)
        judged = judge(text, parameters)
        if not judged:
            return _unknown(protocol, text, NO_STATEMENT, parameters)
        return _operation(protocol, text, judged, parameters)
    except NotUnderstoodError as error:
        return _unknown(protocol, text, str(error), parameters)
    except (RecursionError, MemoryError):
        return _unknown(protocol, text, TOO_DEEP, parameters)
    except Exception:  # noqa: BLE001 - a mistake of ours in judging must refuse the text, not let it through
        return _unknown(protocol, text, NOT_JUDGED, parameters)


def _operation(protocol: str, text: str, judged: list[Judged], parameters: Sequence[object]) -> Operation:
    total, several = Facts(), sum(1 for item in judged if item.counts) > 1
    statements = []
    for item in judged:
        total.merge(item.facts)
        part = text[item.tokens[0].start : item.tokens[-1].end].strip() if item.tokens else ""
        advice = MULTIPLE_STATEMENTS if several else suggest(item.kind, item.facts, item.tokens, text)
        effects = frozenset(effect.value for effect in item.facts.effects)
        statements.append(Statement(item.kind, part, effects, advice))
    if several:
        total.add((), (Effect.MULTIPLE_STATEMENTS,))
    return Operation(
        protocol=protocol,
        verb=VERB,
        text=text,
        parameters=tuple(parameters),
        actions=frozenset(total.actions or {Action.UNKNOWN}),
        effects=frozenset(effect.value for effect in total.effects),
        targets=tuple(total.targets),
        columns=tuple(total.columns),
        statements=tuple(statements),
        problem=total.problem if total.actions else total.problem or NO_STATEMENT,
        opaque=total.opaque,
        steering=tuple(total.steering),
        literals=_written_out(judged) if Action.WRITE in total.actions else (),
    )


def _written_out(judged: list[Judged]) -> tuple[str, ...]:
    texts = (token.value for item in judged for token in item.tokens if token.kind == STRING)
    return tuple(dict.fromkeys(texts))


def _unknown(protocol: str, text: str, problem: str, parameters: Sequence[object]) -> Operation:
    return Operation(
        protocol=protocol,
        verb=VERB,
        text=text,
        parameters=tuple(parameters),
        effects=frozenset({Effect.UNPARSED.value}),
        problem=problem,
        opaque=True,
    )
