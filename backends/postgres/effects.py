"""Statement type → what it does. The table is the whole truth for statements that need no look inside.

Those whose effects hang on their details are refined in definitions.py, sessions.py, transfers.py, or handled as a
whole in queries.py, writes.py, bodies.py. A statement type that is missing here is `unknown`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from policy.effects import Effect
from policy.model import Action

READ, WRITE, DEFINE = Action.READ, Action.WRITE, Action.DEFINE
ADMINISTER, RUN, TRANSFER = Action.ADMINISTER, Action.RUN, Action.TRANSFER


class Rule(NamedTuple):
    """`kind` is the statement's name for people."""

    kind: str
    actions: frozenset[Action]
    effects: frozenset[Effect]


def _rule(kind: str, *meaning: Action | Effect) -> Rule:
    actions = frozenset(item for item in meaning if isinstance(item, Action))
    effects = frozenset(item for item in meaning if isinstance(item, Effect))
    return Rule(kind, actions, effects)


STATEMENTS: Mapping[str, Rule] = {
    # Data
    "SelectStmt": _rule("SELECT"),
    "InsertStmt": _rule("INSERT"),
    "UpdateStmt": _rule("UPDATE"),
    "DeleteStmt": _rule("DELETE"),
    "MergeStmt": _rule("MERGE"),
    "TruncateStmt": _rule("TRUNCATE", WRITE, Effect.TRUNCATE),
    "CopyStmt": _rule("COPY", TRANSFER),
    "ExplainStmt": _rule("EXPLAIN", READ, Effect.READ),
    # Definitions that lose nothing
    "AlterCollationStmt": _rule("ALTER COLLATION", DEFINE, Effect.ALTER),
    "AlterDomainStmt": _rule("ALTER DOMAIN", DEFINE, Effect.ALTER),
    "AlterEnumStmt": _rule("ALTER TYPE", DEFINE, Effect.ALTER),
    "AlterFunctionStmt": _rule("ALTER FUNCTION", DEFINE, RUN, Effect.ALTER),
    "AlterObjectDependsStmt": _rule("ALTER … DEPENDS", DEFINE, Effect.ALTER),
    "AlterObjectSchemaStmt": _rule("ALTER … SET SCHEMA", DEFINE, Effect.ALTER),
    "AlterOperatorStmt": _rule("ALTER OPERATOR", DEFINE, RUN, Effect.ALTER),
    "AlterOpFamilyStmt": _rule("ALTER OPERATOR FAMILY", DEFINE, RUN, Effect.ALTER),
    "AlterSeqStmt": _rule("ALTER SEQUENCE", DEFINE, Effect.ALTER),
    "AlterStatsStmt": _rule("ALTER STATISTICS", DEFINE, Effect.ALTER),
    "AlterTableStmt": _rule("ALTER TABLE", DEFINE, Effect.ALTER),
    "AlterTSConfigurationStmt": _rule("ALTER TEXT SEARCH CONFIGURATION", DEFINE, Effect.ALTER),
    "AlterTSDictionaryStmt": _rule("ALTER TEXT SEARCH DICTIONARY", DEFINE, Effect.ALTER),
    "AlterTypeStmt": _rule("ALTER TYPE", DEFINE, Effect.ALTER),
    "CommentStmt": _rule("COMMENT", DEFINE, Effect.ALTER),
    "CompositeTypeStmt": _rule("CREATE TYPE", DEFINE, Effect.CREATE),
    "CreateDomainStmt": _rule("CREATE DOMAIN", DEFINE, Effect.CREATE),
    "CreateEnumStmt": _rule("CREATE TYPE", DEFINE, Effect.CREATE),
    "CreateRangeStmt": _rule("CREATE TYPE", DEFINE, RUN, Effect.CREATE),
    "CreateSchemaStmt": _rule("CREATE SCHEMA", DEFINE, Effect.CREATE),
    "CreateSeqStmt": _rule("CREATE SEQUENCE", DEFINE, Effect.CREATE),
    "CreateStatsStmt": _rule("CREATE STATISTICS", DEFINE, Effect.CREATE),
    "CreateStmt": _rule("CREATE TABLE", DEFINE, Effect.CREATE),
    "CreateTableAsStmt": _rule("CREATE TABLE AS", DEFINE, Effect.CREATE_AS),
    "IndexStmt": _rule("CREATE INDEX", DEFINE, Effect.CREATE),
    "RenameStmt": _rule("RENAME", DEFINE, Effect.ALTER),
    "ViewStmt": _rule("CREATE VIEW", DEFINE, Effect.CREATE),
    # Definitions that store code
    "CreateCastStmt": _rule("CREATE CAST", DEFINE, RUN, Effect.CREATE, Effect.UNKNOWN_FUNCTION),
    "CreateConversionStmt": _rule("CREATE CONVERSION", DEFINE, RUN, Effect.CREATE, Effect.UNKNOWN_FUNCTION),
    "CreateEventTrigStmt": _rule(
        "CREATE EVENT TRIGGER", DEFINE, RUN, ADMINISTER, Effect.CREATE, Effect.UNKNOWN_FUNCTION
    ),
    "CreateFunctionStmt": _rule("CREATE FUNCTION", DEFINE, RUN, Effect.CREATE),
    "CreateOpClassStmt": _rule("CREATE OPERATOR CLASS", DEFINE, RUN, Effect.CREATE, Effect.UNKNOWN_FUNCTION),
    "CreateOpFamilyStmt": _rule("CREATE OPERATOR FAMILY", DEFINE, RUN, Effect.CREATE),
    "CreateTransformStmt": _rule("CREATE TRANSFORM", DEFINE, RUN, Effect.CREATE, Effect.UNKNOWN_FUNCTION),
    "CreateTrigStmt": _rule("CREATE TRIGGER", DEFINE, RUN, Effect.CREATE, Effect.UNKNOWN_FUNCTION),
    "DefineStmt": _rule("CREATE", DEFINE, RUN, Effect.CREATE),
    "RuleStmt": _rule("CREATE RULE", DEFINE, RUN, Effect.CREATE),
    # Losses
    "DropStmt": _rule("DROP", DEFINE),
    "DropOwnedStmt": _rule("DROP OWNED", DEFINE, ADMINISTER, Effect.DROP, Effect.OWNERSHIP, Effect.GRANT),
    "DropRoleStmt": _rule("DROP ROLE", ADMINISTER, Effect.ROLE_CHANGE, Effect.DROP),
    "DropSubscriptionStmt": _rule("DROP SUBSCRIPTION", ADMINISTER, Effect.DROP, Effect.FOREIGN_SERVER),
    "DropTableSpaceStmt": _rule("DROP TABLESPACE", ADMINISTER, Effect.DROP),
    "DropUserMappingStmt": _rule("DROP USER MAPPING", ADMINISTER, Effect.DROP, Effect.FOREIGN_SERVER),
    "DropdbStmt": _rule("DROP DATABASE", ADMINISTER, Effect.DROP),
    # Rights
    "AlterDefaultPrivilegesStmt": _rule("ALTER DEFAULT PRIVILEGES", ADMINISTER, Effect.GRANT),
    "AlterOwnerStmt": _rule("ALTER … OWNER", ADMINISTER, Effect.OWNERSHIP),
    "AlterPolicyStmt": _rule("ALTER POLICY", ADMINISTER, Effect.ROW_SECURITY),
    "AlterRoleSetStmt": _rule("ALTER ROLE", ADMINISTER, Effect.ROLE_CHANGE, Effect.SETTING_CHANGE),
    "AlterRoleStmt": _rule("ALTER ROLE", ADMINISTER, Effect.ROLE_CHANGE),
    "CreatePolicyStmt": _rule("CREATE POLICY", ADMINISTER, Effect.ROW_SECURITY),
    "CreateRoleStmt": _rule("CREATE ROLE", ADMINISTER, Effect.ROLE_CHANGE),
    "GrantRoleStmt": _rule("GRANT", ADMINISTER, Effect.GRANT, Effect.ROLE_CHANGE),
    "GrantStmt": _rule("GRANT", ADMINISTER, Effect.GRANT),
    "ReassignOwnedStmt": _rule("REASSIGN OWNED", ADMINISTER, Effect.OWNERSHIP),
    "SecLabelStmt": _rule("SECURITY LABEL", ADMINISTER, Effect.ALTER, Effect.GRANT),
    # The server and other servers
    "AlterDatabaseRefreshCollStmt": _rule("ALTER DATABASE", ADMINISTER, Effect.MAINTENANCE),
    "AlterDatabaseSetStmt": _rule("ALTER DATABASE", ADMINISTER, Effect.SETTING_CHANGE),
    "AlterDatabaseStmt": _rule("ALTER DATABASE", ADMINISTER, Effect.ALTER),
    "AlterEventTrigStmt": _rule("ALTER EVENT TRIGGER", ADMINISTER, Effect.ALTER),
    "AlterExtensionContentsStmt": _rule("ALTER EXTENSION", ADMINISTER, RUN, Effect.ALTER),
    "AlterExtensionStmt": _rule("ALTER EXTENSION", ADMINISTER, RUN, Effect.ALTER),
    "AlterFdwStmt": _rule("ALTER FOREIGN DATA WRAPPER", ADMINISTER, Effect.FOREIGN_SERVER),
    "AlterForeignServerStmt": _rule("ALTER SERVER", ADMINISTER, Effect.FOREIGN_SERVER),
    "AlterPublicationStmt": _rule("ALTER PUBLICATION", ADMINISTER, TRANSFER, Effect.ALTER),
    "AlterSubscriptionStmt": _rule("ALTER SUBSCRIPTION", ADMINISTER, TRANSFER, Effect.FOREIGN_SERVER),
    "AlterSystemStmt": _rule("ALTER SYSTEM", ADMINISTER, Effect.SETTING_CHANGE),
    "AlterTableMoveAllStmt": _rule("ALTER TABLE ALL", ADMINISTER, Effect.ALTER),
    "AlterTableSpaceOptionsStmt": _rule("ALTER TABLESPACE", ADMINISTER, Effect.ALTER),
    "AlterUserMappingStmt": _rule("ALTER USER MAPPING", ADMINISTER, Effect.FOREIGN_SERVER),
    "CreateAmStmt": _rule("CREATE ACCESS METHOD", ADMINISTER, RUN, Effect.CREATE, Effect.SERVER_PROGRAM),
    "CreateExtensionStmt": _rule("CREATE EXTENSION", ADMINISTER, DEFINE, RUN, Effect.CREATE),
    "CreateFdwStmt": _rule("CREATE FOREIGN DATA WRAPPER", ADMINISTER, RUN, Effect.CREATE, Effect.FOREIGN_SERVER),
    "CreateForeignServerStmt": _rule("CREATE SERVER", ADMINISTER, Effect.CREATE, Effect.FOREIGN_SERVER),
    "CreateForeignTableStmt": _rule("CREATE FOREIGN TABLE", ADMINISTER, DEFINE, Effect.FOREIGN_SERVER),
    "CreatePLangStmt": _rule("CREATE LANGUAGE", ADMINISTER, RUN, Effect.CREATE, Effect.SERVER_PROGRAM),
    "CreatePublicationStmt": _rule("CREATE PUBLICATION", ADMINISTER, TRANSFER, Effect.CREATE, Effect.FOREIGN_SERVER),
    "CreateSubscriptionStmt": _rule("CREATE SUBSCRIPTION", ADMINISTER, TRANSFER, Effect.CREATE, Effect.FOREIGN_SERVER),
    "CreateTableSpaceStmt": _rule("CREATE TABLESPACE", ADMINISTER, Effect.CREATE, Effect.SERVER_FILE),
    "CreateUserMappingStmt": _rule("CREATE USER MAPPING", ADMINISTER, Effect.CREATE, Effect.FOREIGN_SERVER),
    "CreatedbStmt": _rule("CREATE DATABASE", ADMINISTER, Effect.CREATE),
    "ImportForeignSchemaStmt": _rule("IMPORT FOREIGN SCHEMA", ADMINISTER, DEFINE, Effect.FOREIGN_SERVER),
    "LoadStmt": _rule("LOAD", ADMINISTER, RUN, Effect.SERVER_PROGRAM),
    # Upkeep
    "CheckPointStmt": _rule("CHECKPOINT", ADMINISTER, Effect.MAINTENANCE),
    "ClusterStmt": _rule("CLUSTER", DEFINE, Effect.MAINTENANCE),
    "RefreshMatViewStmt": _rule("REFRESH MATERIALIZED VIEW", DEFINE, Effect.MAINTENANCE),
    "ReindexStmt": _rule("REINDEX", DEFINE, Effect.MAINTENANCE),
    "VacuumStmt": _rule("VACUUM", DEFINE, Effect.MAINTENANCE),
    # Session and transaction
    "ClosePortalStmt": _rule("CLOSE", READ, Effect.SESSION_STATE),
    "ConstraintsSetStmt": _rule("SET CONSTRAINTS", ADMINISTER, Effect.TRANSACTION_CONTROL),
    "DeallocateStmt": _rule("DEALLOCATE", ADMINISTER, Effect.SESSION_STATE),
    "DeclareCursorStmt": _rule("DECLARE", READ, Effect.SESSION_STATE),
    "DiscardStmt": _rule("DISCARD", ADMINISTER, Effect.SESSION_STATE, Effect.SETTING_CHANGE),
    "FetchStmt": _rule("FETCH", READ, Effect.SESSION_STATE),
    "ListenStmt": _rule("LISTEN", READ, Effect.SESSION_STATE),
    "LockStmt": _rule("LOCK", WRITE, Effect.LOCK),
    "NotifyStmt": _rule("NOTIFY", WRITE, Effect.NOTIFY),
    "PrepareStmt": _rule("PREPARE", Effect.SESSION_STATE),
    "ExecuteStmt": _rule("EXECUTE", RUN, Effect.DYNAMIC_CODE),
    "TransactionStmt": _rule("TRANSACTION", ADMINISTER, Effect.TRANSACTION_CONTROL),
    "UnlistenStmt": _rule("UNLISTEN", READ, Effect.SESSION_STATE),
    "VariableSetStmt": _rule("SET"),
    "VariableShowStmt": _rule("SHOW", READ, Effect.READ),
    # Code
    "CallStmt": _rule("CALL", RUN),
    "DoStmt": _rule("DO", RUN),
    "ReturnStmt": _rule("RETURN", READ, Effect.READ),
}
