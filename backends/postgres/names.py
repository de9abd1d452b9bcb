"""Names as the text writes them, turned into Locators. libpg_query has already folded case and decoded U&"" names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from catalog.model import Locator
from catalog.system import SYSTEM_SCHEMAS, SYSTEM_TABLES

Name = tuple[str, str]
"""(schema or "", name)."""

SYSTEM_COLUMNS = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
"""Reserved by PostgreSQL in every table; they carry no user data."""

_SECRET_RELATIONS_TEXT = """
pg_authid pg_shadow pg_statistic pg_statistic_ext_data pg_stats pg_stats_ext pg_stats_ext_exprs pg_user_mapping
pg_user_mappings pg_foreign_server pg_subscription pg_stat_activity pg_stat_statements pg_stat_statements_info
pg_stat_wal_receiver pg_stat_ssl pg_stat_gssapi pg_stat_replication pg_largeobject pg_largeobject_metadata
pg_hba_file_rules pg_ident_file_mappings pg_file_settings pg_config pg_prepared_statements pg_cursors
pg_db_role_setting pg_foreign_table pg_foreign_data_wrapper pg_replication_origin_status pg_prepared_xacts
pg_shmem_allocations pg_buffercache pg_stat_subscription
user_mapping_options user_mappings foreign_server_options foreign_table_options foreign_data_wrapper_options
"""
SECRET_RELATIONS = frozenset(_SECRET_RELATIONS_TEXT.split())
"""Catalog and extension relations that hold credentials, sampled values, other sessions' texts or host details."""


def strings(nodes: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """The words of a list of String nodes; other nodes (`*`) are left out."""
    return tuple(node["String"].get("sval", "") for node in nodes if "String" in node)


def qualified(parts: tuple[str, ...]) -> Name:
    """The last two parts: a database name in front changes nothing, it can only be the current one."""
    return (parts[-2] if len(parts) > 1 else "", parts[-1] if parts else "")


def relation_name(range_var: dict[str, Any]) -> Name:
    """Where a RangeVar points. PostgreSQL looks an unqualified name up in pg_catalog first."""
    schema, name = range_var.get("schemaname", ""), range_var.get("relname", "")
    if not schema and name in SYSTEM_TABLES:
        schema = "pg_catalog"
    return schema, name


def is_catalog(name: Name) -> bool:
    return name[0] in SYSTEM_SCHEMAS or name[0] == "pg_toast"


def is_secret(name: Name) -> bool:
    """Whether a relation holds secrets; extension views (pg_stat_statements) are known by name in every schema."""
    return name[1] in SECRET_RELATIONS or name[0] == "pg_toast"


def table(name: Name) -> Locator:
    return Locator("table", name)


def column(name: Name, field: str) -> Locator:
    return Locator("column", (*name, field))
