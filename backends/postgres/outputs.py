"""What a query's columns are called, and which expressions they stand for.

Names are given as PostgreSQL does (FigureColname in parse_target.c); where that is not certain the name is UNCERTAIN,
which may be any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from backends.postgres.names import strings

Tree = dict[str, Any]

UNCERTAIN = "\0?"
UNNAMED = "?column?"
_FIXED: Mapping[str, str] = {
    "A_ArrayExpr": "array",
    "A_Const": UNNAMED,
    "BoolExpr": UNNAMED,
    "CoalesceExpr": "coalesce",
    "GroupingFunc": "grouping",
    "NullTest": UNNAMED,
    "BooleanTest": UNNAMED,
    "ParamRef": UNNAMED,
    "RowExpr": "row",
}
_SUBLINKS: Mapping[str, str] = {"EXISTS_SUBLINK": "exists", "ARRAY_SUBLINK": "array"}
_KINDS: Mapping[str, str] = {"IS_GREATEST": "greatest", "IS_LEAST": "least"}


class Output(NamedTuple):
    """One entry of a target list. A star has no name and stands for several columns."""

    name: str
    value: Tree
    star: bool = False


def arms(query: Tree) -> list[Tree]:
    """The SELECTs and VALUES that a set operation puts together, from left to right. Iterative: chains are deep."""
    found, pending = [], [query]
    while pending:
        node = pending.pop()
        sides = [node[side] for side in ("rarg", "larg") if side in node]
        pending += sides
        if not sides:
            found.append(node)
    return found


def outputs(arm: Tree) -> list[Output]:
    """The columns of one arm, or of what a write returns. For VALUES see `value_rows`."""
    if "valuesLists" in arm:
        width = max((len(row) for row in value_rows(arm)), default=0)
        return [Output(f"column{number + 1}", {}) for number in range(width)]
    targets = arm.get("targetList" if "op" in arm else "returningList", ())
    return [_output(item.get("ResTarget", {})) for item in targets]


def value_rows(arm: Tree) -> list[list[Tree]]:
    return [row.get("List", {}).get("items", []) for row in arm.get("valuesLists", ())]


def position(found: list[Output], index: int) -> Output | None:
    """The column at an index from 0; None if a star before it, or at it, makes that uncertain."""
    if not 0 <= index < len(found) or any(output.star for output in found[: index + 1]):
        return None
    return found[index]


def _output(target: Tree) -> Output:
    value = target.get("val", {})
    if _is_star(value):
        return Output("", value, star=True)
    return Output(target.get("name") or _figured(value)[0], value)


def _is_star(value: Tree) -> bool:
    parts = value.get("ColumnRef", {}).get("fields") or value.get("A_Indirection", {}).get("indirection") or [{}]
    return "A_Star" in parts[-1]


def _figured(value: Tree) -> tuple[str, bool]:
    """A name, and whether it is strong: a cast and a CASE prefer the strong name of what they hold to their own."""
    for kind, node in value.items():
        if kind in _FIXED:
            return _FIXED[kind], kind in ("A_ArrayExpr", "CoalesceExpr", "GroupingFunc", "RowExpr")
        if kind in _NAMERS:
            return _NAMERS[kind](node)
    return UNCERTAIN, True


def _column(node: Tree) -> tuple[str, bool]:
    return strings(node.get("fields", ()))[-1], True


def _function(node: Tree) -> tuple[str, bool]:
    return (strings(node.get("funcname", ())) or (UNCERTAIN,))[-1], True


def _field(node: Tree) -> tuple[str, bool]:
    named = strings(node.get("indirection", ()))
    return (named[-1], True) if named else _figured(node.get("arg", {}))


def _operator(node: Tree) -> tuple[str, bool]:
    return ("nullif", True) if node.get("kind") == "AEXPR_NULLIF" else (UNNAMED, False)


def _cast(node: Tree) -> tuple[str, bool]:
    name, strong = _figured(node.get("arg", {}))
    return (name, True) if strong else ((strings(node.get("typeName", {}).get("names", ())) or (UNCERTAIN,))[-1], False)


def _collated(node: Tree) -> tuple[str, bool]:
    return _figured(node.get("arg", {}))


def _case(node: Tree) -> tuple[str, bool]:
    name, strong = _figured(node["defresult"]) if "defresult" in node else (UNNAMED, False)
    return (name, True) if strong else ("case", False)


def _extreme(node: Tree) -> tuple[str, bool]:
    return _KINDS.get(node.get("op", ""), UNCERTAIN), True


def _sub_link(node: Tree) -> tuple[str, bool]:
    kind = node.get("subLinkType", "")
    if kind != "EXPR_SUBLINK":
        return (_SUBLINKS[kind], True) if kind in _SUBLINKS else (UNNAMED, False)
    found = outputs(arms(node.get("subselect", {}).get("SelectStmt", {}))[0])
    return (found[0].name if found and not found[0].star else UNCERTAIN), True


_NAMERS = {
    "A_Expr": _operator,
    "A_Indirection": _field,
    "CaseExpr": _case,
    "CollateClause": _collated,
    "ColumnRef": _column,
    "FuncCall": _function,
    "MinMaxExpr": _extreme,
    "SubLink": _sub_link,
    "TypeCast": _cast,
}


def defined_names(node: Tree) -> Iterator[str]:
    """Column names that a function or table expression in FROM surely has."""
    yield from strings(node.get("alias", {}).get("colnames", ()))
    for field in ("coldeflist", "columns"):
        for item in node.get(field, ()):
            for column in item.values():
                yield column.get("colname") or column.get("name") or ""


def likely_names(node: Tree) -> Iterator[str]:
    """Names that such a column often has: what it has hangs on the function's type, which is not in the text."""
    yield from ("key", "value", "ordinality")
    if "aliasname" in node.get("alias", {}):
        yield node["alias"]["aliasname"]
