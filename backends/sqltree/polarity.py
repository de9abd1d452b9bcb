"""Predicates that say the same, or the very opposite: `a = 1` and `a <> 1`, `p` and `NOT p`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlglot import exp

from backends.sqltree.constants import fold
from backends.sqltree.references import Rows, canonical

_OPPOSITES = {"NEQ": "EQ", "GTE": "LT", "LTE": "GT"}
_FLIPPED = {"GT": "LT", "LT": "GT", "GTE": "LTE", "LTE": "GTE"}


def polarity(node: Any, rows: Rows) -> tuple[object, bool]:
    """A predicate as (form, positive): two predicates of one form and different signs are opposites."""
    positive = True
    while True:
        if isinstance(node, exp.Paren):
            node = node.this
        elif isinstance(node, exp.Not):
            node, positive = node.this, not positive
        elif isinstance(node, exp.Is) and isinstance(node.expression, exp.Boolean):
            node, positive = node.this, positive == bool(node.expression.this)
        else:
            break
    name = type(node).__name__
    if name in _OPPOSITES or name in _FLIPPED or name == "EQ":
        left, right = canonical(node.this, rows), canonical(node.expression, rows)
        if fold(node.this, rows.language.parameters) is not None:
            left, right, name = right, left, _FLIPPED.get(name, name)
        opposite = name in _OPPOSITES
        return (_OPPOSITES.get(name, name), left, right), positive != opposite
    if node.args.get("negate"):
        bare = {key: value for key, value in node.args.items() if key != "negate"}
        return (name, *(canonical(value, rows) for value in bare.values() if value)), not positive
    if isinstance(node, (exp.Like, exp.ILike)):
        return (name, *(canonical(value, rows) for value in node.args.values() if value)), positive
    return canonical(node, rows), positive


def complementary(predicates: Iterable[Any], rows: Rows) -> bool:
    """Whether one of these is the opposite of another, so that their OR is true."""
    seen: dict[object, bool] = {}
    for predicate in predicates:
        form, positive = polarity(predicate, rows)
        if seen.setdefault(form, positive) is not positive:
            return True
    return False


def ranges_meet(predicates: Sequence[Any], rows: Rows, *, negated: bool) -> bool:
    """Whether an OR of ranges of one expression leaves at most one number out: `id < 100 OR id > 50`."""
    bounds: dict[object, tuple[list[Any], list[Any]]] = {}
    for node in predicates:
        while isinstance(node, exp.Paren):
            node = node.this
        name, value = type(node).__name__, fold(getattr(node, "expression", None), rows.language.parameters)
        if name not in _FLIPPED or value is None or isinstance(value[0], (str, bool)) or value[0] is None:
            continue
        uppers, lowers = bounds.setdefault(canonical(node.this, rows), ([], []))
        (uppers if name.startswith("LT") != negated else lowers).append(value[0])
    return any(uppers and lowers and min(lowers) <= max(uppers) + 1 for uppers, lowers in bounds.values())
