"""Does a WHERE clause choose rows, or does it only look as if it did?

Every predicate gets a `Truth`: what it is over the rows of the target. NOT is pushed down to the comparisons, so that
`NOT (id <> id)` is seen through. Where the rules below know nothing, a predicate that looks at the target's row is
taken to choose, and one that does not is taken to be true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum, auto

from backends.postgres.comparisons import always_null, compare
from backends.postgres.constants import fold
from backends.postgres.hollow import is_hollow
from backends.postgres.polarity import complementary, ranges_meet
from backends.postgres.references import Mention, Rows, by_mention, mentions
from backends.postgres.scope import Tree
from backends.postgres.subselects import judge_sub_link
from backends.postgres.truth import Truth, all_of, any_of, invert


class Verdict(Enum):
    """What a write reaches."""

    MISSING = auto()  # no predicate at all
    ELSEWHERE = auto()  # a predicate that does not look at the target's rows
    TAUTOLOGY = auto()  # true for every row
    WIDE = auto()  # covers everything by its meaning, or may
    SCOPED = auto()


_VERDICTS = {
    Truth.TRUE: Verdict.TAUTOLOGY,
    Truth.CONSTANT: Verdict.ELSEWHERE,
    Truth.WIDE: Verdict.WIDE,
    Truth.MAYBE: Verdict.WIDE,
    Truth.FALSE: Verdict.SCOPED,
    Truth.SCOPED: Verdict.SCOPED,
}


def judge(predicates: Iterable[Tree | None], rows: Rows) -> Verdict:
    """What all of these predicates together leave of the target's rows."""
    given = [predicate for predicate in predicates if predicate]
    if not given:
        return Verdict.MISSING
    return _VERDICTS[all_of([truth(predicate, rows) for predicate in given])]


def truth(node: Tree, rows: Rows, negated: bool = False) -> Truth:
    """The truth of a predicate, or of its negation, over the target's rows. NULL counts as false, as in WHERE."""
    known = fold(node, rows.parameters)
    if known is not None:
        return _known_truth(known[0], negated)
    found = by_mention(node, rows)
    for kind, inner in node.items():
        judge_kind = _JUDGES.get(kind)
        if judge_kind is not None:
            found = judge_kind(inner, rows, negated)
    return Truth.WIDE if found is Truth.SCOPED and node.keys() & _LEAVES and is_hollow(node, rows) else found


_LEAVES = frozenset({"A_Expr", "FuncCall"})


def _known_truth(value: object, negated: bool) -> Truth:
    if value is None:
        return Truth.FALSE
    if isinstance(value, str):
        return Truth.CONSTANT
    return Truth.TRUE if bool(value) != negated else Truth.FALSE


def _boolean(node: Tree, rows: Rows, negated: bool) -> Truth:
    kind, arguments = node.get("boolop"), node.get("args", [])
    if kind == "NOT_EXPR":
        return truth(arguments[0], rows, not negated)
    results = [truth(argument, rows, negated) for argument in arguments]
    if (kind == "AND_EXPR") != negated:
        return all_of(results)
    joined = any_of(results)
    if joined not in (Truth.SCOPED, Truth.MAYBE, Truth.WIDE):
        return joined
    signed = [{"BoolExpr": {"boolop": "NOT_EXPR", "args": [item]}} for item in arguments] if negated else arguments
    if complementary(signed, rows):
        return Truth.TRUE
    return Truth.WIDE if ranges_meet(signed, rows) else joined


def _null_test(node: Tree, rows: Rows, negated: bool) -> Truth:
    is_null = (node.get("nulltesttype") == "IS_NULL") != negated
    if always_null(node.get("arg", {}), rows):
        return Truth.TRUE if is_null else Truth.FALSE
    mention = by_mention(node, rows)
    return mention if is_null or mention is Truth.CONSTANT else Truth.WIDE


def _boolean_test(node: Tree, rows: Rows, negated: bool) -> Truth:
    """IS [NOT] TRUE | FALSE | UNKNOWN. IS NOT FALSE is as wide as the predicate, and NULL besides."""
    kind, argument = node.get("booltesttype", ""), node.get("arg", {})
    wants_not = ("_NOT_" in kind) != negated
    if kind.endswith("UNKNOWN"):
        if always_null(argument, rows):
            return Truth.FALSE if wants_not else Truth.TRUE
        return Truth.WIDE if wants_not else by_mention(argument, rows)
    return truth(argument, rows, negated=kind.endswith("FALSE") != wants_not)


def _case(node: Tree, rows: Rows, negated: bool) -> Truth:
    """CASE is an OR over its branches: each its condition, its result, and the failure of all conditions before."""
    subject, last = node.get("arg"), node.get("defresult")
    before: list[Truth] = []
    results: list[Truth] = []
    branches: list[Truth] = []
    for item in node.get("args", ()):
        tested, result = item["CaseWhen"].get("expr", {}), item["CaseWhen"].get("result", {})
        condition = truth(tested, rows) if subject is None else by_mention([subject, tested], rows)
        if condition is Truth.TRUE:
            last = result
            break
        results.append(truth(result, rows, negated))
        branches.append(all_of([*before, condition, results[-1]]))
        before.append(invert(condition))
    otherwise = truth(last, rows, negated) if last is not None else Truth.FALSE
    if all(result is Truth.TRUE for result in [*results, otherwise]):
        return Truth.TRUE
    return any_of([*branches, all_of([*before, otherwise])])


def _coalesce(node: Tree, rows: Rows, negated: bool) -> Truth:
    """As wide as its first argument that is not a known NULL; a constant after it also speaks for NULL rows."""
    for item in node.get("args", ()):
        if not always_null(item, rows):
            return truth(item, rows, negated)
    return Truth.FALSE


def _cast(node: Tree, rows: Rows, negated: bool) -> Truth:
    """`id::boolean` is true for every number but 0."""
    argument = node.get("arg", {})
    if "ColumnRef" in argument and mentions(argument, rows) is Mention.OWN:
        return Truth.SCOPED if negated else Truth.WIDE
    return truth(argument, rows, negated)


def _collate(node: Tree, rows: Rows, negated: bool) -> Truth:
    return truth(node.get("arg", {}), rows, negated)


def _current_of(_node: Tree, _rows: Rows, _negated: bool) -> Truth:
    return Truth.SCOPED


_JUDGES: dict[str, Callable[[Tree, Rows, bool], Truth]] = {
    "A_Expr": compare,
    "BoolExpr": _boolean,
    "BooleanTest": _boolean_test,
    "CaseExpr": _case,
    "CoalesceExpr": _coalesce,
    "CollateClause": _collate,
    "CurrentOfExpr": _current_of,
    "NullTest": _null_test,
    "SubLink": judge_sub_link,
    "TypeCast": _cast,
}
