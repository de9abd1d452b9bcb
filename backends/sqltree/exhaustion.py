"""What takes the server's time or memory without a bound worth the name: products, recursions, giants, long waits.

Only what the text itself shows counts; how many rows a table has is for the row estimate to say. A relation whose size
is not known counts as a small one, so that only a product of many is taken for a mistake.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from sqlglot import exp

from backends.sqltree import queries
from backends.sqltree.constants import fold, operands
from backends.sqltree.scope import Scope
from backends.sqltree.walk import Walk, inner_use
from policy.effects import Effect

MAX_ROWS = 10_000_000  # rows that a statement may make out of nothing
MAX_LENGTH = 10_000_000  # characters of a text made by repetition
MAX_SLEEP = 10.0  # seconds of a wait that a person may still agree to
MAX_BENCHMARK = 100_000  # times that BENCHMARK may work something out
UNKNOWN_ROWS = 100.0  # rows of a relation of unknown size
MAX_DEPTH = 30  # of sub-selects that are looked into


def select(walk: Walk, node: Any, scope: Scope, use: str) -> None:
    """A SELECT: a product of its relations that is too large, or a recursion that nothing ends."""
    clause = node.args.get("with_")
    ctes = {str(cte.alias).casefold(): cte for cte in clause.expressions} if clause is not None else {}
    if node.args.get("joins") and _rows(node, {name: cte.this for name, cte in ctes.items()}, scope, 0) > MAX_ROWS:
        _mark(walk)
    if not node.args.get("limit") and any(_endless(walk, name, cte.this) for name, cte in ctes.items()):
        _mark(walk)
    queries.select(walk, node, scope, use)


def anonymous(walk: Walk, node: Any, scope: Scope, use: str) -> None:
    """SLEEP(seconds), BENCHMARK(times, expression)."""
    bound = {"SLEEP": MAX_SLEEP, "BENCHMARK": MAX_BENCHMARK}.get(node.name.upper())
    if bound is not None:
        amount = _number(walk, node.expressions[0]) if node.expressions else None
        if amount is None or amount > bound:
            _mark(walk)
    queries.anonymous(walk, node, scope, use)


def text(walk: Walk, node: Any, scope: Scope, use: str) -> None:
    """REPEAT, REPLICATE, LPAD, RPAD, SPACE."""
    if _length(walk, node, 0) > MAX_LENGTH:
        _mark(walk)
    walk.push_children(node, scope, inner_use(node, use))


def series(walk: Walk, node: Any, scope: Scope, use: str) -> None:
    """GENERATE_SERIES(start, stop, step)."""
    if _series(walk, node) > MAX_ROWS:
        _mark(walk)
    walk.push_children(node, scope, inner_use(node, use))


def _mark(walk: Walk) -> None:
    walk.facts.add((), (Effect.RESOURCE_EXHAUSTION,))


def _number(walk: Walk, node: Any) -> float | None:
    known = fold(node, walk.language.parameters)
    try:
        return float(known[0]) if known is not None and known[0] is not None else None
    except (TypeError, ValueError, OverflowError):
        return None


def _length(walk: Walk, node: Any, depth: int) -> float:
    """Characters of a text that is made from constants; 1 for what is not known."""
    if isinstance(node, (exp.Repeat, exp.Space, exp.Pad)) and depth < MAX_DEPTH:
        place = {exp.Repeat: "times", exp.Space: "this", exp.Pad: "expression"}[type(node)]
        count = max(_number(walk, node.args.get(place)) or 1.0, 0.0)
        return count * (_length(walk, node.this, depth + 1) if isinstance(node, exp.Repeat) else 1.0)
    if isinstance(node, (exp.Cast, exp.Paren)) and depth < MAX_DEPTH:
        return _length(walk, node.this, depth + 1)
    known = fold(node, walk.language.parameters)
    return float(len(known[0])) if known is not None and isinstance(known[0], str) else 1.0


def _series(walk: Walk, node: Any) -> float:
    start, stop = (_number(walk, node.args.get(name)) for name in ("start", "end"))
    step = _number(walk, node.args["step"]) if node.args.get("step") is not None else 1.0
    return UNKNOWN_ROWS if start is None or stop is None or not step else max((stop - start) / step, 0.0) + 1


def _rows(node: Any, ctes: dict[str, Any], scope: Scope, depth: int) -> float:
    """Rows that a query may have, as far as its relations multiply."""
    if depth > MAX_DEPTH:
        return UNKNOWN_ROWS
    if isinstance(node, exp.Subquery):
        return _rows(node.this, ctes, scope, depth + 1)
    if isinstance(node, exp.SetOperation):
        return _rows(node.this, ctes, scope, depth + 1) + _rows(node.expression, ctes, scope, depth + 1)
    if isinstance(node, exp.Table):
        inner = ctes.get(node.name.casefold()) or scope.cte(node.name) if not node.db else None
        rest = {name: cte for name, cte in ctes.items() if cte is not inner}
        return _rows(inner, rest, scope, depth + 1) if inner is not None else UNKNOWN_ROWS
    if not isinstance(node, exp.Select):
        return float(len(node.expressions)) if isinstance(node, exp.Values) else UNKNOWN_ROWS
    return _product(node, ctes, scope, depth)


def _product(node: Any, ctes: dict[str, Any], scope: Scope, depth: int) -> float:
    source = node.args.get("from_")
    rows = _rows(source.this, ctes, scope, depth + 1) if source is not None else 1.0
    where = node.args.get("where")
    linked = where is not None and any(_links(term) for term in _terms(where.this))
    for join in node.args.get("joins") or ():
        size = _rows(join.this, ctes, scope, depth + 1)
        joined = linked or join.args.get("on") is not None or join.args.get("using") or join.args.get("method")
        rows = max(rows, size) if joined else min(rows * size, math.inf)
    return rows


def _terms(condition: Any) -> Iterator[Any]:
    yield from operands(condition) if isinstance(condition, exp.And) else [condition]


def _links(term: Any) -> bool:
    return isinstance(term, exp.EQ) and isinstance(term.this, exp.Column) and isinstance(term.expression, exp.Column)


def _endless(walk: Walk, name: str, query: Any) -> bool:
    """A recursive CTE whose second part takes only its own rows and never stops taking them."""
    again = query.expression if isinstance(query, exp.Union) else None
    source = again.args.get("from_") if isinstance(again, exp.Select) else None
    if source is None or again is None or again.args.get("joins") or again.args.get("limit"):
        return False
    if not isinstance(source.this, exp.Table) or source.this.name.casefold() != name:
        return False
    where = again.args.get("where")
    falls = any(isinstance(part, exp.Sub) for item in again.expressions for part in item.walk())
    return where is None or not any(_ends(walk, term, falls=falls) for term in _terms(where.this))


def _ends(walk: Walk, term: Any, *, falls: bool) -> bool:
    """Whether a condition may stop a recursion in time."""
    known = fold(term, walk.language.parameters)
    if known is not None:
        return not known[0]
    if isinstance(term, (exp.GT, exp.GTE)) and _number(walk, term.expression) is not None:
        return falls
    if isinstance(term, (exp.LT, exp.LTE)):
        return (_number(walk, term.expression) or 0.0) <= MAX_ROWS
    return not isinstance(term, (exp.NEQ, exp.Not))
