"""Where the values of a write come from: INSERT … SELECT, CREATE TABLE AS, SELECT INTO, UPDATE … FROM, MERGE.

Said only as far as it is certain from the text: a value that goes through a CTE, a sub-select or a function in FROM
may be anything that the statement reads. Tables that are made or altered are named, too: PostgreSQL manual, part VI.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from backends.postgres.names import Name, relation_name, strings
from backends.postgres.outputs import UNCERTAIN, UNNAMED, arms, outputs, value_rows
from catalog.model import Locator
from policy.model import Flow, Poured

Tree = dict[str, Any]

_WRITES = frozenset({"InsertStmt", "UpdateStmt", "MergeStmt", "CreateTableAsStmt"})
_FILLS = frozenset({"InsertStmt", "UpdateStmt"})
_DERIVED = frozenset({"RangeSubselect", "RangeFunction", "RangeTableFunc", "JsonTable", "CommonTableExpr"})
_MAKES: Mapping[str, tuple[str, ...]] = {
    "CreateStmt": ("relation",),
    "CreateForeignTableStmt": ("base", "relation"),
    "AlterTableStmt": ("relation",),
    "RenameStmt": ("relation",),
    "ViewStmt": ("view",),
}
"""Statements after which a table is not what it was, and where its name stands. CreateTableAs and INTO besides."""


class _NotCertain(Exception):
    """Which columns a value is made of cannot be told."""


@dataclass(slots=True)
class _Scope:
    """All relations of a statement by the name that columns are written with, regardless of nesting: where one name
    means several relations a column may be of any. `derived` are names of what is no table."""

    tables: dict[str, set[Name]] = field(default_factory=dict)
    derived: set[str] = field(default_factory=set)


def flows(statement: Tree) -> Iterator[Flow]:
    """Every write in the statement, those inside CTEs too; nothing for one that writes no rows and makes no table."""
    found = [(kind, node) for kind, node in _nodes(statement) if kind in _WRITES or kind in _MAKES or _into(kind, node)]
    if not found:
        return
    scope = _scope(statement)
    for kind, node in found:
        try:
            yield from _flow(kind, node, scope)
        except _NotCertain:
            written = node.get("cols" if kind == "InsertStmt" else "targetList", ()) if kind in _FILLS else ()
            yield Flow(_target(kind, node), _names(written), values=None, made=_makes(kind, node))


def _flow(kind: str, node: Tree, scope: _Scope) -> Iterator[Flow]:
    target = _target(kind, node)
    match kind:
        case "InsertStmt":
            columns = _names(node.get("cols", ()))
            yield Flow(target, columns, _rows(node.get("selectStmt", {}).get("SelectStmt", {}), scope))
            yield from _conflict(node, target, scope)
        case "UpdateStmt":
            yield _assigned(target, node.get("targetList", ()), scope)
        case "MergeStmt":
            for item in node.get("mergeWhenClauses", ()):
                yield from _branch(item.get("MergeWhenClause", {}), target, scope)
        case "CreateTableAsStmt":
            yield _copied(target, node.get("into", {}), node.get("query", {}).get("SelectStmt", {}), scope)
        case "SelectStmt":
            yield _copied(target, node["intoClause"], node, scope)
        case _:
            yield Flow(target, made=True)
            if kind == "RenameStmt" and node.get("renameType") in ("OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW"):
                yield Flow(Locator("table", (target.path[0], node.get("newname", ""))), made=True)


def _copied(target: Locator, into: Tree, query: Tree, scope: _Scope) -> Flow:
    """A table made of a query. Columns without a certain name cannot be told apart before it was scanned."""
    values = _rows(query, scope)
    names = strings(into.get("colNames", ()))
    first = outputs(arms(query)[0]) if query else []
    if not names and not any(output.star for output in first):
        names = tuple(output.name for output in first)
    if UNCERTAIN in names or UNNAMED in names or (names and len(names) != len(values)):
        return Flow(target, values=None, made=True)
    return Flow(target, names, values, made=True)


def _rows(query: Tree, scope: _Scope) -> tuple[Poured, ...]:
    """One value a column; what the arms of a set operation put into it together."""
    columns: list[list[Poured]] = []
    for arm in arms(query) if query else ():
        rows = value_rows(arm)
        lines = rows if rows else [[output.value for output in outputs(arm)]]
        for line in lines:
            poured = [_poured(value, scope) for value in line]
            columns += [[] for _ in range(len(poured) - len(columns))]
            for place, value in zip(columns, poured, strict=False):
                place.append(value)
    return tuple(_together(values) for values in columns)


def _together(values: list[Poured]) -> Poured:
    sources = tuple(dict.fromkeys(source for value in values for source in value.sources))
    return Poured(sources, exact=len(sources) == 1 and all(value.exact or not value.sources for value in values))


def _conflict(node: Tree, target: Locator, scope: _Scope) -> Iterator[Flow]:
    """ON CONFLICT DO UPDATE: `excluded` is the row that was to be inserted, so anything that the statement reads."""
    clause = node.get("onConflictClause", {})
    if clause.get("targetList"):
        yield Flow(target, values=None) if "selectStmt" in node else _assigned(target, clause["targetList"], scope)


def _branch(clause: Tree, target: Locator, scope: _Scope) -> Iterator[Flow]:
    if clause.get("commandType") == "CMD_UPDATE":
        yield _assigned(target, clause.get("targetList", ()), scope)
    elif clause.get("commandType") == "CMD_INSERT":
        values = tuple(_poured(value, scope) for value in clause.get("values", ()))
        yield Flow(target, _names(clause.get("targetList", ())), values)


def _assigned(target: Locator, items: Iterable[Tree], scope: _Scope) -> Flow:
    columns, values = [], []
    for item in items:
        assigned = item.get("ResTarget", {})
        columns.append(assigned.get("name", ""))
        values.append(_poured(assigned.get("val", {}), scope))
    return Flow(target, tuple(columns), tuple(values))


def _poured(value: Tree, scope: _Scope) -> Poured:
    """The columns that a value mentions, those of its sub-selects too. Raises _NotCertain."""
    references = [node for kind, node in _nodes(value) if kind == "ColumnRef"]
    if any(kind == "SelectStmt" and _into(kind, node) for kind, node in _nodes(value)):
        raise _NotCertain
    sources = [source for reference in references for source in _sources(reference, scope)]
    bare = "ColumnRef" in value and len(sources) == 1
    return Poured(tuple(dict.fromkeys(sources)), exact=bare)


def _sources(reference: Tree, scope: _Scope) -> list[Locator]:
    fields = reference.get("fields", ())
    names, star = strings(fields), any("A_Star" in each for each in fields)
    if star:
        return [Locator("table", name) for name in _relations(names, scope)]
    if len(names) == 1:
        if names[0] in scope.tables:  # a whole row, or a column that is called like its table
            return [Locator("table", name) for name in scope.tables[names[0]]] + [Locator("column", ("", "", names[0]))]
        if scope.derived:
            raise _NotCertain
        return [Locator("column", ("", "", names[0]))]
    return [Locator("column", (*name, names[-1])) for name in _relations(names[:-1], scope)]


def _relations(names: tuple[str, ...], scope: _Scope) -> list[Name]:
    if not names:
        if scope.derived or len(scope.tables) != 1:
            raise _NotCertain
        return sorted(next(iter(scope.tables.values())))
    if names[-1] in scope.derived or names[-1] not in scope.tables:
        raise _NotCertain
    return sorted(scope.tables[names[-1]])


def _scope(statement: Tree) -> _Scope:
    scope = _Scope()
    ctes = {node.get("ctename", "") for kind, node in _nodes(statement) if kind == "CommonTableExpr"}
    targets = {id(node.get("relation")) for kind, node in _nodes(statement) if kind == "InsertStmt"}
    for kind, node in _nodes(statement):
        alias = node.get("alias", {})
        if kind == "RangeVar":
            if id(node) in targets:
                continue
            name = relation_name(node)
            shown = alias.get("aliasname") or name[1]
            if alias.get("colnames") or (not name[0] and name[1] in ctes):
                scope.derived.add(shown)
            else:
                scope.tables.setdefault(shown, set()).add(name)
        elif kind in _DERIVED:
            scope.derived.add(alias.get("aliasname") or node.get("ctename", ""))
        elif kind == "JoinExpr" and alias:
            scope.derived.add(alias.get("aliasname", ""))
    return scope


def _nodes(tree: object) -> Iterator[tuple[str, Tree]]:
    """Every node with its kind. Fields that hold a node without a wrapper get the kind that they always have."""
    bare = {"relation": "RangeVar", "view": "RangeVar", "rel": "RangeVar", "base": "CreateStmt"}
    pending: list[object] = [tree]
    while pending:
        here = pending.pop()
        if isinstance(here, list):
            pending += here
        elif isinstance(here, dict):
            for key, value in here.items():
                if isinstance(value, dict):
                    if key[:1].isupper():
                        yield key, value
                    elif key in ("larg", "rarg"):
                        yield "SelectStmt", value
                    elif key in bare and "relname" in value:
                        yield bare[key], value
                pending.append(value)


def _into(kind: str, node: Tree) -> bool:
    return kind == "SelectStmt" and "intoClause" in node


def _makes(kind: str, node: Tree) -> bool:
    return kind in _MAKES or kind == "CreateTableAsStmt" or _into(kind, node)


def _target(kind: str, node: Tree) -> Locator:
    match kind:
        case "CreateTableAsStmt":
            relation = node.get("into", {}).get("rel", {})
        case "SelectStmt":
            relation = node["intoClause"].get("rel", {})
        case _ if kind in _MAKES:
            relation = node
            for step in _MAKES[kind]:
                relation = relation.get(step, {})
        case _:
            relation = node.get("relation", {})
    return Locator("table", relation_name(relation))


def _names(items: Iterable[Tree]) -> tuple[str, ...]:
    return tuple(item.get("ResTarget", {}).get("name", "") for item in items)
