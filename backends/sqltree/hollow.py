"""Predicates that look at a row but hardly choose: a column against itself in disguise, a search for nothing."""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp

from backends.sqltree.constants import fold
from backends.sqltree.references import Rows, canonical, own_column

_SEARCHES = frozenset({"CHARINDEX", "INSTR", "LOCATE", "PATINDEX", "FIND_IN_SET"})
_TIDYING = (exp.Lower, exp.Upper, exp.Trim, exp.Replace, exp.RegexpReplace, exp.Initcap)
"""Functions that are compared with their own argument to find what they would change: `name <> trim(name)`."""
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
_DEADLINE = re.compile(
    r"expir|until|due|deadline|valid_?to|(^|_)ends?(_|$)|^end|scheduled|(^|_)next|(^|_)ttl|timeout|retry|(^|_)run_?at"
)
_NOTHING = re.compile(r"%*")


def is_hollow(node: Any, rows: Rows) -> bool:
    """Whether a comparison or a call rests on something that is so for nearly every row."""
    if isinstance(node, _COMPARISONS) and _against_itself(node, rows):
        return True
    return any(isinstance(part, exp.Func) and _is_empty(part, rows) for part in node.walk())


def is_deadline(node: Any, rows: Rows) -> bool:
    """A column that by its name lies in the future until it is over: what is before now is only what is over."""
    return _DEADLINE.search(own_column(node, rows)) is not None


def _against_itself(node: Any, rows: Rows) -> bool:
    """`id <= abs(id)`: a column against what is made of nothing but this column."""
    for one, other in ((node.this, node.expression), (node.expression, node.this)):
        column = own_column(one, rows)
        if not column or other.find(exp.Query) is not None:
            continue
        if {own_column(part, rows) for part in other.find_all(exp.Column)} != {column}:
            continue
        return not (isinstance(node, exp.NEQ) and isinstance(other, _TIDYING))
    return False


def _is_empty(call: Any, rows: Rows) -> bool:
    """A search for nothing, a comparison of something with itself, a value of which there are few."""
    if isinstance(call, exp.Sign):
        return True
    arguments = [item for item in (call.this, *call.args.values(), *call.expressions) if isinstance(item, exp.Expr)]
    if isinstance(call, exp.StrPosition) or (isinstance(call, exp.Anonymous) and call.name.upper() in _SEARCHES):
        known = [fold(item, rows.language.parameters) for item in arguments]
        return any(value and isinstance(value[0], str) and _NOTHING.fullmatch(value[0]) for value in known)
    if isinstance(call, exp.Anonymous) and len(call.expressions) == 2 and call.find(exp.Column) is not None:
        return canonical(call.expressions[0], rows) == canonical(call.expressions[1], rows)
    return False
