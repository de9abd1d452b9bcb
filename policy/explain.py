"""A decision as plain data, for dry runs and the command line: the facts, the rules that spoke, the outcome."""

from __future__ import annotations

from typing import Any, assert_never

from policy.ceilings import Ceiling
from policy.engine import Engine
from policy.facts import UNKNOWN_ROWS, asked_actions, context_of
from policy.model import Allow, Decision, Deny, Hold, Obligations, Query, Reason
from policy.rule import Rule
from policy.ruling import ask


def explain(engine: Engine, query: Query) -> dict[str, Any]:
    """Everything JSON can carry: `facts` that rules saw, `rules` that spoke, `decision` as the engine gives it."""
    ruling = ask(engine.document, query)
    masked = query.labels - ruling.revealed
    spoke = {rule.id: rule for rule in (*ruling.forbids, *ruling.permits, *ruling.observed)}
    return {
        "policy_version": engine.version,
        "facts": _facts(query) | {"context": _context(engine, query, masked=sorted(masked))},
        "rules": [_rule(rule) for rule in spoke.values()],
        "errors": list(ruling.errors),
        "unpermitted": [str(action) for action in ruling.unpermitted],
        "decision": describe(engine.decide(query)),
    }


def describe(decision: Decision) -> dict[str, Any]:
    """A decision as plain data; `outcome` is allow, hold or deny."""
    match decision:
        case Allow(obligations, reasons):
            return {"outcome": "allow", "reasons": _reasons(reasons), "obligations": _obligations(obligations)}
        case Hold(grant, approvers, within, reasons):
            return {
                "outcome": "hold",
                "reasons": _reasons(reasons),
                "approvers": sorted(approvers),
                "within": within,
                "obligations": _obligations(grant.obligations),
            }
        case Deny(reasons, remedy):
            return {"outcome": "deny", "reasons": _reasons(reasons), "remedy": remedy}
        case _:
            assert_never(decision)


def _facts(query: Query) -> dict[str, Any]:
    return {
        "user": query.identity.user,
        "groups": sorted(query.identity.groups),
        "resource": query.resource.name,
        "resource_groups": sorted(query.resource.groups),
        "tags": dict(sorted(query.resource.tags.items())),
        "actions": [str(action) for action in asked_actions(query)],
    }


def _context(engine: Engine, query: Query, *, masked: list[Any]) -> dict[str, Any]:
    """The context without the resource, which stands beside it, and without what was not given."""
    clocks = engine.document.clocks
    context = context_of(query, masked=masked, clocks=clocks)
    hidden = {"resource"} if query.now else {"resource", *(name for name, _zone in clocks)}
    if context["estimated_rows"] == UNKNOWN_ROWS:
        context["estimated_rows"] = None
    return {name: _plain(value) for name, value in context.items() if name not in hidden}


def _plain(value: object) -> object:
    return [str(item) for item in value] if isinstance(value, list) else value


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "effect": rule.effect,
        "file": rule.file,
        "line": rule.line,
        "reason": rule.reason,
        "hold": list(rule.hold),
        "enforced": not rule.observe,
    }


def _reasons(reasons: tuple[Reason, ...]) -> list[dict[str, str]]:
    return [
        {"rule": reason.rule, "text": reason.text, "suggestion": reason.suggestion, "place": reason.place}
        for reason in reasons
    ]


def _obligations(obligations: Obligations) -> dict[str, Any]:
    return {
        "revealed": sorted(str(label) for label in obligations.revealed),
        "max_rows": obligations.max_rows,
        "max_affected": obligations.max_affected,
        "timeout": obligations.timeout,
        "durability": obligations.durability,
        "max_estimated": obligations.max_estimated,
        "reveals": sorted(str(label) for label in obligations.reveals),
        "masks": {str(label): kind for label, kind in obligations.masks},
        "ceilings": [_ceiling(ceiling) for ceiling in obligations.ceilings],
    }


def _ceiling(ceiling: Ceiling) -> dict[str, Any]:
    """`amount` is in milliseconds for `time`."""
    return {
        "measure": ceiling.measure,
        "period": ceiling.period,
        "amount": ceiling.amount,
        "rule": ceiling.rule,
        "place": ceiling.place,
        "raised_by": sorted(ceiling.raised_by),
    }
