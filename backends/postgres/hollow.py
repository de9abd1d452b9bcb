"""Predicates that look at a row but hardly choose: a column against itself in disguise, a search for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from backends.postgres.constants import fold
from backends.postgres.names import strings
from backends.postgres.references import Rows, canonical, own_column
from backends.postgres.scope import Tree

_SEARCHES = frozenset({"position", "starts_with", "strpos"})
_FEW_VALUES = frozenset({"num_nonnulls", "num_nulls", "pg_typeof", "sign"})
_TIDYING = frozenset({"btrim", "initcap", "lower", "ltrim", "regexp_replace", "replace", "rtrim", "trim", "upper"})
"""Functions that are compared with their own argument to find what they would change: `name <> trim(name)`."""
_DEADLINE = re.compile(
    r"expir|until|due|deadline|valid_to|(^|_)ends?(_|$)|(^|_)end_|scheduled|(^|_)next_|(^|_)ttl|timeout|retry|(^|_)run_at"
)


def is_hollow(node: Tree, rows: Rows) -> bool:
    """Whether a comparison or a call rests on something that is so for nearly every row."""
    comparison = node.get("A_Expr", {})
    left, right = comparison.get("lexpr", {}), comparison.get("rexpr", {})
    if comparison.get("kind") == "AEXPR_OP" and left and _against_itself(_name(comparison), left, right, rows=rows):
        return True
    return "tableoid" in (own_column(left, rows), own_column(right, rows)) or any(
        _is_empty(call, rows) for call in _calls(node)
    )


def is_deadline(node: Tree, rows: Rows) -> bool:
    """A column that by its name lies in the future until it is over: what is before now is only what is over."""
    return _DEADLINE.search(own_column(node, rows).lower()) is not None


def _against_itself(name: str, left: Tree, right: Tree, *, rows: Rows) -> bool:
    """`id <= abs(id)`: a column against what is made of nothing but this column."""
    for one, other in ((left, right), (right, left)):
        column = own_column(one, rows)
        if not column or "'SelectStmt'" in repr(other):
            continue
        if {own_column(reference, rows) for reference in _references(other)} != {column}:
            continue
        made_by = strings(other.get("FuncCall", {}).get("funcname", ()))[-1:]
        return not (name in ("<>", "!=") and made_by and made_by[0] in _TIDYING)
    return False


def _is_empty(call: Tree, rows: Rows) -> bool:
    name, arguments = (strings(call.get("funcname", ()))[-1:] or ("",))[0], call.get("args", [])
    if name in _FEW_VALUES:
        return True
    if name in _SEARCHES:
        return any(fold(argument, rows.parameters) == ("",) for argument in arguments)
    return False


def _name(node: Tree) -> str:
    return (strings(node.get("name", ())) or ("",))[-1]


def _calls(node: Any) -> Iterator[Tree]:
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, list):
            pending += current
        elif isinstance(current, dict):
            for kind, inner in current.items():
                if kind == "FuncCall":
                    yield inner
                if kind != "SelectStmt":
                    pending.append(inner)


def _references(node: Any) -> Iterator[Tree]:
    """All column references."""
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, list):
            pending += current
        elif isinstance(current, dict):
            for kind, inner in current.items():
                if kind == "ColumnRef":
                    yield {"ColumnRef": inner}
                else:
                    pending.append(inner)


def same(nodes: list[Tree], rows: Rows) -> bool:
    """Whether all of these are one expression."""
    return len({canonical(node, rows) for node in nodes}) == 1
