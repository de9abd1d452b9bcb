"""DDL whose effects hang on its details: what is dropped, which part is altered, whose code is installed."""

from __future__ import annotations

from backends.postgres.effects import STATEMENTS
from backends.postgres.expressions import set_to_read
from backends.postgres.names import column, qualified, relation_name, strings, table
from backends.postgres.queries import into_clause
from backends.postgres.scope import Scope, add_table
from backends.postgres.uses import IGNORED, TRANSFORM
from backends.postgres.walk import Tree, Walk
from catalog.model import Locator
from policy.effects import Effect
from policy.model import Action

REBUILDABLE = frozenset({"OBJECT_INDEX", "OBJECT_VIEW", "OBJECT_MATVIEW"})
RELATIONS = REBUILDABLE | {"OBJECT_TABLE", "OBJECT_FOREIGN_TABLE", "OBJECT_SEQUENCE"}
PARTS_OF_TABLES = frozenset({"OBJECT_TRIGGER", "OBJECT_RULE", "OBJECT_POLICY", "OBJECT_TABCONSTRAINT", "OBJECT_COLUMN"})
FOREIGN = frozenset({"OBJECT_FDW", "OBJECT_FOREIGN_SERVER", "OBJECT_FOREIGN_TABLE", "OBJECT_USER_MAPPING"})
LOSING_COMMANDS = frozenset({"AT_DropColumn", "AT_DetachPartition", "AT_DetachPartitionFinalize"})
OUTSIDE_EXTENSIONS = {
    "dblink": Effect.FOREIGN_SERVER,
    "postgres_fdw": Effect.FOREIGN_SERVER,
    "mysql_fdw": Effect.FOREIGN_SERVER,
    "http": Effect.FOREIGN_SERVER,
    "aws_s3": Effect.FOREIGN_SERVER,
    "file_fdw": Effect.SERVER_FILE,
    "adminpack": Effect.SERVER_FILE,
    "pg_read_binary_file": Effect.SERVER_FILE,
    "pg_cron": Effect.DYNAMIC_CODE,
}
"""Extensions that reach beyond the database."""
TRUSTED_EXTENSION_LANGUAGES = frozenset({"plpgsql", "plperl", "pltcl", "plv8"})


def plain(walk: Walk, node: Tree, scope: Scope, *, kind: str) -> None:
    """A statement that is fully described by its line in the table."""
    rule = STATEMENTS[kind]
    walk.mark(scope, rule.actions, *rule.effects)
    relation = node.get("relation")
    inner = scope.child()
    if isinstance(relation, dict):
        add_table(inner, relation, target=True)
        walk.facts.touch_table(relation_name(relation), written=True)
    walk.push_fields(kind, node, inner, skip=("relation",) if isinstance(relation, dict) else ())


def create_table(walk: Walk, node: Tree, scope: Scope) -> None:
    if node.get("relation", {}).get("relpersistence") == "t":
        walk.mark(scope, (), Effect.SESSION_STATE)
    walk.use = IGNORED  # a new table has no rows yet that its CHECKs could tell anything about
    plain(walk, node, scope, kind="CreateStmt")


def create_table_as(walk: Walk, node: Tree, scope: Scope) -> None:
    if "into" in node:
        into_clause(walk, node["into"], scope)
    walk.push_fields("CreateTableAsStmt", node, scope, skip=("into",), use=TRANSFORM)


def create_view(walk: Walk, node: Tree, scope: Scope) -> None:
    """A view reads when it is read; its query is judged now."""
    walk.mark(scope, (Action.DEFINE,), Effect.CREATE)
    if node.get("view", {}).get("relpersistence") == "t":
        walk.mark(scope, (), Effect.SESSION_STATE)
    walk.facts.touch_table(relation_name(node.get("view", {})), written=True)
    walk.push_fields("ViewStmt", node, scope, skip=("view",))


def create_schema(walk: Walk, node: Tree, scope: Scope) -> None:
    walk.facts.targets[Locator("schema", (node.get("schemaname", ""),))] = None
    if "authrole" in node:
        walk.mark(scope, (Action.ADMINISTER,), Effect.OWNERSHIP)
    plain(walk, node, scope, kind="CreateSchemaStmt")


def create_extension(walk: Walk, node: Tree, scope: Scope) -> None:
    name = node.get("extname", "").lower()
    if name in OUTSIDE_EXTENSIONS:
        walk.mark(scope, (), OUTSIDE_EXTENSIONS[name])
    if name.startswith("pl") and name not in TRUSTED_EXTENSION_LANGUAGES:
        walk.mark(scope, (), Effect.SERVER_PROGRAM)
    plain(walk, node, scope, kind="CreateExtensionStmt")


def create_rule(walk: Walk, node: Tree, scope: Scope) -> None:
    """A rule's actions run with every matching statement; `old` and `new` are rows of its table."""
    walk.mark(scope, (Action.DEFINE, Action.RUN), Effect.CREATE)
    inner = scope.child()
    add_table(inner, node["relation"], target=True)
    inner.sources["old"] = inner.sources["new"] = next(iter(inner.sources.values()))
    walk.facts.touch_table(relation_name(node["relation"]), written=True)
    walk.push_fields("RuleStmt", node, inner, skip=("relation",))


def alter_table(walk: Walk, node: Tree, scope: Scope) -> None:
    """Each command of an ALTER TABLE counts by itself; one that loses something makes it a DROP."""
    for item in node.get("cmds", ()):
        command = item.get("AlterTableCmd", {}).get("subtype", "")
        switched_off = command.startswith(("AT_DisableTrig", "AT_DisableRule"))
        if command in LOSING_COMMANDS or switched_off or _overwrites(item["AlterTableCmd"]):
            walk.mark(scope, (Action.DEFINE,), Effect.DROP)
        elif command == "AT_ChangeOwner":
            walk.mark(scope, (Action.ADMINISTER,), Effect.OWNERSHIP)
        elif command.endswith("RowSecurity"):
            walk.mark(scope, (Action.ADMINISTER,), Effect.ROW_SECURITY)
        elif command == "AT_GenericOptions":
            walk.mark(scope, (Action.ADMINISTER,), Effect.FOREIGN_SERVER)
    plain(walk, node, scope, kind="AlterTableStmt")


def _overwrites(command: Tree) -> bool:
    """A new type with USING an expression that does not look at the row replaces every value."""
    using = command.get("def", {}).get("ColumnDef", {}).get("raw_default")
    return command.get("subtype") == "AT_AlterColumnType" and using is not None and "ColumnRef" not in repr(using)


def drop(walk: Walk, node: Tree, scope: Scope) -> None:
    """CASCADE takes along what nobody listed, so even a view is then more than a view."""
    kind = node.get("removeType", "")
    rebuildable = kind in REBUILDABLE and node.get("behavior") != "DROP_CASCADE"
    walk.mark(scope, (Action.DEFINE,), Effect.DROP_INDEX_OR_VIEW if rebuildable else Effect.DROP)
    if kind == "OBJECT_POLICY":
        walk.mark(scope, (Action.ADMINISTER,), Effect.ROW_SECURITY)
    if kind in FOREIGN:
        walk.mark(scope, (Action.ADMINISTER,), Effect.FOREIGN_SERVER)
    for item in node.get("objects", ()):
        _name_object(walk, kind, item)


def rename(walk: Walk, node: Tree, scope: Scope) -> None:
    kind = node.get("renameType", "")
    if kind == "OBJECT_ROLE":
        walk.mark(scope, (Action.ADMINISTER,), Effect.ROLE_CHANGE)
    elif kind in ("OBJECT_DATABASE", "OBJECT_TABLESPACE"):
        walk.mark(scope, (Action.ADMINISTER,))
    elif kind == "OBJECT_POLICY":
        walk.mark(scope, (Action.ADMINISTER,), Effect.ROW_SECURITY)
    elif kind in FOREIGN:
        walk.mark(scope, (Action.ADMINISTER,), Effect.FOREIGN_SERVER)
    if "object" in node:
        _name_object(walk, kind, node["object"])
    plain(walk, node, scope, kind="RenameStmt")


def comment(walk: Walk, node: Tree, scope: Scope) -> None:
    _name_object(walk, node.get("objtype", ""), node.get("object", {}))
    plain(walk, node, scope, kind="CommentStmt")


def grant(walk: Walk, node: Tree, scope: Scope) -> None:
    for item in node.get("objects", ()):
        _name_object(walk, node.get("objtype", ""), item)
    plain(walk, node, scope, kind="GrantStmt")


def alter_function(walk: Walk, node: Tree, scope: Scope) -> None:
    """SECURITY DEFINER lends the owner's rights to everybody who may call."""
    names = [item.get("DefElem", {}).get("defname") for item in node.get("actions", ())]
    if "security" in names:
        walk.mark(scope, (Action.ADMINISTER,), Effect.OWNERSHIP)
    plain(walk, node, scope, kind="AlterFunctionStmt")


def refresh_view(walk: Walk, node: Tree, scope: Scope) -> None:
    set_to_read(walk, scope)
    plain(walk, node, scope, kind="RefreshMatViewStmt")


def _name_object(walk: Walk, kind: str, item: Tree) -> None:
    """The Locator of an object that DDL names by its parts."""
    words = strings(item.get("List", {}).get("items", ()) or [item])
    if not words:
        return
    if kind == "OBJECT_SCHEMA":
        walk.facts.targets[Locator("schema", words[-1:])] = None
    elif kind in RELATIONS:
        walk.facts.touch_table(qualified(words), written=True)
    elif kind in PARTS_OF_TABLES and len(words) > 1:
        walk.facts.targets[table(qualified(words[:-1]))] = None
        if kind == "OBJECT_COLUMN":
            walk.facts.columns[column(qualified(words[:-1]), words[-1])] = None
