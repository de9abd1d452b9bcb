"""INSERT, UPDATE, DELETE and MERGE: what they write, and whether they choose the rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from backends.postgres.expressions import condition, set_to_read
from backends.postgres.names import relation_name
from backends.postgres.predicates import Verdict, judge, truth
from backends.postgres.queries import open_with
from backends.postgres.references import Rows
from backends.postgres.scope import Scope, Source, add_sources, add_table
from backends.postgres.subselects import NOWHERE, covered_table
from backends.postgres.uses import IGNORED, PREDICATE, TRANSFORM
from backends.postgres.walk import Tree, Walk
from policy.effects import Effect
from policy.model import Action

UPDATE_EFFECTS: dict[Verdict, tuple[Effect, ...]] = {
    Verdict.MISSING: (Effect.UNBOUNDED_UPDATE,),
    Verdict.ELSEWHERE: (Effect.UNBOUNDED_UPDATE,),
    Verdict.TAUTOLOGY: (Effect.TAUTOLOGICAL_UPDATE,),
    Verdict.WIDE: (Effect.SCOPED_UPDATE, Effect.SUSPICIOUS_PREDICATE),
    Verdict.SCOPED: (Effect.SCOPED_UPDATE,),
}
DELETE_EFFECTS: dict[Verdict, tuple[Effect, ...]] = {
    Verdict.MISSING: (Effect.UNBOUNDED_DELETE,),
    Verdict.ELSEWHERE: (Effect.UNBOUNDED_DELETE,),
    Verdict.TAUTOLOGY: (Effect.TAUTOLOGICAL_DELETE,),
    Verdict.WIDE: (Effect.SCOPED_DELETE, Effect.SUSPICIOUS_PREDICATE),
    Verdict.SCOPED: (Effect.SCOPED_DELETE,),
}


def insert(walk: Walk, node: Tree, scope: Scope) -> None:
    inner = _open_write(walk, node, scope)
    walk.mark(scope, (Action.WRITE,), Effect.INSERT)
    _assigned(walk, node, "cols")
    _inserted_rows(walk, node.get("selectStmt", {}), inner.parent or inner)
    walk.push_wrapped(node.get("returningList"), inner)
    conflict = node.get("onConflictClause", {})
    _on_conflict(walk, conflict, inner)
    if conflict.get("action") == "ONCONFLICT_UPDATE":
        walk.mark(scope, (Action.WRITE,), Effect.SCOPED_UPDATE)
        inner.sources["excluded"] = Source((relation_name(node["relation"]),), given=True)
        _assigned(walk, {"relation": node["relation"], "cols": conflict.get("targetList", ())}, "cols")


def _on_conflict(walk: Walk, conflict: Tree, scope: Scope) -> None:
    """What names the index reads no row; the rest is an UPDATE of one row."""
    walk.push_fields("OnConflictClause", conflict, scope, skip=("infer", "whereClause"), use=TRANSFORM)
    if "infer" in conflict:
        walk.push("InferClause", conflict["infer"], scope, use=IGNORED)
    condition(walk, conflict.get("whereClause"), scope)


def _inserted_rows(walk: Walk, source: Tree, scope: Scope) -> None:
    """What is inserted does not see the target. Plain VALUES read nothing. A value that is written is no longer bare:
    where it goes, masks do not follow."""
    query = source.get("SelectStmt", {})
    if "valuesLists" in query and "withClause" not in query:
        walk.push_fields("SelectStmt", query, scope, use=TRANSFORM)
    else:
        walk.push_wrapped(source, scope, use=TRANSFORM)


def update(walk: Walk, node: Tree, scope: Scope) -> None:
    inner = _open_write(walk, node, scope)
    add_sources(inner, node.get("fromClause", ()))
    _assigned(walk, node, "targetList")
    verdict = _judge(walk, [node.get("whereClause")], node, inner, others=node.get("fromClause", ()))
    walk.mark(scope, (Action.WRITE,), *UPDATE_EFFECTS[verdict])
    _read(walk, "UpdateStmt", node, inner)


def delete(walk: Walk, node: Tree, scope: Scope) -> None:
    inner = _open_write(walk, node, scope)
    add_sources(inner, node.get("usingClause", ()))
    verdict = _judge(walk, [node.get("whereClause")], node, inner, others=node.get("usingClause", ()))
    walk.mark(scope, (Action.WRITE,), *DELETE_EFFECTS[verdict])
    _read(walk, "DeleteStmt", node, inner)


def merge(walk: Walk, node: Tree, scope: Scope) -> None:
    inner = _open_write(walk, node, scope)
    add_sources(inner, [node["sourceRelation"]])
    walk.mark(scope, (Action.WRITE,), Effect.MERGE)
    for item in node.get("mergeWhenClauses", ()):
        _merge_branch(walk, node, item.get("MergeWhenClause", {}), scope=inner)
    _read(walk, "MergeStmt", node, inner)


def _read(walk: Walk, kind: str, node: Tree, scope: Scope) -> None:
    """RETURNING gives columns out, WHERE chooses rows, and what else is read goes into columns that are written."""
    own = ("relation", "withClause", "whereClause", "joinCondition", "mergeWhenClauses", "returningList")
    walk.push_wrapped(node.get("returningList"), scope)
    condition(walk, node.get("whereClause"), scope)
    walk.push_wrapped(node.get("joinCondition"), scope, use=PREDICATE)
    for item in node.get("mergeWhenClauses", ()):
        clause = item.get("MergeWhenClause", {})
        walk.push_fields("MergeWhenClause", clause, scope, skip=("condition",), use=TRANSFORM)
        walk.push_wrapped(clause.get("condition"), scope, use=PREDICATE)
    walk.push_fields(kind, node, scope, skip=own, use=TRANSFORM)


def _merge_branch(walk: Walk, node: Tree, clause: Tree, *, scope: Scope) -> None:
    """Matched rows are chosen by the join and the branch's own condition; rows without a match by the latter only."""
    by_join = clause.get("matchKind") == "MERGE_WHEN_MATCHED"
    predicates = [node.get("joinCondition") if by_join else None, clause.get("condition")]
    command = clause.get("commandType", "")
    if command == "CMD_INSERT":
        walk.mark(scope, (), Effect.INSERT)
    elif command in ("CMD_UPDATE", "CMD_DELETE"):
        table = UPDATE_EFFECTS if command == "CMD_UPDATE" else DELETE_EFFECTS
        verdict = _judge(walk, predicates, node, scope, others=[node["sourceRelation"]])
        walk.mark(scope, (), *table[verdict])
    elif command != "CMD_NOTHING":
        walk.facts.unknown("a branch of MERGE does something that is not known")
    if command in ("CMD_UPDATE", "CMD_INSERT"):
        _assigned(walk, {"relation": node["relation"], "cols": clause.get("targetList", ())}, "cols")


def _open_write(walk: Walk, node: Tree, scope: Scope) -> Scope:
    """The target is a table even where a CTE has its name. RETURNING reads what was written, FROM what is joined."""
    inner = open_with(walk, node, scope)
    walk.levels[id(node)] = (node, inner)
    relation = node.get("relation", {})
    add_table(inner, relation, target=True)
    walk.facts.touch_table(relation_name(relation), written=True)
    if node.keys() & {"returningList", "fromClause", "usingClause", "sourceRelation"}:
        set_to_read(walk, scope)
    return inner


def _assigned(walk: Walk, node: Tree, field: str) -> None:
    """The columns that SET or the column list of INSERT names."""
    name = relation_name(node.get("relation", {}))
    for item in node.get(field, ()):
        assigned = item.get("ResTarget", {}).get("name")
        if assigned:
            walk.facts.touch_field(name, assigned)


def _judge(walk: Walk, predicates: list[Tree | None], node: Tree, scope: Scope, *, others: Iterable[Tree]) -> Verdict:
    relation = node.get("relation", {})
    name = relation_name(relation)
    alias = relation.get("alias", {}).get("aliasname", name[1])
    joined = {other: NOWHERE for other in scope.sources if other != alias}
    alone = Rows(name, frozenset({alias}), {}, scope, truth, frozenset(walk.variables), walk.parameters)
    for item in others:
        level = Scope(scope)
        add_sources(level, [item])
        joined.update(dict.fromkeys(level.sources, covered_table(item, alone)))
    walk.used_parameters = walk.used_parameters or "ParamRef" in repr(predicates)
    return judge(predicates, replace(alone, others=joined))
