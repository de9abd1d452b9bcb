"""EXEC: an allow-list of catalogue procedures; SQL in literals is judged, other SQL in strings is dynamic code."""

from __future__ import annotations

from collections.abc import Callable

from backends.mssql.statements import CATALOG, GRANT, ROLE, SECRETS, SERVER, SETTING
from backends.sqltree.facts import DYNAMIC_CODE, UNKNOWN_FUNCTION, Facts, Verdict, verdict
from backends.sqltree.tokens import NAME, STRING, VARIABLE, WORD, Token, Tokens, closing, find
from policy.effects import Effect
from policy.model import Action

Again = Callable[[str], Facts]
"""Judges SQL that stands in a string."""

_CATALOGUE = frozenset(
    """
    sp_help sp_helptext sp_helpindex sp_helpconstraint sp_helpdb sp_helpfile sp_helpfilegroup sp_helpuser sp_helprole
    sp_helprolemember sp_helptrigger sp_helpstats sp_helplanguage sp_helpsort sp_helplogins sp_helpsrvrole
    sp_helpserver sp_columns sp_columns_ex sp_column_privileges sp_databases sp_depends sp_fkeys sp_pkeys
    sp_primarykeys sp_foreignkeys sp_server_info sp_special_columns sp_sproc_columns sp_statistics
    sp_stored_procedures sp_tables sp_table_privileges sp_datatype_info sp_spaceused sp_who sp_who2 sp_lock sp_monitor
    sp_describe_first_result_set sp_helpextendedproc sp_describe_undeclared_parameters
    sp_describe_parameter_encryption sp_helprotect sp_helpdevice sp_helpremotelogin
    sp_estimate_data_compression_savings sp_get_query_template sp_linkedservers sp_catalogs sp_tables_ex sp_indexes
    sp_indexes_rowset sp_columns_rowset sp_tables_rowset sp_schemata_rowset
""".split()  # noqa: SIM905 - a list of names reads better as a text
)
_PROGRAM = verdict(Action.RUN, Action.ADMINISTER, Effect.SERVER_PROGRAM, opaque=True)
_FILE = verdict(Action.ADMINISTER, Action.TRANSFER, Effect.SERVER_FILE)
_LINKED = verdict(Action.ADMINISTER, Action.TRANSFER, Effect.FOREIGN_SERVER)
_JOBS = verdict(Action.RUN, Action.ADMINISTER, Effect.DYNAMIC_CODE, Effect.SERVER_PROGRAM, opaque=True)
_LOSS = verdict(Action.DEFINE, Action.ADMINISTER, Effect.DROP)
_CHANGE = verdict(Action.DEFINE, Effect.ALTER)
_FAMILIES: tuple[tuple[Verdict, str], ...] = (
    (
        SETTING,
        """
        sp_configure sp_dboption sp_serveroption sp_trace_setstatus sp_trace_create sp_tableoption sp_indexoption
        """,
    ),
    (
        SETTING,
        """
        sp_invalidate_textptr sp_procoption sp_set_session_resource_group sp_dbcmptlevel sp_db_vardecimal_storage
        """,
    ),
    (verdict(Action.READ, Effect.SESSION_STATE), "sp_set_session_context"),
    (verdict(Action.WRITE, Effect.LOCK), "sp_getapplock sp_releaseapplock"),
    (
        _CHANGE,
        """
        sp_rename sp_renamedb sp_addextendedproperty sp_updateextendedproperty sp_dropextendedproperty sp_bindefault
        """,
    ),
    (
        _CHANGE,
        """
        sp_bindrule sp_unbindefault sp_unbindrule sp_addtype sp_settriggerorder sp_refreshview sp_refreshsqlmodule
        """,
    ),
    (_CHANGE, "sp_recompile sp_autostats sp_createstats"),
    (
        _LOSS,
        """
        sp_detach_db sp_dropdevice sp_droptype sp_dropmessage sp_delete_backuphistory sp_cycle_errorlog sp_dropdb
        """,
    ),
    (
        verdict(Action.DEFINE, Effect.MAINTENANCE),
        """
        sp_updatestats sp_cleanup_log_shipping_history sp_clean_db_free_space
        """,
    ),
    (
        ROLE,
        """
        sp_addlogin sp_droplogin sp_password sp_adduser sp_dropuser sp_addrole sp_droprole sp_addrolemember
        sp_defaultdb sp_droprolemember sp_addsrvrolemember sp_dropsrvrolemember sp_grantlogin sp_revokelogin
        sp_denylogin sp_defaultlanguage sp_grantdbaccess sp_revokedbaccess sp_setapprole sp_unsetapprole sp_addapprole
        sp_approlepassword sp_dropapprole sp_change_users_login sp_addalias sp_dropalias
        sp_control_dbmasterkey_password sp_addserver_login sp_dropapprole
""",
    ),
    (verdict(Action.ADMINISTER, Effect.OWNERSHIP), "sp_changedbowner sp_changeobjectowner"),
    (_LINKED, "sp_addlinkedserver sp_dropserver sp_addlinkedsrvlogin sp_droplinkedsrvlogin sp_addserver sp_setnetname"),
    (
        _LINKED,
        """
        sp_addremotelogin sp_dropremotelogin sp_remoteoption sp_testlinkedserver sp_send_dbmail
        sp_invoke_external_rest_endpoint
        """,
    ),
    (
        _FILE,
        """
        sp_attach_db sp_attach_single_file_db sp_addumpdevice sp_makewebtask sp_runwebtask sp_create_removable
        sp_readerrorlog
        """,
    ),
    (_PROGRAM, "sp_oacreate sp_oamethod sp_oagetproperty sp_oasetproperty sp_oadestroy sp_oastop sp_oageterrorinfo"),
    (
        _PROGRAM,
        """
        sp_addextendedproc sp_dropextendedproc sp_execute_external_script sp_add_trusted_assembly
        sp_prepare_external_script
        """,
    ),
    (
        _JOBS,
        """
        sp_add_job sp_add_jobstep sp_start_job sp_update_job sp_update_jobstep sp_add_jobserver sp_add_schedule
        sp_delete_job
        """,
    ),
    (
        _JOBS,
        """
        sp_attach_schedule sp_add_jobschedule sp_add_proxy sp_stop_job sp_delete_jobstep sp_add_category
        sp_apply_job_to_targets
        """,
    ),
    (
        DYNAMIC_CODE,
        """
        sp_msforeachtable sp_msforeachdb sp_execresultset sp_prepare sp_prepexec sp_execute sp_cursoropen sp_unprepare
        """,
    ),
    (
        DYNAMIC_CODE,
        """
        sp_cursorprepare sp_cursorexecute sp_cursorprepexec sp_cursor sp_cursorfetch sp_prepexecrpc
        sp_create_plan_guide
        """,
    ),
    (SECRETS, "sp_helplinkedsrvlogin sp_help_jobstep sp_help_revlogin sp_trace_getdata"),
    (SERVER, "sp_trace_setevent sp_trace_setfilter sp_kill_filestream_non_transacted_handles"),
    (GRANT, "sp_addauditrole"),
)  # fmt: skip
KNOWN: dict[str, Verdict] = {name: found for found, names in _FAMILIES for name in names.split()}
_SYSTEM_SCHEMAS = frozenset({"", "sys", "dbo"})
_SYSTEM_DATABASES = frozenset({"", "master", "msdb"})


def execute(tokens: Tokens, again: Again) -> Facts:
    """EXEC in all its forms; `tokens[0]` is EXEC or EXECUTE, or stands for it."""
    facts = Facts()
    rest = list(tokens[1:])
    if rest[:1] and rest[0].word == "AS":
        facts.apply(ROLE)
        return facts
    if rest[:1] and rest[0].word == "(":
        _string(facts, rest, again)
        return facts
    if len(rest) > 2 and rest[0].kind == VARIABLE and rest[1].word == "=":
        rest = rest[2:]
    if not rest or rest[0].kind not in (WORD, NAME):
        facts.apply(DYNAMIC_CODE)
        return facts
    name, end = _name(rest)
    _procedure(facts, name, rest[end:], again)
    return facts


def _name(tokens: list[Token]) -> tuple[tuple[str, ...], int]:
    parts, index = [""], 0
    while index < len(tokens):
        token = tokens[index]
        if token.word == ".":
            parts.append("")
        elif token.kind in (WORD, NAME) and parts[-1] == "":
            parts[-1] = token.value.lower()
        else:
            break
        index += 1
    return tuple(parts), index


def _procedure(facts: Facts, name: tuple[str, ...], arguments: list[Token], again: Again) -> None:
    *schemas, last = name
    if len(name) > 3:
        facts.apply(verdict(Action.RUN, Action.TRANSFER, Effect.FOREIGN_SERVER, Effect.UNKNOWN_FUNCTION, opaque=True))
    builtin = (schemas[-1] if schemas else "") in _SYSTEM_SCHEMAS
    builtin = builtin and (schemas[-2] if len(schemas) > 1 else "") in _SYSTEM_DATABASES
    if last == "sp_executesql":
        _execute_sql(facts, arguments, again)
    elif last.startswith("xp_"):
        facts.apply(_PROGRAM)
    elif last in KNOWN:
        facts.apply(KNOWN[last])
    elif builtin and last in _CATALOGUE:
        facts.apply(CATALOG)
    else:
        facts.apply(UNKNOWN_FUNCTION)


def _execute_sql(facts: Facts, arguments: list[Token], again: Again) -> None:
    """The statement comes first, or by the name @stmt; it must be one literal."""
    if len(arguments) > 1 and arguments[0].kind == VARIABLE and arguments[1].word == "=":
        arguments = arguments[2:]
    end = find(arguments, ",")
    statement = arguments[:end] if end >= 0 else arguments
    if len(statement) == 1 and statement[0].kind == STRING:
        facts.merge(again(statement[0].value))
    else:
        facts.apply(DYNAMIC_CODE)


def _string(facts: Facts, tokens: list[Token], again: Again) -> None:
    """EXEC ('…' + '…') [AT server]."""
    end = closing(tokens, 0)
    inside, after = tokens[1:end], tokens[end + 1 :]
    if after[:1] and after[0].word in ("AT", "AS"):
        facts.apply(_LINKED if after[0].word == "AT" else ROLE)
        facts.opaque = True
    literals = [token.value for token in inside if token.kind == STRING]
    plain = [token for token in inside if token.kind != STRING and token.word != "+"]
    if plain or not literals or any(not value.isascii() for value in literals):
        facts.apply(DYNAMIC_CODE)
    else:
        facts.merge(again("".join(literals)))
