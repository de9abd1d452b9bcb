"""System schemas of MySQL and MariaDB: which of their tables hold credentials or other people's statements."""

from __future__ import annotations

from backends.sqltree.facts import Verdict, verdict
from backends.sqltree.language import Parts
from policy.effects import Effect
from policy.model import Action

SYSTEM_SCHEMAS = frozenset({"mysql", "information_schema", "performance_schema", "sys", "ndbinfo"})
_SECRET_TEXT = """
user global_priv db tables_priv columns_priv procs_priv proxies_priv password_history authentication_string servers
slave_master_info general_log slow_log default_roles role_edges column_stats innodb_table_stats global_grants
table_stats index_stats column_statistics user_attributes
"""
_SECRETS_OF_MYSQL = frozenset(_SECRET_TEXT.split())
_SECRETS_ELSEWHERE = frozenset(
    {"column_statistics", "user_attributes", "innodb_ft_index_table", "innodb_ft_index_cache"}
)
_STATEMENT_TEXTS = ("events_statements_", "prepared_statements_instances", "variables_by_thread", "user_variables_by_",
                    "replication_connection_configuration", "statement_analysis", "session_variables")  # fmt: skip
_CATALOG = verdict(Action.READ, Effect.CATALOG_READ)
_SECRETS = verdict(Action.READ, Effect.CATALOG_READ, Effect.CATALOG_SECRETS)
_WRITTEN = verdict(Action.READ, Action.ADMINISTER, Effect.CATALOG_READ, Effect.CATALOG_WRITE)


def judge_relation(parts: Parts, written: bool) -> Verdict | None:
    """What touching a relation means besides touching it; None for a table like any other."""
    schema, table = parts[-2].lower(), parts[-1].lower()
    if schema not in SYSTEM_SCHEMAS:
        return None
    if written:
        return _WRITTEN
    return _SECRETS if _is_secret(schema, table) else _CATALOG


def _is_secret(schema: str, table: str) -> bool:
    if schema == "mysql":
        return table in _SECRETS_OF_MYSQL
    return table in _SECRETS_ELSEWHERE or any(table.startswith((name, f"x${name}")) for name in _STATEMENT_TEXTS)
