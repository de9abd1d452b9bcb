"""Sub-selects in predicates: which of them give back every row of the very table that is written."""

from __future__ import annotations

from dataclasses import replace

from backends.postgres.constants import fold
from backends.postgres.names import Name, relation_name, strings
from backends.postgres.references import Mention, Rows, aliases_in, by_mention, mentions, own_column
from backends.postgres.scope import Tree
from backends.postgres.truth import Truth

NOWHERE: Name = ("", "")
SERIES: Name = ("", "generate_series")
"""Stands for the numbers that generate_series makes: as a source of keys they cover a table as well as itself."""
_NARROWING = frozenset({"whereClause", "havingClause", "limitCount", "limitOffset", "groupClause"})
_MAX_DEPTH = 5  # sub-selects and CTEs looked into


def judge_sub_link(node: Tree, rows: Rows, negated: bool) -> Truth:
    """EXISTS, IN, ANY and ALL over a sub-select, as a predicate on the target's rows."""
    kind, query = node.get("subLinkType", ""), node.get("subselect", {}).get("SelectStmt", {})
    if kind == "EXISTS_SUBLINK":
        return _exists(node, query, rows, negated=negated)
    if kind == "EXPR_SUBLINK":
        value = lone_value(node)
        return by_mention(node, rows) if value is None else rows.judge(_signed(value, negated), rows)
    if kind == "ALL_SUBLINK":
        value = lone_value(node)
        return by_mention(node, rows) if value is None else rows.judge(_signed(_operation(node, value), negated), rows)
    if kind == "ANY_SUBLINK" and mentions(node.get("testexpr"), rows) is Mention.OWN:
        return _any_of_query(node, query, rows, negated=negated)
    return by_mention(node, rows)


def _signed(node: Tree, negated: bool) -> Tree:
    return {"BoolExpr": {"boolop": "NOT_EXPR", "args": [node]}} if negated else node


def lone_value(sub_link: Tree) -> Tree | None:
    """`(SELECT x)` without a table is x, unless a function in it may give many rows."""
    query = sub_link.get("subselect", {}).get("SelectStmt", {})
    targets = query.get("targetList", ())
    if query.keys() - {"targetList", "limitOption", "op"} or len(targets) != 1:
        return None
    value: Tree | None = targets[0].get("ResTarget", {}).get("val")
    return None if "FuncCall" in repr(value) else value


def _any_of_query(node: Tree, query: Tree, rows: Rows, *, negated: bool) -> Truth:
    """IN (SELECT …): wide if the query gives back the whole table; NOT IN: wide if it gives back nothing."""
    operator = strings(node.get("operName", ()))[-1:] or ("=",)
    value = lone_value(node)
    if value is not None and operator == ("=",):
        return rows.judge(_signed(_operation(node, value), negated), rows)
    if negated:
        return Truth.WIDE if _gives_nothing(query, rows) else Truth.SCOPED
    return Truth.WIDE if operator != ("=",) or covers_target(node["testexpr"], node, rows) else Truth.SCOPED


def _operation(node: Tree, value: Tree) -> Tree:
    """`x op ANY | ALL (SELECT value)` is `x op value`."""
    name = node.get("operName", [{"String": {"sval": "="}}])
    return {"A_Expr": {"kind": "AEXPR_OP", "name": name, "lexpr": node.get("testexpr", {}), "rexpr": value}}


def _inside(query: Tree, rows: Rows) -> Rows:
    """The same target, seen from inside a sub-select that may hide its name."""
    hidden = aliases_in(query)
    sources = query.get("fromClause", ())
    covered = covered_table(sources[0], rows) if len(sources) == 1 else NOWHERE
    return replace(rows, aliases=rows.aliases - hidden, others=dict.fromkeys(hidden, covered))


def _gives_nothing(query: Tree, rows: Rows) -> bool:
    if "limitCount" in query and fold(query["limitCount"], rows.parameters) == (0,):
        return True
    return "whereClause" in query and rows.judge(query["whereClause"], _inside(query, rows)) is Truth.FALSE


def _exists(node: Tree, query: Tree, rows: Rows, *, negated: bool) -> Truth:
    """A semi-join with the table itself over the same column keeps every row, as does NOT EXISTS of nothing."""
    mention = by_mention(node, rows)
    if negated:
        return Truth.WIDE if _gives_nothing(query, rows) else mention
    if "whereClause" not in query:
        return Truth.WIDE if mention is not Truth.CONSTANT else mention
    inner = rows.judge(query["whereClause"], _inside(query, rows))
    if "fromClause" not in query:
        return inner
    return Truth.WIDE if mention is not Truth.CONSTANT and inner in (Truth.WIDE, Truth.TRUE) else mention


def covers_target(tested: Tree, sub_link: Tree, rows: Rows) -> bool:
    """`id IN (SELECT id FROM the same table)`, without anything that narrows it, also through CTEs and UNIONs."""
    columns = [tested] if "RowExpr" not in tested else tested["RowExpr"].get("args", [])
    names = [own_column(item, rows) for item in columns]
    pending = [sub_link.get("subselect", {}).get("SelectStmt", {})]
    while pending:
        query = pending.pop()
        if query.get("op") == "SETOP_UNION":
            pending += [query.get("larg", {}), query.get("rarg", {})]
        elif all(names) and _gives_back(query, names, rows):
            return True
    return False


def _gives_back(query: Tree, names: list[str], rows: Rows) -> bool:
    values = [item.get("ResTarget", {}).get("val", {}) for item in query.get("targetList", ())]
    if any(_is_series(value) for value in values):
        return True
    selected = [strings(value.get("ColumnRef", {}).get("fields", ()))[-1:] for value in values]
    whole = _whole_table(query, rows, _MAX_DEPTH)
    return whole == SERIES or (selected == [(name,) for name in names] and whole == rows.table)


def _is_series(value: Tree) -> bool:
    return strings(value.get("FuncCall", {}).get("funcname", ()))[-1:] == ("generate_series",)


def covered_table(item: Tree, rows: Rows, depth: int = _MAX_DEPTH) -> Name:
    """The base table whose rows all come out of this FROM item; NOWHERE if it is none, or narrowed."""
    if "RangeVar" in item:
        name = relation_name(item["RangeVar"])
        cte = None if "schemaname" in item["RangeVar"] else rows.scope.cte(name[1])
        return name if cte is None else _whole_table(cte.get("SelectStmt", {}), rows, depth)
    functions = item.get("RangeFunction", {}).get("functions", ())
    if any(_is_series(call) for entry in functions for call in entry.get("List", {}).get("items", ())):
        return SERIES
    kept = {"JOIN_LEFT": "larg", "JOIN_FULL": "larg", "JOIN_RIGHT": "rarg"}.get(
        item.get("JoinExpr", {}).get("jointype", "")
    )
    if kept and depth > 0:
        return covered_table(item["JoinExpr"][kept], rows, depth - 1)
    query = item.get("RangeSubselect", {}).get("subquery", {}).get("SelectStmt", {})
    return _whole_table(query, rows, depth)


def _whole_table(query: Tree, rows: Rows, depth: int) -> Name:
    if depth <= 0 or len(query.get("fromClause", ())) != 1:
        return NOWHERE
    table = covered_table(query["fromClause"][0], rows, depth - 1)
    aliases = aliases_in(query)
    inner = replace(rows, table=table, aliases=aliases, others=dict.fromkeys(rows.aliases - aliases, rows.table))
    return NOWHERE if any(_narrows(query, clause, inner) for clause in _NARROWING) else table


def _narrows(query: Tree, clause: str, rows: Rows) -> bool:
    if clause not in query or (clause == "limitCount" and fold(query[clause]) == (None,)):
        return False
    return clause != "whereClause" or rows.judge(query[clause], rows) not in (Truth.TRUE, Truth.WIDE)


def extreme(name: str, left: Tree, right: Tree, *, rows: Rows) -> bool:
    """`id <= (SELECT max(id) FROM the same table)` and `>= (SELECT min(id) …)`."""
    query = right.get("SubLink", {}).get("subselect", {}).get("SelectStmt", {})
    targets = query.get("targetList", ())
    if len(targets) != 1 or not own_column(left, rows):
        return False
    value = targets[0].get("ResTarget", {}).get("val", {})
    function = strings(value.get("FuncCall", {}).get("funcname", ()))
    if "A_Expr" in value and "'FuncCall'" in repr(value):  # an extreme, moved on: min(id) - 1
        function = ("count",)
    orders = ("<", "<=", ">", ">=")
    wide = {"max": ("<", "<="), "min": (">", ">="), "count": orders}.get(function[-1] if function else "", ())
    return name in wide and _whole_table(query, rows, _MAX_DEPTH) == rows.table
