"""Arguments of the SQL verbs → Operation. Hostile text is never an error: it becomes `unknown`, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from backends.postgres.facts import Facts
from backends.postgres.flows import flows
from backends.postgres.grammar import INLINE_TEXT, NotUnderstoodError, statements
from backends.postgres.judge import judge, kind_of
from backends.postgres.literals import literals
from backends.postgres.suggest import MULTIPLE_STATEMENTS, suggest
from backends.postgres.target import MISSING, Target
from backends.postgres.uses import EQUALITY, MAX_PROBES, PREDICATE
from backends.postgres.verbs import SQL_DESCRIBE, SQL_QUERY, check_arguments
from catalog.model import Locator
from policy.effects import Effect
from policy.model import EMPTY, Action, Operation, Statement, Steer
from policy.reveals import OPTION, columns_asked, option_of

PROTOCOL = "postgres"
PLAN_VERB = "sql_plan"
TOO_DEEP = "the statement is nested too deeply"
NOT_JUDGED = "the statement could not be judged; this is a fault of the gateway"
NO_STATEMENT = "there is no statement"


@dataclass(frozen=True, slots=True)
class Understood:
    """What depends on the text alone. `bound` = also on the parameters it was judged with."""

    operation: Operation
    bound: bool


class Parser:
    """Parses for one process. Keeps what it understood of the last `cache_size` texts of up to 16 KiB."""

    def __init__(self, cache_size: int = 2048) -> None:
        self._cache_size = cache_size
        self._known: dict[tuple[str, str], Understood] = {}

    def parse(self, verb: str, arguments: Mapping[str, Any], *, target: object | None = None) -> Operation:
        """The Operation that a call asks for. ValueError only for arguments that break the verb's input schema.

        `target` is the Target of the login that would run it, None = the text is judged by itself.
        """
        check_arguments(verb, arguments)
        if verb == SQL_DESCRIBE.name:
            return _describe(arguments)
        text, parameters = arguments["sql"], tuple(arguments.get("parameters", ()))
        known = target if isinstance(target, Target) else None
        key = (text, known.version if known else "")
        understood = self._known.get(key)
        if understood is None or (understood.bound and parameters):
            understood = understand(text, parameters, target=known)
            self._remember(key, understood)
        return _filled(understood.operation, arguments, parameters)

    def _remember(self, key: tuple[str, str], understood: Understood) -> None:
        if len(key[0]) > INLINE_TEXT or (understood.bound and understood.operation.parameters):
            return
        while len(self._known) >= self._cache_size:
            self._known.pop(next(iter(self._known)), None)
        self._known[key] = understood


def parse(verb: str, arguments: Mapping[str, Any], *, target: Target | None = None) -> Operation:
    """As Parser.parse, without memory."""
    return Parser(cache_size=1).parse(verb, arguments, target=target)


def preview(operation: Operation) -> Operation:
    """The dry run of an operation: it plans the same text and changes nothing. What was not understood stays so."""
    understood = Action.UNKNOWN not in operation.actions
    kept = operation.effects & {Effect.MULTIPLE_STATEMENTS, Effect.UNPARSED}
    return replace(
        operation,
        verb=PLAN_VERB,
        actions=frozenset({Action.READ} if understood else {Action.READ, Action.UNKNOWN}),
        effects=frozenset({Effect.PLAN_ONLY.value, *kept}),
        reveals=(),
    )


def understand(text: str, parameters: Sequence[object] = (), *, target: Target | None = None) -> Understood:
    """Judge a text. Never raises for any text."""
    try:
        raw = statements(text)
        if not raw:
            return Understood(_unknown(text, NO_STATEMENT), bound=False)
        return _judge_all(text, raw, parameters, target=target)
    except NotUnderstoodError as error:
        return Understood(_unknown(text, str(error)), bound=False)
    except RecursionError:
        return Understood(_unknown(text, TOO_DEEP), bound=False)
    except Exception:  # noqa: BLE001 - a mistake of ours in judging must refuse the text, not let it through
        return Understood(_unknown(text, NOT_JUDGED), bound=False)


def _judge_all(
    text: str, raw: list[dict[str, Any]], parameters: Sequence[object], *, target: Target | None
) -> Understood:
    total, judged, bound = Facts(), [], False
    for item, part in zip(raw, _slices(text, raw), strict=True):
        walk = judge(item["stmt"], parameters, target=target)
        facts = walk.facts
        if len(raw) == 1:
            total = facts
        else:
            total.merge(facts)
        bound = bound or walk.used_parameters
        suggestion = MULTIPLE_STATEMENTS if len(raw) > 1 else suggest(item["stmt"], facts, part)
        words = frozenset(effect.value for effect in facts.effects)
        judged.append(Statement(kind_of(item["stmt"]), part, words, suggestion))
    effects = frozenset[str]().union(*(statement.effects for statement in judged))
    operation = Operation(
        protocol=PROTOCOL,
        verb=SQL_QUERY.name,
        text=text,
        parameters=tuple(parameters) if bound else (),
        actions=frozenset(total.actions or {Action.UNKNOWN}),
        effects=effects if len(raw) == 1 else effects | {Effect.MULTIPLE_STATEMENTS.value},
        targets=tuple(total.targets),
        columns=tuple(total.columns),
        statements=tuple(judged),
        problem=total.problem,
        opaque=total.opaque,
        steering=_steering(total),
        probes=total.probes,
        literals=_written_out(raw, total),
        flows=tuple(flow for item in raw for flow in flows(item["stmt"])),
        options={MISSING: " ".join(total.missing)} if total.missing else EMPTY,
    )
    return Understood(operation, bound)


def _written_out(raw: list[dict[str, Any]], facts: Facts) -> tuple[str, ...]:
    return tuple(text for item in raw for text in literals(item["stmt"])) if Action.WRITE in facts.actions else ()


def _steering(facts: Facts) -> tuple[Steer, ...]:
    """Comparing with many constants is no look-up but a search."""
    if facts.probes <= MAX_PROBES:
        return tuple(facts.steering)
    found = (Steer(PREDICATE if steer.use == EQUALITY else steer.use, steer.locator) for steer in facts.steering)
    return tuple(dict.fromkeys(found))


def _slices(text: str, raw: list[dict[str, Any]]) -> list[str]:
    """The text of each statement. libpg_query counts in bytes of UTF-8; no length means: to the end."""
    if len(raw) == 1 and text.isascii():
        start = raw[0].get("stmt_location", 0)
        return [text[start : start + (raw[0].get("stmt_len") or len(text))].strip()]
    encoded = text.encode()
    spans = [(item.get("stmt_location", 0), item.get("stmt_len") or len(encoded)) for item in raw]
    return [encoded[start : start + length].decode(errors="replace").strip() for start, length in spans]


def _unknown(text: str, problem: str) -> Operation:
    return Operation(
        protocol=PROTOCOL,
        verb=SQL_QUERY.name,
        text=text,
        effects=frozenset({Effect.UNPARSED.value}),
        problem=problem,
        opaque=True,
    )


def _filled(operation: Operation, arguments: Mapping[str, Any], parameters: tuple[object, ...]) -> Operation:
    """The remembered operation with this call's own parameters and options."""
    max_rows, asked = arguments.get("max_rows"), arguments.get("reveal")
    if max_rows is None and asked is None and parameters == operation.parameters:
        return operation
    options = operation.options if max_rows is None else {**operation.options, "max_rows": str(max_rows)}
    if asked is None:
        return replace(operation, parameters=parameters, options=options)
    options = {**options, OPTION: option_of(asked)}
    return replace(operation, parameters=parameters, options=options, reveals=columns_asked(asked))


def _describe(arguments: Mapping[str, Any]) -> Operation:
    schema, table = arguments.get("schema", ""), arguments.get("table", "")
    target: tuple[Locator, ...]
    if table:
        target, text = (Locator("table", (schema, table)),), f"Describe table {f'{schema}.' if schema else ''}{table}"
    elif schema:
        target, text = (Locator("schema", (schema,)),), f"List the tables of schema {schema}"
    else:
        target, text = (), "List schemas and tables"
    return Operation(
        protocol=PROTOCOL,
        verb=SQL_DESCRIBE.name,
        text=text,
        parameters=(schema, table),
        actions=frozenset({Action.READ}),
        effects=frozenset({Effect.CATALOG_READ.value}),
        targets=target,
        statements=(Statement("DESCRIBE", text, frozenset({Effect.CATALOG_READ.value})),),
    )
