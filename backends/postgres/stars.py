"""The columns that a star stands for, and those that NATURAL JOIN compares, where the target's catalog tells.

PostgreSQL manual, "Joined Tables": a star over JOIN … USING or NATURAL gives the common columns first, once.
"""

from __future__ import annotations

from collections.abc import Sequence

from backends.postgres.names import relation_name, strings
from backends.postgres.outputs import UNCERTAIN, Output, arms
from backends.postgres.outputs import outputs as written_outputs
from backends.postgres.scope import Scope
from backends.postgres.target import Target
from backends.postgres.walk import Tree, Walk

Named = tuple[str, str]
"""(alias, column); alias "" = the merged column of a join."""


def expanded(walk: Walk, arm: Tree) -> list[Output] | None:
    """The outputs of one SELECT with its stars written out; None where that is not certain."""
    known = walk.levels.get(id(arm))
    if walk.target is None or known is None:
        return None
    found: list[Output] = []
    for output in written_outputs(arm):
        if not output.star:
            found.append(output)
            continue
        columns = _star(walk, output, arm, known[1])
        if columns is None:
            return None
        found += [Output(name, _reference(alias, name)) for alias, name in columns]
    return found


def common_columns(walk: Walk, join: Tree, scope: Scope) -> list[str] | None:
    """The names that both sides of a NATURAL JOIN have; None where that is not certain."""
    if walk.target is None:
        return None
    left, right = (_columns(walk, walk.target, join.get(side, {}), scope) for side in ("larg", "rarg"))
    return None if left is None or right is None else _shared(left, right)


def _star(walk: Walk, output: Output, arm: Tree, scope: Scope) -> list[Named] | None:
    parts = strings(output.value.get("ColumnRef", {}).get("fields", ()))
    if walk.target is None or "ColumnRef" not in output.value or len(parts) > 1:
        return None
    found: list[Named] = []
    for item in arm.get("fromClause", ()):
        columns = _columns(walk, walk.target, item, scope)
        if columns is None:
            return None
        found += columns
    if not parts:
        return found
    return None if scope.sources.get(parts[0]) is None else [each for each in found if each[0] == parts[0]] or None


def _columns(walk: Walk, target: Target, item: Tree, scope: Scope) -> list[Named] | None:
    """What a star over one item of FROM gives, in order."""
    kind = next(iter(item), "")
    node: Tree = item.get(kind, {})
    if kind == "JoinExpr":
        return None if "alias" in node else _joined(walk, target, node, scope)
    if kind == "RangeTableSample":
        return _columns(walk, target, node.get("relation", {}), scope)
    alias = node.get("alias", {})
    if strings(alias.get("colnames", ())):
        return None
    if kind == "RangeVar":
        word = node.get("relname", "")
        query = None if "schemaname" in node else scope.cte(word)
        if query is not None:
            return None if scope.cte_columns(word) else _derived(walk, query, alias.get("aliasname", word))
        name = target.relation(relation_name(node))
        if name is None or target.shadowed(word) not in (None, name):
            return None
        return [(alias.get("aliasname", word), column) for column in target.columns(name) or ()]
    return _derived(walk, node.get("subquery", {}), alias.get("aliasname", "")) if kind == "RangeSubselect" else None


def _derived(walk: Walk, query: Tree, alias: str) -> list[Named] | None:
    select = query.get("SelectStmt")
    if select is None or not alias:
        return None
    first = arms(select)[0]
    found = expanded(walk, first)
    if found is None or any(output.star or output.name == UNCERTAIN for output in found):
        return None
    return [(alias, output.name) for output in found]


def _joined(walk: Walk, target: Target, join: Tree, scope: Scope) -> list[Named] | None:
    left = _columns(walk, target, join.get("larg", {}), scope)
    right = _columns(walk, target, join.get("rarg", {}), scope)
    if left is None or right is None:
        return None
    merged = _shared(left, right) if join.get("isNatural") else list(strings(join.get("usingClause", ())))
    if "join_using_alias" in join:
        return None
    rest = [each for each in (*left, *right) if each[1] not in merged]
    return [*(("", name) for name in merged), *rest]


def _shared(left: Sequence[Named], right: Sequence[Named]) -> list[str]:
    theirs = {name for _alias, name in right}
    return list(dict.fromkeys(name for _alias, name in left if name in theirs))


def _reference(alias: str, name: str) -> Tree:
    parts = [part for part in (alias, name) if part]
    return {"ColumnRef": {"fields": [{"String": {"sval": part}} for part in parts]}}
