"""Time bounds that nearly every row meets: everything lies before now, and after a century ago."""

from __future__ import annotations

import re
from decimal import Decimal

from backends.postgres.constants import fold
from backends.postgres.functions import literal
from backends.postgres.names import strings
from backends.postgres.scope import Tree

_NOW = frozenset({"now", "clock_timestamp", "statement_timestamp", "transaction_timestamp"})
_NOW_TEXTS = frozenset({"now", "today", "tomorrow", "infinity"})
_LONG_AGO = re.compile(r"\s*(?:(\d+)\s*(?:y|year|years)|(\d+)\s*(?:d|day|days)|(\d+)\s*(?:mon|month|months))\b.*", re.I)
_MANY_YEARS = 20
_LONG_AGO_BY = {"to_timestamp": 631_152_000, "make_date": 1990, "make_timestamp": 1990, "make_timestamptz": 1990}
"""What the first argument is below for a moment before 1990."""


def covers_all_times(name: str, bound: Tree) -> bool:
    """`t < now()`, `t <= now() + …`, `t > now() - interval '100 years'`."""
    inner = bound.get("A_Expr", {})
    words = strings(inner.get("name", ()))
    if inner.get("kind") == "AEXPR_OP" and words[-1:] in (("+",), ("-",)) and is_now(inner.get("lexpr", {})):
        if words[-1] == "+":
            return name in ("<", "<=")
        return name in (">", ">=") and _is_long(literal(inner.get("rexpr")) or "")
    if name in (">", ">="):
        return _is_long_ago(bound)
    return name in ("<", "<=") and is_now(bound)


def _is_long_ago(bound: Tree) -> bool:
    """to_timestamp(0), make_date(1900, 1, 1)."""
    call = bound.get("FuncCall", {})
    first = fold(call.get("args", [{}])[0])
    limit = _LONG_AGO_BY.get((strings(call.get("funcname", ())) or ("",))[-1])
    return limit is not None and first is not None and isinstance(first[0], (int, Decimal)) and first[0] < limit


def is_now(node: Tree) -> bool:
    if "TypeCast" in node:
        return (literal(node) or "").strip().lower() in _NOW_TEXTS or is_now(node["TypeCast"].get("arg", {}))
    if "SQLValueFunction" in node:
        return True
    return strings(node.get("FuncCall", {}).get("funcname", ()))[-1:] in {(name,) for name in _NOW}


def _is_long(interval: str) -> bool:
    found = _LONG_AGO.match(interval[:100])
    if found is None:
        return False
    years, days, months = (int(part or 0) for part in found.groups())
    return years >= _MANY_YEARS or days >= _MANY_YEARS * 365 or months >= _MANY_YEARS * 12
