"""Comparisons: which of them leave every row in, by form (`id = id`) or by meaning (`id > 0`, `name LIKE '%'`)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from backends.postgres.constants import Known, compute, fold
from backends.postgres.hollow import is_deadline, same
from backends.postgres.names import strings
from backends.postgres.polarity import complementary, operator_name
from backends.postgres.references import Rows, by_mention, canonical, own_column
from backends.postgres.scope import Tree
from backends.postgres.subselects import SERIES, covers_target, extreme, lone_value
from backends.postgres.timebounds import covers_all_times, is_now
from backends.postgres.truth import Truth, all_of, any_of

INVERSE = {
    "=": "<>",
    "<>": "=",
    "!=": "=",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "~~": "!~~",
    "!~~": "~~",
    "~~*": "!~~*",
    "!~~*": "~~*",
    "~": "!~",
    "!~": "~",
    "~*": "!~*",
    "!~*": "~*",
}
FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_SIMPLE_KINDS = frozenset({"AEXPR_OP", "AEXPR_LIKE", "AEXPR_ILIKE", "AEXPR_SIMILAR"})
_PREDICATES = frozenset({"A_Expr", "BoolExpr", "BooleanTest", "NullTest", "SubLink", "CaseExpr"})
_LIKE = frozenset({"~~", "~~*"})
_REGEX = frozenset({"~", "~*"})
_NOT_LIKE = frozenset({"!~~", "!~~*", "!~", "!~*"})
_WIDE_LIKE = re.compile(r"[%_]+|%[^\w\s%]%")
_WIDE_REGEX = re.compile(r"(?:\\[a-zA-Z]|\[[^\]]*\]|[-\^$.*+?()|{},\d])*")
_YEAR = re.compile(r"\s*(\d{4})-\d")
_LARGE = 1_000_000  # an upper bound that few numbers in a table reach
_PAST, _FUTURE = 1990, 2100  # years that nearly all dates lie between
_LOW_TEXTS = frozenset({"", " ", "!", "0", "a", "A", "-infinity", "epoch", "00000000-0000-0000-0000-000000000000"})
_HIGH_TEXT = re.compile(r"[zZ~\uffff]+|infinity|f{8}-.*|9{4,}.*", re.IGNORECASE)


def compare(node: Tree, rows: Rows, negated: bool) -> Truth:
    """The truth of a comparison, or of its negation, over the rows of the target."""
    kind, words = node.get("kind", ""), strings(node.get("name", ()))
    name = words[-1] if words else ""
    left, right = node.get("lexpr", {}), node.get("rexpr", {})
    if kind in ("AEXPR_DISTINCT", "AEXPR_NOT_DISTINCT"):
        return _binary("<>" if (kind == "AEXPR_DISTINCT") != negated else "=", left, right, rows=rows, distinct=True)
    if kind == "AEXPR_IN":
        items = right.get("List", {}).get("items", [])
        return _in_list(left, items, rows, negated=(name == "<>") != negated)
    if kind in ("AEXPR_OP_ANY", "AEXPR_OP_ALL"):
        return _array(name, left, right, rows=rows, every=kind == "AEXPR_OP_ALL", negated=negated)
    if kind == "AEXPR_SIMILAR":
        name, right = name.replace("~", "~~"), _similar(right)
    if "BETWEEN" in kind:
        return _between(node, rows, negated=("NOT" in kind) != negated)
    if kind not in _SIMPLE_KINDS or not left:
        return by_mention(node, rows)
    if negated and name not in INVERSE:
        return by_mention(node, rows)
    return _binary(INVERSE[name] if negated else name, left, right, rows=rows)


def _similar(pattern: Tree) -> Tree:
    """SIMILAR TO comes as a regular expression made of the pattern. A pattern of wildcards means what LIKE's means."""
    arguments = pattern.get("FuncCall", {}).get("args", [])
    return arguments[0] if len(arguments) == 1 else pattern


def _binary(name: str, left: Tree, right: Tree, *, rows: Rows, distinct: bool = False) -> Truth:
    left, right = simplify(left, rows), simplify(right, rows)
    if fold(left, rows.parameters) is not None:
        left, right, name = right, left, FLIPPED.get(name, name)
    known = fold(right, rows.parameters)
    constant = fold(left, rows.parameters)
    if known is not None and constant is not None:
        return _of_constants(name, constant, known, distinct=distinct)
    mention = by_mention([left, right], rows)
    if known is not None:
        constant_left = mention is Truth.CONSTANT
        return mention if constant_left else _with_constant(name, left, known[0], rows=rows, distinct=distinct)
    if canonical(left, rows) == canonical(right, rows):
        return Truth.FALSE if name in ("<>", "!=", "<", ">", *_NOT_LIKE) else Truth.TRUE
    if mention is Truth.CONSTANT:
        return mention
    shifted = _shifted(name, left, right, rows=rows)
    if shifted is not None:
        return shifted
    if _are_opposites(left, right, rows):
        return Truth.TRUE if name in ("<>", "!=") else Truth.FALSE
    over = is_deadline(left, rows) and is_now(right)
    wide = (covers_all_times(name, right) and not over) or _is_same_row(name, left, right, rows=rows)
    again = name == "=" and "SubLink" in right and covers_target(left, right["SubLink"], rows)
    return Truth.WIDE if wide or again or extreme(name, left, right, rows=rows) else mention


def _with_constant(name: str, left: Tree, value: Any, *, rows: Rows, distinct: bool) -> Truth:
    if value is None:
        if not distinct:
            return Truth.FALSE
        return Truth.WIDE if name == "<>" else by_mention(left, rows)
    if isinstance(value, bool) and left.keys() & _PREDICATES and name in ("=", "<>", "!="):
        return rows.judge(left if value == (name == "=") else _negation(left), rows)
    if "CaseExpr" in left and all(
        _of_constants(name, result, (value,)) is Truth.TRUE if result else False for result in _case_results(left, rows)
    ):
        return Truth.TRUE
    return Truth.WIDE if _covers(name, value, left=left, rows=rows) else by_mention(left, rows)


def _case_results(node: Tree, rows: Rows) -> list[Known]:
    case = node["CaseExpr"]
    results = [item.get("CaseWhen", {}).get("result") for item in case.get("args", ())]
    return [fold(result, rows.parameters) for result in [*results, case.get("defresult")]]


def _negation(node: Tree) -> Tree:
    return {"BoolExpr": {"boolop": "NOT_EXPR", "args": [node]}}


def _are_opposites(left: Tree, right: Tree, rows: Rows) -> bool:
    """`(id = 1) <> (id <> 1)` compares a predicate with its own opposite."""
    return bool((left.keys() | right.keys()) & _PREDICATES) and complementary([left, right], rows)


def _shifted(name: str, left: Tree, right: Tree, *, rows: Rows) -> Truth | None:
    """`id < id + 1`: one expression on both sides, moved by constants; None if it is not that."""
    one, other = _base_and_shift(left, rows), _base_and_shift(right, rows)
    if one[1] == other[1] or canonical(one[0], rows) != canonical(other[0], rows):
        return None
    return _of_constants(name, (one[1],), (other[1],))


def _base_and_shift(node: Tree, rows: Rows) -> tuple[Tree, Any]:
    inner = node.get("A_Expr", {})
    sign = {"+": 1, "-": -1}.get(operator_name(inner), 0) if inner.get("kind") == "AEXPR_OP" else 0
    for base, moved in (("lexpr", "rexpr"), ("rexpr", "lexpr")) if sign > 0 else (("lexpr", "rexpr"),):
        known = fold(inner.get(moved), rows.parameters) if sign and base in inner else None
        if known is not None and isinstance(known[0], (int, Decimal)):
            return simplify(inner[base], rows), sign * known[0]
    return node, 0


def always_null(node: Tree, rows: Rows) -> bool:
    """Whether an expression is NULL for every row: an operator with a NULL operand, nullif(x, x)."""
    if fold(node, rows.parameters) == (None,):
        return True
    inner = node.get("A_Expr", {})
    left, right = inner.get("lexpr", {}), inner.get("rexpr", {})
    if inner.get("kind") == "AEXPR_NULLIF":
        return canonical(left, rows) == canonical(right, rows)
    return inner.get("kind") in _SIMPLE_KINDS and (always_null(left, rows) or always_null(right, rows))


def _of_constants(name: str, left: tuple[Any], right: tuple[Any], *, distinct: bool = False) -> Truth:
    if None in (left[0], right[0]):
        return Truth.TRUE if distinct and (left == right) == (name == "=") else Truth.FALSE
    result = compute(name, left[0], right[0])
    if result is None:
        return Truth.CONSTANT
    return Truth.TRUE if result[0] is True else Truth.FALSE


def _covers(name: str, value: Any, *, left: Tree, rows: Rows) -> bool:
    """Whether comparing with this constant leaves (nearly) every row in."""
    if name in ("<>", "!="):
        return _is_key(left, rows) or _is_low(value) or _is_high(value)
    if name in (">", ">="):
        return _is_low(value) or (name == ">=" and value in (1, "1") and _is_key(left, rows))
    if name in ("<", "<="):
        return _is_high(value)
    if not isinstance(value, str):
        return False
    if name in _LIKE:
        return _WIDE_LIKE.fullmatch(value) is not None
    if name in _REGEX:
        return _WIDE_REGEX.fullmatch(value) is not None
    if name in _NOT_LIKE:
        return value == ""
    return (name == "^@" and value == "") or (name == "@>" and value.strip() in ("{}", "[]"))


def _is_low(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, (int, Decimal)):
        return value <= 0
    year = _YEAR.match(value)
    number = fold({"TypeCast": _as_number(value)})
    return value in _LOW_TEXTS or (year is not None and int(year[1]) < _PAST) or (number is not None and number[0] <= 0)


def _is_high(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, (int, Decimal)):
        return value >= _LARGE
    year = _YEAR.match(value)
    number = fold({"TypeCast": _as_number(value)})
    if year is not None:
        return int(year[1]) >= _FUTURE
    return (number is not None and number[0] >= _LARGE) or _HIGH_TEXT.fullmatch(value) is not None


def _as_number(value: str) -> Tree:
    """`value::numeric` as a node, so that text is read as a number in one place only."""
    return {
        "arg": {"A_Const": {"sval": {"sval": value}}},
        "typeName": {"names": [{"String": {"sval": "numeric"}}]},
    }


def _is_key(node: Tree, rows: Rows) -> bool:
    """A column that by its name is different in every row: all but one value is nearly everything."""
    name = own_column(node, rows)
    return name in ("id", "uuid", "ctid", "pk") or name.endswith(("_id", "_uuid"))


def _is_same_row(name: str, left: Tree, right: Tree, *, rows: Rows) -> bool:
    """A join of a table with the whole of itself over the same column, or of a column with a series of numbers."""
    for one, other in ((left, right), (right, left)):
        parts = strings(other.get("ColumnRef", {}).get("fields", ()))
        column = own_column(one, rows) if name == "=" and parts else ""
        source = rows.others.get(parts[-2] if len(parts) > 1 else parts[-1]) if column else None
        if source == SERIES or (source == rows.table and len(parts) > 1 and parts[-1] == column):
            return True
    return False


def _in_list(left: Tree, items: list[Tree], rows: Rows, *, negated: bool) -> Truth:
    if all("A_Const" in item for item in items) and fold(left, rows.parameters) is None:
        return _in_constants(left, items, rows, negated=negated)
    if not negated:
        return any_of([_binary("=", left, item, rows=rows) for item in items])
    return all_of([_binary("<>", left, item, rows=rows) for item in items])


def _in_constants(left: Tree, items: list[Tree], rows: Rows, *, negated: bool) -> Truth:
    mention = by_mention(left, rows)
    if mention is Truth.CONSTANT:
        return mention
    values = [known[0] for known in (fold(item) for item in items) if known is not None]
    if negated:
        wide = all(value is None or _covers("<>", value, left=left, rows=rows) for value in values)
        return Truth.FALSE if None in values else Truth.WIDE if wide else mention
    both = any(value is True for value in values) and any(value is False for value in values)
    return Truth.WIDE if both else mention


def _array(name: str, left: Tree, right: Tree, *, rows: Rows, every: bool, negated: bool) -> Truth:
    """x op ANY (…) is an OR over the elements, x op ALL (…) an AND; NOT turns one into the other."""
    if negated:
        if name not in INVERSE:
            return by_mention([left, right], rows)
        name, every = INVERSE[name], not every
    if "A_ArrayExpr" in right:
        parts = [_binary(name, left, item, rows=rows) for item in right["A_ArrayExpr"].get("elements", ())]
        several_unequal = name in ("<>", "!=") and not every and len(parts) > 1
        combined = (all_of if every else any_of)(parts)
        return Truth.WIDE if several_unequal and combined is Truth.SCOPED else combined
    if "SubLink" in right and name == "=" and not every:
        return Truth.WIDE if covers_target(left, right["SubLink"], rows) else by_mention([left, right], rows)
    return Truth.WIDE if name in ("<>", "!=") else by_mention([left, right], rows)


def _between(node: Tree, rows: Rows, *, negated: bool) -> Truth:
    left, bounds = node.get("lexpr", {}), node.get("rexpr", {}).get("List", {}).get("items", [])
    if len(bounds) != 2:
        return by_mention(node, rows)
    low, high = bounds
    values = fold(low, rows.parameters), fold(high, rows.parameters)
    empty = _less(values[1], values[0])
    if node.get("kind", "").endswith("_SYM"):
        if not negated and canonical(left, rows) in (canonical(low, rows), canonical(high, rows)):
            return Truth.TRUE
        if None in values or (None,) in values:
            return by_mention(node, rows)
        low, high, empty = (high, low, False) if empty else (low, high, False)
    if negated:
        outside = [_binary("<", left, low, rows=rows), _binary(">", left, high, rows=rows)]
        return Truth.WIDE if empty else any_of(outside)
    return all_of([_binary(">=", left, low, rows=rows), _binary("<=", left, high, rows=rows)])


def _less(left: Known, right: Known) -> bool:
    return left is not None and right is not None and compute("<", left[0], right[0]) == (True,)


def simplify(node: Tree, rows: Rows) -> Tree:
    """Without what changes (nearly) nothing: x + 0, x * 1, x || '', coalesce(x, …), nullif(x, 7); x - x is 0."""
    if "CollateClause" in node:
        return simplify(node["CollateClause"].get("arg", {}), rows)
    if "SubLink" in node:
        value = lone_value(node["SubLink"])
        return simplify(value, rows) if value is not None else node
    if "CoalesceExpr" in node:
        first = node["CoalesceExpr"].get("args", [{}])[0]
        return first if own_column(first, rows) else node
    extremes = node.get("MinMaxExpr", {}).get("args", [])
    if extremes and same(extremes, rows):
        return simplify(extremes[0], rows)
    if _is_mod_of_one(node, rows):
        return {"A_Const": {"ival": {}}}
    inner = node.get("A_Expr", {})
    if inner.get("kind") == "AEXPR_NULLIF" and fold(inner.get("rexpr"), rows.parameters) is not None:
        return simplify(inner["lexpr"], rows) if own_column(inner["lexpr"], rows) else node
    if inner.get("kind") != "AEXPR_OP" or "lexpr" not in inner:
        return node
    name = inner["name"][-1].get("String", {}).get("sval", "")
    left, right = inner["lexpr"], inner.get("rexpr", {})
    known = fold(left, rows.parameters), fold(right, rows.parameters)
    if (name, known[1]) in _NEUTRAL:
        return simplify(left, rows)
    if (name, known[0]) in _NEUTRAL_BEFORE:
        return simplify(right, rows)
    vanishes = (name in ("*", "&") and (0,) in known) or (name == "%" and known[1] in ((1,), (-1,)))
    if vanishes or (name in ("-", "#") and canonical(left, rows) == canonical(right, rows)):
        return {"A_Const": {"ival": {}}}
    return node


def _is_mod_of_one(node: Tree, rows: Rows) -> bool:
    call = node.get("FuncCall", {})
    arguments = call.get("args", ())
    named = len(arguments) == 2 and call["funcname"][-1].get("String", {}).get("sval") == "mod"
    return named and fold(arguments[1], rows.parameters) in ((1,), (-1,))


_NEUTRAL: frozenset[tuple[str, Known]] = frozenset(
    {("+", (0,)), ("-", (0,)), ("*", (1,)), ("/", (1,)), ("||", ("",)), ("^", (1,)), ("|", (0,)), ("#", (0,))}
)
_NEUTRAL_BEFORE: frozenset[tuple[str, Known]] = frozenset({("+", (0,)), ("*", (1,)), ("||", ("",)), ("|", (0,))})
