"""COPY: rows in or out in bulk, through the connection, a file or a program of the database host."""

from __future__ import annotations

from backends.postgres.names import column, relation_name, strings
from backends.postgres.scope import Scope, add_table
from backends.postgres.walk import Tree, Walk
from policy.effects import Effect
from policy.model import Action


def copy(walk: Walk, node: Tree, scope: Scope) -> None:
    incoming = bool(node.get("is_from"))
    walk.mark(scope, (Action.TRANSFER, Action.WRITE if incoming else Action.READ), _channel(node, incoming))
    walk.mark(scope, (), Effect.INSERT if incoming else Effect.READ)
    inner = scope.child()
    if "relation" in node:
        add_table(inner, node["relation"], target=True)
        _copied_columns(walk, node, written=incoming)
    walk.push_fields("CopyStmt", node, inner, skip=("relation", "attlist"))


def _channel(node: Tree, incoming: bool) -> Effect:
    if node.get("is_program"):
        return Effect.SERVER_PROGRAM
    if "filename" in node:
        return Effect.SERVER_FILE
    return Effect.COPY_IN if incoming else Effect.COPY_OUT


def _copied_columns(walk: Walk, node: Tree, *, written: bool) -> None:
    name = relation_name(node["relation"])
    walk.facts.touch_table(name, written=written)
    listed = strings(node.get("attlist", ()))
    walk.facts.columns.update((column(name, field), None) for field in listed)
    if not listed and not written:
        walk.facts.touch_columns_of([name])
