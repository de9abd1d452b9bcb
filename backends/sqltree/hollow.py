"""Predicates that look at a row but hardly choose: a column against itself in disguise, a search for nothing."""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp

from backends.sqltree.constants import fold
from backends.sqltree.references import Rows, own_column

_SEARCHES = frozenset({"CHARINDEX", "INSTR", "LOCATE", "PATINDEX", "FIND_IN_SET"})
_TIDYING = (exp.Lower, exp.Upper, exp.Trim, exp.Replace, exp.RegexpReplace, exp.Initcap)
"""Functions that are compared with their own argument to find what they would change: `name <> trim(name)`."""
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
_DEADLINE = re.compile(
    r"expir|until|due|deadline|valid_?to|(^|_)ends?(_|$)|^end|scheduled|(^|_)next|(^|_)ttl|timeout|retry|(^|_)run_?at"
)
_CHOOSING = (
    *(
        exp.Abs,
        exp.Cast,
        exp.Ceil,
        exp.Coalesce,
        exp.Date,
        exp.DateDiff,
        exp.DateTrunc,
        exp.Floor,
        exp.Hex,
        exp.Initcap,
    ),
    *(exp.JSONExtract, exp.JSONExtractScalar, exp.Left, exp.Length, exp.Lower, exp.MD5, exp.Mod, exp.Right, exp.Round),
    *(exp.SHA, exp.SHA2, exp.Soundex, exp.StrPosition, exp.Substring, exp.SubstringIndex, exp.TimeToStr, exp.TryCast),
    *(exp.TimestampTrunc, exp.Trim, exp.TsOrDsToDate, exp.TsOrDsToTimestamp, exp.Upper, exp.Year, exp.Case, exp.If),
    *(exp.Connector, exp.Nullif, exp.Convert, exp.Unhex, exp.JSONValue, exp.Exists, exp.Interval, exp.TimeStrToTime),
)
_CHOOSING_NAMES = frozenset(
    """
    CHARINDEX DATALENGTH DATE_FORMAT DATEDIFF_BIG FIND_IN_SET FORMAT HASHBYTES INSTR ISNULL IFNULL JSON_LENGTH
    JSON_VALUE LEN LOCATE MATCH PATINDEX PERIOD_DIFF QUARTER SOUNDEX STR_TO_DATE TIMESTAMPDIFF TO_DAYS TRIM TRUNCATE
    UNIX_TIMESTAMP
    """.split()  # noqa: SIM905 - a list of names reads better as a text
)
"""Functions whose value differs from row to row as much as their argument does. Of others that is not known."""
_PARTS_OF_TIMES = (exp.Month, exp.Day, exp.Week, exp.DayOfWeek, exp.DayOfMonth, exp.DayOfYear, exp.Quarter, exp.Hour)
_NOTHING = re.compile(r"%*")


def is_hollow(node: Any, rows: Rows) -> bool:
    """Whether a comparison or a call rests on something that is so for nearly every row."""
    if isinstance(node, _COMPARISONS) and _against_itself(node, rows):
        return True
    if node.find(exp.Query) is not None:
        return False
    return any(isinstance(part, exp.Func) and _is_empty(part, rows, node) for part in node.walk())


def is_deadline(node: Any, rows: Rows) -> bool:
    """A column that by its name lies in the future until it is over: what is before now is only what is over."""
    return _DEADLINE.search(own_column(node, rows)) is not None


def _against_itself(node: Any, rows: Rows) -> bool:
    """`id <= abs(id)`: a column against what is made of nothing but this column."""
    for one, other in ((node.this, node.expression), (node.expression, node.this)):
        column = own_column(one, rows)
        if not column or other.find(exp.Query) is not None:
            continue
        if {own_column(part, rows) for part in other.find_all(exp.Column)} != {column}:
            continue
        return not (isinstance(node, exp.NEQ) and isinstance(other, _TIDYING))
    return False


def _is_empty(call: Any, rows: Rows, comparison: Any) -> bool:
    """A call that may well give the same for every row, or a search for nothing."""
    if isinstance(call, exp.Func) and not any(own_column(part, rows) for part in call.find_all(exp.Column)):
        return False
    if isinstance(call, exp.Extract):
        return not (isinstance(comparison, exp.EQ) or call.name.upper() in ("YEAR", "EPOCH"))
    if isinstance(call, _PARTS_OF_TIMES):
        return not isinstance(comparison, exp.EQ)
    if isinstance(call, (exp.Left, exp.Right)) and fold(call.expression) == (0,):
        return True
    if isinstance(call, exp.Substring) and fold(call.args.get("length")) == (0,):
        return True
    arguments = [item for item in (call.this, *call.args.values(), *call.expressions) if isinstance(item, exp.Expr)]
    if isinstance(call, exp.StrPosition) or (isinstance(call, exp.Anonymous) and call.name.upper() in _SEARCHES):
        known = [fold(item, rows.language.parameters) for item in arguments]
        return any(value and isinstance(value[0], str) and _NOTHING.fullmatch(value[0]) for value in known)
    if isinstance(call, exp.Anonymous):
        return call.name.upper() not in _CHOOSING_NAMES
    return not isinstance(call, _CHOOSING)
