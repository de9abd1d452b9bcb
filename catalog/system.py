"""Columns of PostgreSQL's own catalogs: clear, except those that hold copies of user data or credentials.

Without this table `SELECT most_common_vals FROM pg_stats` would show the very values a mask hides.
Source: PostgreSQL documentation, chapters 53 "System Catalogs" and 54 "System Views".
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from catalog.model import Label

SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema"})

_SYSTEM_TABLES = """
pg_aggregate pg_aios pg_am pg_amop pg_amproc pg_attrdef pg_attribute pg_auth_members pg_authid
pg_available_extension_versions pg_available_extensions pg_backend_memory_contexts pg_cast pg_class pg_collation
pg_config pg_constraint pg_conversion pg_cursors pg_database pg_db_role_setting pg_default_acl pg_depend
pg_description pg_enum pg_event_trigger pg_extension pg_file_settings pg_foreign_data_wrapper pg_foreign_server
pg_foreign_table pg_group pg_hba_file_rules pg_ident_file_mappings pg_index pg_indexes pg_inherits pg_init_privs
pg_language pg_largeobject pg_largeobject_metadata pg_locks pg_matviews pg_namespace pg_opclass pg_operator
pg_opfamily pg_parameter_acl pg_partitioned_table pg_policies pg_policy pg_prepared_statements pg_prepared_xacts
pg_proc pg_publication pg_publication_namespace pg_publication_rel pg_publication_tables pg_range
pg_replication_origin pg_replication_origin_status pg_replication_slots pg_rewrite pg_roles pg_rules pg_seclabel
pg_seclabels pg_sequence pg_sequences pg_settings pg_shadow pg_shdepend pg_shdescription pg_shmem_allocations
pg_shseclabel pg_stat_activity pg_stat_all_indexes pg_stat_all_tables pg_stat_archiver pg_stat_bgwriter
pg_stat_checkpointer pg_stat_database pg_stat_database_conflicts pg_stat_gssapi pg_stat_io
pg_stat_progress_analyze pg_stat_progress_basebackup pg_stat_progress_cluster pg_stat_progress_copy
pg_stat_progress_create_index pg_stat_progress_vacuum pg_stat_recovery_prefetch pg_stat_replication
pg_stat_replication_slots pg_stat_slru pg_stat_ssl pg_stat_subscription pg_stat_subscription_stats
pg_stat_sys_indexes pg_stat_sys_tables pg_stat_user_functions pg_stat_user_indexes pg_stat_user_tables pg_stat_wal
pg_stat_wal_receiver pg_stat_xact_all_tables pg_stat_xact_sys_tables pg_stat_xact_user_functions
pg_stat_xact_user_tables pg_statio_all_indexes pg_statio_all_sequences pg_statio_all_tables
pg_statio_sys_indexes pg_statio_sys_sequences pg_statio_sys_tables pg_statio_user_indexes
pg_statio_user_sequences pg_statio_user_tables pg_statistic pg_statistic_ext pg_statistic_ext_data pg_stats
pg_stats_ext pg_stats_ext_exprs pg_subscription pg_subscription_rel pg_tables pg_tablespace pg_timezone_abbrevs
pg_timezone_names pg_transform pg_trigger pg_ts_config pg_ts_config_map pg_ts_dict pg_ts_parser pg_ts_template
pg_type pg_user pg_user_mapping pg_user_mappings pg_views pg_wait_events
"""
SYSTEM_TABLES = frozenset(_SYSTEM_TABLES.split())


def _same(label: Label, names: str) -> Mapping[str, Label]:
    return MappingProxyType(dict.fromkeys(names.split(), label))


NOTHING: Mapping[str, Label] = MappingProxyType({})

SENSITIVE: Mapping[str, Mapping[str, Label]] = MappingProxyType(
    {
        "pg_stats": _same(Label.COMPUTED, "most_common_vals histogram_bounds most_common_elems range_bounds_histogram"),
        "pg_stats_ext": _same(Label.COMPUTED, "most_common_vals"),
        "pg_stats_ext_exprs": _same(Label.COMPUTED, "most_common_vals histogram_bounds most_common_elems"),
        "pg_statistic": _same(Label.COMPUTED, "stavalues1 stavalues2 stavalues3 stavalues4 stavalues5"),
        "pg_statistic_ext_data": _same(Label.COMPUTED, "stxdmcv stxdexpr"),
        "pg_attribute": _same(Label.COMPUTED, "attmissingval"),
        "pg_largeobject": _same(Label.UNSCANNED, "data"),
        "pg_stat_activity": _same(Label.TEXT, "query"),
        "pg_prepared_statements": _same(Label.TEXT, "statement"),
        "pg_cursors": _same(Label.TEXT, "statement"),
        "pg_authid": _same(Label.PASSWORD, "rolpassword"),
        "pg_shadow": _same(Label.PASSWORD, "passwd"),
        "pg_user_mapping": _same(Label.SECRET, "umoptions"),
        "pg_user_mappings": _same(Label.SECRET, "umoptions"),
        "user_mapping_options": _same(Label.SECRET, "option_value"),
        "pg_foreign_server": _same(Label.SECRET, "srvoptions"),
        "foreign_server_options": _same(Label.SECRET, "option_value"),
        "pg_subscription": _same(Label.SECRET, "subconninfo"),
        "pg_stat_wal_receiver": _same(Label.SECRET, "conninfo"),
    }
)


def is_system(schema: str, table: str) -> bool:
    """Whether this names a system relation. PostgreSQL looks an unqualified name up in pg_catalog first."""
    return schema in SYSTEM_SCHEMAS or (not schema and table in SYSTEM_TABLES)


def system_labels(table: str) -> Mapping[str, Label]:
    return SENSITIVE.get(table, NOTHING)
