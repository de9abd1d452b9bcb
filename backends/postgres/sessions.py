"""Settings, transactions, cursors, prepared statements, plans: statements about the session or about statements."""

from __future__ import annotations

from backends.postgres.definitions import plain
from backends.postgres.expressions import ROLE_SETTINGS
from backends.postgres.scope import Scope
from backends.postgres.settings import is_harmless, only_tightens, written_value
from backends.postgres.walk import Tree, Walk
from policy.effects import Effect
from policy.model import Action

FALSE_WORDS = frozenset({"false", "off", "0"})


def set_variable(walk: Walk, node: Tree, scope: Scope) -> None:
    """SET and RESET. What SET LOCAL of a harmless setting changes is gone with the statement's transaction."""
    name, kind = node.get("name", "").lower(), node.get("kind", "")
    if kind == "VAR_SET_MULTI" and only_tightens(node):
        walk.mark(scope, (Action.ADMINISTER,), Effect.TRANSACTION_CONTROL)
    elif kind == "VAR_SET_MULTI":
        walk.mark(scope, (Action.ADMINISTER,), Effect.TRANSACTION_CONTROL, Effect.SETTING_CHANGE)
    elif is_harmless(name, written_value(node)):
        walk.mark(scope, (Action.READ,), Effect.READ if node.get("is_local") else Effect.SESSION_STATE)
    elif name in ROLE_SETTINGS:
        walk.mark(scope, (Action.ADMINISTER,), Effect.ROLE_CHANGE, Effect.SETTING_CHANGE)
    else:
        walk.mark(scope, (Action.ADMINISTER,), Effect.SETTING_CHANGE)
        if name.startswith("transaction_"):
            walk.mark(scope, (), Effect.TRANSACTION_CONTROL)
        if kind == "VAR_RESET_ALL":
            walk.mark(scope, (), Effect.SESSION_STATE)
    walk.push_fields("VariableSetStmt", node, scope)


def execute(walk: Walk, node: Tree, scope: Scope) -> None:
    """What was prepared under that name is not in this text."""
    walk.facts.add((), (), opaque=True)
    plain(walk, node, scope, kind="ExecuteStmt")


def fetch(walk: Walk, node: Tree, scope: Scope) -> None:
    walk.facts.add((), (), opaque=True)
    plain(walk, node, scope, kind="FetchStmt")


def call(walk: Walk, node: Tree, scope: Scope) -> None:
    """There are no built-in procedures: whatever is called is user code."""
    walk.mark(scope, (Action.RUN,), Effect.UNKNOWN_FUNCTION)
    walk.facts.add((), (), opaque=True)
    walk.push_fields("CallStmt", node, scope)


def explain(walk: Walk, node: Tree, scope: Scope) -> None:
    """A plan alone runs nothing but what planning evaluates; with ANALYZE the statement runs."""
    walk.facts.add((Action.READ,), (Effect.READ,))
    inner = scope.child()
    if any(_is_analyze(item.get("DefElem", {})) for item in node.get("options", ())):
        walk.mark(scope, (Action.READ,), Effect.ANALYZE)
    else:
        inner.planned = True
        walk.facts.add((), (Effect.PLAN_ONLY,))
    walk.push_wrapped(node.get("query"), inner)


def _is_analyze(option: Tree) -> bool:
    """ANALYZE in any spelling that is not plainly switched off."""
    if option.get("defname", "").lower() not in ("analyze", "analyse"):
        return False
    argument = option.get("arg", {})
    word = argument.get("String", {}).get("sval", "").lower()
    integer = argument.get("Integer", {"ival": 1}).get("ival", 0)
    return word not in FALSE_WORDS and integer != 0 and argument.get("Boolean", {"boolval": True}).get("boolval", False)
