"""SET: variables of the session against an allow-list, everything else is a change of settings."""

from __future__ import annotations

from collections.abc import Callable

from backends.mysql.statements import SESSION, TRANSACTION
from backends.sqltree.facts import Facts, verdict
from backends.sqltree.tokens import STRING, VARIABLE, Token, Tokens, find, split, word, words_of
from policy.effects import Effect
from policy.model import Action

_HARMLESS_TEXT = """
time_zone lc_time_names group_concat_max_len div_precision_increment sql_select_limit timestamp rand_seed1 rand_seed2
profiling profiling_history_size optimizer_switch optimizer_trace optimizer_trace_features optimizer_trace_limit
optimizer_trace_max_mem_size optimizer_search_depth optimizer_prune_level end_markers_in_json default_week_format
information_schema_stats_expiry sql_notes sql_warnings long_query_time eq_range_index_dive_limit explain_format
lock_wait_timeout innodb_lock_wait_timeout windowing_use_high_precision session_track_schema session_track_gtids
min_examined_row_limit collation_connection sql_quote_show_create show_create_table_verbosity query_cache_type
"""
HARMLESS = frozenset(_HARMLESS_TEXT.split())
"""Settings of the session that change how values look or how a query is planned: never a right, never a limit."""
_CHARSETS = frozenset({"utf8mb4", "utf8", "utf8mb3", "latin1", "ascii", "default"})
"""Character sets in which a backslash or a quote is never half of another character."""
_SETTING = verdict(Action.ADMINISTER, Effect.SETTING_CHANGE)
_ROLE = verdict(Action.ADMINISTER, Effect.ROLE_CHANGE)
_SCOPES = frozenset({"GLOBAL", "SESSION", "LOCAL", "PERSIST", "PERSIST_ONLY"})

Value = Callable[[Tokens], Facts]


def set_statement(tokens: Tokens, value: Value) -> Facts:
    """`value` judges an expression. Each assignment of the list counts."""
    facts = Facts()
    if tokens[1].word == "STATEMENT" and find(tokens, "FOR") > 0:  # MariaDB: SET STATEMENT … FOR statement
        facts.unknown("SET STATEMENT is not known")
        return facts
    for part in split(tokens[1:], ","):
        _assignment(facts, part, value)
    return facts


def _assignment(facts: Facts, part: list[Token], value: Value) -> None:
    first, second = words_of(part, 2)
    if first in ("ROLE", "PASSWORD") or (first == "DEFAULT" and second == "ROLE"):
        facts.apply(_ROLE)
    elif first == "TRANSACTION" or (first in _SCOPES and second == "TRANSACTION"):
        facts.apply(TRANSACTION)
        if first == "GLOBAL" or any(token.word in ("READ", "WRITE", "ONLY") and not _is_level(part) for token in part):
            facts.apply(_SETTING)
    elif first == "NAMES" or first == "CHARSET" or (first == "CHARACTER" and second == "SET"):
        _charset(facts, part[2 if first == "CHARACTER" else 1 :])
    elif first == "RESOURCE":
        facts.apply(_SETTING)
    else:
        _variable(facts, part, value)


def _is_level(part: list[Token]) -> bool:
    """ISOLATION LEVEL alone; READ WRITE and READ ONLY change what the transaction may do."""
    words = {token.word for token in part}
    return "LEVEL" in words and not words & {"ONLY", "WRITE"}


def _charset(facts: Facts, rest: list[Token]) -> None:
    facts.apply(SESSION if _is_charset(rest) else _SETTING)


def _is_charset(rest: list[Token]) -> bool:
    return bool(rest) and rest[0].value.lower() in _CHARSETS


def _variable(facts: Facts, part: list[Token], value: Value) -> None:
    at = find(part, "=", ":=")
    if at < 1 or at + 1 >= len(part):
        facts.unknown("this form of SET is not known")
        return
    name, assigned = part[:at], part[at + 1 :]
    facts.merge(_value_facts(assigned, value))
    if name[0].kind == VARIABLE and name[0].word == "@":
        facts.apply(SESSION)
        return
    names = ".".join(token.value for token in name if token.word not in (".",)).lower().split(".")
    scope, setting = ["", *names][-2:] if len(names) > 1 else ("", names[0])
    if setting == "autocommit":
        facts.apply(TRANSACTION)
    elif setting == "character_set_results" and scope in ("", "session", "local"):
        facts.apply(SESSION if _is_charset(assigned) or assigned[0].word == "NULL" else _SETTING)
    elif scope not in ("", "session", "local") or setting not in HARMLESS:
        facts.apply(_SETTING)
    else:
        facts.apply(SESSION)


def _value_facts(assigned: list[Token], value: Value) -> Facts:
    """Settings take bare words (ON, utf8mb4) besides expressions."""
    if len(assigned) == 1 and (assigned[0].kind == STRING or assigned[0].word.isalnum() or assigned[0].word):
        return Facts()
    return value([word("SELECT"), *assigned])
