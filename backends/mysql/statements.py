"""Leading words → what a statement does, for statements whose first words say it all.

Those that hang on their details are in definitions.py, settings.py and judge.py; the others go through sqlglot. A
statement that is in none of them is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping

from backends.sqltree.facts import DYNAMIC_CODE, UNKNOWN_FUNCTION, Verdict, verdict
from policy.effects import Effect
from policy.model import Action

READ, WRITE, DEFINE = Action.READ, Action.WRITE, Action.DEFINE
ADMINISTER, RUN, TRANSFER = Action.ADMINISTER, Action.RUN, Action.TRANSFER

TRANSACTION = verdict(ADMINISTER, Effect.TRANSACTION_CONTROL)
CATALOG = verdict(READ, Effect.READ, Effect.CATALOG_READ)
SESSION = verdict(READ, Effect.READ, Effect.SESSION_STATE)
_MAINTENANCE = verdict(DEFINE, Effect.MAINTENANCE)
_SERVER = verdict(ADMINISTER, Effect.MAINTENANCE)
_REPLICATION = verdict(ADMINISTER, TRANSFER, Effect.FOREIGN_SERVER, Effect.MAINTENANCE)
_ROLE = verdict(ADMINISTER, Effect.ROLE_CHANGE)
_PROGRAM = verdict(ADMINISTER, RUN, Effect.SERVER_PROGRAM)
_LOST_LOGS = verdict(ADMINISTER, Effect.MAINTENANCE, Effect.DROP)

STATEMENTS: Mapping[tuple[str, ...], Verdict] = {
    ("ALTER", "INSTANCE"): verdict(ADMINISTER, Effect.SETTING_CHANGE, Effect.MAINTENANCE),
    ("ALTER", "RESOURCE"): verdict(ADMINISTER, Effect.SETTING_CHANGE),
    ("ALTER", "ROLE"): _ROLE,
    ("ALTER", "USER"): _ROLE,
    ("ANALYZE", "TABLE"): _MAINTENANCE,
    ("ANALYZE", "LOCAL"): _MAINTENANCE,
    ("ANALYZE", "NO_WRITE_TO_BINLOG"): _MAINTENANCE,
    ("BACKUP",): verdict(ADMINISTER, Effect.LOCK, Effect.MAINTENANCE),
    ("BEGIN",): TRANSACTION,
    ("BINLOG",): verdict(ADMINISTER, RUN, Effect.DYNAMIC_CODE, Effect.CATALOG_WRITE, opaque=True),
    ("CACHE", "INDEX"): _MAINTENANCE,
    ("CALL",): UNKNOWN_FUNCTION,
    ("CHANGE", "MASTER"): _REPLICATION,
    ("CHANGE", "REPLICATION"): _REPLICATION,
    ("CHECK",): verdict(DEFINE, Effect.MAINTENANCE),
    ("CHECKSUM",): verdict(READ, Effect.READ),
    ("CLONE", "INSTANCE"): verdict(ADMINISTER, TRANSFER, Effect.FOREIGN_SERVER, Effect.DROP),
    ("CLONE", "LOCAL"): verdict(ADMINISTER, TRANSFER, Effect.SERVER_FILE),
    ("COMMIT",): TRANSACTION,
    ("CREATE", "LOGFILE"): verdict(ADMINISTER, Effect.CREATE, Effect.SERVER_FILE),
    ("CREATE", "RESOURCE"): verdict(ADMINISTER, Effect.CREATE, Effect.SETTING_CHANGE),
    ("CREATE", "ROLE"): _ROLE,
    ("CREATE", "SERVER"): verdict(ADMINISTER, Effect.CREATE, Effect.FOREIGN_SERVER),
    ("CREATE", "SPATIAL", "REFERENCE"): verdict(ADMINISTER, Effect.CREATE),
    ("CREATE", "TABLESPACE"): verdict(ADMINISTER, Effect.CREATE, Effect.SERVER_FILE),
    ("CREATE", "UNDO"): verdict(ADMINISTER, Effect.CREATE, Effect.SERVER_FILE),
    ("CREATE", "USER"): _ROLE,
    ("DEALLOCATE", "PREPARE"): SESSION,
    ("DROP", "PREPARE"): SESSION,
    ("DROP", "ROLE"): verdict(ADMINISTER, Effect.ROLE_CHANGE, Effect.DROP),
    ("DROP", "SERVER"): verdict(ADMINISTER, Effect.DROP, Effect.FOREIGN_SERVER),
    ("DROP", "USER"): verdict(ADMINISTER, Effect.ROLE_CHANGE, Effect.DROP),
    ("EXECUTE",): DYNAMIC_CODE,
    ("FLUSH",): _SERVER,
    ("FLUSH", "PRIVILEGES"): verdict(ADMINISTER, Effect.GRANT, Effect.MAINTENANCE),
    ("FLUSH", "TABLES"): verdict(ADMINISTER, WRITE, Effect.LOCK, Effect.MAINTENANCE),
    ("GET",): SESSION,
    ("GRANT",): verdict(ADMINISTER, Effect.GRANT, Effect.ROLE_CHANGE),
    ("HELP",): CATALOG,
    ("IMPORT", "TABLE"): verdict(ADMINISTER, TRANSFER, Effect.SERVER_FILE),
    ("INSTALL",): _PROGRAM,
    ("KILL",): verdict(ADMINISTER, Effect.KILL_SESSION),
    ("LOAD", "DATA"): verdict(TRANSFER, WRITE, Effect.SERVER_FILE, Effect.COPY_IN),
    ("LOAD", "INDEX"): _MAINTENANCE,
    ("LOAD", "XML"): verdict(TRANSFER, WRITE, Effect.SERVER_FILE, Effect.COPY_IN),
    ("LOCK",): verdict(WRITE, Effect.LOCK, Effect.SESSION_STATE),
    ("OPTIMIZE",): _MAINTENANCE,
    ("PURGE",): _LOST_LOGS,
    ("RELEASE", "SAVEPOINT"): TRANSACTION,
    ("RENAME", "TABLE"): verdict(DEFINE, Effect.ALTER, Effect.ALTER_TABLE),
    ("RENAME", "TABLES"): verdict(DEFINE, Effect.ALTER, Effect.ALTER_TABLE),
    ("RENAME", "USER"): _ROLE,
    ("REPAIR",): _MAINTENANCE,
    ("RESET",): _LOST_LOGS,
    ("RESET", "PERSIST"): verdict(ADMINISTER, Effect.SETTING_CHANGE),
    ("RESIGNAL",): verdict(READ, Effect.READ),
    ("RESTART",): verdict(ADMINISTER, Effect.SHUTDOWN),
    ("REVOKE",): verdict(ADMINISTER, Effect.GRANT, Effect.ROLE_CHANGE),
    ("ROLLBACK",): TRANSACTION,
    ("SAVEPOINT",): TRANSACTION,
    ("SHUTDOWN",): verdict(ADMINISTER, Effect.SHUTDOWN),
    ("SIGNAL",): verdict(READ, Effect.READ),
    ("START", "TRANSACTION"): TRANSACTION,
    ("START", "GROUP_REPLICATION"): _REPLICATION,
    ("START", "REPLICA"): _REPLICATION,
    ("START", "SLAVE"): _REPLICATION,
    ("START", "ALL"): _REPLICATION,
    ("STOP",): _REPLICATION,
    ("UNINSTALL",): _PROGRAM,
    ("UNLOCK",): verdict(WRITE, Effect.LOCK, Effect.SESSION_STATE),
    ("USE",): SESSION,
    ("XA",): TRANSACTION,
}
WITH_TABLE = frozenset({"ANALYZE", "CACHE", "CHECK", "CHECKSUM", "LOAD", "LOCK", "OPTIMIZE", "RENAME", "REPAIR"})
"""Statements whose tables are worth naming: what follows TABLE, TABLES or INTO TABLE."""
