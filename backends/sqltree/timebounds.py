"""Time bounds that nearly every row meets: everything lies before now, and after a century ago."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from backends.sqltree.constants import fold, number

_NOW = (exp.CurrentTimestamp, exp.CurrentDate, exp.CurrentDatetime, exp.UtcTimestamp)
_NOW_NAMES = frozenset({"NOW", "SYSDATE", "GETUTCDATE", "SYSUTCDATETIME", "SYSDATETIMEOFFSET", "UNIX_TIMESTAMP"})
_YEARS = {
    "YEAR": 1.0,
    "YY": 1.0,
    "YYYY": 1.0,
    "QUARTER": 0.25,
    "MONTH": 1 / 12,
    "MM": 1 / 12,
    "DAY": 1 / 365,
    "DD": 1 / 365,
    "WEEK": 7 / 365,
    "HOUR": 1 / 8766,
    "HH": 1 / 8766,
    "MINUTE": 1 / 525_960,
    "MI": 1 / 525_960,
    "SECOND": 1 / 31_557_600,
    "SS": 1 / 31_557_600,
}
_MANY_YEARS = 20
_UNIX_1990 = 631_152_000


def covers_all_times(name: str, bound: Any) -> bool:
    """`t < now()`, `t <= now() + …`, `t > now() - interval 100 year`, `t > dateadd(year, -100, now())`."""
    while isinstance(bound, (exp.Paren, exp.Cast, exp.TsOrDsToTimestamp)):
        bound = bound.this
    if name in ("GT", "GTE") and isinstance(bound, (exp.UnixToTime, exp.Literal)):
        return _is_long_ago(bound)
    if is_now(bound):
        return name in ("LT", "LTE")
    if isinstance(bound, (exp.Add, exp.Sub, exp.DateAdd, exp.DateSub)) and is_now(_bare(bound.this)):
        years = _years(bound)
        if years is None:
            return False
        return name in ("LT", "LTE") if years >= 0 else name in ("GT", "GTE") and years <= -_MANY_YEARS
    return False


def _is_long_ago(bound: Any) -> bool:
    """from_unixtime(0), cast(0 as datetime): the literal is what is left of a cast."""
    seconds = fold(bound.this if isinstance(bound, exp.UnixToTime) else bound)
    read = number(str(seconds[0])) if seconds is not None else None
    return read is not None and read[0] < _UNIX_1990


def _bare(node: Any) -> Any:
    while isinstance(node, (exp.Paren, exp.Cast, exp.TsOrDsToTimestamp)):
        node = node.this
    return node


def is_now(node: Any) -> bool:
    return isinstance(node, _NOW) or (isinstance(node, exp.Anonymous) and node.name.upper() in _NOW_NAMES)


def _years(node: Any) -> float | None:
    """By how many years a bound is moved; None if that is not known."""
    moved, unit = node.expression, node.args.get("unit")
    if isinstance(moved, exp.Interval):
        moved, unit = moved.this, moved.args.get("unit")
    value = fold(moved)
    read = number(str(value[0])) if value is not None and value[0] is not None else None
    scale = _YEARS.get(unit.name.upper() if unit is not None else "DAY", 0.0)
    if read is None:
        return None
    return float(read[0]) * scale * (-1 if isinstance(node, (exp.Sub, exp.DateSub)) else 1)
