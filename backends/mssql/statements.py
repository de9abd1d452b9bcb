"""Leading words → what a statement does, for statements whose first words say it all.

Those that hang on their details are in definitions.py, procedures.py and judge.py; the others go through sqlglot. A
statement that is in none of them is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping

from backends.sqltree.facts import Verdict, verdict
from policy.effects import Effect
from policy.model import Action

READ, WRITE, DEFINE = Action.READ, Action.WRITE, Action.DEFINE
ADMINISTER, RUN, TRANSFER = Action.ADMINISTER, Action.RUN, Action.TRANSFER

TRANSACTION = verdict(ADMINISTER, Effect.TRANSACTION_CONTROL)
CATALOG = verdict(READ, Effect.READ, Effect.CATALOG_READ)
SESSION = verdict(READ, Effect.READ, Effect.SESSION_STATE)
PLAIN_READ = verdict(READ, Effect.READ)
SERVER = verdict(ADMINISTER, Effect.MAINTENANCE)
ROLE = verdict(ADMINISTER, Effect.ROLE_CHANGE)
SETTING = verdict(ADMINISTER, Effect.SETTING_CHANGE)
GRANT = verdict(ADMINISTER, Effect.GRANT)
SECRETS = verdict(ADMINISTER, READ, Effect.CATALOG_READ, Effect.CATALOG_SECRETS)
_FILE = verdict(ADMINISTER, TRANSFER, Effect.SERVER_FILE)
_CURSOR = verdict(READ, Effect.READ, Effect.SESSION_STATE, opaque=True)

STATEMENTS: Mapping[tuple[str, ...], Verdict] = {
    ("ADD",): GRANT,
    ("BACKUP",): _FILE,
    ("BACKUP", "LOG"): verdict(ADMINISTER, TRANSFER, Effect.SERVER_FILE, Effect.MAINTENANCE),
    ("BEGIN", "DISTRIBUTED"): TRANSACTION,
    ("BEGIN", "TRAN"): TRANSACTION,
    ("BEGIN", "TRANSACTION"): TRANSACTION,
    ("BREAK",): PLAIN_READ,
    ("BULK",): verdict(TRANSFER, WRITE, Effect.SERVER_FILE, Effect.COPY_IN),
    ("CHECKPOINT",): SERVER,
    ("CLOSE",): SESSION,
    ("COMMIT",): TRANSACTION,
    ("CONTINUE",): PLAIN_READ,
    ("DEALLOCATE",): SESSION,
    ("DENY",): GRANT,
    ("DISABLE",): verdict(DEFINE, Effect.ALTER, Effect.DROP, Effect.DROP_TRIGGER),
    ("ENABLE",): verdict(DEFINE, Effect.ALTER, Effect.ALTER_TRIGGER),
    ("FETCH",): _CURSOR,
    ("GOTO",): PLAIN_READ,
    ("GRANT",): GRANT,
    ("KILL",): verdict(ADMINISTER, Effect.KILL_SESSION),
    ("OPEN",): SESSION,
    ("OPEN", "MASTER"): SECRETS,
    ("OPEN", "SYMMETRIC"): SECRETS,
    ("RECONFIGURE",): SETTING,
    ("RESTORE",): verdict(ADMINISTER, TRANSFER, Effect.SERVER_FILE, Effect.DROP),
    ("REVERT",): ROLE,
    ("REVOKE",): GRANT,
    ("ROLLBACK",): TRANSACTION,
    ("SAVE",): TRANSACTION,
    ("SHUTDOWN",): verdict(ADMINISTER, Effect.SHUTDOWN),
    ("UPDATE", "STATISTICS"): verdict(DEFINE, Effect.MAINTENANCE),
    ("USE",): SESSION,
    ("WAITFOR",): verdict(RUN, Effect.SLEEP),
}

STEERING = frozenset({"BREAK", "CONTINUE", "DECLARE", "GOTO", "PRINT", "RETURN", "SET"})
"""Statements that do nothing by themselves: beside one other statement they do not make a text of several."""

DBCC: Mapping[str, Verdict] = {
    **dict.fromkeys(("CHECKALLOC", "CHECKCATALOG", "CHECKCONSTRAINTS", "CHECKDB", "CHECKFILEGROUP"), CATALOG),
    **dict.fromkeys(("CHECKTABLE", "HELP", "OPENTRAN", "PROCCACHE", "SHOWCONTIG", "SQLPERF"), CATALOG),
    **dict.fromkeys(("TRACESTATUS", "USEROPTIONS"), CATALOG),
    **dict.fromkeys(("SHOW_STATISTICS", "INPUTBUFFER", "OUTPUTBUFFER", "PAGE", "IND", "LOG", "BUFFER"), SECRETS),
    **dict.fromkeys(("TRACEON", "TRACEOFF"), SETTING),
    "CHECKIDENT": verdict(DEFINE, Effect.ALTER),
    "WRITEPAGE": verdict(ADMINISTER, Effect.CATALOG_WRITE),
}
"""DBCC commands that are not plain upkeep of the server."""

HARMLESS_SETTINGS = frozenset(
    """
    NOCOUNT DATEFIRST DATEFORMAT LANGUAGE STATISTICS SHOWPLAN_ALL SHOWPLAN_TEXT SHOWPLAN_XML XACT_ABORT ARITHABORT
    ANSI_WARNINGS LOCK_TIMEOUT DEADLOCK_PRIORITY TEXTSIZE ANSI_PADDING CONCAT_NULL_YIELDS_NULL NUMERIC_ROUNDABORT
    ARITHIGNORE CURSOR_CLOSE_ON_COMMIT FORCEPLAN NOEXEC PARSEONLY FMTONLY ANSI_NULL_DFLT_ON ANSI_NULL_DFLT_OFF
""".split()  # noqa: SIM905 - a list of names reads better as a text
)
"""SET options that change how values look or how a query is planned: never a right, never what the text means."""
ON_ONLY = frozenset({"QUOTED_IDENTIFIER", "ANSI_NULLS", "ANSI_DEFAULTS"})
"""SET options that change how a text is read unless they are ON, as they are from the start."""
