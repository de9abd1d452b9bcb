"""What calling a function means. Everything that is not known to be harmless is of unknown effect.

Harmless are built-in functions (harmless.py); the tables here name the built-in and extension functions whose
danger is known. A function of another schema is user code whatever its name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from backends.postgres.harmless import HARMLESS_FUNCTIONS, HARMLESS_OPERATORS
from backends.postgres.names import qualified
from policy.effects import Effect
from policy.model import Action


class Verdict(NamedTuple):
    """What a call does. `opaque`: it may read relations that the text does not name."""

    actions: frozenset[Action]
    effects: frozenset[Effect]
    opaque: bool = False


def _verdict(actions: Iterable[Action], *effects: Effect, opaque: bool = False) -> Verdict:
    return Verdict(frozenset(actions), frozenset(effects), opaque)


BUILT_IN_SCHEMAS = frozenset({"", "pg_catalog"})
UNKNOWN = _verdict([Action.RUN], Effect.UNKNOWN_FUNCTION, opaque=True)
DYNAMIC = _verdict([Action.RUN], Effect.DYNAMIC_CODE, opaque=True)

_FAMILIES: tuple[tuple[Verdict, str], ...] = (
    (
        _verdict([Action.TRANSFER, Action.ADMINISTER], Effect.SERVER_FILE),
        """
        pg_read_file pg_read_file_old pg_read_binary_file pg_stat_file pg_file_write pg_file_read pg_file_rename
        pg_file_unlink pg_file_sync pg_file_length pg_logdir_ls pg_ls_dir pg_ls_logdir pg_ls_waldir pg_ls_tmpdir
        pg_ls_archive_statusdir pg_ls_logicalmapdir pg_ls_logicalsnapdir pg_ls_replslotdir pg_ls_summariesdir
        pg_current_logfile pg_hba_file_rules pg_ident_file_mappings pg_show_all_file_settings pg_get_loaded_modules
        """,
    ),
    (_verdict([Action.TRANSFER, Action.WRITE], Effect.SERVER_FILE, Effect.LARGE_OBJECT), "lo_import lo_export"),
    (
        _verdict([Action.READ, Action.WRITE], Effect.LARGE_OBJECT, opaque=True),
        """
        lo_create lo_creat lo_open lo_close lo_get lo_put lo_from_bytea lo_unlink lo_truncate lo_truncate64 lo_lseek
        lo_lseek64 lo_tell lo_tell64 loread lowrite lo_manage lo_oid
        """,
    ),
    (_verdict([Action.ADMINISTER], Effect.SETTING_CHANGE), "set_config"),
    (_verdict([Action.ADMINISTER], Effect.ROLE_CHANGE, Effect.SETTING_CHANGE), "set_user reset_user set_session_auth"),
    (
        _verdict([Action.WRITE], Effect.LOCK),
        """
        pg_advisory_lock pg_advisory_lock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared
        pg_try_advisory_lock pg_try_advisory_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared
        pg_advisory_unlock pg_advisory_unlock_shared pg_advisory_unlock_all
        """,
    ),
    (_verdict([Action.WRITE], Effect.NOTIFY), "pg_notify"),
    (_verdict([Action.WRITE], Effect.INSERT), "nextval pg_nextoid"),
    (_verdict([Action.WRITE, Action.DEFINE], Effect.ALTER), "setval"),
    (
        _verdict([Action.RUN, Action.TRANSFER], Effect.FOREIGN_SERVER, Effect.DYNAMIC_CODE, opaque=True),
        """
        dblink dblink_exec dblink_connect dblink_connect_u dblink_open dblink_fetch dblink_close dblink_disconnect
        dblink_send_query dblink_get_result dblink_cancel_query dblink_build_sql_insert dblink_build_sql_update
        dblink_build_sql_delete dblink_current_query dblink_get_connections postgres_fdw_disconnect
        postgres_fdw_disconnect_all postgres_fdw_get_connections http http_get http_post http_put http_delete
        http_head http_patch aws_s3_query_export_to_s3 query_export_to_s3 table_import_from_s3
        """,
    ),
    (
        _verdict([Action.RUN, Action.ADMINISTER], Effect.SERVER_PROGRAM),
        "plpython3u_call_handler plpythonu_call_handler plperlu_call_handler sys_exec sys_eval",
    ),
    (
        _verdict([Action.READ], Effect.CATALOG_SECRETS),
        """
        pg_stat_get_activity pg_stat_get_backend_activity pg_stat_get_backend_client_addr pg_mcv_list_items
        pg_stat_get_backend_client_port pg_stat_get_wal_receiver pg_stat_get_wal_senders pg_stat_get_subscription
        pg_config pg_prepared_statement pg_prepared_xact pg_cursor pg_stat_statements pg_stat_statements_info
        pg_show_replication_origin_status pg_options_to_table pg_get_backend_memory_contexts
        pg_get_shmem_allocations pg_get_shmem_allocations_numa heap_page_items heap_page_item_attrs get_raw_page
        bt_page_items pg_get_sequence_data
        """,
    ),
    (_verdict([Action.RUN], Effect.SLEEP), "pg_sleep pg_sleep_for pg_sleep_until"),
    (_verdict([Action.ADMINISTER], Effect.KILL_SESSION), "pg_terminate_backend pg_cancel_backend"),
    (
        _verdict([Action.ADMINISTER], Effect.MAINTENANCE),
        """
        pg_reload_conf pg_rotate_logfile pg_rotate_logfile_old pg_switch_wal
        pg_create_restore_point pg_promote pg_wal_replay_pause pg_wal_replay_resume pg_backup_start pg_backup_stop
        pg_start_backup pg_stop_backup pg_log_backend_memory_contexts pg_log_standby_snapshot pg_stat_reset
        pg_stat_reset_shared pg_stat_reset_slru pg_stat_reset_single_table_counters pg_stat_reset_backend_stats
        pg_stat_reset_single_function_counters pg_stat_reset_replication_slot pg_stat_reset_subscription_stats
        pg_stat_statements_reset pg_stat_force_next_flush pg_import_system_collations pg_copy_logical_replication_slot
        pg_copy_physical_replication_slot pg_create_logical_replication_slot pg_create_physical_replication_slot
        pg_drop_replication_slot pg_replication_slot_advance pg_replication_origin_advance pg_sync_replication_slots
        pg_replication_origin_create pg_replication_origin_drop pg_replication_origin_session_reset
        pg_replication_origin_session_setup pg_replication_origin_xact_reset pg_replication_origin_xact_setup
        brin_desummarize_range brin_summarize_new_values brin_summarize_range gin_clean_pending_list
        pg_clear_attribute_stats pg_clear_relation_stats pg_restore_attribute_stats pg_restore_relation_stats
        pg_extension_config_dump pg_prewarm pg_truncate_visibility_map heap_force_kill heap_force_freeze
        """,
    ),
    (
        _verdict([Action.ADMINISTER, Action.TRANSFER], Effect.MAINTENANCE, Effect.DYNAMIC_CODE, opaque=True),
        """
        pg_logical_slot_get_changes pg_logical_slot_get_binary_changes pg_logical_slot_peek_changes
        pg_logical_slot_peek_binary_changes pg_logical_emit_message
        """,
    ),
    (
        _verdict([Action.RUN], Effect.DYNAMIC_CODE, opaque=True),
        """
        cursor_to_xml cursor_to_xmlschema schema_to_xml schema_to_xmlschema schema_to_xml_and_xmlschema
        database_to_xml database_to_xmlschema database_to_xml_and_xmlschema connectby xpath_table crosstab2 crosstab3
        crosstab4 crosstabn cron_schedule schedule_in_database
        """,
    ),
)

DANGEROUS: dict[str, Verdict] = {name: verdict for verdict, names in _FAMILIES for name in names.split()}

QUERY_ARGUMENT: dict[str, int] = {
    "query_to_xml": 0,
    "query_to_xmlschema": 0,
    "query_to_xml_and_xmlschema": 0,
    "ts_stat": 0,
    "ts_rewrite": 1,
    "crosstab": 0,
}
"""Functions that run SQL given as a string: which argument. (ts_rewrite only in its form of two arguments.)"""

TABLE_ARGUMENT = frozenset({"table_to_xml", "table_to_xmlschema", "table_to_xml_and_xmlschema"})
"""Functions that read the whole table named by their first argument."""


def judge_function(parts: tuple[str, ...]) -> Verdict | None:
    """What calling this name does; None = harmless. A known danger stays one in whatever schema it was installed.

    For a target that nobody asked; else see calls.py.
    """
    schema, name = qualified(parts)
    builtin = schema in BUILT_IN_SCHEMAS
    if name in DANGEROUS:
        known = DANGEROUS[name]
        return known if builtin else united(known, UNKNOWN)
    return None if builtin and name in HARMLESS_FUNCTIONS else UNKNOWN


def judge_operator(parts: tuple[str, ...]) -> Verdict | None:
    """An operator is a function under another name: only those of pg_catalog and well-known extensions pass."""
    schema, name = qualified(parts)
    return None if schema in BUILT_IN_SCHEMAS and name in HARMLESS_OPERATORS else UNKNOWN


def united(one: Verdict, other: Verdict) -> Verdict:
    """What either may do."""
    return Verdict(one.actions | other.actions, one.effects | other.effects, one.opaque or other.opaque)


def literal(node: dict[str, Any] | None) -> str | None:
    """The text of a constant string argument, also through casts; None if it is decided at run time."""
    while node and "TypeCast" in node:
        node = node["TypeCast"].get("arg")
    if not node or "A_Const" not in node or "sval" not in node["A_Const"]:
        return None
    return str(node["A_Const"]["sval"].get("sval", ""))
