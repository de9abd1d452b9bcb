"""Tables, columns, calls and operators, wherever they stand."""

from __future__ import annotations

from backends.postgres import calls
from backends.postgres.bodies import judge_text
from backends.postgres.functions import (
    DYNAMIC,
    QUERY_ARGUMENT,
    TABLE_ARGUMENT,
    UNKNOWN,
    literal,
)
from backends.postgres.names import column, qualified, relation_name, strings, table
from backends.postgres.scope import Scope, tables_under
from backends.postgres.settings import harmless_call
from backends.postgres.stars import common_columns
from backends.postgres.steering import (
    by_output,
    everything,
    input_column,
    joined_column,
    qualified_reference,
    reference,
)
from backends.postgres.uses import (
    BARE,
    EQUALITY,
    GROUP,
    IGNORED,
    ORDER,
    PREDICATE,
    TRANSFORM,
    argument_use,
    compared_column,
)
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
    reference(walk, node, scope)
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
    elif name == "set_config" and not calls.by_users(walk, node) and (local := harmless_call(arguments)) is not None:
        walk.facts.add((Action.READ,), (Effect.READ if local else Effect.SESSION_STATE,))
    else:
        calls.call(walk, node)
        if name == "set_config":
            _set_config(walk, arguments)
    if parts[:-1] and parts[-2] != "pg_catalog" and name in QUERY_ARGUMENT:
        calls.call(walk, node)
    walk.push_fields("FuncCall", node, scope, skip=("agg_filter",), use=argument_use(node, walk.use))
    walk.push_wrapped(node.get("agg_filter"), scope, use=walk.within(PREDICATE))


def window(walk: Walk, node: Tree, scope: Scope) -> None:
    walk.push_fields("WindowDef", node, scope, use=walk.within(GROUP))


def case(walk: Walk, node: Tree, scope: Scope) -> None:
    walk.push_fields("CaseExpr", node, scope, skip=("arg",))
    walk.push_wrapped(node.get("arg"), scope, use=walk.within(PREDICATE))


def case_when(walk: Walk, node: Tree, scope: Scope) -> None:
    walk.push_fields("CaseWhen", node, scope, skip=("expr",))
    walk.push_wrapped(node.get("expr"), scope, use=walk.within(PREDICATE))


def indirection(walk: Walk, node: Tree, scope: Scope) -> None:
    """`(t).c` is `t.c`; any other part of a value is made from the value."""
    path = node.get("indirection", [])
    row = strings(node.get("arg", {}).get("ColumnRef", {}).get("fields", ()))
    if len(row) == 1 and scope.source(row[0]) is not None and path and "A_Indices" not in path[0]:
        walk.facts.touch_column(row, scope)
        walk.use = TRANSFORM if walk.use == BARE and len(path) > 1 else walk.use
        if field := strings(path[:1]):
            qualified_reference(walk, (row[0], field[0]), scope)
        else:
            reference(walk, {"fields": [{"String": {"sval": row[0]}}, {"A_Star": {}}]}, scope)
        walk.push_wrapped(path[1:], scope)
        return
    walk.push_fields("A_Indirection", node, scope, use=TRANSFORM if walk.use == BARE else walk.use)


def condition(walk: Walk, node: Tree | None, scope: Scope) -> None:
    """A WHERE clause: what is only compared for equality with constants is looked up, all else decides."""
    pending = [node] if node else []
    while pending:
        item = pending.pop()
        compared = compared_column(item)
        if item.get("BoolExpr", {}).get("boolop") in ("AND_EXPR", "OR_EXPR"):
            pending += item["BoolExpr"].get("args", [])
        elif compared is None:
            walk.push_wrapped(item, scope, use=walk.within(PREDICATE))
        else:
            walk.facts.probes += compared[1]
            calls.implied(walk, item["A_Expr"])
            for side in ("lexpr", "rexpr"):
                value = item["A_Expr"][side]
                walk.push_wrapped(value, scope, use=walk.within(EQUALITY if value is compared[0] else PREDICATE))


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
        calls.operator(walk, strings(node.get("name", ())))
    else:
        calls.implied(walk, node)
    walk.push_wrapped(node.get("lexpr"), scope)
    walk.push_wrapped(node.get("rexpr"), scope)


def sub_link(walk: Walk, node: Tree, scope: Scope) -> None:
    if "operName" in node:
        calls.operator(walk, strings(node["operName"]))
    walk.push_fields("SubLink", node, scope, skip=("operName", "subselect"))
    rows_only = node.get("subLinkType") == "EXISTS_SUBLINK"
    walk.push_wrapped(node.get("subselect"), scope, use=walk.within(BARE) if rows_only else walk.use)


def sort_by(walk: Walk, node: Tree, scope: Scope) -> None:
    """ORDER BY takes a bare name for an output column first; that column was counted where it is computed."""
    if "useOp" in node:
        calls.operator(walk, strings(node["useOp"]))
    item, use = node.get("node", {}), walk.within(ORDER)
    if scope.ordered is not None and by_output(walk, item, scope.ordered, scope=scope, use=use):
        use = IGNORED
    parts = strings(item.get("ColumnRef", {}).get("fields", ()))
    if not (len(parts) == 1 and parts[0] in scope.outputs):
        walk.push_wrapped(item, scope.parent if scope.outputs and scope.parent else scope, use=use)


def group_by(walk: Walk, query: Tree, scope: Scope) -> None:
    """A bare name is a column of the tables first and an output second, so it may be either."""
    pending = list(query.get("groupClause", ()))
    while pending:
        item = pending.pop()
        if "GroupingSet" in item:
            pending += item["GroupingSet"].get("content", [])
        elif by_output(walk, item, query, scope=scope, use=GROUP):
            for name in strings(item.get("ColumnRef", {}).get("fields", ())):
                input_column(walk, name, scope, use=GROUP)
            walk.push_wrapped(item, scope, use=IGNORED)
        else:
            walk.push_wrapped(item, scope, use=GROUP)


def distinct_on(walk: Walk, query: Tree, scope: Scope) -> None:
    for item in query.get("distinctClause", ()):
        named = by_output(walk, item, query, scope=scope, use=GROUP)
        walk.push_wrapped(item, scope, use=IGNORED if named else GROUP)


def join_expr(walk: Walk, node: Tree, scope: Scope) -> None:
    tables = tuple(tables_under(scope, node))
    if node.get("isNatural"):
        walk.facts.touch_columns_of(tables)
        common = common_columns(walk, node, scope)
        if common is None:
            everything(walk, PREDICATE)
        for name in common or ():
            joined_column(walk, name, scope)
    for name in strings(node.get("usingClause", ())):
        joined_column(walk, name, scope)
        plain = all("RangeVar" in node.get(side, {}) for side in ("larg", "rarg"))
        for found in tables if plain else [("", "")]:
            walk.facts.columns[column(found, name)] = None
    walk.push_fields("JoinExpr", node, scope, skip=("usingClause", "quals"))
    walk.push_wrapped(node.get("quals"), scope, use=PREDICATE)


def range_subselect(walk: Walk, node: Tree, scope: Scope) -> None:
    """A sub-select in FROM sees the CTEs, but only after LATERAL what stands beside it."""
    inside = scope if node.get("lateral") or scope.parent is None else scope.parent
    walk.push_wrapped(node.get("subquery"), inside, use=BARE)


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
    calls.cast(walk, node)
    if node.get("pct_type") and len(words) > 1:
        walk.facts.targets[table(qualified(words[:-1]))] = None
    walk.push_fields("TypeName", node, scope, skip=("names",))


def set_to_read(walk: Walk, scope: Scope) -> None:
    walk.mark(scope, (Action.READ,), Effect.READ)
