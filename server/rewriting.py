"""The smallest change that passes: where a call was refused or held, a statement for which the same question was
asked of the same engine, and that it allows.

Nothing is offered that was not decided so. It costs at most `SECONDS` of our own processor time, and nothing where a
call is allowed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from backends.base import Informed, Rewrite
from catalog.labels import Labels
from catalog.model import Label, Locator
from policy.model import Allow, Deny, Hold, Identity, Operation
from server.answer import Answer, OfferedRewrite
from server.judging import Judge, Judgement, Place

SECONDS = 0.02
TEXT = "sql"
"""The argument that holds the statement."""


async def with_rewrite(judge: Judge, place: Place, judged: Judgement, answer: Answer, **call: Any) -> Answer:
    """The answer with a statement that passes, if one was found. `call` = identity, verb, arguments."""
    if answer.status not in ("denied", "held") or place.backend.rewrites is None:
        return answer
    target = await _target(judge, place)
    offered = offer(judge, place, judged, target=target, clock=time.thread_time, **call)
    if offered is None:
        return answer
    passes = "passes" if offered.outcome == "allow" else "can pass, once it is approved"
    return replace(answer, rewrite=offered, next_step=f"{answer.next_step} `rewrite` holds a statement that {passes}.")


def offer(
    judge: Judge,
    place: Place,
    judged: Judgement,
    *,
    identity: Identity,
    verb: str,
    arguments: Mapping[str, Any],
    target: object | None,
    clock: Callable[[], float],
) -> OfferedRewrite | None:
    """The first candidate that is allowed; for what was denied also one that would be held."""
    until, held = clock() + SECONDS, None
    parse, rewrites = place.backend.parse_for, place.backend.rewrites
    if parse is None or rewrites is None or TEXT not in arguments:
        return None
    hidden = hidden_from(judge.labels.get(place.resource.name), judged.engine.revealed(judged.query))
    for candidate in rewrites(judged.query.operation, hidden=hidden, target=target):
        if clock() > until:
            return None
        if candidate.rows is not None and judged.query.estimated_rows is None:
            continue
        operation = parse(verb, {**arguments, TEXT: candidate.sql}, target=target)
        outcome = _outcome(judge, identity, place, operation, rows=candidate.rows)
        if outcome == "allow":
            return _offered(candidate, outcome)
        if outcome == "hold" and isinstance(judged.decision, Deny):
            held = held or _offered(candidate, outcome)
    return held if clock() <= until else None


def _outcome(judge: Judge, identity: Identity, place: Place, operation: Operation, *, rows: int | None) -> str:
    if len(operation.statements) != 1 or operation.problem:
        return "deny"
    match judge.decide(identity, place, operation, estimated_rows=rows).decision:
        case Allow():
            return "allow"
        case Hold():
            return "hold"
        case _:
            return "deny"


def _offered(candidate: Rewrite, outcome: str) -> OfferedRewrite:
    return OfferedRewrite(candidate.sql, candidate.change, outcome)


def hidden_from(labels: Labels, revealed: frozenset[Label]) -> Callable[[Locator], bool]:
    """Whether any label at a place stays hidden from whoever sees `revealed`."""

    def hidden(column: Locator) -> bool:
        *table, name = column.path
        where = Locator("table", tuple(table)) if name == "*" else Locator("column", column.path)
        return bool(labels.of((where,)) - revealed)

    return hidden


async def _target(judge: Judge, place: Place) -> object | None:
    upstream = judge.upstreams.get(place.resource)
    return await upstream.target(place.login) if isinstance(upstream, Informed) else None
