"""SQL inside SQL: query strings, function bodies, DO blocks. Static code is judged, code built at run time is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from backends.postgres.functions import DYNAMIC, literal
from backends.postgres.grammar import NotUnderstoodError, function_body, statements
from backends.postgres.names import strings
from backends.postgres.scope import Scope
from backends.postgres.uses import TRANSFORM
from backends.postgres.walk import Tree, Walk
from policy.effects import Effect
from policy.model import Action

STATEMENT, EXPRESSION = 0, 2  # PLpgSQL_expr.parseMode; 3 to 5 are assignments (RawParseMode in PostgreSQL's parser.h)
_ASSIGNMENT = re.compile(r'\s*[\w$."]+\s*(?:\[[\w\s+\-:]*\]\s*)*(?::=|=)', re.ASCII)
_DYNAMIC = frozenset({"PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors"})
_ENDS_TRANSACTION = frozenset({"PLpgSQL_stmt_commit", "PLpgSQL_stmt_rollback"})
_KNOWN_TEXT = """
PLpgSQL_case_when PLpgSQL_condition PLpgSQL_diag_item PLpgSQL_exception PLpgSQL_exception_block PLpgSQL_expr
PLpgSQL_function PLpgSQL_if_elsif PLpgSQL_raise_option PLpgSQL_rec PLpgSQL_recfield PLpgSQL_row
PLpgSQL_stmt_assert PLpgSQL_stmt_assign PLpgSQL_stmt_block PLpgSQL_stmt_call PLpgSQL_stmt_case
PLpgSQL_stmt_close PLpgSQL_stmt_commit PLpgSQL_stmt_dynexecute PLpgSQL_stmt_dynfors PLpgSQL_stmt_execsql
PLpgSQL_stmt_exit PLpgSQL_stmt_fetch PLpgSQL_stmt_forc PLpgSQL_stmt_foreach_a PLpgSQL_stmt_fori
PLpgSQL_stmt_fors PLpgSQL_stmt_getdiag PLpgSQL_stmt_if PLpgSQL_stmt_loop PLpgSQL_stmt_open
PLpgSQL_stmt_perform PLpgSQL_stmt_raise PLpgSQL_stmt_return PLpgSQL_stmt_return_next
PLpgSQL_stmt_return_query PLpgSQL_stmt_rollback PLpgSQL_stmt_while PLpgSQL_type PLpgSQL_var
"""
_KNOWN = frozenset(_KNOWN_TEXT.split())
TRUSTED_LANGUAGES = frozenset({"sql", "plpgsql", "plperl", "pltcl", "plv8"})
"""Languages that PostgreSQL keeps away from the host. Any other may start programs and open files."""


def judge_text(walk: Walk, text: str, scope: Scope, *, single: bool = False) -> None:
    """Judge SQL found inside the statement; what cannot be read, or is one text too many, counts as dynamic."""
    walk.texts -= 1
    try:
        found = statements(text) if walk.texts >= 0 else []
    except NotUnderstoodError:
        found = []
    if not found or (single and len(found) > 1):
        walk.call(DYNAMIC)
    outside = Scope(planned=scope.planned)
    for item in found:
        walk.push_wrapped(item["stmt"], outside, use=TRANSFORM)


def do_statement(walk: Walk, node: Tree, scope: Scope) -> None:
    """DO: as harmful as what its block holds."""
    walk.mark(scope, (Action.RUN,))
    options = _options(node.get("args", ()))
    _judge_body(walk, scope, _string(options.get("as")), language=_string(options.get("language")) or "plpgsql")


def create_function(walk: Walk, node: Tree, scope: Scope) -> None:
    """A stored program does later what its body says, so the body counts now."""
    walk.mark(scope, (Action.DEFINE, Action.RUN), Effect.CREATE)
    options = _options(node.get("options", ()))
    language = _string(options.get("language")) or "sql"
    body = options.get("as", {}).get("List", {}).get("items", ())
    if body:
        text = strings(body)[0] if len(body) == 1 else ""
        _judge_body(walk, scope, text, language=language, signature=_signature(node))
    walk.variables.update(_parameter_names(node))
    if "security" in options:
        walk.mark(scope, (Action.ADMINISTER,))
    walk.push_fields("CreateFunctionStmt", node, scope, skip=("options",))


def return_statement(walk: Walk, node: Tree, scope: Scope) -> None:
    """RETURN in an SQL body: a SELECT of one expression."""
    walk.mark(scope, (Action.READ,), Effect.READ)
    walk.push_fields("ReturnStmt", node, scope)


def _judge_body(walk: Walk, scope: Scope, body: str, *, language: str, signature: str = "") -> None:
    language = language.lower()
    if language == "sql":
        judge_text(walk, body, scope)
    elif language == "plpgsql":
        _judge_plpgsql(walk, scope, _program(body, signature))
    else:
        walk.call(DYNAMIC)
        if language not in TRUSTED_LANGUAGES:
            walk.mark(scope, (Action.ADMINISTER,), Effect.SERVER_PROGRAM)


def _program(body: str, signature: str) -> str:
    """A statement of our own making around the body: the PL/pgSQL parser must see no form that it does not expect."""
    quoted = body.replace("'", "''")
    if signature:
        return f"CREATE FUNCTION f{signature} LANGUAGE plpgsql AS '{quoted}'"
    return f"DO LANGUAGE plpgsql '{quoted}'"


def _signature(node: Tree) -> str:
    """Names matter to the PL/pgSQL parser, types hardly: (a, b) RETURNS SETOF int4."""
    parameters = ", ".join(f"{_quote(name)} int4" for name in _parameter_names(node))
    result = node.get("returnType", {})
    kind = "trigger" if strings(result.get("names", ()))[-1:] == ("trigger",) else "int4"
    return f"({parameters}) RETURNS {'SETOF ' if result.get('setof') else ''}{kind}"


def _parameter_names(node: Tree) -> list[str]:
    parameters = [item.get("FunctionParameter", {}) for item in node.get("parameters", ())]
    return [parameter["name"] for parameter in parameters if "name" in parameter]


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _judge_plpgsql(walk: Walk, scope: Scope, program: str) -> None:
    walk.texts -= 1
    try:
        tree = function_body(program) if walk.texts >= 0 else []
    except NotUnderstoodError:
        tree = []
    if not tree or not any(item.get("PLpgSQL_function", {}).get("action") for item in tree):
        walk.call(DYNAMIC)
    nodes = list(_nodes(tree))
    walk.variables.update(node["refname"] for _kind, node in nodes if isinstance(node.get("refname"), str))
    for kind, node in nodes:
        _judge_plpgsql_node(walk, scope, kind, node=node)


def _judge_plpgsql_node(walk: Walk, scope: Scope, kind: str, *, node: Tree) -> None:
    if kind not in _KNOWN:
        walk.call(DYNAMIC)
    elif kind in _DYNAMIC or "dynquery" in node:
        _judge_dynamic(walk, scope, node.get("dynquery") or node.get("query") or {})
    elif kind in _ENDS_TRANSACTION:
        walk.mark(scope, (Action.ADMINISTER,), Effect.TRANSACTION_CONTROL)
    elif kind == "PLpgSQL_expr":
        _judge_plpgsql_expression(walk, scope, node)


def _judge_plpgsql_expression(walk: Walk, scope: Scope, node: Tree) -> None:
    query, mode = str(node.get("query", "")), node.get("parseMode", STATEMENT)
    if mode == STATEMENT:
        judge_text(walk, query, scope, single=True)
        return
    if mode != EXPRESSION:
        assigned = _ASSIGNMENT.match(query)
        if assigned is None:
            walk.call(DYNAMIC)
            return
        query = query[assigned.end() :]
    judge_text(walk, f"SELECT {query}", scope, single=True)


def _judge_dynamic(walk: Walk, scope: Scope, query: Tree) -> None:
    """EXECUTE of a constant string is as good as static; of anything else it is code nobody has seen."""
    try:
        found = statements(f"SELECT {query.get('PLpgSQL_expr', {}).get('query', '')}")
        text = literal(found[0]["stmt"]["SelectStmt"]["targetList"][0]["ResTarget"]["val"])
    except (NotUnderstoodError, KeyError, IndexError):
        text = None
    if text is None:
        walk.call(DYNAMIC)
    else:
        judge_text(walk, text, scope)


def _nodes(value: Any) -> Iterator[tuple[str, Tree]]:
    """Every PL/pgSQL node of the tree, with its type. Without recursion: blocks may nest deeply."""
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, list):
            pending.extend(current)
        elif isinstance(current, dict):
            for kind, node in current.items():
                pending.append(node)
                if kind.startswith("PLpgSQL_") and isinstance(node, dict):
                    yield kind, node


def _options(items: list[Tree] | tuple[()]) -> dict[str, Tree]:
    found = [item.get("DefElem", {}) for item in items]
    return {option.get("defname", ""): option.get("arg", {}) for option in found}


def _string(node: Tree | None) -> str:
    return str((node or {}).get("String", {}).get("sval", ""))
