"""Predicates that say the same, or the very opposite: `a = 1` and `a <> 1`, `p` and `NOT p`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from backends.postgres.constants import fold
from backends.postgres.names import strings
from backends.postgres.references import Rows, canonical
from backends.postgres.scope import Tree

_OPPOSITES: Mapping[str, str] = {
    "<>": "=",
    "!=": "=",
    ">=": "<",
    "<=": ">",
    "!~~": "~~",
    "!~~*": "~~*",
    "!~": "~",
    "!~*": "~*",
    "NOT BETWEEN": "BETWEEN",
    "NOT BETWEEN SYMMETRIC": "BETWEEN SYMMETRIC",
}
_OPPOSITE_KINDS: Mapping[str, str] = {
    "AEXPR_DISTINCT": "AEXPR_NOT_DISTINCT",
    "AEXPR_NOT_BETWEEN": "AEXPR_BETWEEN",
    "AEXPR_NOT_BETWEEN_SYM": "AEXPR_BETWEEN_SYM",
}


def polarity(node: Tree, rows: Rows) -> tuple[str, bool]:
    """A predicate as (text, positive): two predicates of one text and different signs are opposites."""
    node, positive = _unwrapped(node)
    if "A_Expr" in node:
        inner, opposite = _positive_form(node["A_Expr"])
        return canonical(inner, rows), positive != opposite
    test = node.get("NullTest", {})
    if test.get("nulltesttype") == "IS_NOT_NULL":
        return canonical({"NullTest": {**test, "nulltesttype": "IS_NULL"}}, rows), not positive
    return canonical(node, rows), positive


def _unwrapped(node: Tree) -> tuple[Tree, bool]:
    """Without NOT, IS TRUE, IS NOT FALSE and the like, which differ in what becomes of NULL only."""
    positive = True
    while True:
        test = node.get("BooleanTest", {})
        if node.get("BoolExpr", {}).get("boolop") == "NOT_EXPR":
            node, positive = node["BoolExpr"]["args"][0], not positive
        elif test.get("booltesttype", "").endswith(("TRUE", "FALSE")):
            same = test["booltesttype"] in ("IS_TRUE", "IS_NOT_FALSE")
            node, positive = test["arg"], positive == same
        else:
            return node, positive


def _positive_form(expression: Tree) -> tuple[Tree, bool]:
    name = operator_name(expression)
    kind = expression.get("kind", "")
    opposite = kind in _OPPOSITE_KINDS or name in _OPPOSITES
    form = {**expression, "kind": _OPPOSITE_KINDS.get(kind, kind), "name": _OPPOSITES.get(name, name)}
    return {"A_Expr": form}, opposite


def operator_name(expression: Tree) -> str:
    words = strings(expression.get("name", ()))
    return words[-1] if words else ""


def complementary(predicates: Iterable[Tree], rows: Rows) -> bool:
    """Whether one of these is the opposite of another, so that their OR is true."""
    seen: dict[str, bool] = {}
    for predicate in predicates:
        text, positive = polarity(predicate, rows)
        if seen.setdefault(text, positive) is not positive:
            return True
    return False


def ranges_meet(predicates: Iterable[Tree], rows: Rows) -> bool:
    """Whether an OR of ranges of one expression leaves at most one number out: `id < 100 OR id > 50`."""
    bounds: dict[str, tuple[list[Any], list[Any]]] = {}
    for predicate in predicates:
        expression = predicate.get("A_Expr", {})
        name, value = operator_name(expression), fold(expression.get("rexpr"), rows.parameters)
        if expression.get("kind") != "AEXPR_OP" or name not in ("<", "<=", ">", ">=") or value is None:
            continue
        if isinstance(value[0], (str, bool)) or value[0] is None:
            continue
        uppers, lowers = bounds.setdefault(canonical(expression.get("lexpr"), rows), ([], []))
        (uppers if name.startswith("<") else lowers).append(value[0])
    return any(uppers and lowers and min(lowers) <= max(uppers) + 1 for uppers, lowers in bounds.values())
