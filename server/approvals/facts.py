"""What the approvers of an operation are shown: found out by the gateway itself, never told by the agent."""

from __future__ import annotations

import math
from typing import Any

from policy.model import Hold, Query


def facts_of(query: Query, hold: Hold) -> dict[str, Any]:
    """Plain data for people; what an approval is bound to is the digest, not this."""
    operation, allowed = query.operation, hold.grant.obligations
    return {
        "protocol": operation.protocol,
        "address": query.resource.address,
        "actions": sorted(operation.actions),
        "effects": sorted(operation.effects),
        "targets": sorted({str(target) for target in operation.targets}),
        "opaque": operation.opaque,
        "labels": sorted(query.labels),
        "problem": operation.problem,
        "options": {name: printable(value) for name, value in operation.options.items()},
        "statements": [
            {
                "kind": statement.kind,
                "text": printable(statement.text),
                "effects": sorted(statement.effects),
                "suggestion": statement.suggestion,
            }
            for statement in operation.statements
        ],
        "reasons": [
            {"rule": reason.rule, "text": reason.text, "suggestion": reason.suggestion} for reason in hold.reasons
        ],
        "revealed": sorted(allowed.revealed),
        "max_rows": allowed.max_rows,
        "max_affected": allowed.max_affected,
        "timeout": allowed.timeout,
    }


def printable(text: str) -> str:
    """`text` as every store can keep it: PostgreSQL takes no NUL, UTF-8 no lone surrogate. Both stay visible."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "backslashreplace").decode()


def plain(value: object) -> object:
    """A parameter as JSON that every store can keep; what is not plain is shown as Python writes it."""
    match value:
        case None | bool() | int():
            return value
        case float() if math.isfinite(value):
            return value
        case str():
            return printable(value)
        case _:
            return printable(repr(value))
