"""Folds constant expressions: what PostgreSQL would compute without looking at any row.

A known value is a one-element tuple, so that a known NULL, `(None,)`, differs from not known, `None`. Only what can
be computed exactly is folded; whatever depends on collation, padding or rounding stays unknown, because a predicate
that is wrongly held for false would pass as harmless.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from decimal import Decimal, DecimalException
from typing import Any

from backends.postgres.names import strings

Tree = dict[str, Any]
Known = tuple[Any] | None

NULL: tuple[None] = (None,)
_TRUE = frozenset({"t", "tr", "tru", "true", "y", "ye", "yes", "on", "1"})
_FALSE = frozenset({"f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0"})
_WHOLE = frozenset({"int2", "int4", "int8", "smallint", "integer", "bigint"})
_NUMERIC = frozenset({"numeric", "decimal"})
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
_MAX_DIGITS = 20  # of a number: well within what Decimal computes exactly


def fold(node: Tree | None, parameters: Sequence[object] = ()) -> Known:
    """The value of an expression, if it is the same whatever the tables hold; None if that is not known."""
    for kind, inner in (node or {}).items():
        folder = _FOLDERS.get(kind)
        return folder(inner, parameters) if folder else None
    return None


def _constant(node: Tree, _parameters: Sequence[object]) -> Known:
    if node.get("isnull"):
        return NULL
    if "ival" in node:
        return (node["ival"].get("ival", 0),)
    if "boolval" in node:
        return (node["boolval"].get("boolval", False),)
    if "sval" in node:
        return (node["sval"].get("sval", ""),)
    if "fval" in node:
        return _number(node["fval"].get("fval", "0"))
    return None


def _number(text: str) -> Known:
    try:
        value = Decimal(text.strip().replace("_", ""))
    except (DecimalException, ValueError):
        return None
    exact = value.is_finite() and abs(value.adjusted()) <= _MAX_DIGITS and len(value.as_tuple().digits) <= _MAX_DIGITS
    return (value,) if exact else None


def _parameter(node: Tree, parameters: Sequence[object]) -> Known:
    index = node.get("number", 0) - 1
    if not 0 <= index < len(parameters):
        return None
    value = parameters[index]
    return _number(repr(value)) if isinstance(value, float) else (value,)


def _cast(node: Tree, parameters: Sequence[object]) -> Known:
    value = fold(node.get("arg"), parameters)
    words = strings(node.get("typeName", {}).get("names", ()))
    if value is None or value == NULL or node["typeName"].get("arrayBounds"):
        return value if value == NULL else None
    kind = words[-1] if words else ""
    if kind in ("bool", "boolean"):
        return _to_bool(value[0])
    if kind in _WHOLE or kind in _NUMERIC:
        return _to_number(value[0], whole=kind in _WHOLE)
    if kind in ("text", "varchar", "bpchar", "name"):
        return (str(value[0]).lower() if isinstance(value[0], bool) else str(value[0]),)
    return value if isinstance(value[0], str) else None


def _to_bool(value: object) -> Known:
    if isinstance(value, str):
        word = value.strip().lower()
        return (True,) if word in _TRUE else (False,) if word in _FALSE else None
    return (bool(value),)


def _to_number(value: object, *, whole: bool) -> Known:
    if isinstance(value, bool):
        return (int(value),)
    number = _number(str(value))
    if number is None or not whole:
        return number
    return (int(number[0]),) if number[0] == int(number[0]) else None


def _operation(node: Tree, parameters: Sequence[object]) -> Known:
    kind, words = node.get("kind", ""), strings(node.get("name", ()))
    name = words[-1] if words else ""
    left = fold(node.get("lexpr"), parameters)
    if kind in ("AEXPR_IN", "AEXPR_BETWEEN", "AEXPR_NOT_BETWEEN"):
        return _list_operation(node, left, parameters, kind=kind, negated=name == "<>")
    right = fold(node.get("rexpr"), parameters)
    if right is None or (left is None and "lexpr" in node):
        return None
    if kind in ("AEXPR_DISTINCT", "AEXPR_NOT_DISTINCT") and left is not None:
        return _distinct(left[0], right[0], negated=kind == "AEXPR_NOT_DISTINCT")
    if NULL in (left, right):
        return NULL if kind == "AEXPR_OP" else None
    if kind in ("AEXPR_LIKE", "AEXPR_ILIKE") and left is not None:
        return _like(str(left[0]), str(right[0]), ignore_case=kind == "AEXPR_ILIKE", negated=name.startswith("!"))
    if kind != "AEXPR_OP":
        return None
    return compute(name, left[0], right[0]) if left is not None else _unary(name, right[0])


def compute(name: str, left: Any, right: Any) -> Known:
    """A binary operator on two known values; not known if one of them is NULL."""
    if left is None or right is None:
        return None
    if name == "||":
        return (f"{left}{right}",) if isinstance(left, str) and isinstance(right, str) else None
    pair = _comparable(left, right)
    if pair is None:
        return None
    if isinstance(pair[0], str):
        return _compare_texts(name, *pair)
    if name in _COMPARE:
        return (_COMPARE[name](*pair),)
    if isinstance(pair[0], bool):
        return None
    if name in _ARITHMETIC:
        return _number(str(_ARITHMETIC[name](*map(Decimal, pair))))
    return (0,) if name == "%" and pair[1] in (1, -1) else None


def _compare_texts(name: str, left: str, right: str) -> Known:
    """Equal texts are equal in every collation; nothing else is certain."""
    return (name in ("=", "<=", ">="),) if left == right and name in _COMPARE else None


def _comparable(left: Any, right: Any) -> tuple[Any, Any] | None:
    """Both of one kind, as an untyped literal takes the type of what it is compared with."""
    if isinstance(left, bool) or isinstance(right, bool):
        pair = (
            _to_bool(left) if isinstance(left, str) else (left,),
            _to_bool(right) if isinstance(right, str) else (right,),
        )
    elif isinstance(left, str) != isinstance(right, str):
        pair = (_number(str(left)), _number(str(right)))
    else:
        return left, right
    return None if pair[0] is None or pair[1] is None else (pair[0][0], pair[1][0])


def _unary(name: str, value: Any) -> Known:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    return (-value,) if name == "-" else (value,) if name == "+" else None


def _distinct(left: Any, right: Any, *, negated: bool) -> Known:
    if left is None or right is None:
        return ((left is None and right is None) == negated,)
    same = compute("=", left, right)
    return None if same is None else (same[0] == negated,)


def _like(text: str, pattern: str, *, ignore_case: bool, negated: bool) -> Known:
    if "\\" in pattern or len(pattern) > 100 or pattern.count("%") > 5 or len(text) > 1000:
        return None
    parts = (".*" if char == "%" else "." if char == "_" else re.escape(char) for char in pattern)
    found = re.fullmatch("".join(parts), text, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
    return (not negated,) if found else None


def _list_operation(node: Tree, left: Known, parameters: Sequence[object], *, kind: str, negated: bool) -> Known:
    items = [fold(item, parameters) for item in node.get("rexpr", {}).get("List", {}).get("items", ())]
    if left is None or left == NULL or any(item is None or item == NULL for item in items):
        return None
    values = [item[0] for item in items if item is not None]
    if kind == "AEXPR_IN":
        hits = [compute("=", left[0], value) for value in values]
        return None if None in hits else ((any(hit == (True,) for hit in hits)) != negated,)
    low, high = compute(">=", left[0], values[0]), compute("<=", left[0], values[-1])
    if low is None or high is None:
        return None
    return ((low[0] and high[0]) != (kind == "AEXPR_NOT_BETWEEN"),)


def _boolean(node: Tree, parameters: Sequence[object]) -> Known:
    values = [fold(item, parameters) for item in node.get("args", ())]
    kind = node.get("boolop")
    if kind == "NOT_EXPR":
        return None if values[0] is None else NULL if values[0] == NULL else (not values[0][0],)
    decisive = kind == "OR_EXPR"
    if any(value is not None and value[0] is not None and bool(value[0]) == decisive for value in values):
        return (decisive,)
    return None if None in values else NULL if NULL in values else (not decisive,)


def _null_test(node: Tree, parameters: Sequence[object]) -> Known:
    value = fold(node.get("arg"), parameters)
    return None if value is None else ((value == NULL) == (node.get("nulltesttype") == "IS_NULL"),)


def _boolean_test(node: Tree, parameters: Sequence[object]) -> Known:
    value = fold(node.get("arg"), parameters)
    kind = node.get("booltesttype", "")
    wanted = {"TRUE": True, "FALSE": False, "UNKNOWN": None}.get(kind.rpartition("_")[2])
    return None if value is None else ((value[0] is wanted) != ("_NOT_" in kind),)


def _coalesce(node: Tree, parameters: Sequence[object]) -> Known:
    for item in node.get("args", ()):
        value = fold(item, parameters)
        if value != NULL:
            return value
    return NULL


def _case(node: Tree, parameters: Sequence[object]) -> Known:
    subject = fold(node["arg"], parameters) if "arg" in node else (True,)
    for item in node.get("args", ()):
        when = item.get("CaseWhen", {})
        value = fold(when.get("expr"), parameters)
        if subject is None or value is None:
            return None
        if NULL not in (subject, value) and compute("=", subject[0], value[0]) == (True,):
            return fold(when.get("result"), parameters)
    return fold(node["defresult"], parameters) if "defresult" in node else NULL


def _sub_link(node: Tree, parameters: Sequence[object]) -> Known:
    """(SELECT constant) and EXISTS (SELECT …) without a table always have one row."""
    query = node.get("subselect", {}).get("SelectStmt", {})
    if query.get("op", "SETOP_NONE") != "SETOP_NONE" or query.keys() - {"targetList", "limitOption", "op"}:
        return None
    if node.get("subLinkType") == "EXISTS_SUBLINK":
        return (True,)
    targets = query.get("targetList", ())
    if node.get("subLinkType") != "EXPR_SUBLINK" or len(targets) != 1:
        return None
    return fold(targets[0].get("ResTarget", {}).get("val"), parameters)


_FOLDERS: dict[str, Callable[[Tree, Sequence[object]], Known]] = {
    "A_Const": _constant,
    "A_Expr": _operation,
    "BoolExpr": _boolean,
    "BooleanTest": _boolean_test,
    "CaseExpr": _case,
    "CoalesceExpr": _coalesce,
    "NullTest": _null_test,
    "ParamRef": _parameter,
    "SubLink": _sub_link,
    "TypeCast": _cast,
}
