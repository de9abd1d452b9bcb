"""Which settings a caller may set: by name, by value where the value matters, and by bounds.

PostgreSQL manual, "Setting Parameters" (names and units). What is not here changes a right, a meaning or a limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from backends.postgres.functions import literal

Tree = dict[str, Any]

_DISPLAY_SETTINGS_TEXT = """
timezone datestyle intervalstyle extra_float_digits bytea_output xmlbinary xmloption client_min_messages
lc_messages lc_time lc_numeric lc_monetary default_text_search_config geqo jit enable_bitmapscan enable_gathermerge
enable_hashagg enable_hashjoin enable_incremental_sort enable_indexonlyscan enable_indexscan enable_material
enable_memoize enable_mergejoin enable_nestloop enable_parallel_append enable_parallel_hash enable_partition_pruning
enable_partitionwise_aggregate enable_partitionwise_join enable_seqscan enable_sort enable_tidscan
random_page_cost seq_page_cost cpu_tuple_cost effective_cache_size from_collapse_limit join_collapse_limit
cpu_index_tuple_cost cpu_operator_cost parallel_setup_cost parallel_tuple_cost plan_cache_mode
cursor_tuple_fraction constraint_exclusion jit_above_cost jit_inline_above_cost jit_optimize_above_cost
enable_async_append enable_presorted_aggregate enable_group_by_reordering quote_all_identifiers
"""
DISPLAY_SETTINGS = frozenset(_DISPLAY_SETTINGS_TEXT.split())
"""Settings that only change how values look, or how a query is planned: still state of the session, never a right."""
LABEL = "application_name"
"""What a session is called in the server's own views and logs; who it was is in the gateway's records."""

_ON = frozenset({"on", "true", "yes", "1"})
VALUES: Mapping[str, frozenset[str]] = {
    "client_encoding": frozenset({"utf8", "utf-8", "unicode"}),
    "standard_conforming_strings": _ON,
    "default_transaction_read_only": _ON,
    "transaction_read_only": _ON,
    "row_security": _ON,
}
"""Settings that one value leaves as they should be."""

MEASURES = frozenset({"work_mem", "hash_mem_multiplier", "max_parallel_workers_per_gather"})
"""Bounded settings that are no limits: what they were at the log-in is as good."""
MAX_WAIT = 30_000.0
MAX_MEMORY = 256.0 * 1024
BOUNDS: Mapping[str, float] = {
    "statement_timeout": MAX_WAIT,
    "lock_timeout": MAX_WAIT,
    "idle_in_transaction_session_timeout": MAX_WAIT,
    "idle_session_timeout": MAX_WAIT,
    "transaction_timeout": MAX_WAIT,
    "deadlock_timeout": MAX_WAIT,
    "work_mem": MAX_MEMORY,
    "hash_mem_multiplier": 4.0,
    "max_parallel_workers_per_gather": 4.0,
}
"""At most so much (milliseconds, kB, or a number), and more than nothing: a time limit of 0 is none."""

_UNITS: Mapping[str, float] = {
    "": 1.0,
    "us": 0.001,
    "ms": 1.0,
    "s": 1000.0,
    "min": 60_000.0,
    "h": 3_600_000.0,
    "d": 86_400_000.0,
    "B": 1 / 1024,
    "kB": 1.0,
    "MB": 1024.0,
    "GB": 1024.0**2,
    "TB": 1024.0**3,
}
_QUANTITY = re.compile(r"\s*(\d{1,12}(?:\.\d{1,6})?)\s*([A-Za-z]*)\s*")


def is_harmless(name: str, value: str | None) -> bool:
    """Whether setting `name` to `value` takes nothing from anybody; None = back to what it was at the log-in."""
    name = name.lower()
    if name in DISPLAY_SETTINGS or name == LABEL:
        return True
    if value is None:
        return name in MEASURES
    if name in VALUES:
        return value.lower() in VALUES[name]
    quantity = _quantity(value)
    return name in BOUNDS and quantity is not None and 0 < quantity <= BOUNDS[name]


def written_value(node: Tree) -> str | None:
    """The one value of a SET; None where there is none, or several, or one that is no constant."""
    arguments = node.get("args", ())
    return _constant(arguments[0]) if len(arguments) == 1 else None


def only_tightens(node: Tree) -> bool:
    """SET TRANSACTION and SET SESSION CHARACTERISTICS of isolation levels and READ ONLY."""
    options = [item.get("DefElem", {}) for item in node.get("args", ())]
    return bool(options) and all(_tightens(option) for option in options)


def harmless_call(arguments: Iterable[Tree]) -> bool | None:
    """Whether a `set_config` is harmless: True = for its transaction, False = for the session, None = it is not."""
    name, value, local = [*arguments, {}, {}, {}][:3]
    written_name, written = literal(name), _constant(value)
    if written_name is None or written is None or not is_harmless(written_name, written):
        return None
    flag = local.get("A_Const", {}).get("boolval")
    return bool(flag.get("boolval", False)) if isinstance(flag, dict) else None


def _tightens(option: Tree) -> bool:
    name, value = option.get("defname", ""), _constant(option.get("arg", {}))
    return name in ("transaction_isolation", "transaction_deferrable") or (
        name == "transaction_read_only" and value == "1"
    )


def _constant(node: Tree) -> str | None:
    constant = node.get("A_Const", {})
    if "sval" in constant:
        return str(constant["sval"].get("sval", ""))
    if "ival" in constant:
        return str(constant["ival"].get("ival", 0))
    if "fval" in constant:
        return str(constant["fval"].get("fval", ""))
    return None


def _quantity(value: str) -> float | None:
    found = _QUANTITY.fullmatch(value)
    unit = _UNITS.get(found[2]) if found else None
    return float(found[1]) * unit if found and unit is not None else None
