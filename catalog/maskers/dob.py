"""Date of birth: the first day of its year, still a valid date; whoever is over 89 is among all who are.

Source: 45 CFR 164.514(b)(2)(i)(C), which takes away all parts of dates but the year, and the year above age 89.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from types import MappingProxyType

from catalog.columntypes import Family
from catalog.maskers.base import Masker

_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T][\d:.+\-Z ]{0,32})?", re.ASCII)
_YEAR_LAST = re.compile(r"\d{1,2}[./\- ]{1,2}\d{1,2}[./\- ]{1,2}(\d{4})(?: [\d:.]{0,16})?", re.ASCII)
_GREAT_AGE = 90
_SUFFIXES = {
    Family.TEXT: "",
    Family.DATE: "",
    Family.TIMESTAMP: " 00:00:00",
    Family.TIMESTAMPTZ: " 00:00:00+00",
}
FAMILIES = frozenset(_SUFFIXES)


def suffix(family: Family) -> str:
    """What stands after the day in a value of this type."""
    return _SUFFIXES[family]


def read_day(value: str) -> date | None:
    """The day of a date or time written as ISO 8601 has it; None for all else ("infinity", BC)."""
    found = _ISO.fullmatch(value.strip())
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def _year(value: str) -> int | None:
    """The year of a date written ISO 8601 or with the year last; None for all else ("infinity", BC, two digits)."""
    found = _ISO.fullmatch(value) or _ISO.fullmatch(text := value.strip()) or _YEAR_LAST.fullmatch(text)
    return (int(found[1][:4]) or None) if found else None


def _masked(family: Family, oldest: int) -> Callable[[str], str | None]:
    ending = f"-01-01{_SUFFIXES[family]}"

    def mask(value: str) -> str | None:
        year = _year(value)
        return f"{max(year, oldest):04d}{ending}" if year else None

    return mask


def birthdays(this_year: int) -> Masker:
    """Seen from `this_year`; 0 = not known, then every year is kept."""
    oldest = this_year - _GREAT_AGE if this_year else 1
    return Masker("generalise", MappingProxyType({family: _masked(family, oldest) for family in FAMILIES}), stable=True)
