"""Times of day where people live: the moment of a decision in named zones (IANA), summer time included.

Cedar knows no zones. The time parts are computed here, and a rule with `@zone("Europe/Vienna")` reads `context.now` of
that zone: on loading, the rule is given the name under which the context holds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from policy.problems import nearest

NOW = "now"
DEFAULT = "UTC"

Clocks = tuple[tuple[str, tzinfo], ...]
"""(name in the context, zone): the default as `now` first, then each zone that a rule names."""

PLAIN: Clocks = ((NOW, UTC),)


def zone_named(name: str) -> tzinfo:
    """Raises ValueError with the nearest name."""
    if name == DEFAULT:
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; a folder of zones is an OSError
        meant = nearest(name, available_timezones())
        hint = f"; did you mean {meant}?" if meant else ""
        raise ValueError(f"there is no time zone {name!r}{hint}") from None


def read_zone(text: str) -> str:
    zone_named(text)
    return text


def clock_name(zone: str) -> str:
    """Under which attribute of the context the moment in that zone is found; "" = the default zone."""
    return f"{NOW} {zone}" if zone else NOW


def clocks_of(default: str, zones: Iterable[str]) -> Clocks:
    named = sorted({zone for zone in zones if zone})
    return ((NOW, zone_named(default)), *((clock_name(zone), zone_named(zone)) for zone in named))


def in_zone(tree: Any, zone: str) -> Any:
    """A rule's JSON form, with `context.now` read in that zone."""
    if isinstance(tree, Mapping):
        if tree == _NOW_NODE:
            return {".": {"left": {"Var": "context"}, "attr": clock_name(zone)}}
        return {key: in_zone(value, zone) for key, value in tree.items()}
    return [in_zone(value, zone) for value in tree] if isinstance(tree, list) else tree


def schema_with(schema: str, clocks: Clocks) -> str:
    """The schema, with a moment for each named zone beside `now`."""
    more = "".join(f'  "{name}": Moment,\n' for name, _zone in clocks if name != NOW)
    return schema.replace(_NOW_LINE, _NOW_LINE + more) if more else schema


def moment(now: datetime, zone: tzinfo = UTC) -> dict[str, int]:
    """The parts of a time with a zone, as they are in `zone`; weekday 1 = Monday."""
    local = now.astimezone(zone)
    return {
        "year": local.year,
        "month": local.month,
        "day": local.day,
        "hour": local.hour,
        "minute": local.minute,
        "weekday": local.isoweekday(),
    }


_NOW_NODE = {".": {"left": {"Var": "context"}, "attr": NOW}}
_NOW_LINE = "  now: Moment,\n"
