"""Sub-selects in predicates: which of them give back every row of the very table that is written."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlglot import exp

from backends.sqltree.constants import fold, lone_value
from backends.sqltree.language import Parts
from backends.sqltree.references import Rows, aliases_in, by_mention, mentions, own_column, sources_of
from backends.sqltree.scope import parts_of
from backends.sqltree.truth import Truth

_MAX_DEPTH = 5  # sub-selects and CTEs looked into
_NARROWING = ("having", "group", "offset", "qualify")


def exists(node: Any, rows: Rows, negated: bool) -> Truth:
    """A semi-join with the table itself over the same column keeps every row, as does NOT EXISTS of nothing."""
    query = _query(node.this)
    mention = _own_only(node, rows)
    if not isinstance(query, exp.Select) or not sources_of(query):
        where = query.args.get("where") if isinstance(query, exp.Select) else None
        return rows.truth(where.this, rows, negated) if where is not None else mention
    where = query.args.get("where")
    if negated:
        return Truth.WIDE if _gives_nothing(query, rows) and mention is not Truth.CONSTANT else mention
    if where is None or mention is Truth.CONSTANT:
        return Truth.CONSTANT if mention is Truth.CONSTANT else Truth.WIDE
    inner = rows.truth(where.this, _inside(query, rows), False)
    return Truth.WIDE if inner in (Truth.WIDE, Truth.TRUE) else Truth.SCOPED


def _own_only(node: Any, rows: Rows) -> Truth:
    """A sub-select that mentions the target's row is correlated; other rows in it are its own affair."""
    found = mentions(node, rows)
    return Truth.SCOPED if found.own else Truth.MAYBE if found.maybe else Truth.CONSTANT


def in_query(node: Any, rows: Rows, negated: bool) -> Truth:
    """IN (SELECT …): wide if the query gives back the whole table; NOT IN: wide if it gives back nothing."""
    query = _query(node.args["query"])
    if not mentions(node.this, rows).own:
        outer = by_mention(node.this, rows)
        return outer if outer is not Truth.CONSTANT else _own_only(node, rows)
    value = lone_value(query) if isinstance(query, exp.Select) else None
    if value is not None:
        kind = exp.NEQ if negated else exp.EQ
        return rows.truth(kind(this=node.this.copy(), expression=value.copy()), rows, False)
    if negated:
        return Truth.WIDE if _gives_nothing(query, rows) else Truth.SCOPED
    return Truth.WIDE if covers_target(node.this, query, rows) else Truth.SCOPED


def _query(node: Any) -> Any:
    while isinstance(node, (exp.Subquery, exp.Paren)):
        node = node.this
    return node


def _inside(query: Any, rows: Rows) -> Rows:
    """The same target, seen from inside a sub-select that may hide its name."""
    hidden = aliases_in(query)
    sources = sources_of(query)
    covered = covered_table(sources[0], rows, _MAX_DEPTH) if len(sources) == 1 else None
    return replace(rows, aliases=rows.aliases - hidden, others=dict.fromkeys(hidden, covered))


def _gives_nothing(query: Any, rows: Rows) -> bool:
    if not isinstance(query, exp.Select):
        return False
    limit, where = query.args.get("limit"), query.args.get("where")
    if isinstance(limit, exp.Limit) and fold(limit.expression) == (0,):
        return True
    return where is not None and rows.truth(where.this, _inside(query, rows), False) is Truth.FALSE


def covers_target(tested: Any, query: Any, rows: Rows) -> bool:
    """`id IN (SELECT id FROM the same table)`, without anything that narrows it, also through CTEs and UNIONs."""
    columns = tested.expressions if isinstance(tested, exp.Tuple) else [tested]
    names = [own_column(item, rows) for item in columns]
    pending = [query]
    while pending:
        current = _query(pending.pop())
        if isinstance(current, exp.Union):
            pending += [current.this, current.expression]
        elif isinstance(current, exp.Select) and all(names) and _gives_back(current, names, rows):
            return True
    return False


def _gives_back(query: exp.Select, names: list[str], rows: Rows) -> bool:
    selected = [value.name.casefold() for value in query.expressions]
    plain = all(isinstance(value, exp.Column) for value in query.expressions)
    return plain and selected == names and _is_target(_whole_table(query, rows, _MAX_DEPTH), rows)


def _is_target(table: Parts | None, rows: Rows) -> bool:
    return bool(table) and table is not None and table[-1].casefold() == rows.table[-1].casefold()


def covered_table(item: Any, rows: Rows, depth: int) -> Parts | None:
    """The base table whose rows all come out of this FROM item; None if it is none, or narrowed."""
    if isinstance(item, exp.Table):
        parts = parts_of(item)
        cte = rows.scope.cte(parts[1]) if len(parts) == 2 and not parts[0] else None
        return (parts or None) if cte is None else _whole_table(_query(cte), rows, depth)
    return _whole_table(_query(item), rows, depth) if isinstance(item, exp.Subquery) else None


def _whole_table(query: Any, rows: Rows, depth: int) -> Parts | None:
    if depth <= 0 or not isinstance(query, exp.Select) or len(sources_of(query)) != 1:
        return None
    table = covered_table(sources_of(query)[0], rows, depth - 1)
    if table is None or any(query.args.get(name) for name in _NARROWING) or _is_limited(query):
        return None
    where = query.args.get("where")
    if where is None:
        return table
    inner = replace(rows, table=table, aliases=aliases_in(query), others={})
    return table if rows.truth(where.this, inner, False) in (Truth.TRUE, Truth.WIDE) else None


def _is_limited(query: exp.Select) -> bool:
    limit = query.args.get("limit")
    if limit is None:
        return False
    value = fold(limit.expression) if isinstance(limit, exp.Limit) else None
    return value is None or value[0] is None or isinstance(value[0], str) or value[0] < 1_000_000


def extreme(name: str, left: Any, right: Any, *, rows: Rows) -> bool:
    """`id <= (SELECT max(id) FROM the same table)` and `>= (SELECT min(id) …)`."""
    query = _query(right) if isinstance(right, exp.Subquery) else None
    if not isinstance(query, exp.Select) or len(query.expressions) != 1 or not own_column(left, rows):
        return False
    function = query.expressions[0]
    wide = ("LT", "LTE") if isinstance(function, exp.Max) else ("GT", "GTE") if isinstance(function, exp.Min) else ()
    return name in wide and _is_target(_whole_table(query, rows, _MAX_DEPTH), rows)
