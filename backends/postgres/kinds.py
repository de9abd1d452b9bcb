"""Which kind of thing a definition makes, changes or loses: what the effects `create-table`, `drop-column` … tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from backends.postgres.scope import Scope
from backends.postgres.walk import Handler, Tree, Walk
from policy.effects import Effect, of_kind

_OBJECTS: Mapping[str, str] = {
    **dict.fromkeys(("TABLE", "FOREIGN_TABLE"), "table"),
    **dict.fromkeys(("COLUMN", "ATTRIBUTE", "DEFAULT"), "column"),
    **dict.fromkeys(("TABCONSTRAINT", "DOMCONSTRAINT"), "constraint"),
    **dict.fromkeys(("INDEX", "STATISTIC_EXT"), "index"),
    **dict.fromkeys(("VIEW", "MATVIEW"), "view"),
    **dict.fromkeys(("FUNCTION", "PROCEDURE", "ROUTINE", "AGGREGATE", "OPERATOR", "CAST"), "function"),
    **dict.fromkeys(("OPCLASS", "OPFAMILY", "TRANSFORM"), "function"),
    **dict.fromkeys(("TRIGGER", "EVENT_TRIGGER", "RULE"), "trigger"),
    **dict.fromkeys(("TYPE", "DOMAIN"), "type"),
    "SCHEMA": "schema",
    "DATABASE": "database",
}
"""PostgreSQL's object types (ObjectType in parsenodes.h, without OBJECT_) that have a kind. The others have none."""

_STATEMENTS: Mapping[str, tuple[str, str]] = {
    "AlterDatabaseRefreshCollStmt": ("alter", "database"),
    "AlterDatabaseSetStmt": ("alter", "database"),
    "AlterDatabaseStmt": ("alter", "database"),
    "AlterDomainStmt": ("alter", "type"),
    "AlterEnumStmt": ("alter", "type"),
    "AlterEventTrigStmt": ("alter", "trigger"),
    "AlterFunctionStmt": ("alter", "function"),
    "AlterOpFamilyStmt": ("alter", "function"),
    "AlterOperatorStmt": ("alter", "function"),
    "AlterStatsStmt": ("alter", "index"),
    "AlterTypeStmt": ("alter", "type"),
    "CompositeTypeStmt": ("create", "type"),
    "CreateCastStmt": ("create", "function"),
    "CreateDomainStmt": ("create", "type"),
    "CreateEnumStmt": ("create", "type"),
    "CreateEventTrigStmt": ("create", "trigger"),
    "CreateForeignTableStmt": ("create", "table"),
    "CreateFunctionStmt": ("create", "function"),
    "CreateOpClassStmt": ("create", "function"),
    "CreateOpFamilyStmt": ("create", "function"),
    "CreateRangeStmt": ("create", "type"),
    "CreateSchemaStmt": ("create", "schema"),
    "CreateStatsStmt": ("create", "index"),
    "CreateStmt": ("create", "table"),
    "CreateTransformStmt": ("create", "function"),
    "CreateTrigStmt": ("create", "trigger"),
    "CreatedbStmt": ("create", "database"),
    "DropdbStmt": ("drop", "database"),
    "IndexStmt": ("create", "index"),
    "RuleStmt": ("create", "trigger"),
    "ViewStmt": ("create", "view"),
}
_BY_OBJECT: Mapping[str, tuple[str, str]] = {
    "AlterObjectSchemaStmt": ("alter", "objectType"),
    "AlterTableStmt": ("alter", "objtype"),
    "CommentStmt": ("alter", "objtype"),
    "CreateTableAsStmt": ("create", "objtype"),
    "DefineStmt": ("create", "kind"),
    "DropStmt": ("drop", "removeType"),
    "RenameStmt": ("alter", "renameType"),
}
"""Statement → the verb, and the field that tells the object's type."""

_COMMANDS: Mapping[str, tuple[str, str]] = {
    "AT_AddColumn": ("create", "column"),
    "AT_DropColumn": ("drop", "column"),
    **dict.fromkeys(("AT_AlterColumnType", "AT_ColumnDefault", "AT_CookedColumnDefault"), ("alter", "column")),
    **dict.fromkeys(("AT_SetNotNull", "AT_DropNotNull", "AT_SetExpression"), ("alter", "column")),
    **dict.fromkeys(("AT_DropExpression", "AT_SetStatistics", "AT_SetOptions", "AT_ResetOptions"), ("alter", "column")),
    **dict.fromkeys(("AT_SetStorage", "AT_SetCompression", "AT_AddIdentity"), ("alter", "column")),
    **dict.fromkeys(("AT_SetIdentity", "AT_DropIdentity"), ("alter", "column")),
    **dict.fromkeys(("AT_AddConstraint", "AT_AddIndexConstraint"), ("create", "constraint")),
    **dict.fromkeys(("AT_AlterConstraint", "AT_ValidateConstraint"), ("alter", "constraint")),
    "AT_DropConstraint": ("drop", "constraint"),
}


def kinds_of(kind: str, node: Tree) -> Iterator[Effect]:
    """The effects of one definition that name kinds, besides `create`, `alter` and `drop`."""
    if kind in _STATEMENTS:
        yield from of_kind(*_STATEMENTS[kind])
    elif kind in _BY_OBJECT:
        verb, field = _BY_OBJECT[kind]
        yield from of_kind(verb, _OBJECTS.get(str(node.get(field, "")).removeprefix("OBJECT_"), ""))
    for item in node.get("cmds", ()) if kind == "AlterTableStmt" else ():
        yield from _command(str(item.get("AlterTableCmd", {}).get("subtype", "")))


def _command(subtype: str) -> tuple[Effect, ...]:
    if subtype.startswith(("AT_DisableTrig", "AT_DisableRule")):
        return (Effect.DROP_TRIGGER,)
    if subtype.startswith(("AT_EnableTrig", "AT_EnableReplicaTrig", "AT_EnableAlwaysTrig", "AT_EnableRule")):
        return (Effect.ALTER_TRIGGER,)
    return of_kind(*_COMMANDS.get(subtype, ("", "")))


def _told(handler: Handler, kind: str, walk: Walk, node: Any, scope: Scope) -> None:
    walk.mark(scope, (), *kinds_of(kind, node))
    handler(walk, node, scope)


def telling(handlers: Mapping[str, Handler]) -> dict[str, Handler]:
    """These handlers; those of definitions also tell the kind."""
    told = _STATEMENTS.keys() | _BY_OBJECT.keys()
    return {kind: partial(_told, handler, kind) if kind in told else handler for kind, handler in handlers.items()}
