"""What takes the server's time or memory without a bound worth the name: series, products, recursions, giants, waits.

Only what the text itself shows counts; how many rows a table has is for the row estimate to say. A relation whose size
is not known counts as a small one, so that only a product of many is taken for a mistake.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from backends.postgres.constants import fold
from backends.postgres.names import strings
from backends.postgres.scope import Scope
from backends.postgres.walk import Handler, Tree, Walk
from policy.effects import Effect

MAX_ROWS = 10_000_000  # rows that a statement may make out of nothing
MAX_LENGTH = 10_000_000  # characters of a text made by repetition
MAX_SLEEP = 10.0  # seconds of a wait that a person may still agree to
UNKNOWN_ROWS = 100.0  # rows of a relation of unknown size
MAX_DEPTH = 30  # of sub-selects that are looked into
_SECONDS = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:s|secs?|seconds?)?\s*", re.IGNORECASE)
_DAY = 86_400.0  # seconds
_UNITS: Mapping[str, float] = {
    **dict.fromkeys(("second", "sec"), 1.0),
    **dict.fromkeys(("minute", "min"), 60.0),
    "hour": 3600.0,
    "day": _DAY,
    "week": 7 * _DAY,
    "month": 30 * _DAY,
    "year": 365 * _DAY,
}
_INTERVAL = re.compile(r"\s*(\d+)?\s*(second|sec|minute|min|hour|day|week|month|year)s?\s*", re.IGNORECASE)


def call(walk: Walk, node: Tree, scope: Scope) -> None:
    """A FuncCall: one call that is too much by its arguments alone."""
    names = strings(node.get("funcname", ()))
    measure = _CALLS.get(names[-1]) if names else None
    if measure is not None and measure(node.get("args", []), walk):
        walk.facts.add((), (Effect.RESOURCE_EXHAUSTION,))


def query(walk: Walk, node: Tree, scope: Scope) -> None:
    """A SelectStmt: a product of its relations that is too large, or a recursion that nothing ends."""
    items = node.get("fromClause", ())
    if len(items) > 1 or any(next(iter(item)) in ("JoinExpr", "RangeFunction") for item in items):
        sizes = _Sizes(scope, _ctes(node))
        if sizes.query(node) > MAX_ROWS:
            walk.facts.add((), (Effect.RESOURCE_EXHAUSTION,))
    clause = node.get("withClause", {})
    if clause.get("recursive") and not _cut(node):
        for item in clause.get("ctes", ()):
            if _endless(item.get("CommonTableExpr", {}), walk):
                walk.facts.add((), (Effect.RESOURCE_EXHAUSTION,))


def watching(handlers: Mapping[str, Handler]) -> dict[str, Handler]:
    """These handlers; calls and queries are also measured."""
    measured: Mapping[str, Handler] = {"FuncCall": call, "SelectStmt": query}
    return {
        kind: partial(_both, measured[kind], handler) if kind in measured else handler
        for kind, handler in handlers.items()
    }


def _both(first: Handler, second: Handler, walk: Walk, node: Any, scope: Scope) -> None:
    first(walk, node, scope)
    second(walk, node, scope)


def _number(node: Tree | None, walk: Walk) -> float | None:
    """A constant number; powers are worked out as well."""
    known = fold(node, walk.parameters)
    if known is not None:
        try:
            return float(known[0]) if known[0] is not None else None
        except (TypeError, ValueError, OverflowError):
            return None
    inner = (node or {}).get("A_Expr", {})
    left, right = (_number(inner[side], walk) if side in inner else None for side in ("lexpr", "rexpr"))
    if strings(inner.get("name", ())) != ("^",) or left is None or right is None:
        return None
    return math.inf if right * math.log10(max(abs(left), 1.0)) > 300 else left**right


def _series(arguments: list[Tree], walk: Walk) -> float:
    """Rows of generate_series; unknown bounds count as a relation of unknown size."""
    if len(arguments) < 2:
        return UNKNOWN_ROWS
    start, stop = (_number(item, walk) for item in arguments[:2])
    step = _number(arguments[2], walk) if len(arguments) > 2 else 1.0
    if start is not None and stop is not None and step:
        return max((stop - start) / step, 0.0) + 1
    return _series_of_times(arguments, walk)


def _series_of_times(arguments: list[Tree], walk: Walk) -> float:
    """Between two moments, by the years in them: only the size matters."""
    known = [fold(item, walk.parameters) for item in arguments]
    words = [str(value[0]) if value else "" for value in known]
    years = [re.match(r"\s*(\d{4,6})-", word) for word in words[:2]]
    step = _INTERVAL.fullmatch(words[2]) if len(words) > 2 else None
    if years[0] is None or years[1] is None or step is None:
        return UNKNOWN_ROWS
    seconds = float(step[1] or 1) * _UNITS[step[2].lower()]
    return (int(years[1][1]) - int(years[0][1])) * _UNITS["year"] / max(seconds, 1e-6)


def _length(node: Tree, walk: Walk, depth: int = 0) -> float:
    """Characters of a text that is made from constants; 1 for what is not known."""
    inner = node.get("FuncCall")
    if inner is not None and depth < MAX_DEPTH:
        names, arguments = strings(inner.get("funcname", ())), inner.get("args", [])
        count = _number(arguments[1], walk) if len(arguments) > 1 else None
        if names[-1:] == ("repeat",) and count is not None:
            return _length(arguments[0], walk, depth + 1) * max(count, 0)
        if names[-1:] in (("lpad",), ("rpad",)) and count is not None:
            return count
    known = fold(node, walk.parameters)
    return float(len(str(known[0]))) if known and isinstance(known[0], str) else 1.0


def _giant(name: str, arguments: list[Tree], walk: Walk) -> bool:
    whole = {"FuncCall": {"funcname": [{"String": {"sval": name}}], "args": arguments}}
    return _length(whole, walk) > MAX_LENGTH


def _long_wait(arguments: list[Tree], walk: Walk) -> bool:
    known = fold(arguments[0], walk.parameters) if arguments else None
    seconds = _SECONDS.fullmatch(str(known[0])) if known is not None else None
    return seconds is None or float(seconds[1]) > MAX_SLEEP


def _more_than(bound: float, arguments: list[Tree], walk: Walk) -> bool:
    number = _number(arguments[0], walk) if arguments else None
    return number is not None and number > bound


def _filled(arguments: list[Tree], walk: Walk) -> bool:
    """array_fill(value, ARRAY[sizes])."""
    sizes = arguments[1].get("A_ArrayExpr", {}).get("elements", ()) if len(arguments) > 1 else ()
    return math.prod(_number(size, walk) or 1.0 for size in sizes) > MAX_ROWS


_CALLS: Mapping[str, Callable[[list[Tree], Walk], bool]] = {
    "array_fill": _filled,
    "factorial": partial(_more_than, 5000.0),
    "generate_series": lambda arguments, walk: _series(arguments, walk) > MAX_ROWS,
    "lpad": partial(_giant, "lpad"),
    "pg_sleep": _long_wait,
    "pg_sleep_for": _long_wait,
    "pg_sleep_until": lambda _arguments, _walk: True,
    "repeat": partial(_giant, "repeat"),
    "rpad": partial(_giant, "rpad"),
}


class _Sizes:
    """Rows that queries of one statement may have. What was looked at once is not looked at again."""

    def __init__(self, scope: Scope, ctes: Mapping[str, Tree]) -> None:
        self._scope, self._ctes = scope, ctes
        self._known: dict[int, float] = {}
        self._depth = 0
        self._walk = Walk({})

    def query(self, node: Tree) -> float:
        if id(node) not in self._known:
            self._known[id(node)] = UNKNOWN_ROWS  # what refers to itself
            self._depth += 1
            self._known[id(node)] = self._query(node) if self._depth < MAX_DEPTH else UNKNOWN_ROWS
            self._depth -= 1
        return self._known[id(node)]

    def _query(self, node: Tree) -> float:
        if "valuesLists" in node:
            return float(len(node["valuesLists"]))
        if "larg" in node:
            return self.query(node["larg"]) + self.query(node["rarg"])
        sizes = [self._item(item) for item in node.get("fromClause", ())]
        joined = any(_links(term) for term in _terms(node.get("whereClause")))
        return max(sizes, default=1.0) if joined else math.prod(sizes)

    def _item(self, item: Tree) -> float:
        kind, node = next(iter(item.items()))
        if kind == "RangeFunction":
            calls = [part for entry in node.get("functions", ()) for part in entry.get("List", {}).get("items", ())]
            return max((self._called(part.get("FuncCall", {})) for part in calls if part), default=1.0)
        if kind == "RangeSubselect":
            return self.query(node.get("subquery", {}).get("SelectStmt", {}))
        if kind == "JoinExpr":
            sides = [self._item(node[side]) for side in ("larg", "rarg")]
            linked = "quals" in node or "usingClause" in node or node.get("isNatural")
            return max(sides) if linked else math.prod(sides)
        name = node.get("relname", "")
        inner = None if "schemaname" in node else self._ctes.get(name) or self._scope.cte(name)
        return self.query(inner.get("SelectStmt", {})) if inner else UNKNOWN_ROWS

    def _called(self, node: Tree) -> float:
        series = strings(node.get("funcname", ()))[-1:] == ("generate_series",)
        return _series(node.get("args", []), self._walk) if series else 1.0


def _ctes(node: Tree) -> dict[str, Tree]:
    found = [item.get("CommonTableExpr", {}) for item in node.get("withClause", {}).get("ctes", ())]
    return {item["ctename"]: item["ctequery"] for item in found if "ctename" in item}


def _terms(condition: Tree | None) -> Iterator[Tree]:
    """What a condition joins by AND."""
    pending = [condition] if condition else []
    while pending:
        item = pending.pop()
        inner = item.get("BoolExpr", {})
        if inner.get("boolop") == "AND_EXPR":
            pending += inner.get("args", [])
        else:
            yield item


def _links(term: Tree) -> bool:
    """An equality of two columns."""
    inner = term.get("A_Expr", {})
    sides = [inner.get(side, {}) for side in ("lexpr", "rexpr")]
    return strings(inner.get("name", ())) == ("=",) and all("ColumnRef" in side for side in sides)


def _cut(node: Tree) -> bool:
    """A LIMIT that ends the recursion: nothing has to see all rows before the first is given out."""
    whole = node.keys() & {"sortClause", "groupClause", "distinctClause", "havingClause"}
    return "limitCount" in node and not whole and "FuncCall" not in repr(node.get("targetList", ()))


def _endless(cte: Tree, walk: Walk) -> bool:
    """WITH RECURSIVE whose second part takes only its own rows and never stops taking them."""
    again = cte.get("ctequery", {}).get("SelectStmt", {}).get("rarg", {})
    items = again.get("fromClause", ())
    itself = len(items) == 1 and items[0].get("RangeVar", {}).get("relname") == cte.get("ctename")
    if not itself or again.keys() & {"limitCount", "groupClause"}:
        return False
    falls = "'-'" in repr(again.get("targetList", ()))
    return not any(_ends(term, walk, falls=falls) for term in _terms(again.get("whereClause")))


def _ends(term: Tree, walk: Walk, *, falls: bool) -> bool:
    """Whether a condition may stop a recursion in time."""
    known = fold(term, walk.parameters)
    if known is not None:
        return not known[0]
    inner = term.get("A_Expr", {})
    name = (strings(inner.get("name", ())) or ("",))[-1]
    left, right = (_number(inner.get(side), walk) for side in ("lexpr", "rexpr"))
    if left is not None and right is None:
        name, right = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(name, name), left
    if inner.get("kind") != "AEXPR_OP" or right is None:
        return "NullTest" not in term
    if name in (">", ">="):
        return falls
    return name not in ("<>", "!=") and not (name in ("<", "<=") and right > MAX_ROWS)
