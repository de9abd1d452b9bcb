"""How a column is used where it stands: the words of `policy.model.SteerUse`, and which use an argument inherits.

A walk carries one use along. It starts as BARE where values are only returned; whatever stands between the column and
the answer turns it into another use, and a use other than BARE is never taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from backends.postgres.names import strings
from policy.model import SteerUse

Use = SteerUse | Literal["", "ignored"]

BARE: Final = ""  # the value goes out as it is, so masks can hide it
IGNORED: Final = "ignored"  # no stored value is read here (a new table's CHECK)
PREDICATE: Final = "predicate"
EQUALITY: Final = "equality"
ORDER: Final = "order"
GROUP: Final = "group"
AGGREGATE: Final = "aggregate"
TRANSFORM: Final = "transform"
ROW: Final = "row"

_QUERIES_TEXT = """
SelectStmt InsertStmt UpdateStmt DeleteStmt MergeStmt ExplainStmt CopyStmt ViewStmt DeclareCursorStmt PrepareStmt
"""
QUERIES = frozenset(_QUERIES_TEXT.split())
"""Statements that give rows to their caller, or to nobody before they are read again by another statement."""

_DIRECT: Mapping[str, frozenset[str]] = {
    BARE: QUERIES | {"ResTarget", "ColumnRef", "A_Indirection"},
    EQUALITY: frozenset({"ColumnRef"}),
}
_INDIRECT: Mapping[str, Use] = {BARE: TRANSFORM, EQUALITY: PREDICATE}

_AGGREGATES_TEXT = """
any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp cume_dist dense_rank
every first_value json_agg json_agg_strict json_object_agg jsonb_agg jsonb_agg_strict jsonb_object_agg lag last_value
lead max min mode nth_value ntile percent_rank percentile_cont percentile_disc range_agg range_intersect_agg rank
regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy row_number stddev
stddev_pop stddev_samp string_agg sum var_pop var_samp variance xmlagg
"""
AGGREGATES = frozenset(_AGGREGATES_TEXT.split())
"""Aggregate and window functions of pg_catalog (pg_proc.prokind a and w)."""

MAX_PROBES = 20
"""Constants that one statement may compare columns with and still be looking something up; with more it is guessing."""


def use_inside(use: Use, kind: str) -> Use:
    """The use that a node of this kind passes on: BARE and EQUALITY hold for the column itself, nothing around it."""
    return use if use not in _DIRECT or kind in _DIRECT[use] else _INDIRECT[use]


def root_use(kind: str) -> Use:
    """What counts for columns of a statement of this type that no rule says more about."""
    return BARE if kind in QUERIES else PREDICATE


def argument_use(node: Mapping[str, Any], use: Use) -> Use:
    """The use of a function's arguments. Inside a predicate, an order or a group everything serves that."""
    if use not in (BARE, TRANSFORM):
        return use
    name = strings(node.get("funcname", ()))[-1:]
    marks = ("over", "agg_distinct", "agg_order", "agg_filter", "agg_within_group")
    return AGGREGATE if name and (name[0] in AGGREGATES or any(mark in node for mark in marks)) else TRANSFORM


def compared_column(node: Mapping[str, Any]) -> tuple[Mapping[str, Any], int] | None:
    """The column of `col = constant` or `col IN (constants)` and how many constants; None for any other condition."""
    expression = node.get("A_Expr", {})
    name = expression.get("name", ())
    if len(name) != 1 or strings(name) != ("=",):
        return None
    left, right = expression.get("lexpr", {}), expression.get("rexpr", {})
    if expression.get("kind") == "AEXPR_IN":
        items = right.get("List", {}).get("items", [])
        return (left, len(items)) if "ColumnRef" in left and items and all(map(_constant, items)) else None
    if expression.get("kind") != "AEXPR_OP":
        return None
    if "ColumnRef" in right:
        left, right = right, left
    return (left, 1) if "ColumnRef" in left and _constant(right) else None


def _constant(node: Mapping[str, Any]) -> bool:
    while "TypeCast" in node:
        node = node["TypeCast"].get("arg", {})
    return "A_Const" in node or "ParamRef" in node
