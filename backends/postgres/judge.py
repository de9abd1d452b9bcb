"""Which handler means what: the walk's dispatch table, and `judge`, which runs it over one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from backends.postgres import bodies, definitions, expressions, queries, sessions, transfers, writes
from backends.postgres.effects import STATEMENTS
from backends.postgres.exhaustion import watching
from backends.postgres.kinds import telling
from backends.postgres.resolving import resolve
from backends.postgres.scope import Scope
from backends.postgres.steering import settle
from backends.postgres.target import Target
from backends.postgres.uses import root_use
from backends.postgres.walk import Handler, Tree, Walk

_SPECIAL: Mapping[str, Handler] = {
    # Expressions and FROM items
    "A_Expr": expressions.a_expr,
    "A_Indirection": expressions.indirection,
    "CaseExpr": expressions.case,
    "CaseWhen": expressions.case_when,
    "ColumnRef": expressions.column_ref,
    "FuncCall": expressions.func_call,
    "IndexElem": expressions.index_elem,
    "JoinExpr": expressions.join_expr,
    "RangeSubselect": expressions.range_subselect,
    "RangeTableSample": expressions.table_sample,
    "RangeVar": expressions.range_var,
    "SortBy": expressions.sort_by,
    "SubLink": expressions.sub_link,
    "TypeName": expressions.type_name,
    "WindowDef": expressions.window,
    # Statements
    "AlterFunctionStmt": definitions.alter_function,
    "AlterTableStmt": definitions.alter_table,
    "CallStmt": sessions.call,
    "CommentStmt": definitions.comment,
    "CopyStmt": transfers.copy,
    "CreateExtensionStmt": definitions.create_extension,
    "CreateFunctionStmt": bodies.create_function,
    "CreateSchemaStmt": definitions.create_schema,
    "CreateStmt": definitions.create_table,
    "CreateTableAsStmt": definitions.create_table_as,
    "DeleteStmt": writes.delete,
    "DoStmt": bodies.do_statement,
    "DropStmt": definitions.drop,
    "ExecuteStmt": sessions.execute,
    "ExplainStmt": sessions.explain,
    "FetchStmt": sessions.fetch,
    "GrantStmt": definitions.grant,
    "InsertStmt": writes.insert,
    "MergeStmt": writes.merge,
    "RefreshMatViewStmt": definitions.refresh_view,
    "RenameStmt": definitions.rename,
    "ReturnStmt": bodies.return_statement,
    "RuleStmt": definitions.create_rule,
    "SelectStmt": queries.select,
    "UpdateStmt": writes.update,
    "VariableSetStmt": sessions.set_variable,
    "ViewStmt": definitions.create_view,
}

HANDLERS: Mapping[str, Handler] = watching(
    telling({**{kind: partial(definitions.plain, kind=kind) for kind in STATEMENTS}, **_SPECIAL})
)
"""Every node type that means more than its parts. Those of nodes.py mean no more; any other is unknown."""


def judge(statement: Tree, parameters: Sequence[object] = (), *, target: Target | None = None) -> Walk:
    """Walk one raw statement (`{"SelectStmt": …}`). The facts are complete when this returns."""
    walk = Walk(HANDLERS, parameters, target=target)
    kind = next(iter(statement), "")
    if kind not in STATEMENTS:
        walk.facts.unknown(f"statements of the type {kind or 'NULL'} are not known")
        return walk
    walk.push_wrapped(statement, Scope(), use=root_use(kind))
    walk.run()
    settle(walk)
    if target is not None:
        resolve(walk.facts, target, kind=kind)
    return walk


def kind_of(statement: dict[str, Any]) -> str:
    """The statement's name for people: DELETE, ALTER TABLE, DROP VIEW."""
    for kind, node in statement.items():
        name = STATEMENTS[kind].kind if kind in STATEMENTS else kind
        detail = node.get("removeType") or (node.get("objtype") if kind == "AlterTableStmt" else "")
        thing = str(detail or "").removeprefix("OBJECT_").replace("_", " ")
        return f"{name.removesuffix(' TABLE')} {thing}" if thing else name
    return ""
