"""System schemas and databases of SQL Server: which relations hold credentials or other people's statements."""

from __future__ import annotations

from backends.sqltree.facts import Verdict, verdict
from backends.sqltree.language import Parts
from policy.effects import Effect
from policy.model import Action

_SYSTEM_SCHEMAS = frozenset({"sys", "information_schema"})
_SYSTEM_DATABASES = frozenset({"master", "msdb", "model", "resource", "mssqlsystemresource", "distribution"})
_OLD_VIEWS = frozenset(
    """
    sysobjects syscolumns sysindexes sysusers syslogins sysxlogins sysdatabases sysprocesses syscomments systypes
    sysservers sysfiles sysperfinfo sysconfigures syscurconfigs sysmessages syspermissions sysmembers sysremotelogins
""".split()  # noqa: SIM905 - a list of names reads better as a text
)
_SECRET_TEXT = """
sql_logins syslogins sysxlogins linked_logins remote_logins sysremotelogins credentials database_scoped_credentials
symmetric_keys asymmetric_keys key_encryptions certificates crypt_properties openkeys sysprocesses
database_credentials dm_exec_sql_text dm_exec_query_stats dm_exec_cached_plans dm_exec_query_plan dm_exec_input_buffer
dm_db_stats_histogram query_store_query_text query_store_plan stats_columns_histogram backupset sysjobsteps sysproxies
sysmail_account sysmail_server fn_dblog external_data_sources servers sysservers server_principal_credentials
sql_expression_dependencies
"""
_SECRETS = frozenset(_SECRET_TEXT.split()) - {"sql_expression_dependencies", "servers", "backupset"}
_CATALOG = verdict(Action.READ, Effect.CATALOG_READ)
_SECRET = verdict(Action.READ, Effect.CATALOG_READ, Effect.CATALOG_SECRETS)
_WRITTEN = verdict(Action.READ, Action.ADMINISTER, Effect.CATALOG_READ, Effect.CATALOG_WRITE)
_LINKED = verdict(Action.TRANSFER, Effect.FOREIGN_SERVER)
MAX_PARTS = 3  # database.schema.table; a fourth part in front is a linked server


def judge_relation(parts: Parts, written: bool) -> Verdict | None:
    """What touching a relation means besides touching it; None for a table like any other."""
    if len(parts) > MAX_PARTS:
        return _LINKED
    table, schema = parts[-1].lower(), parts[-2].lower()
    database = parts[-3].lower() if len(parts) == MAX_PARTS else ""
    system = schema in _SYSTEM_SCHEMAS or database in _SYSTEM_DATABASES
    system = system or (schema in ("", "dbo") and table in _OLD_VIEWS)
    if not system:
        return None
    if written:
        return _WRITTEN
    return _SECRET if table in _SECRETS else _CATALOG
