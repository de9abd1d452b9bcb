"""Comparisons: which of them leave every row in, by form (`id = id`) or by meaning (`id > 0`, `name LIKE '%'`)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from sqlglot import exp

from backends.sqltree.constants import NULL, compute, fold, lone_value, number
from backends.sqltree.hollow import is_deadline
from backends.sqltree.polarity import complementary
from backends.sqltree.references import Rows, by_mention, canonical, is_random, own_column
from backends.sqltree.subselects import extreme, in_query
from backends.sqltree.timebounds import covers_all_times, is_now
from backends.sqltree.truth import Truth, all_of, any_of

INVERSE = {"EQ": "NEQ", "NEQ": "EQ", "LT": "GTE", "GTE": "LT", "GT": "LTE", "LTE": "GT"}
FLIPPED = {"LT": "GT", "GT": "LT", "LTE": "GTE", "GTE": "LTE"}
COMPARISONS = (*INVERSE, "NullSafeEQ", "NullSafeNEQ")
_PREDICATES = (exp.Predicate, exp.Connector, exp.Not, exp.Case, exp.If)
_WIDE_LIKE = re.compile(r"[%_]+|%[^\w\s%]%")
_WIDE_REGEX = re.compile(r"(?:\\[a-zA-Z]|\[[^\]]*\]|[\^$.*+?()|{},\d])*")
_YEAR = re.compile(r"\s*(\d{4})-?\d")
_LARGE = 1_000_000  # an upper bound that few numbers in a table reach
_PAST, _FUTURE = 1990, 2100  # years that nearly all dates lie between
_LOW_TEXTS = frozenset({"", " ", "!", "0", "a", "A", "00000000-0000-0000-0000-000000000000"})
_HIGH_TEXT = re.compile(r"[zZ~\uffff]+|f{8}-.*|9{4,}.*", re.IGNORECASE)
_FLAG = re.compile(r"^(is|has|can|was)_?[a-z]|active|enabled|deleted|archived|visible|flag|vip")
_LENGTHS = (exp.Length, exp.Abs)


def compare(node: Any, rows: Rows, negated: bool) -> Truth:
    """The truth of a comparison, or of its negation, over the rows of the target."""
    name, null_safe = type(node).__name__, False
    if name.startswith("NullSafe"):
        name, null_safe = name.removeprefix("NullSafe"), True
    quantified = node.expression
    if isinstance(quantified, (exp.Any, exp.All)):
        return _quantified(name, node, rows, negated=negated)
    return binary(INVERSE[name] if negated else name, node.this, quantified, rows=rows, null_safe=null_safe)


def binary(name: str, left: Any, right: Any, *, rows: Rows, null_safe: bool = False) -> Truth:
    left, right = simplify(left, rows), simplify(right, rows)
    parameters = rows.language.parameters
    if fold(left, parameters) is not None:
        left, right, name = right, left, FLIPPED.get(name, name)
    known, constant = fold(right, parameters), fold(left, parameters)
    if known is not None and constant is not None:
        return _of_constants(name, constant[0], known[0], null_safe=null_safe)
    mention = by_mention([left, right], rows)
    if known is not None:
        fixed = mention in (Truth.CONSTANT, Truth.OTHER)
        return mention if fixed else _with_constant(name, left, known[0], rows=rows, null_safe=null_safe)
    if canonical(left, rows) == canonical(right, rows) and not is_random(left):
        return Truth.TRUE if name in ("EQ", "GTE", "LTE") else Truth.FALSE
    if mention in (Truth.CONSTANT, Truth.OTHER):
        return mention
    shifted = _shifted(name, left, right, rows=rows)
    if shifted is not None:
        return shifted
    if isinstance(left, _PREDICATES) and isinstance(right, _PREDICATES) and complementary([left, right], rows):
        return Truth.TRUE if name == "NEQ" else Truth.FALSE
    over = is_deadline(left, rows) and is_now(right)
    wide = (covers_all_times(name, right) and not over) or _is_same_row(name, left, right, rows=rows)
    wide = wide or (name == "NEQ" and mention is Truth.LINK) or extreme(name, left, right, rows=rows)
    return Truth.WIDE if wide else mention


def _with_constant(name: str, left: Any, value: Any, *, rows: Rows, null_safe: bool) -> Truth:
    if value is None:
        if not null_safe:
            return Truth.FALSE
        return Truth.WIDE if name == "NEQ" else by_mention(left, rows)
    truth_value = {Decimal(1): True, Decimal(0): False, 1: True, 0: False}.get(value) if not _text(value) else None
    inner = left.this if isinstance(left, exp.Paren) else left
    if truth_value is not None and name in ("EQ", "NEQ") and isinstance(inner, _PREDICATES):
        if isinstance(inner, (exp.Case, exp.If)) and not _gives_booleans(inner):
            return by_mention(left, rows)
        return rows.truth(inner, rows, truth_value != (name == "EQ"))
    return Truth.WIDE if _covers(name, value, left=left, rows=rows) else by_mention(left, rows)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _gives_booleans(node: Any) -> bool:
    """CASE … THEN 1 ELSE 0 is a predicate in disguise."""
    branches = node.args.get("ifs") or ([node] if isinstance(node, exp.If) else [])
    last = node.args.get("default") if isinstance(node, exp.Case) else node.args.get("false")
    values = [fold(branch.args.get("true")) for branch in branches] + [fold(last) if last is not None else (0,)]
    return all(value in ((0,), (1,), (True,), (False,), NULL) for value in values)


def _of_constants(name: str, left: Any, right: Any, *, null_safe: bool) -> Truth:
    if left is None or right is None:
        return Truth.TRUE if null_safe and (left == right) == (name == "EQ") else Truth.FALSE
    result = compute(name, left, right)
    if result is None:
        return Truth.CONSTANT
    return Truth.TRUE if result[0] else Truth.FALSE


def _covers(name: str, value: Any, *, left: Any, rows: Rows) -> bool:
    """Whether comparing with this constant leaves (nearly) every row in."""
    if isinstance(left, exp.Year) and isinstance(value, Decimal) and name in ("GT", "GTE", "LT", "LTE"):
        return value < _PAST if name in ("GT", "GTE") else value >= _FUTURE
    if name == "NEQ":
        return is_key(left, rows) or _is_low(value) or _is_high(value)
    if name in ("GT", "GTE"):
        return _is_low(value) or (name == "GTE" and value in (1, "1") and is_key(left, rows))
    return name in ("LT", "LTE") and _is_high(value)


def _is_low(value: Any) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    if not isinstance(value, str):
        return bool(value <= 0)
    year, read = _YEAR.match(value), number(value)
    if year is not None and (read is None or len(value) == 8):
        return int(year[1]) < _PAST
    return value in _LOW_TEXTS or (read is not None and bool(read[0] <= 0))


def _is_high(value: Any) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    if not isinstance(value, str):
        return bool(value >= _LARGE)
    year, read = _YEAR.match(value), number(value)
    if year is not None and (read is None or len(value) == 8):
        return int(year[1]) >= _FUTURE
    return (read is not None and bool(read[0] >= _LARGE)) or _HIGH_TEXT.fullmatch(value) is not None


def is_key(node: Any, rows: Rows) -> bool:
    """A column that by its name is different in every row: all but one value is nearly everything."""
    name = own_column(node, rows)
    return name in ("id", "uuid", "guid", "pk", "rowid") or name.endswith(("_id", "_uuid", "id"))


def _is_same_row(name: str, left: Any, right: Any, *, rows: Rows) -> bool:
    """A join of a table with the whole of itself over the same column."""
    for one, other in ((left, right), (right, left)):
        column = own_column(one, rows) if name == "EQ" and isinstance(other, exp.Column) else ""
        if column and other.name.casefold() == column and _same_table(rows.others.get(other.table.casefold()), rows):
            return True
    return False


def _same_table(found: Any, rows: Rows) -> bool:
    return bool(found) and found[-1].casefold() == rows.table[-1].casefold()


def _shifted(name: str, left: Any, right: Any, *, rows: Rows) -> Truth | None:
    """`id < id + 1`: one expression on both sides, moved by constants; None if it is not that."""
    one, other = _base_and_shift(left, rows), _base_and_shift(right, rows)
    if one[1] == other[1] or canonical(one[0], rows) != canonical(other[0], rows):
        return None
    return _of_constants(name, one[1], other[1], null_safe=False)


def _base_and_shift(node: Any, rows: Rows) -> tuple[Any, Decimal]:
    sign = {exp.Add: 1, exp.Sub: -1}.get(type(node), 0)
    if not sign:
        return node, Decimal(0)
    for base, moved in ((node.this, node.expression), (node.expression, node.this))[: 2 if sign > 0 else 1]:
        known = fold(moved, rows.language.parameters)
        if known is not None and isinstance(known[0], (int, Decimal)):
            return simplify(base, rows), Decimal(sign * known[0])
    return node, Decimal(0)


def simplify(node: Any, rows: Rows) -> Any:
    """Without what changes (nearly) nothing: x + 0, x * 1, coalesce(x, …), abs(x); x - x and x * 0 are 0."""
    while isinstance(node, (exp.Paren, exp.Collate)):
        node = node.this
    if isinstance(node, exp.Subquery):
        value = lone_value(node)
        return simplify(value, rows) if value is not None else node
    if isinstance(node, (exp.Coalesce, exp.Nullif, *_LENGTHS)) and own_column(node.this, rows):
        return node.this if not isinstance(node, _LENGTHS) else node
    if (
        isinstance(node, (exp.Greatest, exp.Least))
        and len({canonical(x, rows) for x in (node.this, *node.expressions)}) == 1
    ):
        return simplify(node.this, rows)
    if not isinstance(node, _ARITHMETIC):
        return node
    parameters = rows.language.parameters
    left, right = fold(node.this, parameters), fold(node.expression, parameters)
    if (type(node), right) in _NEUTRAL:
        return simplify(node.this, rows)
    if (type(node), left) in _NEUTRAL_BEFORE:
        return simplify(node.expression, rows)
    vanishes = isinstance(node, (exp.Mul, exp.BitwiseAnd)) and (0,) in (left, right)
    vanishes = vanishes or (isinstance(node, exp.Mod) and right in ((1,), (-1,)))
    cancels = isinstance(node, (exp.Sub, exp.BitwiseXor))
    if vanishes or (cancels and canonical(node.this, rows) == canonical(node.expression, rows)):
        return exp.Literal.number(0)
    return node


_ARITHMETIC = (
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod),
    *(exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor),
)
_NEUTRAL = frozenset(
    {(kind, (0,)) for kind in (exp.Add, exp.Sub, exp.BitwiseOr, exp.BitwiseXor)}
    | {(kind, (1,)) for kind in (exp.Mul, exp.Div, exp.IntDiv)}
)
_NEUTRAL_BEFORE = frozenset({(exp.Add, (0,)), (exp.Mul, (1,))})


def in_list(node: Any, rows: Rows, negated: bool) -> Truth:
    items = node.expressions
    if not items:
        return by_mention(node, rows)
    if not negated:
        found = any_of([binary("EQ", node.this, item, rows=rows) for item in items])
        return Truth.WIDE if found is Truth.SCOPED and _is_either(node, rows) else found
    return all_of([binary("NEQ", node.this, item, rows=rows) for item in items])


def _is_either(node: Any, rows: Rows) -> bool:
    """`is_active IN (0, 1)`: both values of what by its name has two."""
    values = {known[0] for item in node.expressions if (known := fold(item, rows.language.parameters))}
    return {0, 1} <= values and _FLAG.search(own_column(node.this, rows)) is not None


def between(node: Any, rows: Rows, negated: bool) -> Truth:
    subject, low, high = node.this, node.args.get("low"), node.args.get("high")
    if negated:
        outside = [binary("LT", subject, low, rows=rows), binary("GT", subject, high, rows=rows)]
        values = [fold(item, rows.language.parameters) for item in (low, high)]
        if None not in values and NULL not in values:
            below = compute("LT", values[1][0], values[0][0])  # type: ignore[index]
            if below == (True,):
                return Truth.WIDE if any_of(outside) < Truth.WIDE else any_of(outside)
        return any_of(outside)
    return all_of([binary("GTE", subject, low, rows=rows), binary("LTE", subject, high, rows=rows)])


def like(node: Any, rows: Rows, negated: bool) -> Truth:
    negated = negated != bool(node.args.get("negate"))
    mention = by_mention(node, rows)
    if canonical(node.this, rows) == canonical(node.expression, rows):
        return Truth.FALSE if negated else Truth.WIDE
    pattern = fold(node.expression, rows.language.parameters)
    if mention in (Truth.CONSTANT, Truth.OTHER):
        return mention
    if pattern is None or not isinstance(pattern[0], str):
        return Truth.WIDE if not negated and _is_all_wildcards(node.expression) else mention
    if negated:
        return Truth.WIDE if pattern[0] == "" else mention
    wide = _WIDE_REGEX if isinstance(node, exp.RegexpLike) else _WIDE_LIKE
    return Truth.WIDE if wide.fullmatch(pattern[0]) else mention


def _is_all_wildcards(pattern: Any) -> bool:
    """`'%' + '%'`: put together of nothing but wildcards."""
    if pattern.find(exp.Column, exp.Parameter) is not None:
        return False
    literals = [item.this for item in pattern.find_all(exp.Literal) if item.is_string]
    return bool(literals) and all(_WIDE_LIKE.fullmatch(item) for item in literals)


def _quantified(name: str, node: Any, rows: Rows, *, negated: bool) -> Truth:
    """x op ANY (…) and x op ALL (…) over a sub-select."""
    any_of_them = isinstance(node.expression, exp.Any) != negated
    effective = INVERSE[name] if negated else name
    if effective == "EQ" and any_of_them:
        return in_query(exp.In(this=node.this.copy(), query=node.expression.this.copy()), rows, False)
    mention = by_mention(node, rows)
    return mention if mention in (Truth.CONSTANT, Truth.OTHER) else Truth.WIDE
