"""Folds constant expressions: what the server would compute without looking at any row.

A known value is a one-element tuple, so that a known NULL, `(None,)`, differs from not known, `None`. Only what can be
computed exactly is folded: a predicate that is wrongly held for false would pass as harmless.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from decimal import Decimal, DecimalException
from typing import Any

from sqlglot import exp

Known = tuple[Any] | None
NULL: tuple[None] = (None,)
PARAMETER = "warded_parameter_"
"""A placeholder of the text is given to sqlglot as a variable of this name and its number, from 0."""
_MAX_DIGITS = 20  # of a number: well within what Decimal computes exactly
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?\s*", re.IGNORECASE)
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "EQ": operator.eq,
    "NEQ": operator.ne,
    "LT": operator.lt,
    "GT": operator.gt,
    "LTE": operator.le,
    "GTE": operator.ge,
}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {"Add": operator.add, "Sub": operator.sub, "Mul": operator.mul}


def number(text: str) -> Known:
    """A number as far as it is exact; None if the text is none."""
    if not _NUMBER.fullmatch(text):
        return None
    try:
        value = Decimal(text.strip())
    except DecimalException:
        return None
    exact = abs(value.adjusted()) <= _MAX_DIGITS and len(value.as_tuple().digits) <= _MAX_DIGITS
    return (value,) if exact else None


def fold(node: object, parameters: Sequence[object] = ()) -> Known:
    """The value of an expression, if it is the same whatever the tables hold; None if that is not known."""
    folder = _FOLDERS.get(type(node).__name__)
    return folder(node, parameters) if folder else None


def _literal(node: Any, _parameters: Sequence[object]) -> Known:
    return (node.this,) if node.is_string else number(node.this)


def _parameter(node: Any, parameters: Sequence[object]) -> Known:
    name = node.name
    if not name.startswith(PARAMETER):
        return None
    index = int(name.removeprefix(PARAMETER))
    if index >= len(parameters):
        return None
    value = parameters[index]
    if isinstance(value, (bool, str)) or value is None:
        return (value,)
    return number(repr(value)) if isinstance(value, (int, float)) else None


def truthy(value: Any) -> bool | None:
    """Whether a value is true where a predicate is expected: texts count as the number they begin with."""
    if isinstance(value, str):
        found = _NUMBER.match(value)
        read = number(found[0]) if found else (Decimal(0),)
        return None if read is None else bool(read[0])
    return bool(value)


def _connector(node: Any, parameters: Sequence[object]) -> Known:
    decisive = isinstance(node, exp.Or)
    values = [fold(item, parameters) for item in operands(node)]
    truths = [None if value is None or value == NULL else truthy(value[0]) for value in values]
    if decisive in truths:
        return (decisive,)
    if any(value is None or (value != NULL and truth is None) for value, truth in zip(values, truths, strict=True)):
        return None
    return NULL if NULL in values else (not decisive,)


def operands(node: exp.Expr) -> list[exp.Expr]:
    """The parts of a chain of one connector, without recursion, in the order of the text."""
    kind, found, pending = type(node), list[exp.Expr](), [node]
    while pending:
        current = pending.pop()
        if type(current) is kind:
            pending += [current.args["expression"], current.this]
        else:
            found.append(current)
    return found


def _not(node: Any, parameters: Sequence[object]) -> Known:
    value = fold(node.this, parameters)
    if value is None or value == NULL:
        return value
    true = truthy(value[0])
    return None if true is None else (not true,)


def _xor(node: Any, parameters: Sequence[object]) -> Known:
    values = [fold(item, parameters) for item in (node.this, node.expression)]
    if None in values:
        return None
    truths = [truthy(value[0]) for value in values if value is not None]
    return NULL if NULL in values else None if None in truths else (truths[0] != truths[1],)


def _comparison(node: Any, parameters: Sequence[object]) -> Known:
    left, right = fold(node.this, parameters), fold(node.expression, parameters)
    if left is None or right is None:
        return None
    if type(node).__name__ == "NullSafeEQ":
        return (left == right,) if NULL in (left, right) else compute("EQ", left[0], right[0])
    return NULL if NULL in (left, right) else compute(type(node).__name__, left[0], right[0])


def compute(name: str, left: Any, right: Any) -> Known:
    """A binary operator on two known values that are not NULL."""
    if isinstance(left, str) and isinstance(right, str) and name in COMPARE:
        same = left.casefold().rstrip() == right.casefold().rstrip()
        return (name in ("EQ", "LTE", "GTE"),) if same else None  # anything else is up to the collation
    if isinstance(left, str) and isinstance(right, str):
        return None  # T-SQL puts texts together with +, MySQL adds the numbers in them
    pair = [number(value) if isinstance(value, str) else (Decimal(value),) for value in (left, right)]
    if pair[0] is None or pair[1] is None:
        return None
    one, other = pair[0][0], pair[1][0]
    if name in COMPARE:
        return (COMPARE[name](one, other),)
    if name in _ARITHMETIC:
        return number(str(_ARITHMETIC[name](one, other)))
    if name == "Mod" and one >= 0 < other and one == int(one) and other == int(other):
        return (Decimal(int(one) % int(other)),)
    if name in ("Div", "IntDiv") and other and one % other == 0:
        return (one / other,)
    return None


def _negative(node: Any, parameters: Sequence[object]) -> Known:
    value = fold(node.this, parameters)
    if value is None or value == NULL or isinstance(value[0], str):
        return value if value == NULL else None
    return (-Decimal(value[0]),)


def _inside(node: Any, parameters: Sequence[object]) -> Known:
    return fold(node.this, parameters)


def _is(node: Any, parameters: Sequence[object]) -> Known:
    value, wanted = fold(node.this, parameters), fold(node.expression, parameters)
    if value is None or wanted is None:
        return None
    if value == NULL or wanted == NULL:
        return (value == wanted,)
    true = truthy(value[0])
    return None if true is None else (true == wanted[0],)


def _cast(node: Any, parameters: Sequence[object]) -> Known:
    value = fold(node.this if isinstance(node, exp.Cast) else node.expression, parameters)
    if value is None or value == NULL:
        return value
    target = node.args.get("to") or node.this
    if not isinstance(target, exp.DataType):
        return None
    kind = str(target.this).rpartition(".")[2]
    if "INT" in kind or kind in ("DECIMAL", "BIT"):
        read = number(str(int(value[0]) if isinstance(value[0], bool) else value[0]))
        return read if read is not None and read[0] == int(read[0]) else None
    whole = isinstance(value[0], str) and not target.expressions
    return (value[0],) if "CHAR" in kind and whole else None


def _conditional(node: Any, parameters: Sequence[object]) -> Known:
    test = fold(node.this, parameters)
    true = None if test is None else (False if test == NULL else truthy(test[0]))
    if true is None:
        return None
    branch = node.args.get("true") if true else node.args.get("false")
    return fold(branch, parameters) if branch is not None else NULL


def _case(node: Any, parameters: Sequence[object]) -> Known:
    subject = node.args.get("this")
    for branch in node.args.get("ifs") or ():
        test = exp.EQ(this=subject.copy(), expression=branch.this.copy()) if subject is not None else branch.this
        value = fold(test, parameters)
        true = None if value is None else (False if value == NULL else truthy(value[0]))
        if true is None:
            return None
        if true:
            return fold(branch.args.get("true"), parameters)
    default = node.args.get("default")
    return fold(default, parameters) if default is not None else NULL


def _coalesce(node: Any, parameters: Sequence[object]) -> Known:
    for item in (node.this, *node.expressions):
        value = fold(item, parameters)
        if value != NULL:
            return value
    return NULL


def _in(node: Any, parameters: Sequence[object]) -> Known:
    left = fold(node.this, parameters)
    if left is None or left == NULL or node.args.get("query"):
        return NULL if left == NULL else None
    hits = [fold(item, parameters) for item in node.expressions]
    equal = [None if hit is None else NULL if hit == NULL else compute("EQ", left[0], hit[0]) for hit in hits]
    if (True,) in equal:
        return (True,)
    return None if None in equal else NULL if NULL in equal else (False,)


def _between(node: Any, parameters: Sequence[object]) -> Known:
    values = [fold(node.args.get(name), parameters) for name in ("this", "low", "high")]
    if any(value is None for value in values) or NULL in values:
        return None
    subject, low, high = (value[0] for value in values if value is not None)
    above, below = compute("GTE", subject, low), compute("LTE", subject, high)
    return None if above is None or below is None else (above[0] and below[0],)


def _like(node: Any, parameters: Sequence[object]) -> Known:
    text, pattern = fold(node.this, parameters), fold(node.expression, parameters)
    if text is None or pattern is None or NULL in (text, pattern):
        return None
    words = str(pattern[0])
    if any(char in words for char in "\\[") or len(words) > 100 or words.count("%") > 5 or len(str(text[0])) > 1000:
        return None
    parts = (".*" if char == "%" else "." if char == "_" else re.escape(char) for char in words)
    found = re.fullmatch("".join(parts), str(text[0]), re.DOTALL | re.IGNORECASE)
    return (not node.args.get("negate"),) if found else None


def _concat(node: Any, parameters: Sequence[object]) -> Known:
    values = [fold(item, parameters) for item in node.expressions]
    known = [value[0] for value in values if value is not None and isinstance(value[0], str)]
    return ("".join(known),) if len(known) == len(values) else None


def lone_value(node: Any) -> exp.Expr | None:
    """`(SELECT x)` without a table is x."""
    query = node.this if isinstance(node, exp.Subquery) else node
    while isinstance(query, (exp.Subquery, exp.Paren)):
        query = query.this
    if not isinstance(query, exp.Select):
        return None
    given = {name for name, value in query.args.items() if value}
    table = query.args.get("from_")
    if table is not None and table.this.name.casefold() == "dual":
        given.discard("from_")
    if given != {"expressions"} or len(query.expressions) != 1:
        return None
    value: exp.Expr = query.expressions[0]
    return value.this if isinstance(value, exp.Alias) else value


def _subquery(node: Any, parameters: Sequence[object]) -> Known:
    value = lone_value(node)
    return None if value is None else fold(value, parameters)


def _exists(node: Any, _parameters: Sequence[object]) -> Known:
    return (True,) if lone_value(node.this) is not None else None


_FOLDERS: dict[str, Callable[[Any, Sequence[object]], Known]] = {
    **dict.fromkeys([*COMPARE, *_ARITHMETIC, "NullSafeEQ", "Mod", "Div", "IntDiv"], _comparison),
    "And": _connector,
    "Between": _between,
    "Boolean": lambda node, _parameters: (bool(node.this),),
    "Case": _case,
    "Cast": _cast,
    "Coalesce": _coalesce,
    "Concat": _concat,
    "Convert": _cast,
    "Exists": _exists,
    "If": _conditional,
    "In": _in,
    "Is": _is,
    "Like": _like,
    "Literal": _literal,
    "National": lambda node, _parameters: (node.this,),
    "Neg": _negative,
    "Not": _not,
    "Null": lambda _node, _parameters: NULL,
    "Or": _connector,
    "Parameter": _parameter,
    "Paren": _inside,
    "Subquery": _subquery,
    "TryCast": _cast,
    "Xor": _xor,
}
