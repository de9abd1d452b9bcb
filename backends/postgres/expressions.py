"""Tables, columns, calls and operators, wherever they stand."""

from __future__ import annotations

from backends.postgres.bodies import judge_text
from backends.postgres.functions import (
    DYNAMIC,
    QUERY_ARGUMENT,
    TABLE_ARGUMENT,
    UNKNOWN,
    judge_function,
    judge_operator,
    literal,
)
from backends.postgres.names import column, qualified, relation_name, strings, table
from backends.postgres.scope import Scope, tables_under
from backends.postgres.walk import Tree, Walk
from policy.effects import Effect
from policy.model import Action

OPERATOR_KINDS = frozenset({"AEXPR_OP", "AEXPR_OP_ANY", "AEXPR_OP_ALL"})
ROLE_SETTINGS = frozenset({"role", "session_authorization"})


def range_var(walk: Walk, node: Tree, scope: Scope) -> None:
    """A relation by name. A CTE of that name hides the table, but only while the name stands alone."""
    if "schemaname" in node or scope.cte(node.get("relname", "")) is None:
        walk.facts.touch_table(relation_name(node))


def column_ref(walk: Walk, node: Tree, scope: Scope) -> None:
    fields = node.get("fields", ())
    parts = strings(fields)
    if len(parts) == len(fields):
        walk.facts.touch_column(parts, scope)
    elif parts:
        source = scope.source(parts[-1]) if len(parts) == 1 else None
        walk.facts.touch_columns_of(source.tables if source else [qualified(parts)])
    else:
        walk.facts.touch_columns_of(name for source in scope.sources.values() for name in source.tables)


def func_call(walk: Walk, node: Tree, scope: Scope) -> None:
    parts = strings(node.get("funcname", ()))
    name = parts[-1] if parts else ""
    arguments = node.get("args", [])
    if name in QUERY_ARGUMENT or name in TABLE_ARGUMENT:
        _query_string(walk, arguments, scope, name=name)
    else:
        walk.call(judge_function(parts))
        if name == "set_config":
            _set_config(walk, arguments)
    if parts[:-1] and parts[-2] != "pg_catalog" and name in QUERY_ARGUMENT:
        walk.call(judge_function(parts))
    walk.push_fields("FuncCall", node, scope)


def _query_string(walk: Walk, arguments: list[Tree], scope: Scope, *, name: str) -> None:
    """SQL in a string argument is judged like any other SQL, if it is there to be read."""
    index = QUERY_ARGUMENT.get(name, 0)
    if name == "ts_rewrite" and len(arguments) == 3:
        return
    text = literal(arguments[index]) if index < len(arguments) else None
    if text is None or any("NamedArgExpr" in argument for argument in arguments):
        walk.call(DYNAMIC)
        return
    judge_text(walk, f"TABLE {text}" if name in TABLE_ARGUMENT else text, scope, single=True)


def _set_config(walk: Walk, arguments: list[Tree]) -> None:
    setting = literal(arguments[0]) if arguments else None
    if setting is None or setting.lower() in ROLE_SETTINGS:
        walk.facts.add((), (Effect.ROLE_CHANGE,))


def a_expr(walk: Walk, node: Tree, scope: Scope) -> None:
    if node.get("kind") in OPERATOR_KINDS:
        walk.call(judge_operator(strings(node.get("name", ()))))
    walk.push_wrapped(node.get("lexpr"), scope)
    walk.push_wrapped(node.get("rexpr"), scope)


def sub_link(walk: Walk, node: Tree, scope: Scope) -> None:
    if "operName" in node:
        walk.call(judge_operator(strings(node["operName"])))
    walk.push_fields("SubLink", node, scope, skip=("operName",))


def sort_by(walk: Walk, node: Tree, scope: Scope) -> None:
    """ORDER BY takes a bare name for an output column first; that column was counted where it is computed."""
    if "useOp" in node:
        walk.call(judge_operator(strings(node["useOp"])))
    reference = node.get("node", {}).get("ColumnRef", {})
    parts = strings(reference.get("fields", ()))
    if not (len(parts) == 1 and parts[0] in scope.outputs):
        walk.push_wrapped(node.get("node"), scope.parent if scope.outputs and scope.parent else scope)


def join_expr(walk: Walk, node: Tree, scope: Scope) -> None:
    tables = tuple(tables_under(scope, node))
    if node.get("isNatural"):
        walk.facts.touch_columns_of(tables)
    for name in strings(node.get("usingClause", ())):
        plain = all("RangeVar" in node.get(side, {}) for side in ("larg", "rarg"))
        for found in tables if plain else [("", "")]:
            walk.facts.columns[column(found, name)] = None
    walk.push_fields("JoinExpr", node, scope, skip=("usingClause",))


def range_subselect(walk: Walk, node: Tree, scope: Scope) -> None:
    """A sub-select in FROM sees the CTEs, but only after LATERAL what stands beside it."""
    inside = scope if node.get("lateral") or scope.parent is None else scope.parent
    walk.push_wrapped(node.get("subquery"), inside)


def table_sample(walk: Walk, node: Tree, scope: Scope) -> None:
    method = strings(node.get("method", ()))
    if method[-1:] not in (("system",), ("bernoulli",)) or method[:-1] not in ((), ("pg_catalog",)):
        walk.call(UNKNOWN)
    walk.push_fields("RangeTableSample", node, scope, skip=("method",))


def index_elem(walk: Walk, node: Tree, scope: Scope) -> None:
    if "name" in node:
        walk.facts.touch_column((node["name"],), scope)
    walk.push_fields("IndexElem", node, scope)


def type_name(walk: Walk, node: Tree, scope: Scope) -> None:
    """`orders.id%TYPE` looks at a table's definition; a type's modifiers may hold expressions."""
    words = strings(node.get("names", ()))
    if node.get("pct_type") and len(words) > 1:
        walk.facts.targets[table(qualified(words[:-1]))] = None
    walk.push_fields("TypeName", node, scope, skip=("names",))


def set_to_read(walk: Walk, scope: Scope) -> None:
    walk.mark(scope, (Action.READ,), Effect.READ)
