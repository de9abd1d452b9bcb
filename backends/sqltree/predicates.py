"""Does a WHERE clause choose rows, or does it only look as if it did?

Every predicate gets a `Truth`: what it is over the rows of the target. NOT is pushed down to the comparisons, so that
`NOT (id <> id)` is seen through. Where the rules below know nothing, a predicate that looks at the target's row is
taken to choose, and one that does not is taken to be true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum, auto
from typing import Any

from sqlglot import exp

from backends.sqltree.comparisons import COMPARISONS, between, compare, in_list, like
from backends.sqltree.constants import NULL, fold, lone_value, operands, truthy
from backends.sqltree.hollow import is_hollow
from backends.sqltree.polarity import complementary, ranges_meet
from backends.sqltree.references import Rows, by_mention, canonical
from backends.sqltree.subselects import exists, in_query
from backends.sqltree.truth import Truth, all_of, any_of, invert


class Reach(Enum):
    """What a write reaches."""

    MISSING = auto()  # no predicate at all
    ELSEWHERE = auto()  # a predicate that does not look at the target's rows
    TAUTOLOGY = auto()  # true for every row
    WIDE = auto()  # covers everything by its meaning, or may
    SCOPED = auto()


_REACHES = {
    Truth.TRUE: Reach.TAUTOLOGY,
    Truth.CONSTANT: Reach.ELSEWHERE,
    Truth.OTHER: Reach.ELSEWHERE,
    Truth.WIDE: Reach.WIDE,
    Truth.MAYBE: Reach.WIDE,
    Truth.LINK: Reach.WIDE,
    Truth.SCOPED: Reach.SCOPED,
    Truth.FALSE: Reach.SCOPED,
}


def judge(predicates: Iterable[exp.Expr | None], links: Iterable[Truth], rows: Rows) -> Reach:
    """What all of these predicates together leave of the target's rows. `links` are outer joins: they only connect."""
    given = [predicate for predicate in predicates if predicate is not None]
    if not given:
        return Reach.MISSING
    truths = [truth(part, rows) for predicate in given for part in _conjuncts(predicate)]
    combined = all_of(truths)
    if combined is Truth.OTHER and Truth.LINK in set(links):
        combined = Truth.SCOPED
    return _REACHES[combined]


def _conjuncts(predicate: exp.Expr) -> list[exp.Expr]:
    """The parts of an AND, also of one in parentheses: a choice and the link it goes through may stand apart."""
    found, pending = [], [predicate]
    while pending:
        node = pending.pop()
        while isinstance(node, exp.Paren):
            node = node.this
        if isinstance(node, exp.And):
            pending += operands(node)
        else:
            found.append(node)
    return found


def truth(node: Any, rows: Rows, negated: bool = False) -> Truth:
    """The truth of a predicate, or of its negation, over the target's rows. NULL counts as false, as in WHERE."""
    known = fold(node, rows.language.parameters)
    if known is not None:
        if known == NULL:
            return Truth.FALSE
        true = truthy(known[0])
        return Truth.CONSTANT if true is None else Truth.TRUE if true != negated else Truth.FALSE
    kind = type(node).__name__
    judge_kind = _JUDGES.get(kind)
    if judge_kind is not None:
        found = judge_kind(node, rows, negated)
        return Truth.WIDE if found is Truth.SCOPED and kind in _LEAVES and is_hollow(node, rows) else found
    mention = by_mention(node, rows)
    if kind in _VALUES and mention not in (Truth.CONSTANT, Truth.OTHER):
        return Truth.SCOPED if negated else Truth.WIDE  # `WHERE id` is true for every number but 0
    return mention


_LEAVES = frozenset({*COMPARISONS, "Between", "In", "Like"})
_VALUES = frozenset({"Column", "Add", "Sub", "Mul", "Div", "IntDiv", "Neg", "BitwiseOr", "BitwiseXor", "Cast"})


def _paren(node: Any, rows: Rows, negated: bool) -> Truth:
    return truth(node.this, rows, negated)


def _not(node: Any, rows: Rows, negated: bool) -> Truth:
    return truth(node.this, rows, not negated)


def _connector(node: Any, rows: Rows, negated: bool) -> Truth:
    parts = operands(node)
    results = [truth(part, rows, negated) for part in parts]
    if isinstance(node, exp.And) != negated:
        return all_of(results)
    joined = any_of(results)
    if joined in (Truth.TRUE, Truth.CONSTANT, Truth.FALSE):
        return joined
    if complementary(parts, rows):
        return Truth.TRUE
    return Truth.WIDE if ranges_meet(parts, rows, negated=negated) and joined < Truth.WIDE else joined


def _xor(node: Any, rows: Rows, negated: bool) -> Truth:
    """sqlglot gives XOR and OR one precedence, so an OR without parentheses below may belong elsewhere."""
    sides = (node.this, node.expression)
    if any(isinstance(side, exp.Or) for side in sides):
        return Truth.CONSTANT
    for side, other in (sides, sides[::-1]):
        known = fold(side, rows.language.parameters)
        if known is not None and known != NULL:
            return truth(other, rows, negated != bool(truthy(known[0])))
    same, opposite = canonical(sides[0], rows) == canonical(sides[1], rows), complementary(sides, rows)
    if same or opposite:
        return Truth.TRUE if opposite != negated else Truth.FALSE
    mention = by_mention(node, rows)
    return mention if mention in (Truth.CONSTANT, Truth.OTHER) else Truth.WIDE


def _is(node: Any, rows: Rows, negated: bool) -> Truth:
    """IS [NOT] NULL | TRUE | FALSE; sqlglot writes UNKNOWN as NULL."""
    wanted = fold(node.expression)
    if wanted is not None and wanted != NULL:
        inner = truth(node.this, rows, negated=not wanted[0])
        return invert(inner) if negated else inner
    subject = node.this
    if isinstance(subject, exp.Nullif) and canonical(subject.this, rows) == canonical(subject.expression, rows):
        return Truth.FALSE if negated else Truth.TRUE
    mention = by_mention(node, rows)
    return mention if not negated or mention in (Truth.CONSTANT, Truth.OTHER) else Truth.WIDE


def _case(node: Any, rows: Rows, negated: bool) -> Truth:
    """CASE is an OR over its branches: each its condition, its result, and the failure of all conditions before."""
    subject, default = node.args.get("this"), node.args.get("default")
    before: list[Truth] = []
    results: list[Truth] = []
    branches: list[Truth] = []
    for branch in node.args.get("ifs") or ():
        condition = truth(branch.this, rows) if subject is None else by_mention([subject, branch.this], rows)
        results.append(truth(branch.args.get("true"), rows, negated))
        branches.append(all_of([*before, condition, results[-1]]))
        before.append(truth(branch.this, rows, True) if subject is None else invert(condition))
    otherwise = truth(default, rows, negated) if default is not None else Truth.FALSE
    if all(result is Truth.TRUE for result in [*results, otherwise]):
        return Truth.TRUE
    return any_of([*branches, all_of([*before, otherwise])])


def _if(node: Any, rows: Rows, negated: bool) -> Truth:
    test = truth(node.this, rows)
    yes, no = (
        truth(item, rows, negated) if item is not None else Truth.FALSE
        for item in (node.args.get("true"), node.args.get("false"))
    )
    if yes is no is Truth.TRUE:
        return Truth.TRUE
    return any_of([all_of([test, yes]), all_of([truth(node.this, rows, True), no])])


def _coalesce(node: Any, rows: Rows, negated: bool) -> Truth:
    return truth(node.this, rows, negated)


def _subquery(node: Any, rows: Rows, negated: bool) -> Truth:
    value = lone_value(node)
    return truth(value, rows, negated) if value is not None else by_mention(node, rows)


def _in(node: Any, rows: Rows, negated: bool) -> Truth:
    return in_query(node, rows, negated) if node.args.get("query") else in_list(node, rows, negated)


def _escape(node: Any, rows: Rows, negated: bool) -> Truth:
    return truth(node.this, rows, negated)


_JUDGES: dict[str, Callable[[Any, Rows, bool], Truth]] = {
    **dict.fromkeys(COMPARISONS, compare),
    "And": _connector,
    "Between": between,
    "Case": _case,
    "Coalesce": _coalesce,
    "Collate": _paren,
    "Escape": _escape,
    "Exists": exists,
    "If": _if,
    "In": _in,
    "Is": _is,
    "Like": like,
    "Not": _not,
    "Or": _connector,
    "Paren": _paren,
    "RegexpLike": like,
    "Subquery": _subquery,
    "Xor": _xor,
}
