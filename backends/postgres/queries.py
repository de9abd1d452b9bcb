"""SELECT in all its places, and the WITH that any statement may carry."""

from __future__ import annotations

from backends.postgres.expressions import condition, distinct_on, group_by, set_to_read
from backends.postgres.names import relation_name, strings
from backends.postgres.scope import Scope, Source, add_sources
from backends.postgres.steering import demand, every_output
from backends.postgres.uses import BARE, GROUP, PREDICATE, TRANSFORM, Use
from backends.postgres.walk import Tree, Walk
from policy.effects import Effect
from policy.model import Action

NOT_IN_SELECT = frozenset({"withClause", "intoClause", "larg", "rarg", "sortClause"})
WITH_OWN_USE = frozenset({"distinctClause", "fromClause", "groupClause", "targetList", "valuesLists", "whereClause"})


def open_with(walk: Walk, node: Tree, scope: Scope) -> Scope:
    """The scope inside a statement: its CTEs are visible, each of them only to the later ones unless RECURSIVE."""
    clause = node.get("withClause", {})
    expressions = [item["CommonTableExpr"] for item in clause.get("ctes", ()) if "CommonTableExpr" in item]
    level = scope.child()
    if clause.get("recursive"):
        for cte in expressions:
            _name_cte(level, cte)
    for cte in expressions:
        walk.push_fields("CommonTableExpr", cte, level, use=BARE)
        if "search_clause" in cte or "cycle_clause" in cte:
            demand(walk, Source(origin=cte["ctequery"]), PREDICATE)
        if not clause.get("recursive"):
            level = level.child()
            _name_cte(level, cte)
    return level.child()


def _name_cte(level: Scope, cte: Tree) -> None:
    level.ctes[cte["ctename"]] = cte["ctequery"]
    level.cte_names[cte["ctename"]] = strings(cte.get("aliascolnames", ()))


def select(walk: Walk, node: Tree, scope: Scope) -> None:
    """The use of its outputs is the one that the walk brings along."""
    shown: Use = walk.use
    inner = open_with(walk, node, scope)
    walk.levels[id(node)] = (node, inner)
    set_to_read(walk, scope)
    if "lockingClause" in node:
        walk.mark(scope, (Action.WRITE,), Effect.LOCK)
    if "intoClause" in node:
        into_clause(walk, node["intoClause"], inner)
        walk.mark(scope, (), Effect.CREATE_TABLE)
        shown = walk.within(TRANSFORM)
    add_sources(inner, node.get("fromClause", ()))
    for side in ("larg", "rarg"):
        if side in node:
            walk.push("SelectStmt", node[side], inner, use=shown)
    walk.push_fields("SelectStmt", node, inner, skip=NOT_IN_SELECT | WITH_OWN_USE, use=PREDICATE)
    _own_uses(walk, node, inner, shown)
    _sort_clause(walk, node, inner)


def _own_uses(walk: Walk, node: Tree, scope: Scope, shown: Use) -> None:
    """The clauses whose columns are used in ways of their own; those of all others decide which rows come."""
    for field in ("targetList", "valuesLists"):
        walk.push_wrapped(node.get(field), scope, use=shown)
    walk.push_wrapped(node.get("fromClause"), scope, use=TRANSFORM)
    condition(walk, node.get("whereClause"), scope)
    group_by(walk, node, scope)
    distinct_on(walk, node, scope)
    compared = "larg" in node and not (node.get("op") == "SETOP_UNION" and node.get("all"))
    if compared or node.get("distinctClause") == [{}]:
        every_output(walk, node, GROUP)


def _sort_clause(walk: Walk, node: Tree, scope: Scope) -> None:
    """ORDER BY over a UNION can only name outputs of its first branch."""
    if "sortClause" not in node:
        return
    first = node
    while "larg" in first:
        first = first["larg"]
    targets = [item.get("ResTarget", {}) for item in first.get("targetList", ())]
    by_name = [target["name"] for target in targets if "name" in target]
    if "larg" in node:
        by_name += [_own_name(target) for target in targets]
    ordering = scope.child()
    ordering.outputs = frozenset(by_name)
    ordering.ordered = node
    walk.push_wrapped(node["sortClause"], ordering)


def _own_name(target: Tree) -> str:
    words = strings(target.get("val", {}).get("ColumnRef", {}).get("fields", ()))
    return words[-1] if words else ""


def into_clause(walk: Walk, node: Tree, scope: Scope) -> None:
    """The table that a query's rows go into: a new one."""
    relation = node.get("rel", {})
    walk.mark(scope, (Action.DEFINE,), Effect.CREATE_AS)
    if relation.get("relpersistence") == "t":
        walk.mark(scope, (Action.DEFINE,), Effect.SESSION_STATE)
    walk.facts.touch_table(relation_name(relation), written=True)
    walk.push_fields("IntoClause", node, scope, skip=("rel",))
